"""Every byte of a log is somewhere, in the log's own encoding; and what is lost shows."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.history.find_logs import find_logs
from analyzer.logs import entries as entries_module
from analyzer.logs.columns import columns_of
from analyzer.logs.model import Account
from analyzer.logs.read import LogReader
from analyzer.storage.files import sample_library
from tests.logs.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.logs.entries import Entries
    from analyzer.logs.model import Block

LOG = (
    "\r\n \r\nIdentityNotResolvable\tjürgen@contoso.com\tÄ\U0001f600\r\nInvalidProperty - zoë@contoso.com  Property\n"
    "GenericError\t \tx\r\n   at Store\r\n\r\n\r   inner\n\n\u00a0\r\n\ufeffMissingIdentity\t\tThe identity"
)


def test_every_byte_of_each_sample_is_accounted_for() -> None:
    reading = LogReader(find_logs([sample_library()])[0], accounting=True)
    reading.table()
    assert len(reading.logs) > 10
    for log in reading.logs:
        assert log.file.path is not None
        assert log.encoding.size == log.file.path.stat().st_size
        assert log.missing == 0


def test_the_parts_are_distinguished() -> None:
    _, (log,) = read([LOG.encode()])
    assert log.account == Account(fields=144, separators=12, line_ends=18, blanks=3, marks=3)
    assert log.encoding.size == len(LOG.encode()) == 144 + 12 + 18 + 3 + 3


ENCODINGS = {
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1252": b"",
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bytes_are_counted_in_the_encoding_of_the_log(encoding: str) -> None:
    text = LOG if encoding != "cp1252" else LOG.replace("\U0001f600", "").replace("\ufeff", "")
    raw = ENCODINGS[encoding] + text.encode(encoding)
    _, (log,) = read([raw])
    assert (log.encoding.size, log.missing) == (len(raw), 0)


REPLACED = {
    "a byte that is no UTF-8": codecs.BOM_UTF8 + b"GenericError\t\ta\xffb\x81\r\n",
    "a character that is cut off": "GenericError\t\tJürgen €".encode()[:-1],
    "half a pair": codecs.BOM_UTF16_LE + "GenericError\t\tx".encode("utf-16-le") + b"\x00\xd8a\x00",
    "half a unit": codecs.BOM_UTF16_LE + "GenericError\t\tx".encode("utf-16-le") + b"a",
    "a byte that Windows-1252 lacks": b"GenericError\t\t\xe4\x81\r\n",
}


@pytest.mark.parametrize("raw", REPLACED.values(), ids=REPLACED.keys())
def test_replaced_bytes_are_accounted_for(raw: bytes) -> None:
    _, (log,) = read([raw])
    assert log.encoding.replaced
    assert (log.encoding.size, log.missing) == (len(raw), 0)


FAULTS: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], bool]] = {
    "a column lost": (lambda columns: columns.with_columns(identity=pl.lit(None, pl.String)), True),
    "a detail cut": (lambda columns: columns.with_columns(pl.col("detail").str.head(3)), True),
    "a message taken twice": (lambda columns: columns.with_columns(detail=pl.col("message")), True),
    "nothing": (lambda columns: columns, False),
}


@pytest.mark.parametrize(("fault", "shows"), FAULTS.values(), ids=FAULTS.keys())
def test_bytes_missing_from_a_table_are_reported(
    monkeypatch: pytest.MonkeyPatch, fault: Callable[[pl.DataFrame], pl.DataFrame], shows: bool
) -> None:
    def faulty(block: Block, entries: Entries) -> pl.DataFrame:
        return fault(columns_of(block, entries))

    monkeypatch.setattr("analyzer.logs.read.columns_of", faulty)
    _, (log,) = read([LOG.encode()])
    assert (log.missing != 0) is shows


def test_a_lost_line_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends_too_early(line: object, *_arguments: object) -> object:
        return line

    monkeypatch.setattr(entries_module, "_last_lines", ends_too_early)
    _, (log,) = read([b"GenericError\t\tx\n   at Store\n"])
    assert log.missing == len("   at Store")
