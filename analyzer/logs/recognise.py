"""A pasted line of a log, with its code or without, to what the catalogue says of it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from analyzer.logs.catalogue import LOG_CODES
from analyzer.logs.catalogue.interface import DETAIL_READ

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.logs.catalogue import Catalogue, Explanation

# GenericError⇥eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10⇥System.Data…
# InvalidProperty - ada@contoso.com Property 'AboutMe' is not …: only codes that we know, as any sentence begins so
_BEGINNING = re.compile(
    rf"""
    (?P<code> [A-Z][A-Za-z0-9]+ (?=\t) | (?: {"|".join(sorted(LOG_CODES))} ) (?=[ \u00a0]) )
    (?: \t [^\t]*+ \t | [\s\u00a0\u2013\u2014-]*+ [^\s@\\|]*+ [@\\|] \S*+ )?
    """,
    re.VERBOSE,
)


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
    first, *further = text[:DETAIL_READ].splitlines()
    detail = _detail(further)
    begun = _BEGINNING.match(first)
    if begun is None:
        return catalogue.explain_message(first, detail) or catalogue.explain(_shortened(first))
    message = first[begun.end() :]
    return catalogue.pattern_of(begun["code"], message, detail) or catalogue.explain(begun["code"])


def _detail(lines: Iterable[str]) -> str:
    """The lines up to the next entry."""
    return "\n".join(itertools.takewhile(lambda line: not _BEGINNING.match(line), lines))


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
