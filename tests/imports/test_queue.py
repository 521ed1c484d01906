"""Queueing an import: each part once, one after the other, and continued after a death at any step."""

from __future__ import annotations

import dataclasses
import functools
import os
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.errors import AnalyzerError, InputError, LockedError, UsageError
from analyzer.imports.checker import Checker
from analyzer.imports.destination import import_id
from analyzer.imports.model import ImportPlan
from analyzer.imports.prepare import AlreadyQueuedError, StoppedError, prepare
from analyzer.imports.queue import StillRunningError
from analyzer.model.service import IdType, State
from analyzer.storage.import_record import imports_of_feed
from tests.imports.queueing import USERS, Feed, feed

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.emulator.importing import ImportRequest
    from analyzer.emulator.jobs import Job


@pytest.fixture
def hr(tmp_path: Path) -> Iterator[Feed]:
    with feed(tmp_path) as found:
        yield found


class DeathError(BaseException):
    """The process ends here; nothing that follows in it is done."""


def test_a_file_is_uploaded_under_a_new_name_and_imported(hr: Feed) -> None:
    record = hr.queue(hr.wish(hr.file(*USERS))).record
    (part,) = record.parts
    assert hr.jobs == [part.name]
    assert part.name.startswith("hr-feed-2")
    assert (part.state, part.error, part.records) == (State.Succeeded, 0, 4)
    assert [hr.city(user) for user in USERS] == ["Oslo"] * 4


def test_the_same_bytes_are_queued_again_only_on_request(hr: Feed) -> None:
    hr.queue(hr.wish(hr.file(*USERS)))
    with pytest.raises(AlreadyQueuedError, match="was queued before"):
        hr.queue(hr.wish(hr.file(*USERS, name="hr-feed-copy.json")))
    assert len(hr.jobs) == 1
    hr.queue(hr.wish(hr.file(*USERS), again=True))
    assert len(hr.jobs) == 2


def test_a_file_whose_import_would_be_aborted_is_not_sent(hr: Feed) -> None:
    with pytest.raises(StoppedError, match="would be aborted"):
        hr.queue(hr.wish(hr.file(*USERS, Floor="3")))
    assert hr.jobs == []
    assert imports_of_feed(hr.root / "imports" / "hr-feed") == []
    assert not list((hr.root / "imports").rglob("*.json"))


def test_parts_run_one_after_the_other_and_have_each_record_once(hr: Feed) -> None:
    record = hr.queue(hr.wish(hr.file(*USERS), values=1)).record
    assert [part.records for part in record.parts] == [1, 1, 1, 1]
    assert hr.jobs == [part.name for part in record.parts]
    ends = [part.ended_at for part in record.parts]
    begins = [part.queueing_at for part in record.parts]
    assert all(end is not None and begin is not None and end <= begin for end, begin in zip(ends, begins[1:]))  # noqa: B905
    assert [hr.city(user) for user in USERS] == ["Oslo"] * 4
    assert not list((hr.root / "imports").rglob("part-*"))


def test_a_part_that_fails_does_not_keep_the_others_back(hr: Feed) -> None:
    record = hr.queue(hr.wish(hr.file("ada", "nobody", "kim"), values=1)).record
    assert [part.error for part in record.parts] == [0, 30, 0]
    assert [hr.city(user) for user in ("ada", "kim")] == ["Oslo", "Oslo"]


def test_another_process_cannot_queue_the_same_feed_meanwhile(hr: Feed) -> None:
    with hr.journal(), pytest.raises(LockedError, match="in use by upa-analyzer queue"):
        hr.queue(hr.wish(hr.file(*USERS)))


def _deaths(monkeypatch: pytest.MonkeyPatch, wish: Callable[[], object]) -> Iterator[int]:
    """Yield after each death: the first process dies before its first step is noted, the next before its second, …"""
    from analyzer.imports.journal import Journal

    keep = Journal.keep
    for at in range(100):
        steps = [0]

        def dying(journal: Journal, record: object, *, at: int = at, steps: list[int] = steps) -> None:
            if steps[0] == at:
                raise DeathError
            steps[0] += 1
            keep(journal, record)  # type: ignore[arg-type]

        monkeypatch.setattr(Journal, "keep", dying)
        try:
            wish()
        except DeathError:
            yield at
        else:
            monkeypatch.setattr(Journal, "keep", keep)
            return
    pytest.fail("it never came to an end")


def test_a_process_that_dies_before_any_step_is_noted_is_continued(hr: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    file = hr.file(*USERS)
    deaths = list(_deaths(monkeypatch, functools.partial(hr.queue, hr.wish(file, values=2))))
    assert len(deaths) == 5
    records = imports_of_feed(hr.root / "imports" / "hr-feed")
    assert hr.jobs == [part.name for part in records[0].parts]
    assert [hr.city(user) for user in USERS] == ["Oslo"] * 4
    assert len(records) == 1


@pytest.mark.parametrize("call", ["queue_import", "upload_file", "make_readable"])
def test_a_process_that_dies_right_after_a_call_queues_nothing_twice(
    hr: Feed, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = hr.file(*USERS)
    real = getattr(__import__("analyzer.imports.queue", fromlist=[call]), call)

    def dying(*arguments: object, **options: object) -> None:
        real(*arguments, **options)
        raise DeathError

    with monkeypatch.context() as patched:
        patched.setattr(f"analyzer.imports.queue.{call}", dying)
        with pytest.raises(DeathError):
            hr.queue(hr.wish(file))
    record = hr.queue(hr.wish(file)).record
    assert hr.jobs == [record.parts[0].name]
    assert [hr.city(user) for user in USERS] == ["Oslo"] * 4


def test_the_answer_with_an_empty_guid_is_looked_up_by_the_source_file(tmp_path: Path) -> None:
    with feed(tmp_path, scenarios=["empty-guid"]) as hr:
        record = hr.queue(hr.wish(hr.file(*USERS))).record
        assert hr.jobs == [record.parts[0].name]
        assert hr.emulator.jobs.job(record.parts[0].job_id) is not None


def test_a_newer_file_takes_over_what_is_unsent_and_a_retry_does_not(hr: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    old = hr.file(*USERS, City="Bonn")
    deaths = _deaths(monkeypatch, functools.partial(hr.queue, hr.wish(old, values=2)))
    for _ in range(4):  # the first part was sent
        next(deaths)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="is unfinished"):
        hr.queue(hr.wish(hr.file("ada", name="retry.json"), retry_of="5f05e38c"))
    hr.queue(hr.wish(hr.file(*USERS, City="Oslo")))
    first, second = imports_of_feed(hr.root / "imports" / "hr-feed")
    assert first.abandoned == "a newer file of the feed came"
    assert hr.jobs == [*(part.name for part in first.parts if part.job_id), second.parts[0].name]
    assert [hr.city(user) for user in USERS] == ["Oslo"] * 4
    assert any(line.startswith("Gave up the unfinished import of") for line in hr.said)


def test_a_newer_file_waits_for_the_job_of_an_older_one(hr: Feed) -> None:
    hr.queue(hr.wish(hr.file(*USERS, City="Bonn")), until_end=False)
    states: list[bool] = []
    queue = hr.emulator.jobs.queue

    def noting(request: ImportRequest) -> Job:
        states.append(all(one.state in {State.Succeeded, State.Error} for one in hr.emulator.jobs.listed()))
        return queue(request)

    hr.emulator.jobs.queue = noting  # type: ignore[method-assign]
    hr.queue(hr.wish(hr.file(*USERS, City="Oslo")))
    assert states == [True]
    assert hr.city("ada") == "Oslo"
    assert any("so that older values of the feed aren't written last" in line for line in hr.said)


def test_a_stuck_job_keeps_a_newer_file_back_for_no_longer_than_allowed_and_not_for_ever(tmp_path: Path) -> None:
    with feed(tmp_path, scenarios=["stuck"]) as hr:
        hr.queue(hr.wish(hr.file(*USERS, City="Bonn")), until_end=False)
        newer = hr.wish(hr.file(*USERS, City="Oslo"))
        with hr.journal() as journal:
            record = prepare(journal, newer, Checker(), hr.clock.now()).record
            with pytest.raises(StillRunningError, match="an earlier job of the feed"):
                hr.sender(journal, timeout=60).send(record)
        assert len(hr.jobs) == 1
        hr.clock.waited.append(STUCK_AFTER.total_seconds())
        hr.queue(newer, until_end=False)
        assert len(hr.jobs) == 2


def test_properties_that_the_service_refuses_are_an_error_and_a_corrected_map_uses_the_upload(hr: Feed) -> None:
    file, place = hr.file(*USERS), hr.destination
    wrong = dataclasses.replace(place, plan=ImportPlan(IdType.Email, "IdName", {"City": "Town"}))
    with pytest.raises(AnalyzerError, match="the service refuses the import"):
        hr.queue(dataclasses.replace(hr.wish(file), destination=wrong))
    assert hr.jobs == []
    prepared = hr.queue(hr.wish(file))
    assert not prepared.is_continued  # it is checked with the new map
    first, second = imports_of_feed(hr.root / "imports" / "hr-feed")
    assert first.abandoned == "it begins anew as you specify now"
    assert hr.jobs == [first.parts[0].name] == [second.parts[0].name]
    assert second.parts[0].uploaded_at == first.parts[0].uploaded_at


def test_a_folder_that_is_missing_is_no_dead_end(hr: Feed) -> None:
    file, place = hr.file(*USERS), hr.destination
    wrong = dataclasses.replace(place, folder=f"{place.folder}/nowhere")
    with pytest.raises(UsageError, match="there is no folder"):
        hr.queue(dataclasses.replace(hr.wish(file), destination=wrong))
    record = hr.queue(hr.wish(file)).record
    assert (record.folder, hr.jobs) == (place.folder, [record.parts[0].name])


def test_what_is_queued_in_part_keeps_its_settings_unless_it_is_to_begin_anew(
    hr: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = hr.wish(hr.file(*USERS), values=2)
    deaths = _deaths(monkeypatch, functools.partial(hr.queue, wish))
    for _ in range(4):  # the first part was sent
        next(deaths)
    monkeypatch.undo()
    place = dataclasses.replace(hr.destination, plan=ImportPlan(IdType.PrincipalName, "IdName", {"City": "City"}))
    changed = dataclasses.replace(wish, destination=place)
    with hr.journal() as journal:
        kept = prepare(journal, changed, Checker(), hr.clock.now())
        assert (kept.is_continued, kept.keeps_settings, kept.record.id_type) == (True, True, "Email")
        anew = prepare(journal, dataclasses.replace(changed, again=True), Checker(), hr.clock.now())
        assert (anew.is_continued, anew.record.id_type, anew.taken_over) == (False, "PrincipalName", [kept.record])
        assert anew.record.parts[0].name != kept.record.parts[0].name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(hr: Feed) -> None:
    os.mkfifo(hr.root / "pipe.json")
    with pytest.raises(InputError, match="is a pipe or a device"):
        hr.queue(hr.wish(hr.root / "pipe.json"))


def test_a_file_that_changes_before_it_is_sent_is_an_error_and_nothing_is_queued(
    hr: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = hr.file(*USERS)

    def changing(*arguments: object) -> str:
        hr.file(*USERS[:2])
        return import_id(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("analyzer.imports.prepare.import_id", changing)
    with pytest.raises(InputError, match="changed"):
        hr.queue(hr.wish(file))
    assert hr.jobs == []


def test_a_job_that_vanishes_is_reported_and_the_next_part_is_sent(hr: Feed) -> None:
    forgotten: list[str] = []

    def wait(seconds: float, stopped: threading.Event) -> None:  # noqa: ARG001 - a clock's
        hr.clock.waited.append(seconds)
        if not forgotten:
            forgotten.append(hr.emulator.jobs.listed()[1].job_id)
            hr.emulator.jobs.delete(forgotten[0])

    hr.clock.wait = wait  # type: ignore[method-assign]
    record = hr.queue(hr.wish(hr.file(*USERS), values=2)).record
    assert record.parts[0].state is None
    assert record.parts[1].state == State.Succeeded
    assert any("no longer lists job" in line for line in hr.said)
