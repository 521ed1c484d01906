"""Source files with one fault, and what the service says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.jsonnet import JsonReaderError, read_records
from analyzer.source.diagnosis.service_message import place_in

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.source.model import ReportedPlace


def whole(number: int) -> str:
    """The record with this number, from 1."""
    return f'{{"IdName":"user{number}@contoso.com","Office":"Room {number}","City":"Kiel"}}'


def source_with(broken: str, number: int = 4, records: int = 8) -> str:
    """A source file whose record with this number is another one."""
    return '{"value":[' + ",".join(broken if n == number else whole(n) for n in range(1, records + 1)) + "]}"


def said_of(path: Path) -> str:
    """The message of the service that cannot read the file.

    Raises:
        AssertionError: it can.
    """
    try:
        list(read_records(path))
    except JsonReaderError as error:
        return str(error)
    raise AssertionError(path.read_bytes())


def place_of(path: Path) -> ReportedPlace:
    """The place that the service names."""
    place = place_in(said_of(path))
    assert place is not None
    return place
