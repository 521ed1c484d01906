"""A place in a source file, as the service names it: what a log's message is turned into, and what is looked up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where the service stood when it could not read on.

    Attributes:
        path: as written, ``value[1672].Department``; empty for the document itself.
        record: which record of the source file, from 1, so 1,673 for ``value[1672]``; None where the path names none.
            The service may have stood behind it.
        property: the record's property; None where the path names none, or was cut off.
        line: from 1; 0 where not even the first token could be read; None where the message was cut off.
        position: UTF-16 units since the line's start, a byte order mark not counted; None likewise.
        escape: whether the message complains of an escape sequence; None where its wording does not tell.
    """

    path: str
    record: int | None
    property: str | None
    line: int | None
    position: int | None
    escape: bool | None = None
