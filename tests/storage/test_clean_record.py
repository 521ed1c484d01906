"""The record of what was removed from the tenant: its last line about an item counts, also after a torn one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.storage.clean_record import CleanedItem, CleanRecord, Kind, Step

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 11, 29, tzinfo=UTC)


def _item(step: Step, uri: str = "https://contoso.sharepoint.com/a.json") -> CleanedItem:
    return CleanedItem(at=AT, step=step, kind=Kind.source, uri=uri, job_ids=("a",), feed="hr")


def test_a_line_that_was_torn_by_a_death_hides_none_after_it(tmp_path: Path) -> None:
    path = tmp_path / "cleaned.ndjson"
    record = CleanRecord(path)
    record.add(_item(Step.begun))
    with path.open("ab") as stream:
        stream.write(b'{"at":"2026-')
    assert record.unfinished() == [_item(Step.begun)]
    record.add(_item(Step.removed))
    assert record.items() == [_item(Step.removed)]
    assert record.removed_of("a") == [_item(Step.removed)]
    assert record.removed_of("b") == []
