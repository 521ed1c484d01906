"""A pasted line of a log, with its code or without, to what the catalogue says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.logs.catalogue.interface import DETAIL_READ
from analyzer.logs.entries import entries

if TYPE_CHECKING:
    from analyzer.logs.catalogue import Catalogue, Explanation


def recognise(text: str, catalogue: Catalogue) -> Explanation:
    """The explanation of a name or of a log's first entry.

    Args:
        text: a code, job error or pattern, or a line of a log and perhaps those below it.
        catalogue: where to look.

    Returns:
        The pattern that the message matches, else the code; an honest "not known" of the first words where neither is.
    """
    text = text.strip()
    named = catalogue.explain(text)
    if named.known or not text:
        return named
    first = next(entries(text[:DETAIL_READ].splitlines()))
    if first.code is None:
        return catalogue.explain_message(first.message, first.detail) or catalogue.explain(_shortened(first.message))
    matched = catalogue.pattern_of(first.code, first.message, first.detail)
    return matched or catalogue.explain(first.code)


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
