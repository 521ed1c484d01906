"""What is computed from the kept state of earlier jobs equals what is computed from all jobs at once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.open_and_superseded import FeedJob, Import, JobState, OpenUsers
from analyzer.analysis.open_incrementally import IncrementalFeed
from analyzer.model.job import Outcome
from tests.analysis.frames import at
from tests.analysis.reference_open_users import open_users

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

USERS = range(1, 9)


@dataclass
class Checkpoints:
    """Checkpoints as a caller keeps them: bytes and tables by name."""

    saved: dict[str, tuple[bytes, pl.DataFrame]] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        return list(self.saved)

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        self.loaded.append(name)
        return self.saved.get(name)

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        assert users.schema == {"key": pl.String, "class": pl.UInt32}
        self.saved[name] = header, users

    def remove(self, name: str) -> None:
        del self.saved[name]


@dataclass(frozen=True)
class Made:
    """A job and its source file: its users, its ID property, and its other properties; None if unknown."""

    job: Import
    users: frozenset[int] | None
    id_property: str = "Upn"
    properties: frozenset[str] | None = frozenset({"city"})
    rank: int = 0
    """Sorts jobs of equal or unknown time."""


class Source:
    """The source files of made jobs; counts what is read."""

    def __init__(self, made: Mapping[str, Made]) -> None:
        self.made = made
        self.read: list[str] = []

    def all_of(self, job_id: str) -> AbstractSet[int] | None:
        self.read.append(job_id)
        return self.made[job_id].users or None

    def first_of(self, job_id: str) -> AbstractSet[int] | None:
        users = self.made[job_id].users
        return set(sorted(users)[:3]) if users else None

    def ids_differ(self, job_id: str, other_id: str) -> bool:
        return self.made[job_id].id_property != self.made[other_id].id_property

    def properties_of(self, job_id: str) -> AbstractSet[str] | None:
        return self.made[job_id].properties if job_id in self.made else None

    def version_of(self, job_id: str) -> str:
        made = self.made[job_id]
        return repr((sorted(made.users) if made.users else None, made.id_property))

    def keys_of(self, job_id: str, users: AbstractSet[int]) -> Mapping[int, str]:
        return {user: str(user) for user in users & (self.made[job_id].users or frozenset())}


@dataclass
class Feed:
    """A feed's jobs, and what is kept between two computations."""

    made: dict[str, Made] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    loaded: list[str] = field(default_factory=list)

    def in_order(self) -> list[Made]:
        """The jobs by time; without one, first."""
        times = {job_id: made.job.earliest for job_id, made in self.made.items()}
        key = {job_id: (times[job_id] or at(1), made.rank, job_id) for job_id, made in self.made.items()}
        return [self.made[job_id] for job_id in sorted(self.made, key=key.__getitem__)]

    def incremental(self, source: Source) -> IncrementalFeed:
        def named(job_id: str) -> dict[int, str]:
            self.loaded.append(job_id)
            return {user: str(user) for user in self.made[job_id].job.failed}

        jobs = [
            FeedJob(
                dataclasses.replace(one.job, failed=frozenset()),
                log=repr(sorted(one.job.failed)) if one.job.failed else "",
                stored=msgspec.json.decode(state, type=JobState)
                if (state := self.states.get(one.job.job_id))
                else None,
            )
            for one in self.in_order()
        ]
        return IncrementalFeed(jobs, named, int, source, self.checkpoints)

    def update(self) -> Source:
        """Compute incrementally, keep the state, and return what was read."""
        source = Source(self.made)
        states = self.incremental(source).update()
        self.states = {job_id: msgspec.json.encode(state) for job_id, state in states.items()}
        return source

    def expected(self) -> dict[str, OpenUsers]:
        return open_users([one.job for one in self.in_order()], Source(self.made))

    def check(self) -> None:
        """Hold the kept states, and what a later reader finds, against all jobs at once."""
        expected = self.expected()
        kept = {job_id: msgspec.json.decode(state, type=JobState) for job_id, state in self.states.items()}
        reader = self.incremental(Source(self.made))
        names = set(self.checkpoints.saved)
        for job_id, users in expected.items():
            state = kept[job_id]
            assert OpenUsers(state.open, state.due, state.superseded_by) == users, job_id
            found = reader.of_job(job_id)
            assert found == users, job_id
            assert found.updated_since == users.updated_since, job_id
            assert found.newer == users.newer, job_id
        assert set(self.checkpoints.saved) == names  # a reader writes nothing


def _hour(number: int) -> datetime:
    return at(2 + number // 24, number % 24)


@st.composite
def _jobs(draw: st.DrawFn, job_ids: list[str], number: int) -> Made:
    """A job of any kind; one in two belongs to a healthy feed with full files."""
    outcome = draw(
        st.sampled_from([Outcome.partial] * 6 + [Outcome.succeeded] * 3 + [Outcome.aborted] * 2)
        | st.sampled_from(list(Outcome))
    )
    some_users = st.frozensets(st.sampled_from(USERS))
    users = draw(st.just(frozenset(USERS)) | some_users | st.sampled_from([None, frozenset(USERS)]))
    failed = draw(some_users) if outcome is not Outcome.succeeded else frozenset()
    time = draw(st.just(number) | st.integers(1, 12) | st.none())
    length = draw(st.just(0) | st.just(0) | st.integers(0, 4))
    retry_of = draw(st.none() | st.sampled_from([*job_ids, "missing"])) if job_ids else None
    import_id = draw(st.just("") | st.sampled_from(["", "whole", "in-2", "changes", "changes-in-2"]))
    return Made(
        Import(
            f"{draw(st.integers(0, 9))}-{number}",
            "hr",
            retry_of if draw(st.booleans()) else None,
            outcome,
            failed,
            names_all=outcome is not Outcome.partial or draw(st.sampled_from([True, True, True, False])),
            not_updated=len(failed) if outcome is Outcome.partial else draw(st.none() | st.integers(0, 9)),
            carried=draw(st.sampled_from([True, True, True, False])),
            earliest=None if time is None or draw(st.integers(0, 9)) == 0 else _hour(time),
            latest=None if time is None or draw(st.integers(0, 9)) == 0 else _hour(time + length),
            import_id=import_id,
            parts=2 if import_id.endswith("in-2") else 1,
            whole=draw(st.none() | st.integers(0, 9)),
            changes_only=import_id.startswith("changes"),
        ),
        users,
        draw(st.sampled_from(["Upn", "Upn", "Upn", "IdName"])),
        draw(st.sampled_from([frozenset({"city"})] * 4 + [frozenset({"phone"}), frozenset({"city", "phone"}), None])),
        draw(st.integers(0, 3)),
    )


@st.composite
def _changed(draw: st.DrawFn, made: Made) -> Made:
    """A job of which one thing has changed."""
    other, name = (
        draw(_jobs([], 20)),
        draw(st.sampled_from(["users", "users", "id_property", "properties", "rank", "job"])),
    )
    if name != "job":
        return dataclasses.replace(made, **{name: getattr(other, name)})
    name = draw(st.sampled_from(["outcome", "failed", "carried", "times", "whole"]))
    names = ["earliest", "latest"] if name == "times" else [name]
    return dataclasses.replace(
        made, job=dataclasses.replace(made.job, **{name: getattr(other.job, name) for name in names})
    )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_feed_that_grows_or_changes_in_any_order_has_the_same_results(data: st.DataObject) -> None:
    feed = Feed()
    for step in range(data.draw(st.integers(1, 8))):
        for number in range(data.draw(st.sampled_from([1, 1, 1, 2, 4]))):
            runs = [job_id for job_id, made in feed.made.items() if made.job.retry_of is None]
            made = data.draw(_jobs(runs, step * 4 + number))
            feed.made[made.job.job_id] = made
        if data.draw(st.booleans()):
            changed = data.draw(st.sampled_from(sorted(feed.made)))
            feed.made[changed] = data.draw(_changed(feed.made[changed]))
        feed.update()
        feed.check()


def test_jobs_of_unknown_time_that_are_sorted_otherwise_are_compared_again() -> None:
    feed = Feed()
    for rank, job_id in enumerate("abcd"):
        feed.made[job_id] = Made(
            Import(job_id, "hr", None, Outcome.partial, frozenset({1})), frozenset(USERS), rank=rank
        )
    feed.update()
    feed.made |= {job_id: dataclasses.replace(feed.made[job_id], rank=9) for job_id in "ab"}
    feed.update()
    feed.check()
