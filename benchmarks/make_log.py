"""Makes logs as large as an aborted job leaves them: ``make_log.py FILE LINES``, or in a folder ``FOLDER LINES LOGS``.

90,000 users; half of the entries name a property that is not mapped, most others a user who is not known, some nobody,
and 2 % carry the stack trace of the profile store's exception on five further lines. The same arguments give the same
bytes. UTF-8 with a byte order mark, CRLF.
"""

from __future__ import annotations

import functools
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

USERS = 90_000
_FAILING_STORE, _NOT_MAPPED, _NOT_KNOWN = 0.02, 0.5, 0.97
"""Shares of the entries, each with those before it."""

_PIECE = 20_000
_FIRST = ("ada", "grace", "jürgen", "linus", "mary", "olaf", "zoë", "pia", "tom", "katherine")
_LAST = ("beispiel", "sample", "muster", "smith", "meier")
_PROPERTIES = ("AboutMe", "Floor", "CostCenter", "Badge", "Skills", "Cost Center")
_TRACE = (
    "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection, Action`1 wrap)",
    "   at System.Data.SqlClient.SqlInternalConnection.OnError(SqlException exception, Boolean breakConnection)",
    "   at System.Data.SqlClient.TdsParser.ThrowExceptionAndWarning(TdsParserStateObject stateObj)",
    "ClientConnectionId:3f2a1b7c-0000-4000-8000-000000000001",
    "Error Number:2627,State:1,Class:14",
)


@functools.cache
def users() -> list[str]:
    """The same users in every log."""
    rng = random.Random(0)
    return [f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}{number}@contoso.com" for number in range(USERS)]


def lines(rng: random.Random) -> Iterator[str]:
    """Lines of a log without an end."""
    everybody = users()
    while True:
        user, kind = everybody[int(rng.random() * USERS)], rng.random()
        if kind < _FAILING_STORE:
            guid = f"{rng.getrandbits(32):08x}-3fb5-4f01-9a2e-8b1d5c3f7a10"
            record = rng.randrange(5_000_000)
            yield (
                f"GenericError\t{guid}\tSystem.Data.SqlClient.SqlException (0x80131904): Input data contains multiple"
                f" instances of the same single-value property for RecordId [{record}]"
            )
            yield from _TRACE
        elif kind < _NOT_MAPPED:
            named = _PROPERTIES[int(rng.random() * len(_PROPERTIES))]
            message = f"Property '{named}' is not mapped to any property in the user profile application."
            yield f"InvalidProperty\t{user}\t{message}"
        elif kind < _NOT_KNOWN:
            yield f"IdentityNotResolvable\t{user}\tUser identity cannot be resolved"
        else:
            yield "MissingIdentity\t\tThe identity is missing for the user object"


def make(path: Path, count: int, seed: int = 1) -> None:
    """Writes a log of so many lines."""
    endless = lines(random.Random(seed))
    with path.open("wb") as stream:
        stream.write(b"\xef\xbb\xbf")
        for start in range(0, count, _PIECE):
            piece = (next(endless) for _ in range(min(_PIECE, count - start)))
            stream.write("".join(f"{line}\r\n" for line in piece).encode())


def make_many(folder: Path, count: int, logs: int) -> None:
    """Writes so many lines to so many logs, each named after a job of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(logs):
        job_id = f"{number:08x}-bd0e-49ec-8c9c-c4cfe370248c"
        make(folder / f"ImportProfileProperties-{job_id}-20261123-021404-008.log", count // logs, number)


def repeat(path: Path, body: Path, times: int) -> None:
    """Writes a log that holds another one several times: the same users, ever more lines."""
    with path.open("wb") as stream, body.open("rb") as source:
        for time in range(times):
            source.seek(3 if time else 0)  # one byte order mark is enough
            while chunk := source.read(1 << 24):
                stream.write(chunk)


if __name__ == "__main__":
    target, wanted, *parts = Path(sys.argv[1]), *map(int, sys.argv[2:])
    make_many(target, wanted, *parts) if parts else make(target, wanted)
