"""Records of queued imports: read back as written, kept apart by feed, and never guessed if damaged."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.storage.import_record import (
    ImportPart,
    ImportRecord,
    all_imports,
    feed_folder,
    imports_of_feed,
    read_import,
    write_import,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 29, 2, 15, tzinfo=UTC)


def record(import_id: str = "20261129-021500-1a2b3c4d", *parts: ImportPart, **fields: object) -> ImportRecord:
    return ImportRecord(
        program="upa-analyzer 0",
        import_id=import_id,
        feed="hr-feed",
        created_at=fields.pop("created_at", NOW),  # type: ignore[arg-type]
        path="/feeds/hr-feed.json",
        bytes=12,
        sha256="ab",
        folder="https://contoso.sharepoint.com/sites/hr/Shared Documents/in",
        id_type="Email",
        id_property="IdName",
        property_map={"City": "City"},
        parts=list(parts)
        or [
            ImportPart(
                name="hr-feed-20261129-021500-1a2b3c4d.json",
                file="/feeds/hr-feed.json",
                bytes=12,
                sha256="ab",
                records=1,
            )
        ],
        **fields,  # type: ignore[arg-type]
    )


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    part = ImportPart(
        name="a b.json", file="part.json", bytes=3, sha256="c", records=2, users=2, sent=1, queueing_at=NOW, state=2
    )
    written = record("20261129-021500-1a2b3c4d", part, retry_of="5f05e38c", unchanged=7)
    write_import(tmp_path / "hr-feed", written)
    (found,) = imports_of_feed(tmp_path / "hr-feed")
    assert found == written
    assert [one for _, one in all_imports(tmp_path)] == [written]
    assert found.source_uri(found.parts[0]) == "https://contoso.sharepoint.com/sites/hr/Shared Documents/in/a b.json"


def test_imports_of_a_feed_are_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    for number in (2, 1, 3):
        write_import(tmp_path, record(f"{number}", created_at=NOW.replace(minute=number)))
    assert [one.import_id for one in imports_of_feed(tmp_path)] == ["1", "2", "3"]


def test_an_import_is_unfinished_until_the_job_of_each_part_has_ended_or_it_is_abandoned() -> None:
    ended = ImportPart(name="a", file="a", bytes=1, sha256="", records=1, queueing_at=NOW, ended_at=NOW)
    waiting = ImportPart(name="b", file="b", bytes=1, sha256="", records=1)
    assert record("1", ended, waiting).is_unfinished
    assert not record("1", ended).is_unfinished
    assert not record("1", ended, waiting, abandoned="a newer file came").is_unfinished
    assert record("1", ended, waiting).is_queued
    assert not record("1", waiting).is_queued
    assert record("1", ended, waiting).has_unsent_parts
    known = ImportPart(name="c", file="c", bytes=1, sha256="", records=1, queueing_at=NOW, job_id="5f05e38c")
    assert not record("1", known).has_unsent_parts


def test_a_damaged_record_stops_those_who_would_queue_and_not_those_who_only_show(tmp_path: Path) -> None:
    write_import(tmp_path / "hr-feed", record("1"))
    path = tmp_path / "hr-feed" / "2" / "import.json"
    path.parent.mkdir()
    path.write_text('{"import_id": "2"', encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        imports_of_feed(tmp_path / "hr-feed")
    with pytest.raises(InputError, match="Look in the job list"):
        read_import(path)
    assert [one.import_id for _, one in all_imports(tmp_path)] == ["1"]


@given(st.text(max_size=80), st.text(max_size=80))
def test_each_feed_has_a_folder_of_its_own_inside(one: str, other: str) -> None:
    from pathlib import PurePosixPath

    folders = [feed_folder(PurePosixPath("/imports"), feed).name for feed in (one, other)]  # type: ignore[arg-type]
    for name in folders:
        assert name.strip(".")
        assert not set(name) & set('\\/:*?"<>|')
        assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
        assert len(name.encode()) <= 255
    assert (folders[0] == folders[1]) == (one == other)


@pytest.mark.parametrize("feed", ["", ".", " ", ".."])
def test_no_feed_has_the_folder_of_all_feeds(tmp_path: Path, feed: str) -> None:
    assert feed_folder(tmp_path, feed).parent == tmp_path
    assert feed_folder(tmp_path, feed).name.strip(".")
