"""Who is open in a job, and what a later run superseded; held against a slow reference too."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.analysis.open_users import Import, OpenUsers, open_users
from analyzer.analysis.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

EVERYBODY = frozenset(range(1, 11))


class Files:
    """The users of source files; counts what is read."""

    def __init__(self, files: Mapping[str, AbstractSet[int] | None]) -> None:
        self.files = files
        self.read: list[str] = []

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        self.read.append(job_id)
        return self.files.get(job_id, EVERYBODY)

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        users = self.files.get(job_id, EVERYBODY)
        return set(sorted(users)[:3]) if users else None


def run(job_id: str, *failed: int, outcome: Outcome = Outcome.partial, names_all: bool = True) -> Import:
    """A run that left these users out; a run without any succeeded."""
    ended = Outcome.succeeded if outcome is Outcome.partial and not failed else outcome
    return Import(job_id, "hr-feed", None, ended, frozenset(failed), names_all=names_all)


def retry(job_id: str, of: str, *failed: int, outcome: Outcome = Outcome.partial) -> Import:
    return replace(run(job_id, *failed, outcome=outcome), retry_of=of)


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
    "failed again after a retry": (
        [run("a", 1), retry("r", "a"), run("b", 1)],
        {"r": {1}},
        {"a": (0, 0), "r": (0, 0), "b": (1, 1)},
    ),
    "the user left the feed": ([run("a", 1, 2), run("b")], {"b": {2, 3}}, {"a": (1, 1), "b": (0, 0)}),
    "a later file that nobody has": ([run("a", 1), run("b")], {"b": None}, {"a": (None, None), "b": (0, 0)}),
    "a later log that names a user again": ([run("a", 1), run("b", 1)], {"b": None}, {"a": (1, 0), "b": (1, 1)}),
    "a later log that may lack users": (
        [run("a", 1), run("b", 2, names_all=False)],
        {},
        {"a": (None, None), "b": (None, None)},
    ),
    "an import was aborted": ([run("a", outcome=ABORTED)], {}, {"a": (None, None)}),
    "an aborted import was retried": (
        [run("a", 9, outcome=ABORTED), retry("r", "a", 4)],
        {},
        {"a": (1, 0), "r": (1, 1)},
    ),
    "an aborted import, whose file nobody has": (
        [run("a", outcome=ABORTED), retry("r", "a")],
        {"a": None},
        {"a": (None, None), "r": (0, 0)},
    ),
    "a retry was aborted": (
        [run("a", 1, 2), retry("r", "a", outcome=ABORTED)],
        {"r": {1, 2}},
        {"a": (2, 2), "r": (None, None)},
    ),
    "nobody knows who was updated": ([run("a", outcome=UNKNOWN), run("b", 3)], {}, {"a": (None, 0), "b": (1, 1)}),
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
        {"a": (None, None), "b": (None, None)},
    ),
}


@pytest.mark.parametrize(("jobs", "files", "expected"), CASES.values(), ids=CASES.keys())
def test_users_are_open_until_a_later_import_updated_them(
    jobs: Sequence[Import],
    files: dict[str, AbstractSet[int] | None],
    expected: dict[str, tuple[int | None, int | None]],
) -> None:
    found = open_users(jobs, Files(files))
    assert {job_id: (users.open, users.due) for job_id, users in found.items()} == expected


SUPERSEDED: dict[str, tuple[list[Import], dict[str, AbstractSet[int] | None], dict[str, str | None]]] = {
    "a later run": ([run("a", 1), run("b", 1)], {}, {"a": "b", "b": None}),
    "the latest of several": ([run("a", 1), run("b", 1), run("c")], {}, {"a": "c", "b": "c", "c": None}),
    "a retry is no run": ([run("a", 1), retry("r", "a")], {}, {"a": None, "r": None}),
    "a retry of a superseded run": ([run("a", 1), run("b"), retry("r", "a", 1)], {}, {"a": "b", "b": None, "r": "b"}),
    "a retry of a run that nobody knows": ([retry("r", "?", 1), run("b")], {}, {"r": "b", "b": None}),
    "a later run has not ended": ([run("a", 1), run("b", outcome=RUNNING)], {}, {"a": None, "b": None}),
    "a later run was aborted": ([run("a", 1), run("b", outcome=ABORTED)], {}, {"a": "b", "b": None}),
    "a later run had no file": (
        [run("a", 1), replace(run("b", outcome=ABORTED), carried=False)],
        {},
        {"a": None, "b": None},
    ),
    "another feed": ([run("a", 1), replace(run("b"), feed="badges")], {}, {"a": None, "b": None}),
    "a later file of other users": ([run("a", 1), run("b")], {"a": {1, 2, 3}, "b": {4, 5}}, {"a": None, "b": None}),
    "parts of each night": (
        [run("a", 1), run("b", 9), run("c", 1), run("d", 9)],
        {"a": {1, 2}, "b": {8, 9}, "c": {1, 2}, "d": {8, 9}},
        {"a": "c", "b": "d", "c": None, "d": None},
    ),
    "a later file that nobody has": ([run("a", 1), run("b")], {"b": None}, {"a": "b", "b": None}),
}


@pytest.mark.parametrize(("jobs", "files", "expected"), SUPERSEDED.values(), ids=SUPERSEDED.keys())
def test_a_later_full_run_supersedes(
    jobs: Sequence[Import], files: dict[str, AbstractSet[int] | None], expected: dict[str, str | None]
) -> None:
    found = open_users(jobs, Files(files))
    assert {job_id: users.superseded_by for job_id, users in found.items()} == expected


def test_a_retry_is_needed_where_it_is_due_and_holds_the_newest_values() -> None:
    assert OpenUsers(2, 2).needs_retry
    assert OpenUsers(None, None).needs_retry
    assert not OpenUsers(2, 0).needs_retry
    assert not OpenUsers(2, 2, superseded_by="b").needs_retry


def test_of_a_healthy_feed_no_file_is_read() -> None:
    files = Files({})
    open_users([run("a"), run("b"), run("c")], files)
    assert files.read == []


def test_users_who_fail_every_night_cost_one_file() -> None:
    files = Files({})
    open_users([run(f"{night:03}", 1, 2) for night in range(100)], files)
    assert files.read == ["099"]


def _truth(jobs: Sequence[Import], files: Mapping[str, AbstractSet[int]], at: int) -> set[int]:
    """Who is open in a job, one user and one later job after the other."""
    job = jobs[at]
    users = files[job.job_id] if job.outcome is ABORTED else job.failed
    open_ones = set()
    for user in users:
        updated = any(
            later.feed == job.feed
            and user in files[later.job_id]
            and user not in later.failed
            and later.outcome is not ABORTED
            for later in jobs[at + 1 :]
        )
        if not updated:
            open_ones.add(user)
    return open_ones


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
        users = frozenset(user for user in range(1, 15) if draw.random() < (0.3 if of else 0.9)) or frozenset({1})
        outcome = draw.choice([Outcome.partial, Outcome.partial, Outcome.succeeded, ABORTED])
        failed = frozenset(user for user in users if draw.random() < 0.3) if outcome is Outcome.partial else frozenset()
        ended = Outcome.succeeded if outcome is Outcome.partial and not failed else outcome
        jobs.append(Import(job_id, feed, of, ended, failed))
        files[job_id] = users
    found = open_users(jobs, Files(files))
    for at, job in enumerate(jobs):
        is_last = all(later.feed != job.feed for later in jobs[at + 1 :])
        if not (job.outcome is ABORTED and is_last):
            assert found[job.job_id].open == len(_truth(jobs, files, at)), job
