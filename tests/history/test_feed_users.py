"""The kept state of a feed gives the same results as reading all its source files again, and few files are read."""

from __future__ import annotations

import dataclasses
import json
import random
import uuid
from typing import TYPE_CHECKING

import msgspec
import pytest

from analyzer.analysis.open_and_superseded import FeedJob, Import, JobState, OpenUsers
from analyzer.history import feed_users
from analyzer.history.feed_users import FeedUsers, SourceFiles
from analyzer.model.job import Outcome
from analyzer.source.model import mark_of
from tests.analysis.reference_open_users import open_users

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

USERS = [f"user{number}@contoso.com" for number in range(8)]


class Checkpoints(dict[str, "tuple[bytes, pl.DataFrame]"]):
    """Checkpoints in memory."""

    def names(self) -> list[str]:
        return list(self)

    def load(self, name: str) -> tuple[bytes, pl.DataFrame] | None:
        return self.get(name)

    def save(self, name: str, header: bytes, users: pl.DataFrame) -> None:
        self[name] = header, users

    def remove(self, name: str) -> None:
        del self[name]


class Nights:
    """A feed's jobs with their source files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: list[Import] = []
        self.logs: dict[str, list[str]] = {}
        self.files: dict[str, Path] = {}
        self.checkpoints = Checkpoints()
        self.states: dict[str, bytes] = {}
        self.loaded: list[str] = []

    def add(
        self,
        job_id: str,
        users: Sequence[str] | None,
        *failed: str,
        outcome: Outcome = Outcome.partial,
        id_property: str = "IdName",
        retry_of: str | None = None,
        **values: str,
    ) -> None:
        self.jobs.append(Import(job_id, "hr", retry_of, outcome, not_updated=len(failed)))
        self.logs[job_id] = sorted(failed)
        if users is not None:
            self.files[job_id] = self.folder / f"{job_id}.json"
            records = [{id_property: user, **(values or {"City": "Bern"})} for user in users]
            self.files[job_id].write_text(json.dumps({"value": records}))

    def given(self, *, kept: bool = True) -> list[FeedJob]:
        return [
            FeedJob(
                job,
                log=",".join(self.logs[job.job_id]),
                source=str(hash(path.read_bytes())) if (path := self.files.get(job.job_id)) else "",
                stored=msgspec.json.decode(state, type=JobState)
                if kept and (state := self.states.get(job.job_id))
                else None,
            )
            for job in self.jobs
        ]

    def users(self) -> FeedUsers:
        def keys_of(job_id: str) -> list[str]:
            self.loaded.append(job_id)
            return self.logs[job_id]

        return FeedUsers(self.given(), keys_of, self.files, self.checkpoints)

    def update(self) -> dict[str, JobState]:
        states = self.users().update()
        self.states = {job_id: msgspec.json.encode(state) for job_id, state in states.items()}
        return states

    def expected(self) -> dict[str, OpenUsers]:
        imports = [dataclasses.replace(job, failed=frozenset(map(mark_of, self.logs[job.job_id]))) for job in self.jobs]
        return open_users(imports, SourceFiles(self.given(kept=False), self.logs.__getitem__, self.files))


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the source files that were opened."""
    opened: list[str] = []
    for name in ("read_records", "find_records", "infer_id_property"):
        function = getattr(feed_users, name)

        def noted(path: Path, *args: object, function: object = function) -> object:
            opened.append(path.stem)
            return function(path, *args)  # type: ignore[operator]

        monkeypatch.setattr(feed_users, name, noted)
    return opened


@pytest.mark.parametrize("seed", range(30))
def test_a_feed_that_grows_has_the_same_results_as_one_that_is_read_again(seed: int, nights: Nights) -> None:
    draw = random.Random(seed)
    outcomes = [Outcome.partial] * 4 + [Outcome.succeeded] * 2 + [Outcome.aborted, Outcome.unknown]
    for number in range(10):
        users = draw.choice([USERS, USERS, draw.sample(USERS, 4), [str(uuid.UUID(int=one)) for one in range(8)], None])
        outcome = draw.choice(outcomes)
        failed = draw.sample(users or USERS, draw.randint(0, 3)) if outcome is not Outcome.succeeded else ()
        nights.add(
            f"job{number}",
            users,
            *failed,
            outcome=outcome,
            id_property=draw.choice(["IdName", "IdName", "Upn"]),
            retry_of=draw.choice([None, None, None, *(job.job_id for job in nights.jobs if job.retry_of is None)]),
            **draw.choice([{"City": "Bern"}, {"City": "Bern"}, {"Phone": "1"}]),
        )
        if draw.random() < 0.3:
            continue
        states, expected, reader = nights.update(), nights.expected(), nights.users()
        for job_id, users_of_job in expected.items():
            state, found = states[job_id], reader.of_job(job_id)
            assert OpenUsers(state.open, state.due, state.superseded_by) == users_of_job
            assert dataclasses.astuple(found) == dataclasses.astuple(users_of_job)
            flags = [users_of_job.is_open(mark_of(key)) for key in nights.logs[job_id]]
            assert reader.open_flags(job_id, nights.logs[job_id]) == flags


@pytest.mark.parametrize("earlier", [10, 60])
def test_a_new_run_reads_its_own_file_and_log_on_any_number_of_earlier_ones(
    earlier: int, nights: Nights, read: list[str]
) -> None:
    for number in range(earlier):
        nights.add(f"night{number:02}", USERS, USERS[number % 3], USERS[7])
        nights.update()
    nights.add("new", USERS, USERS[3])
    read.clear()
    nights.loaded.clear()
    states = nights.update()
    assert set(read) == {"new"}
    assert set(nights.loaded) == {"new"}
    assert {state.open for job_id, state in states.items() if job_id != "new"} == {0}
    assert len(nights.checkpoints) <= 12


def test_a_reader_reads_no_source_file(nights: Nights, read: list[str]) -> None:
    for number in range(5):
        nights.add(f"night{number}", USERS, USERS[number], USERS[7])
    nights.update()
    read.clear()
    nights.loaded.clear()
    assert nights.users().open_flags("night1", [USERS[1], USERS[7]]) == [False, True]
    assert nights.users().of_job("night1").newer == {mark_of(USERS[1]), mark_of(USERS[7])}
    assert read == []
    assert set(nights.loaded) == {"night1"}


def test_of_a_healthy_feed_no_file_is_read(nights: Nights, read: list[str]) -> None:
    for number in range(5):
        nights.add(f"night{number}", USERS, outcome=Outcome.succeeded)
        nights.update()
    assert read == []


def test_what_is_known_of_a_file_stays_true_after_its_removal(nights: Nights) -> None:
    nights.add("a", USERS, USERS[0], USERS[1])
    nights.add("b", USERS[:4], USERS[1])
    before = nights.update()
    for path in nights.files.values():
        path.unlink()
    nights.files.clear()
    assert nights.update() == before
    nights.add("c", USERS, USERS[1])
    states = nights.update()
    assert (states["a"].open, states["a"].superseded_by) == (1, "c")


def test_users_of_an_aborted_job_who_left_the_feed_are_kept_by_their_ids(nights: Nights, read: list[str]) -> None:
    nights.add("aborted", USERS, outcome=Outcome.aborted)
    nights.update()
    nights.add("next", USERS[:6], USERS[0])
    assert nights.update()["aborted"].open == 3
    read.clear()
    nights.add("last", USERS[:7], USERS[0])
    assert nights.update()["aborted"].open == 2
    assert set(read) == {"last"}
