"""``$filter``, over the socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, StandingClock, error_of, job, names, write_library

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = ["a.json", "b.json", "C.json", "hr.json", "O'Neil.json"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Files of 2, 3, 4 and 5 bytes beside ``hr.json``, which is longer."""
    library = write_library(tmp_path_factory.mktemp("filters") / "library", job())
    for number, name in enumerate(("b.json", "C.json", "a.json", "O'Neil.json"), start=2):
        (library / FOLDER[1:] / name).write_bytes(b"x" * number)
    with start(library, clock=StandingClock()) as running, Client(running) as opened:
        yield opened


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("Name eq 'b.json'", ["b.json"]),
        ("name EQ 'c.JSON'", ["C.json"]),
        ("Name eq 'O''Neil.json'", ["O'Neil.json"]),
        ("Name ne 'b.json'", ["a.json", "C.json", "hr.json", "O'Neil.json"]),
        ("Length gt 3", ["a.json", "hr.json", "O'Neil.json"]),
        ("Length ge 3 and Length le 4", ["a.json", "C.json"]),
        ("Length lt 3 or Length gt 5", ["b.json", "hr.json"]),
        ("Length lt 3 or Length gt 3 and Length lt 5", ["a.json", "b.json"]),
        ("(Length lt 3 or Length gt 3) and Length lt 5", ["a.json", "b.json"]),
        ("(Length lt 3 or Length gt 3) and Length lt 4", ["b.json"]),
        ("not (Length lt 3) and not startswith(Name,'h')", ["a.json", "C.json", "O'Neil.json"]),
        ("startswith(Name, 'HR')", ["hr.json"]),
        ("substringof('neil', Name)", ["O'Neil.json"]),
        ("Exists eq true", ALL),
        ("Exists eq 0", []),
        ("TimeLastModified ge datetime'2000-01-01T00:00:00Z'", ALL),
        ("TimeLastModified lt '2000-01-01T00:00:00.000Z'", []),
    ],
)
def test_what_meets_the_filter_is_told(client: Client, option: str, told: list[str]) -> None:
    assert names(client.folder(f"/Files?$filter={option}")) == told


def test_times_are_compared_as_times_whatever_their_spelling(client: Client) -> None:
    """The log's time is the one in its name, 02:14:05 UTC."""
    for when, told in (("2026-11-02T02:14:05", [LOG_NAME]), ("2026-11-02T03:14:06+01:00", [])):
        listed = client.folder(f"/Files?$filter=TimeLastModified ge datetime'{when.replace('+', '%2B')}'", path=LOGS)
        assert names(listed) == told


def test_pages_are_those_of_what_is_told(client: Client) -> None:
    page = client.folder("/Files?$filter=Length lt 6&$top=3&$orderby=Length")
    assert names(page) == ["b.json", "C.json", "a.json"]
    assert names(client.send("GET", page.json()["odata.nextLink"])) == ["O'Neil.json"]


@pytest.mark.parametrize(
    "option",
    [
        "",
        "Name",
        "Name eq",
        "Name is 'x'",
        "Name eq 'x",
        "Name eq 'x' 'y'",
        "Name eq 'x' and",
        "Name eq 1",
        "Length eq 'x'",
        "Length eq x",
        "Exists gt 2",
        "TimeLastModified gt 'yesterday'",
        "Nothing eq 1",
        "Name eq 'x' or Nothing eq 1",
        "(Name eq 'x'",
        "Name eq 'x')",
        "startswith(Name)",
        "startswith('h', Name)",
        "substringof(Name, 'h')",
        "endswith(Name, 'n')",
        "not " * 30 + "Length eq 1",
        "(" * 30 + "Length eq 1" + ")" * 30,
        "Length eq 1" + " or Length eq 1" * 200,
        "Length ; 1",
    ],
)
def test_a_filter_that_is_none_is_a_bad_request(client: Client, option: str) -> None:
    assert error_of(client.folder(f"/Files?$filter={option}"))[0] == 400
