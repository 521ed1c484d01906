"""Where the entries of a log stand that name nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.analysis.named_users import BOUNDS, Order
from analyzer.history.job_sources import Whereabouts, bounds_words, whereabouts, whereabouts_json
from analyzer.source.diagnosis.service_message import Diagnosis
from tests.analysis.frames import entry, named
from tests.source.broken_source import said_of, source_with

if TYPE_CHECKING:
    from pathlib import Path

CODE = "IdentityNotResolvable"


def log(*numbers: int | None) -> pl.DataFrame:
    """A log that names these users, line by line."""
    ids = [f"User{number}@contoso.com" if number else None for number in numbers]
    return named(*(entry(None, CODE, identity, line=line) for line, identity in enumerate(ids, 1)))


def source(folder: Path, count: int = 20) -> Path:
    path = folder / "hr-feed.json"
    records = [{"Name": str(number), "Mail": f"user{number}@contoso.com"} for number in range(1, count + 1)]
    path.write_text(json.dumps({"value": records}), encoding="utf-8")
    return path


def test_an_entry_without_an_id_lies_between_those_around_it(tmp_path: Path) -> None:
    found = whereabouts(log(2, 5, None, 9, 11, 18), source(tmp_path))
    assert found is not None
    assert found.order == Order(5, 5, 5)
    assert found.by_entry() == {("a.log", 3): "between record 5 (User5@contoso.com) and record 9 (User9@contoso.com)"}
    assert found.order_sentence == (
        "Their places are likely, not certain: all 5 entries that name one record are in the source file's order."
    )
    told = whereabouts_json(found)
    assert (told["bounds_sure"], told["bounds_compared"], told["bounds_in_order"]) == ("likely", 5, 5)
    assert json.loads(json.dumps(told))["bounds"][0]["after_record"] == 5


def test_most_in_order_is_unsure(tmp_path: Path) -> None:
    found = whereabouts(log(1, 2, 3, 15, 4, None, 5, 6, 7, 8, 9), source(tmp_path))
    assert found is not None
    assert found.order_sentence.startswith("Their places are uncertain: 9 of 10 entries that name one record")
    assert list(found.by_entry()) == [("a.log", 6)]


@pytest.mark.parametrize(
    "numbers",
    [(9, 2, None, 18, 5, 11), (2, 5, None, 9), (None, None), (30, 31, None, 32, 33, 34)],
    ids=["another order", "too few", "nobody named", "ids that are not in the source"],
)
def test_no_bounds_without_evidence(tmp_path: Path, numbers: tuple[int | None, ...]) -> None:
    found = whereabouts(log(*numbers), source(tmp_path))
    assert found is not None
    assert (found.by_entry(), found.order_sentence) == ({}, "")
    assert found.bounds.schema == pl.Schema(BOUNDS)


def test_source_is_not_read_if_every_entry_has_a_user(tmp_path: Path) -> None:
    assert whereabouts(log(2, 5, 9), tmp_path / "none.json") is None
    assert whereabouts_json(None) == {
        "located": [],
        "bounds": [],
        "bounds_sure": None,
        "bounds_compared": 0,
        "bounds_in_order": 0,
    }


def test_uninformative_source_is_not_an_error(tmp_path: Path) -> None:
    path = source(tmp_path)
    for raw in (b"IdName;City", b'{"value":[]}'):
        path.write_bytes(raw)
        found = whereabouts(log(2, 5, None, 9, 11, 18), path)
        assert found is not None
        assert found.by_entry() == {}
    for gone in (tmp_path / "none.json", None):
        assert whereabouts(log(2, 5, None, 9, 11, 18), gone) is not None


def test_a_position_is_looked_up_and_has_no_bounds(tmp_path: Path) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_text(source_with(r'{"IdName":"ada@contoso.com","Office":"R\V"}'), encoding="utf-8")
    message = said_of(path)
    entries = named(*(entry(None, "DataFileNotJson", message=message) for _ in range(3)))
    found = whereabouts(entries, path)
    assert found is not None
    assert [one.sentence[:33] for one in found.located] == ["Record 4 (IdName ada@contoso.com)"]
    assert (found.by_entry(), found.order) == ({}, None)
    path.unlink()
    without = whereabouts(entries, path)
    assert without is not None
    assert without.located == (Diagnosis(message, without.located[0].place, None),)


def test_among_other_entries_a_position_still_has_no_bounds(tmp_path: Path) -> None:
    entries = log(2, 5, None, 9, 11, 18).with_columns(
        code=pl.when(pl.col("line") == 3).then(pl.lit("DataFileNotJson")).otherwise("code")
    )
    more = pl.concat([entries, log(None).with_columns(line=pl.lit(7, pl.UInt32))])
    found = whereabouts(more, source(tmp_path))
    assert found is not None
    assert list(found.by_entry()) == [("a.log", 7)]


WORDS = {
    "between": (3, "a", 5, "b", "between record 3 (a) and record 5 (b)"),
    "among the entries of one": (3, "a", 3, "a", "at record 3 (a)"),
    "after the last": (1201, "a", None, None, "at or after record 1,201 (a)"),
    "before the first": (None, None, 5, "b", "at or before record 5 (b)"),
}


@pytest.mark.parametrize(("after", "first", "before", "last", "words"), WORDS.values(), ids=WORDS.keys())
def test_bounds_in_words(
    after: int | None, first: str | None, before: int | None, last: str | None, words: str
) -> None:
    row = {"after_record": after, "after_identity": first, "before_record": before, "before_identity": last}
    assert bounds_words(row) == words


def test_no_order_has_no_sentence() -> None:
    empty = pl.DataFrame(schema=BOUNDS)
    assert [Whereabouts((), empty, order).order_sentence for order in (None, Order(9, 9, 9))] == ["", ""]
