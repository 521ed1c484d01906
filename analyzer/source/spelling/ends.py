"""Records whose values end in a single backslash, which hides the value's end from every reader."""

from __future__ import annotations

import re

from analyzer.source.model import GrammarError
from analyzer.source.reader.tolerant import ends_escaped, escaped, read_object
from analyzer.source.spelling.respell import Change
from analyzer.source.spelling.tokens import ChangeKind

_text = re.compile(rb'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*"')


def respell_ends(raw: bytes) -> tuple[bytes, tuple[Change, ...]] | None:
    """A record with such backslashes doubled, and each value that was changed.

    Args:
        raw: a record of which it is known that backslashes are all that is wrong with it (``salvage.backslashes``).

    Returns:
        None where no value hides its end.
    """
    try:
        read_object(escaped(raw), 0)
    except GrammarError:
        pass
    else:
        return None
    text, places = ends_escaped(raw, alone=True)
    doubled = [place + number for number, place in enumerate(places)]
    changes = []
    for value in _text.finditer(text):
        inside = [place for place in doubled if value.start() < place < value.end()]
        if inside:
            starts, stops = [value.start(), *(place + 1 for place in inside)], [*inside, value.end()]
            before = b"".join(text[start:stop] for start, stop in zip(starts, stops, strict=True))
            offset = value.start() - sum(place < value.start() for place in doubled)
            changes.append(Change(ChangeKind.backslash, before, value[0], offset))
    return text, tuple(changes)
