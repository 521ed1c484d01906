"""Text from a log or from the tenant, which must not steer the terminal."""

from __future__ import annotations

import re
import unicodedata

_PERHAPS_NOT_VISIBLE = re.compile(r"[^ -~]+")


def visible(text: str) -> str:
    """Text from a log or from the tenant without what could steer the terminal; a no-break space is a space."""
    return text if text.isprintable() else _PERHAPS_NOT_VISIBLE.sub(_each_visible, text)


def _each_visible(found: re.Match[str]) -> str:
    return "".join(map(_visible, found[0]))


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"
