"""Who is open in a job, and what a later run superseded, both incrementally and from all jobs at once."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.open_and_superseded import FeedJob, Import, OpenUsers
from analyzer.analysis.open_incrementally import IncrementalFeed
from analyzer.model.job import Outcome
from tests.analysis import reference_open_users as reference
from tests.analysis.frames import at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import polars as pl

EVERYBODY = frozenset(range(1, 11))


class Files:
    """The users of source files; counts what is read."""

    def __init__(
        self,
        files: Mapping[str, AbstractSet[int] | None],
        id_properties: Mapping[str, str] | None = None,
        properties: Mapping[str, AbstractSet[str]] | None = None,
    ) -> None:
        self.files, self.id_properties, self.properties = files, id_properties or {}, properties or {}
        self.read: list[str] = []

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        return self.id_properties.get(job_id) != self.id_properties.get(other_id)

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        return self.properties.get(job_id)

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        self.read.append(job_id)
        return self.files.get(job_id, EVERYBODY)

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        users = self.files.get(job_id, EVERYBODY)
        return set(sorted(users)[:3]) if users else None

    def version_of(self, job_id: str) -> str:
        return job_id

    def keys_of(self, job_id: str, users: AbstractSet[int]) -> Mapping[int, str]:
        return {user: str(user) for user in users & (self.files.get(job_id, EVERYBODY) or frozenset())}


class NoCheckpoints:
    """Keeps nothing."""

    def names(self) -> list[str]:
        return []

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        raise AssertionError(name)

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        """Ignore it."""

    def remove(self, name: str) -> None:
        raise AssertionError(name)


def open_users(jobs: Sequence[Import], files: Files) -> dict[str, OpenUsers]:
    """Compute the users of each job incrementally; those from all jobs at once are equal."""
    named = {job.job_id: {user: str(user) for user in job.failed} for job in jobs}
    found: dict[str, OpenUsers] = {}
    for feed in dict.fromkeys(job.feed for job in jobs):
        of_feed = [FeedJob(replace(job, failed=frozenset()), str(job.failed)) for job in jobs if job.feed == feed]
        incremental = IncrementalFeed(of_feed, named.__getitem__, int, files, NoCheckpoints())
        found |= {one.job.job_id: incremental.of_job(one.job.job_id) for one in of_feed}
    at_once = reference.open_users(jobs, Files(files.files, files.id_properties, files.properties))
    for job_id, users in at_once.items():
        assert found[job_id] == users, job_id
        assert (found[job_id].newer, found[job_id].updated_since) == (users.newer, users.updated_since), job_id
    return found


def run(job_id: str, *failed: int, outcome: Outcome = Outcome.partial, names_all: bool = True) -> Import:
    """A run that left these users out; a run without any succeeded."""
    ended = Outcome.succeeded if outcome is Outcome.partial and not failed else outcome
    return Import(job_id, "hr-feed", None, ended, frozenset(failed), names_all=names_all)


def retry(job_id: str, of: str, *failed: int, outcome: Outcome = Outcome.partial) -> Import:
    return replace(run(job_id, *failed, outcome=outcome), retry_of=of)


def _between(job: Import, earliest: int, latest: int) -> Import:
    return replace(job, earliest=at(earliest), latest=at(latest))


ABORTED, UNKNOWN, RUNNING = Outcome.aborted, Outcome.unknown, Outcome.running
CASES: dict[str, tuple[list[Import], dict[str, AbstractSet[int] | None], dict[str, tuple[int | None, int | None]]]] = {
    "the last run": ([run("a", 1, 2)], {}, {"a": (2, 2)}),
    "a later run updated one": ([run("a", 1, 2), run("b", 2)], {}, {"a": (1, 0), "b": (1, 1)}),
    "a later run updated all": ([run("a", 1, 2), run("b")], {}, {"a": (0, 0), "b": (0, 0)}),
    "a retry updated all": ([run("a", 1, 2), retry("r", "a")], {"r": {1, 2}}, {"a": (0, 0), "r": (0, 0)}),
    "a retry updated one": ([run("a", 1, 2), retry("r", "a", 2)], {"r": {1, 2}}, {"a": (1, 0), "r": (1, 1)}),
    "a retry held one": ([run("a", 1, 2), retry("r", "a")], {"r": {1}}, {"a": (1, 1), "r": (0, 0)}),
    "a retry of a retry": (
        [run("a", 1, 2), retry("r", "a", 2), retry("s", "a")],
        {"r": {1, 2}, "s": {2}},
        {"a": (0, 0), "r": (0, 0), "s": (0, 0)},
    ),
    "a retry was imported after the next run, which has newer values": (
        [run("a", 1, 2), run("b", 1, 3), retry("r", "a")],
        {"r": {1, 2}},
        {"a": (0, 0), "r": (0, 0), "b": (2, 2)},
    ),
    "a later run of the same name sets other properties": (
        [run("a", 1, 2), run("phones", 3), retry("r", "a", 2)],
        {"r": {1, 2}},
        {"a": (1, 0), "r": (1, 1), "phones": (1, 1)},
    ),
    "a later file whose IDs are others": ([run("a", 1), run("upn")], {"upn": {8}}, {"a": (None, None), "upn": (0, 0)}),
    "failed again after a retry": (
        [run("a", 1), retry("r", "a"), run("b", 1)],
        {"r": {1}},
        {"a": (0, 0), "r": (0, 0), "b": (1, 1)},
    ),
    "the user left the feed": ([run("a", 1, 2), run("b")], {"b": {2, 3}}, {"a": (1, 1), "b": (0, 0)}),
    "a later file that is unknown": ([run("a", 1), run("b")], {"b": None}, {"a": (None, 0), "b": (0, 0)}),
    "a later log that names a user again": ([run("a", 1), run("b", 1)], {"b": None}, {"a": (1, 0), "b": (1, 1)}),
    "a later log that may lack users": (
        [run("a", 1), run("b", 2, names_all=False)],
        {},
        {"a": (None, 0), "b": (None, None)},
    ),
    "an import was aborted": ([replace(run("a", outcome=ABORTED), not_updated=10)], {}, {"a": (10, 10)}),
    "an aborted import was retried": (
        [run("a", 9, outcome=ABORTED), retry("r", "a", 4)],
        {},
        {"a": (1, 0), "r": (1, 1)},
    ),
    "an aborted import, whose file is missing": (
        [run("a", outcome=ABORTED), retry("r", "a")],
        {"a": None},
        {"a": (None, None), "r": (0, 0)},
    ),
    "a retry was aborted": (
        [run("a", 1, 2), retry("r", "a", outcome=ABORTED)],
        {"r": {1, 2}},
        {"a": (2, 0), "r": (2, 2)},
    ),
    "who was updated is unknown": ([run("a", outcome=UNKNOWN), run("b", 3)], {}, {"a": (None, 0), "b": (1, 1)}),
    "all of an unknown outcome were updated since": (
        [run("a", outcome=UNKNOWN), run("b")],
        {},
        {"a": (0, 0), "b": (0, 0)},
    ),
    "a job that has not ended changes nothing": (
        [run("a", 1), run("b", outcome=RUNNING)],
        {},
        {"a": (1, 1), "b": (None, None)},
    ),
    "a later run of unknown outcome": (
        [run("a", 1), run("b", outcome=UNKNOWN)],
        {},
        {"a": (None, 0), "b": (None, None)},
    ),
}


@pytest.mark.parametrize(("jobs", "files", "expected"), CASES.values(), ids=CASES.keys())
def test_users_are_open_until_a_later_import_updated_them(
    jobs: Sequence[Import],
    files: dict[str, AbstractSet[int] | None],
    expected: dict[str, tuple[int | None, int | None]],
) -> None:
    found = open_users(jobs, Files(files, {"upn": "Upn"}, {"a": {"city"}, "b": {"city"}, "phones": {"phone"}}))
    assert {job_id: (users.open, users.due) for job_id, users in found.items()} == expected


SUPERSEDED: dict[str, tuple[list[Import], dict[str, AbstractSet[int] | None], dict[str, str | None]]] = {
    "a later run": ([run("a", 1), run("b", 1)], {}, {"a": "b", "b": None}),
    "a retry of a run whose end is unknown": (
        [_between(run("a", 1), 1, 9), _between(retry("r", "a", 1), 5, 5)],
        {"r": {1}},
        {"a": None, "r": None},
    ),
    "the latest of several": ([run("a", 1), run("b", 1), run("c")], {}, {"a": "c", "b": "c", "c": None}),
    "a retry is no run": ([run("a", 1), retry("r", "a")], {}, {"a": None, "r": None}),
    "a stuck job": ([run("a", outcome=Outcome.stuck), run("b")], {}, {"a": "b", "b": None}),
    "a stuck job of other users": (
        [run("a", outcome=Outcome.stuck), run("b")],
        {"a": {1}, "b": {2}},
        {"a": None, "b": None},
    ),
    "a stuck job after it": ([run("a", 1), run("b", outcome=Outcome.stuck)], {}, {"a": None, "b": None}),
    "a retry of a superseded run": ([run("a", 1), run("b"), retry("r", "a", 1)], {}, {"a": "b", "b": None, "r": "b"}),
    "a retry of an unknown run": ([retry("r", "?", 1), run("b")], {}, {"r": "b", "b": None}),
    "a later run has not ended": ([run("a", 1), run("b", outcome=RUNNING)], {}, {"a": None, "b": None}),
    "a later run was aborted": ([run("a", 1), run("b", outcome=ABORTED)], {}, {"a": "b", "b": None}),
    "a later run had no file": (
        [run("a", 1), replace(run("b", outcome=ABORTED), carried=False)],
        {},
        {"a": None, "b": None},
    ),
    "another feed": ([run("a", 1), replace(run("b"), feed="badges")], {}, {"a": None, "b": None}),
    "a later file of other users": ([run("a", 1), run("b")], {"a": {1, 2, 3}, "b": {4, 5}}, {"a": None, "b": None}),
    "a later file whose IDs are others": ([run("a", 1), run("upn", 9)], {"upn": {8, 9}}, {"a": "upn", "upn": None}),
    "a retry that was imported after the next run": (
        [run("a", 1), run("b", 1), retry("r", "a")],
        {"r": {1}},
        {"a": "b", "b": None, "r": None},
    ),
    "other properties of the same users": ([run("a", 1), run("phones")], {}, {"a": None, "phones": None}),
    "parts of each night": (
        [run("a", 1), run("b", 9), run("c", 1), run("d", 9)],
        {"a": {1, 2}, "b": {8, 9}, "c": {1, 2}, "d": {8, 9}},
        {"a": "c", "b": "d", "c": None, "d": None},
    ),
    "a later file that is unknown": ([run("a", 1), run("b")], {"b": None}, {"a": "b", "b": None}),
}


@pytest.mark.parametrize(("jobs", "files", "expected"), SUPERSEDED.values(), ids=SUPERSEDED.keys())
def test_a_later_full_run_supersedes(
    jobs: Sequence[Import], files: dict[str, AbstractSet[int] | None], expected: dict[str, str | None]
) -> None:
    found = open_users(jobs, Files(files, {"upn": "Upn"}, {"a": {"city"}, "b": {"city"}, "phones": {"phone"}}))
    assert {job_id: users.superseded_by for job_id, users in found.items()} == expected


def test_a_retry_is_needed_where_it_is_due_and_holds_the_newest_values() -> None:
    assert OpenUsers(2, 2).needs_retry
    assert OpenUsers(None, None).needs_retry
    assert not OpenUsers(2, 0).needs_retry
    assert not OpenUsers(2, 2, superseded_by="b").needs_retry


def test_where_the_order_is_unknown_no_user_counts_as_open_and_the_older_values_are_not_offered() -> None:
    """Job b left no log: it can have ended before or after a."""
    jobs = [_between(run("b"), 1, 9), _between(run("a", 1), 5, 5)]
    assert open_users(jobs, Files({}))["a"] == OpenUsers(None, 0, "b")
    assert open_users(jobs, Files({"b": {8, 9}}))["a"] == OpenUsers(1, 1)
    in_order = [_between(run("b"), 1, 4), _between(run("a", 1), 5, 5)]
    assert open_users(in_order, Files({}))["a"] == OpenUsers(1, 1)


def test_of_a_healthy_feed_no_file_is_read() -> None:
    files = Files({})
    open_users([run("a"), run("b"), run("c")], files)
    assert files.read == []


def test_users_who_fail_every_night_cost_one_file() -> None:
    files = Files({})
    open_users([run(f"{night:03}", 1, 2) for night in range(100)], files)
    assert files.read == ["099"]


def _truth(jobs: Sequence[Import], files: Mapping[str, AbstractSet[int]], place: int) -> set[int]:
    """Who is open in a job, one user and one later job after the other; a retry is as old as its run."""
    job = jobs[place]
    age = {job.job_id: number for number, job in enumerate(jobs)}
    since = [(age[other.retry_of or other.job_id], number) for number, other in enumerate(jobs)]
    users = files[job.job_id] if job.outcome is ABORTED else job.failed
    open_ones = set()
    for user in users:
        updated = any(
            later.feed == job.feed
            and user in files[later.job_id]
            and user not in later.failed
            and later.outcome is not ABORTED
            for number, later in enumerate(jobs)
            if since[number] > since[place]
        )
        if not updated:
            open_ones.add(user)
    return open_ones


def _newer(jobs: Sequence[Import], files: Mapping[str, AbstractSet[int]], place: int) -> set[int]:
    """Whose records in later runs are newer than a job's."""
    age = {job.job_id: number for number, job in enumerate(jobs)}
    job = jobs[place]
    run = age[job.retry_of or job.job_id]
    users = files[job.job_id] if job.outcome is ABORTED else job.failed
    later = [other for other in jobs[run + 1 :] if other.feed == job.feed and other.retry_of is None]
    return {user for user in users if any(user in files[other.job_id] for other in later)}


@pytest.mark.parametrize("seed", range(60))
def test_random_months_agree_with_a_slow_reference(seed: int) -> None:
    draw = random.Random(seed)
    jobs: list[Import] = []
    files: dict[str, AbstractSet[int]] = {}
    for number in range(draw.randint(1, 25)):
        job_id = f"{number:03}"
        feed = draw.choice(["hr-feed", "badges"])
        earlier = [job.job_id for job in jobs if job.feed == feed and job.retry_of is None]
        of = draw.choice(earlier) if earlier and draw.random() < 0.3 else None
        users = frozenset(
            user for user in range(1, 15) if draw.random() < (0.3 if of else draw.choice([0.3, 0.9]))
        ) or frozenset({1})
        outcome = draw.choice([Outcome.partial, Outcome.partial, Outcome.succeeded, ABORTED])
        failed = frozenset(user for user in users if draw.random() < 0.3) if outcome is Outcome.partial else frozenset()
        ended = Outcome.succeeded if outcome is Outcome.partial and not failed else outcome
        jobs.append(Import(job_id, feed, of, ended, failed, not_updated=len(users if ended is ABORTED else failed)))
        files[job_id] = users
    found = open_users(jobs, Files(files))
    for place, job in enumerate(jobs):
        it = found[job.job_id]
        assert it.open == len(_truth(jobs, files, place)), job
        assert it.newer >= _newer(jobs, files, place), job
        left = files[job.job_id] if job.outcome is ABORTED else job.failed
        assert it.newer <= left
        assert it.due == len(left - it.newer)
