"""The users that a log names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.named_users import NAMED, SOURCE_IDS, NamedUsers, UserIds, naming
from analyzer.logs.blocks import BlockLimits
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader
from analyzer.model.identity import identity_key
from analyzer.model.service import DUPLICATE_RECORDS, GUID

if TYPE_CHECKING:
    import pytest

GUIDS = ["0a0f1b2c-3d4e-4f50-8a61-7b8c9d0e1f20", "0A0F1B2C-3D4E-4F50-8A61-7B8C9D0E1F21"]
IDS = ["ada@contoso.com", "ADA@contoso.com", "i:0#.f|membership|Ada@contoso.com", "Zoë", "łucja", "i:0#.f|membership|"]
CODES = ["IdentityNotResolvable", "GenericError", "ProfileLocked"]
MESSAGES = ["message", f"It has {DUPLICATE_RECORDS}."]
LINES = st.one_of(
    st.tuples(st.sampled_from(CODES), st.sampled_from([*IDS, *GUIDS, "", " "]), st.sampled_from(MESSAGES)).map(
        "\t".join
    ),
    st.sampled_from(["more of a message", "", "  at System.Data", "GenericError - no user", "Some code\tx"]),
)


@settings(deadline=None)
@given(
    st.lists(st.lists(LINES, max_size=8), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans()
)
def test_named_users_are_those_of_entries_with_a_code_one_after_the_other(
    tmp_path_factory: pytest.TempPathFactory, logs: list[list[str]], line_end: str, guid_ids: bool
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    files = []
    for number, lines in enumerate(logs):
        path = folder / f"{number}.log"
        path.write_text(line_end.join(lines), encoding="utf-8", newline="")
        files.append(LogFile(path, path.name))
    table = LogReader(files).table().select(*NAMED).with_columns(job_id=pl.lit("a"))
    found = NamedUsers.in_table(naming(table, pl.DataFrame({"job_id": ["a"], "guid_ids": [guid_ids]}, SOURCE_IDS)))

    coded = [row for row in table.iter_rows(named=True) if row["code"] is not None]
    spelled: dict[str, str] = {}
    doubtful: set[str] = set()
    for row in coded:
        if key := identity_key(row["identity"] or ""):
            spelled.setdefault(key, row["identity"])
            if GUID.fullmatch(key):
                guid_ids = guid_ids or row["code"] != "GenericError"
                doubtful.add(key)
    doubtful = set() if guid_ids else doubtful
    assert list(found.ids.items()) == list(spelled.items())
    assert found.ids.marks == {key: number for number, key in enumerate(spelled, 1)}
    assert found.doubtful == doubtful
    assert found.certain == spelled.keys() - doubtful
    assert found.codes == {row["code"] for row in coded}
    assert found.without_user() == sum(not identity_key(row["identity"] or "") for row in coded)
    generic = [row for row in coded if row["code"] == "GenericError"]
    assert found.duplicates == [
        identity_key(row["identity"] or "") or None
        for row in generic
        if DUPLICATE_RECORDS in row["message"] + (row["detail"] or "")
    ]


@settings(deadline=None)
@given(st.lists(st.lists(LINES, min_size=1, max_size=8), min_size=1, max_size=3), st.booleans())
def test_a_log_read_in_blocks_names_the_users_of_its_table(
    tmp_path_factory: pytest.TempPathFactory, logs: list[list[str]], guid_ids: bool
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    files = []
    for number, lines in enumerate(logs):
        path = folder / f"{number}.log"
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        files.append(LogFile(path, path.name))
    source_ids = pl.DataFrame({"job_id": [None], "guid_ids": [guid_ids]}, SOURCE_IDS)

    def name(entries: pl.DataFrame) -> pl.DataFrame:
        return naming(entries.select(*NAMED), source_ids)

    table = name(LogReader(files).table())
    blocks = LogReader(files, limits=BlockLimits(block=20)).frames()
    empty = pl.DataFrame(schema=NAMED)
    found = NamedUsers(lambda: [empty, *(block.select(*NAMED) for block in blocks)], name, lambda: table)
    expected = NamedUsers.in_table(table)
    assert list(found.ids.items()) == list(expected.ids.items())
    assert (found.doubtful, found.certain, found.codes) == (expected.doubtful, expected.certain, expected.codes)
    assert found.duplicates == expected.duplicates
    for codes in ([], ["GenericError"], CODES):
        assert found.without_user(codes) == expected.without_user(codes)
    assert found.entries.equals(expected.entries)


def test_user_ids_keep_the_first_spelling_and_their_order() -> None:
    found = UserIds({"b": "B", "a": "a"})
    found.add(["a", "", "c"], ["A", "no user", "C"])
    assert dict(found) == {"b": "B", "a": "a", "c": "C"}
    assert found.marks == {"b": 1, "a": 2, "c": 3}
    assert (len(found), "b" in found, "B" in found) == (3, True, False)
