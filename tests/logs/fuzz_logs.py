"""Mutated logs by the hundred thousand: nothing raises, nothing hangs, no byte is lost, and the slow parser agrees.

``make fuzz`` reads 200,000; ``python -m tests.logs.fuzz_logs INPUTS SEED`` as many as wanted. What fails is written to
``fuzz-failure.log`` in the current folder.
"""

from __future__ import annotations

import faulthandler
import gzip
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.history.find_logs import find_logs
from analyzer.storage.files import sample_library
from tests.logs.reading import WHOLE, read
from tests.logs.reference_decoder import text_of
from tests.logs.reference_parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INPUTS = 200_000
_AT_ONCE = 250
_LONGEST = 2_000
_PATIENCE = 120
"""Seconds for a few hundred small logs; far more than they take."""

SHAPES = (
    "IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n",
    "IdentityNotResolvable\t\tUser identity cannot be resolved\n",
    "InvalidProperty\tjürgen@contoso.com\tProperty 'AboutMe' is not mapped to any property.\r\n",
    "InvalidProperty - vesaj@contoso.com Property 'AboutMe' is not mapped\r",
    "IdentityNotResolvable unknown@contoso.com User identity cannot be resolved\n",
    "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[1672].Department', line 1, position 150235.\r\n",
    (
        "GenericError\teb659162-3fb5-4f01-9a2e-8b1d5c3f7a10\tSystem.Data.SqlClient.SqlException (0x80131904): Input\r\n"
        "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception)\tx\r\n\r\n"
        " ---> System.Exception: inner\r\nClientConnectionId:3f2a\r\nError Number:2627,State:1,Class:14\r\n"
    ),
    "ProfileLocked\ti:0#.f|membership|zoë@contoso.com\tDie Eigenschaft \u201eB\u00fcro\u201c fehlt.\r\n",
    "Import log of 23 November\r\n\r\n",
)
TOKENS = (
    *("\t", "\r", "\n", "\r\n", " ", "\u00a0", " - ", "'", '"', "\x00", "\ufeff", "\u2028", "\x0b", "\x1f", "A", "Az9"),
    *("IdentityNotResolvable", "GenericError", "@", "\\", "|", "\U0001f600", "\u3000", "=1+1", "Property '"),
)


def seeds() -> list[bytes]:
    """Real-shaped logs: the samples' beginnings, and each shape that was seen."""
    samples = [log.path.read_bytes()[:_LONGEST] for log in find_logs([sample_library()])[0] if log.path]
    return [*samples, *(shape.encode() for shape in SHAPES), "".join(SHAPES).encode("utf-8-sig")]


def _cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _lose(raw: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(raw) + 1)
    return raw[:start] + raw[start + rng.randrange(20) :]


def _repeat(raw: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(raw) + 1)
    return raw[:start] + raw[start : start + rng.randrange(60)] * rng.randrange(4) + raw[start:]


def _flip(raw: bytes, rng: random.Random) -> bytes:
    if not raw:
        return raw
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def _insert(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice(TOKENS).encode() + raw[at:]


def _recode(raw: bytes, rng: random.Random) -> bytes:
    encoding = rng.choice(["utf-16-le", "utf-16-be", "utf-16", "cp1252", "utf-8-sig"])
    return raw.decode("utf-8", "replace").encode(encoding, "replace")


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut,
    _lose,
    _repeat,
    _flip,
    _insert,
    _insert,
    _recode,
)


def mutants(rng: random.Random, count: int) -> Iterator[bytes]:
    """Logs that were mutated once or several times, some of them two in one."""
    grown = seeds()
    for _ in range(count):
        raw = rng.choice(grown)
        if rng.random() < 0.2:
            raw += rng.choice(grown)
        for _ in range(1 + int(rng.expovariate(0.4))):
            raw = rng.choice(MUTATIONS)(raw, rng)[:_LONGEST]
        yield raw


def check(raws: list[bytes], block: int, *, packed: bool) -> None:
    """Reads logs together and holds each against the slow parser."""
    found, logs = read([gzip.compress(raw, 0) for raw in raws] if packed else raws, block)
    for raw, rows, log in zip(raws, found, logs, strict=True):
        text, encoding, replaced = text_of(raw)
        assert rows == parse(text), raw
        assert (log.encoding.name, log.encoding.replaced, log.encoding.size) == (encoding, replaced, len(raw)), raw
        assert log.missing == 0, raw
        assert log.problem is None or (log.binary and not log.entries), raw


def fuzz(inputs: int, seed: int) -> None:
    """Reads so many mutated logs."""
    rng = random.Random(seed)
    for start in range(0, inputs, _AT_ONCE):
        raws = list(mutants(rng, min(_AT_ONCE, inputs - start)))
        block, packed = rng.choice([WHOLE, WHOLE, 64, 500, 5_000]), rng.random() < 0.1
        faulthandler.dump_traceback_later(_PATIENCE, exit=True)
        try:
            check(raws, block, packed=packed)
        except Exception:
            Path("fuzz-failure.log").write_bytes(_smallest(raws, block, packed=packed))
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()


def _smallest(raws: list[bytes], block: int, *, packed: bool) -> bytes:
    """The first of the logs that fails by itself; all of them where only together they fail."""
    for raw in raws:
        try:
            check([raw], block, packed=packed)
        except Exception:  # noqa: BLE001 - whatever it is
            return raw
    return b"\n".join(raws)


def main(inputs: int = INPUTS, seed: int = 1) -> None:
    """Fuzzes on all cores and says so."""
    cores = os.cpu_count() or 1
    shares = [len(range(core, inputs, cores)) for core in range(cores)]
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(fuzz, shares, range(seed, seed + cores)))
    print(f"{inputs:,} mutated logs (seed {seed}): nothing raised, nothing hung, every byte is accounted for")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
