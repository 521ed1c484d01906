"""Whom logs name: counted while they are read, and from their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.naming import NAMED, SOURCE_IDS, naming
from analyzer.logs.model import LogFile, LogRead
from analyzer.logs.names import names_of
from analyzer.logs.parsing import parsed
from analyzer.logs.read import Reading
from analyzer.retry.bare_files import ingredients_of_files
from analyzer.retry.selection.told import Counting, Identities, Told

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from analyzer.retry.selection.told import Whom

GUIDS = ["0a0f1b2c-3d4e-4f50-8a61-7b8c9d0e1f20", "0A0F1B2C-3D4E-4F50-8A61-7B8C9D0E1F21"]
IDS = ["ada@contoso.com", "ADA@contoso.com", "i:0#.f|membership|Ada@contoso.com", "Zoë", "łucja", "i:0#.f|membership|"]
CODES = ["IdentityNotResolvable", "GenericError", "ProfileLocked"]
LINES = st.one_of(
    st.tuples(st.sampled_from(CODES), st.sampled_from([*IDS, *GUIDS, "", " "]), st.just("message")).map("\t".join),
    st.sampled_from(["more of a message", "", "  at System.Data", "GenericError - nobody", "Some code\tx"]),
)


def by_table(files: list[LogFile], guids_are_ids: bool) -> Whom:
    entries = Reading(files).table().select(*NAMED).with_columns(job_id=pl.lit("a"))
    source_ids = pl.DataFrame({"job_id": ["a"], "guid_ids": [guids_are_ids]}, SOURCE_IDS)
    return Told.by_table(naming(entries, source_ids)).whom


def counted(files: list[LogFile], guids_are_ids: bool) -> Whom:
    counting = Counting()
    for one in parsed([LogRead(file) for file in files], names_of):
        counting.add(one.made)
    return counting.whom(guids_are_ids=guids_are_ids)


@settings(deadline=None)
@given(
    st.lists(st.lists(LINES, max_size=8), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans()
)
def test_counting_tells_what_the_table_tells(
    tmp_path_factory: pytest.TempPathFactory, logs: list[list[str]], line_end: str, guids_are_ids: bool
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    files = []
    for number, lines in enumerate(logs):
        path = folder / f"{number}.log"
        path.write_text(line_end.join(lines), encoding="utf-8", newline="")
        files.append(LogFile(path, path.name))
    found, expected = counted(files, guids_are_ids), by_table(files, guids_are_ids)
    assert list(found.identities.items()) == list(expected.identities.items())
    assert found.identities.marks == expected.identities.marks
    assert (found.doubtful, found.naming_nobody, found.codes, found.users) == (
        expected.doubtful,
        expected.naming_nobody,
        expected.codes,
        expected.users,
    )


def test_identities_keep_the_first_spelling_and_their_order() -> None:
    found = Identities({"b": "B", "a": "a"})
    found.add(["a", "", "c"], ["A", "nobody", "C"])
    assert dict(found) == {"b": "B", "a": "a", "c": "C"}
    assert found.marks == {"b": 1, "a": 2, "c": 3}
    assert (len(found), "b" in found, "B" in found) == (3, True, False)


def test_the_table_of_bare_files_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    source, log = tmp_path / "feed.json", tmp_path / "a.log"
    source.write_text('{"value": [{"IdName": "ada@contoso.com"}]}', encoding="utf-8")
    log.write_text("IdentityNotResolvable\tADA@contoso.com\tnot resolved\n", encoding="utf-8")
    told = ingredients_of_files(source, [log]).told
    assert dict(told.whom.identities) == {"ada@contoso.com": "ADA@contoso.com"}
    assert told.coded.select("code", "key", "message").rows() == [
        ("IdentityNotResolvable", "ada@contoso.com", "not resolved")
    ]
    log.unlink()
    assert told.named is told.named
