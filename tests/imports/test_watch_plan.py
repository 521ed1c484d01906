"""Which jobs are watched, what is known of them from before, and which of them take too long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import InputError
from analyzer.imports.watch import Earlier, WatchedJob
from analyzer.imports.watch_plan import JobFacts, Known, plan_watch, too_long
from analyzer.library.model import Observation
from analyzer.model.job import Job
from analyzer.storage.import_record import ImportPart, ImportRecord
from tests.conftest import NOW

if TYPE_CHECKING:
    from datetime import datetime

FOLDER = "https://contoso.sharepoint.com/sites/hr/Shared Documents"
HOUR = 3600.0


def _id(number: int) -> str:
    return f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c"


def _job(number: int, state: int, day: int = 1, name: str = "hr-feed", **further: Any) -> Job:  # noqa: ANN401 - a job's fields
    return Job(_id(number), state, 0, source_uri=f"{FOLDER}/{name}-202611{day:02d}-020000.json", **further)


def _record(number: int, *, job_id: str | None = None, took: float | None = None, **further: Any) -> ImportRecord:  # noqa: ANN401 - a record's fields
    queued = NOW - timedelta(days=30 - number)
    ended = None if took is None else queued + timedelta(seconds=took)
    part = ImportPart(
        name=f"hr-feed-202611{number:02d}-020000.json", file="a.json", bytes=1, sha256="", records=1,
        queueing_at=queued, queued_at=queued, ended_at=ended, job_id=_id(number) if job_id is None else job_id,
    )  # fmt: skip
    return ImportRecord(
        program="upa-analyzer 0", import_id=str(number), feed="hr-feed", created_at=queued, path="a.json", bytes=1,
        sha256="", folder=FOLDER, id_type="Email", id_property="mail", property_map={}, parts=[part], **further,
    )  # fmt: skip


def _seen(number: int, state: int, hours: float) -> Observation:
    return Observation(_id(number), NOW - timedelta(hours=hours), None, state, 0)


def test_all_jobs_that_have_not_ended_are_watched() -> None:
    known = Known(NOW, [_job(1, 4), _job(2, 1), _job(3, 3), _job(4, 5), _job(5, 7)])
    assert [*plan_watch((), known)] == [_id(2), _id(3), _id(5)]


def test_what_was_queued_is_watched_until_a_pull_or_the_queue_saw_its_end() -> None:
    records = [_record(1), _record(2, took=60), _record(3), _record(4), _record(5, abandoned="cancelled")]
    known = Known(NOW, [_job(1, 4)], of_library=[_job(3, 5), _job(4, 2, gone=True)], records=records)
    assert [*plan_watch((), known)] == [_id(1)]


def test_a_queued_job_whose_id_was_never_known_is_found_by_its_file() -> None:
    record = _record(3, job_id="")
    known = Known(NOW, [_job(1, 4, day=3)], records=[record])
    (facts,) = plan_watch((), known).values()
    assert (facts.feed, facts.earlier and facts.earlier.age) == ("hr-feed", 27 * 24 * HOUR)


@pytest.mark.parametrize("wanted", ["00000001", _id(1).upper(), f"{{{_id(1)}}}"])
def test_a_job_is_named_by_the_beginning_of_its_id(wanted: str) -> None:
    assert [*plan_watch([wanted, "00000001"], Known(NOW, [_job(1, 4), _job(2, 1)]))] == [_id(1)]


def test_a_job_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(InputError, match="the tenant has no job"):
        plan_watch(["00000003"], Known(NOW, [_job(1, 4)], of_library=[_job(3, 4)]))


def test_without_a_list_the_jobs_of_the_library_and_whole_ids_are_watched() -> None:
    known = Known(NOW, None, of_library=[_job(1, 2), _job(2, 4), _job(3, 2, gone=True)], records=[_record(4)])
    assert set(plan_watch((), known)) == {_id(1), _id(4)}
    assert [*plan_watch([_id(9), "00000001"], known)] == [_id(9), _id(1)]
    with pytest.raises(InputError) as caught:
        plan_watch(["00000009"], known)
    assert caught.value.advice == "SharePoint refuses the job list: specify the whole ID of the job."


@pytest.mark.parametrize(
    ("state", "queued", "seen", "earlier"),
    [
        (1, True, [], Earlier(1, 24 * HOUR, 24 * HOUR, is_exact=True)),
        (1, False, [(1, 3.0)], Earlier(1, 3 * HOUR, 3 * HOUR)),
        (2, False, [(1, 3.0), (2, 2.0)], Earlier(2, 2 * HOUR, 3 * HOUR, 2 * HOUR)),
        (3, False, [(1, 3.0), (2, 2.0)], Earlier(3, 0.0, 3 * HOUR, 2 * HOUR)),
        (2, True, [(1, 3.0)], Earlier(2, 0.0, 24 * HOUR)),
        (2, False, [], None),
    ],
    ids=["queued", "seen", "seen twice", "changed since", "queued and changed", "unknown"],
)
def test_what_is_known_from_before(
    state: int, queued: bool, seen: list[tuple[int, float]], earlier: Earlier | None
) -> None:
    observations = [_seen(29, before, hours) for before, hours in seen]
    records = [_record(29)] if queued else []
    known = Known(NOW, [_job(29, state, day=29)], observations=observations, records=records)
    assert plan_watch((), known)[_id(29)].earlier == earlier


def test_a_record_from_the_future_is_as_if_it_were_of_now() -> None:
    known = Known(NOW - timedelta(days=5), [_job(29, 1, day=29)], records=[_record(29)])
    assert plan_watch((), known)[_id(29)].earlier == Earlier(1, 0.0, 0.0, is_exact=True)


def test_the_usual_time_is_that_of_imports_before_that_of_runs_that_pulls_saw() -> None:
    records = [_record(number, took=600.0 * number) for number in range(1, 7)]
    running = {"hr-feed": [HOUR] * 6}
    known = Known(NOW, [_job(9, 2, day=9)], records=records, running_times=running)
    (facts,) = plan_watch((), known).values()
    assert facts.usual is not None
    assert (facts.usual.median, facts.from_queueing) == (2100, True)
    (facts,) = plan_watch((), Known(NOW, known.listed, records=records[1:], running_times=running)).values()
    assert facts.usual is not None
    assert (facts.usual.median, facts.from_queueing) == (HOUR, False)


def test_a_retry_has_no_usual_time_and_no_later_run_overtakes_it() -> None:
    retry = Job(_id(9), 2, 0, source_uri=f"{FOLDER}/hr-feed-20261101-{_id(1)}-retry.json")
    running = {"hr-feed": [HOUR] * 6}
    (facts,) = plan_watch((), Known(NOW, [_job(8, 4, day=20), retry], running_times=running)).values()
    assert facts == JobFacts("hr-feed", was_running=True)


def test_a_job_is_overtaken_by_a_later_run_of_its_feed_that_has_ended() -> None:
    jobs = [_job(1, 2, day=2), _job(2, 2, day=4), _job(3, 5, day=3), _job(4, 4, day=5, name="badges")]
    facts = plan_watch((), Known(NOW, jobs))
    assert {job_id: one.was_stuck for job_id, one in facts.items()} == {_id(1): True, _id(2): False}


def test_only_a_job_that_is_listed_and_runs_is_stuck() -> None:
    jobs = [_job(1, 2), _job(2, 4, day=2, name="badges")]
    known = Known(NOW, jobs, records=[_record(1), _record(2), _record(3)])
    assert [job_id for job_id, one in plan_watch((), known).items() if one.was_stuck] == [_id(1)]


def _watched(state: int, age: float, begun: float | None = None) -> WatchedJob:
    at: datetime = NOW
    return WatchedJob(_id(1), _job(1, state), at, 0.0, is_exact=False, known_since=-age, begun=begun)


USUAL = [HOUR, HOUR, HOUR, HOUR, HOUR, HOUR]


@pytest.mark.parametrize(
    ("one", "overtaken", "reason"),
    [
        (_watched(2, 23 * HOUR), False, None),
        (_watched(2, 25 * HOUR), False, "stuck: in Processing after 25 hours"),
        (_watched(2, 0.0), True, "stuck: in Processing, and a later run of its feed has ended"),
        (_watched(4, 25 * HOUR), True, None),
        (_watched(2, 9 * HOUR, begun=-1.9 * HOUR), False, None),
        (_watched(2, 9 * HOUR, begun=-2.1 * HOUR), False, "slow: running for 3 hours, usually 60 minutes"),
    ],
    ids=["long", "over a day", "overtaken", "ended", "usual", "slow"],
)
def test_what_takes_too_long(one: WatchedJob, overtaken: bool, reason: str | None) -> None:
    facts = plan_watch((), Known(NOW, [_job(1, 2)], running_times={"hr-feed": USUAL}))[_id(1)]
    found = too_long(one, JobFacts(facts.feed, None, facts.usual, is_overtaken=overtaken), 0.0)
    assert (f"{found.word}: {found.reason}" if found else None) == reason
