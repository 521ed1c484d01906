"""A month of nights against the emulator; whatever the tables and retry files claim is held against the truth.

The truth is the emulator's profile store: every record carries the number of the run that wrote it, so a user was
updated by a job exactly when the profile holds that job's number.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.emulator import start
from analyzer.facts import IdType
from analyzer.library.mirror import Library
from analyzer.library.pull import pull
from analyzer.load import load
from analyzer.retries import make_retries
from analyzer.source.records import read_records
from analyzer.tenant.files import upload
from analyzer.tenant.interface import TenantAddress
from analyzer.tenant.queueing import Import, queue_import
from analyzer.tenant.session import Session
from analyzer.tenant.signin import ReadyToken
from analyzer.tenant.site import Tenant
from tests.emulator.client import StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from analyzer.load import Tables
    from analyzer.retries import JobRetry

FOLDER = "/sites/hr/Shared Documents/imports"
DAY = 86_400.0
NIGHTS = 14


@dataclass
class Truth:
    """One import, as it really went.

    Attributes:
        job_id: of the job.
        feed: the feed.
        name: of its file.
        retry_of: the run that it repairs.
        stamp: the number in its records.
        users: in its file.
        updated: of these.
        aborted: whether nothing was written.
        version: which version of the feed's file it read.
    """

    job_id: str
    feed: str
    name: str
    retry_of: str | None
    stamp: int
    users: frozenset[str]
    updated: frozenset[str] = frozenset()
    aborted: bool = False
    records: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def failed(self) -> frozenset[str]:
        return self.users - self.updated


class Month:
    """A tenant with two feeds: one writes a new name each night, the other overwrites its file."""

    def __init__(self, emulator: RunningEmulator, clock: StandingClock, root: Path, seed: int) -> None:
        self.emulator, self.clock, self.draw = emulator, clock, random.Random(seed)
        self.started, self.zero = datetime.now(UTC), clock.now
        address = TenantAddress(emulator.ready["admin_url"], ca_file=root / "ca.pem")
        (root / "ca.pem").write_text(_text(emulator.ready["ca_file"]), encoding="utf-8")
        self.session = Session(address, ReadyToken({"t": emulator.ready["token"]}, emulator.ready["admin_url"], "t"))
        self.tenant, self.library, self.retry = Tenant(self.session), Library(root / "library"), root / "retry"
        self.people = [f"user{number:02}@contoso.com" for number in range(24)]
        self.known = set(self.people[:18])
        for mail in self.known:
            emulator.add_user(mail=mail, object_id=f"id-{mail}", user_principal_name=mail)
        self.truth: dict[str, Truth] = {}
        self.stamp = 0
        self.stale: set[str] = set()

    @property
    def now(self) -> datetime:
        return self.started + timedelta(seconds=self.clock.now - self.zero)

    def night(self, feed: str) -> None:
        """The feed writes its file, and the service imports it."""
        users = [user for user in self.people if self.draw.random() < 0.85]
        self.stamp += 1
        aborts = self.draw.random() < 0.12
        records = {
            user: {"Mail": user, "Stamp": str(self.stamp), "City": "Oslo"} | ({"Floor": "2"} if aborts else {})
            for user in users
        }
        name = "badges.json" if feed == "badges" else f"hr-feed-{self.now:%Y%m%d}.json"
        # Jobs whose file was not pulled lose it where another takes its name.
        pulled = {job.job_id for job in self.library.jobs()}
        self.stale |= {job_id for job_id, job in self.truth.items() if job.name == name} - pulled
        content = b"\xef\xbb\xbf" + json.dumps({"value": list(records.values())}).encode()
        self._import(feed, None, name, content, records, aborted=aborts)

    def morning(self, tables: Tables, retries: dict[str, JobRetry]) -> None:
        """Somebody imports the retry files that are offered."""
        for job_id, retry in retries.items():
            if retry.path is None or self.draw.random() < 0.4:
                continue
            records = {str(record.text("Mail")): json.loads(record.raw.decode()) for record in read_records(retry.path)}
            row = tables.jobs.row(by_predicate=pl.col("job_id") == job_id, named=True)
            content = retry.path.read_bytes()
            aborted = any("Floor" in record for record in records.values()) and self.draw.random() < 0.5
            run = row["retry_of"] or job_id
            self._import(self.truth[run].feed, run, retry.path.name, content, records, aborted=aborted)

    def hire(self) -> None:
        """Accounts appear."""
        for mail in self.people:
            if mail not in self.known and self.draw.random() < 0.1:
                self.known.add(mail)
                self.emulator.add_user(mail=mail, object_id=f"id-{mail}", user_principal_name=mail)

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        self.emulator.jobs.advance()

    def pull(self) -> tuple[Tables, dict[str, JobRetry]]:
        pull(self.tenant, self.library, now=self.now)
        tables = load(Library.existing(self.library.root), retry_folder=self.retry)
        return tables, make_retries(self.library, tables, self.retry)

    def _import(  # noqa: PLR0913 - what makes an import
        self,
        feed: str,
        retry_of: str | None,
        name: str,
        content: bytes,
        records: dict[str, dict[str, str]],
        *,
        aborted: bool,
    ) -> None:
        uri = upload(self.session, self.emulator.ready["admin_url"], FOLDER, name, content)
        place = self.emulator.storage.place(f"{FOLDER}/{name}")
        assert place is not None
        os.utime(place, (self.now.timestamp(), self.now.timestamp()))
        property_map = {"Stamp": f"{feed}Stamp", "City": "City"} | ({} if aborted else {"Floor": "Floor"})
        job_id = queue_import(self.session, Import(uri, IdType.Email, "Mail", property_map)).lower()
        before = self._stamps(feed)
        self.pass_time(600.0)
        after = self._stamps(feed)
        stamps = {user: int(record["Stamp"]) for user, record in records.items()}
        updated = frozenset(user for user in records if user in self.known and not aborted)
        assert all(after.get(user) == stamps[user] for user in updated)
        assert all(after.get(user) == before.get(user) for user in records.keys() - updated)
        self.truth[job_id] = Truth(
            job_id, feed, name, retry_of, self.stamp, frozenset(records), updated, aborted=aborted, records=records
        )
        self.pass_time(600.0)

    def _stamps(self, feed: str) -> dict[str, int]:
        users = ((mail, self.emulator.store.user(IdType.Email, mail)) for mail in self.people)
        return {
            mail: int(user.values[f"{feed}Stamp"]) for mail, user in users if user and f"{feed}Stamp" in user.values
        }

    def open_users(self, job_id: str) -> set[str]:
        """Who is open in a job: one user, one later job after the other."""
        order = list(self.truth)
        job, later = self.truth[job_id], order[order.index(job_id) + 1 :]
        ended = [self.truth[other] for other in later if self.truth[other].feed == job.feed]
        return {user for user in job.failed if not any(user in other.updated for other in ended)}

    def check(self, tables: Tables, retries: dict[str, JobRetry]) -> None:
        """Holds every claim against the truth."""
        rows = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True)}
        assert set(rows) == set(self.truth)
        newest: dict[str, str] = {}
        for job_id, truth in self.truth.items():
            if truth.retry_of is None:
                newest[truth.feed] = job_id
        named = {
            job_id: set(frame["identity"])
            for (job_id,), frame in tables.users.partition_by("job_id", as_dict=True).items()
        }
        before: dict[str, str] = {}
        for job_id, truth in self.truth.items():
            row = rows[job_id]
            outcome = "aborted" if truth.aborted else "partial" if truth.failed else "succeeded"
            assert (row["outcome"], row["retry_of"]) == (outcome, truth.retry_of), row
            assert row["feed"] == {"badges": "badges", "hr": "hr-feed"}[truth.feed]
            if outcome == "partial":
                assert named[job_id] == truth.failed
            if not (job_id in self.stale and truth.aborted):
                assert row["not_updated"] == len(truth.failed), (job_id, row)
            self._check_open(row, truth)
            run = truth.retry_of or job_id
            superseded = run != newest[truth.feed]
            # Where the order of two jobs is unknown, the claim is the one that does no harm.
            doubtful = row["superseded"] and self._lost_versions(truth.feed)
            if outcome != "succeeded":
                assert row["superseded"] is superseded or doubtful, row
            if outcome == "partial" and truth.retry_of is None:
                self._check_new(tables, job_id, before.get(truth.feed))
            if truth.retry_of is None and outcome != "aborted":
                before[truth.feed] = job_id
        for job_id, retry in retries.items():
            self._check_retry(job_id, retry, newest)

    def _check_open(self, row: dict[str, object], truth: Truth) -> None:
        if row["open"] is not None:
            assert row["open"] == len(self.open_users(truth.job_id)), (row, truth)
        else:
            # Only what was overwritten before it was pulled may be unknown.
            assert self._lost_versions(truth.feed), (row, truth)

    def _check_new(self, tables: Tables, job_id: str, before: str | None) -> None:
        users = tables.users.filter(pl.col("job_id") == job_id)
        found = dict(users.select("identity", "new").iter_rows())
        failed = self.truth[before].failed if before else frozenset()
        if set(found.values()) == {None} and self._lost_versions(self.truth[job_id].feed):
            return  # nobody can say which run was the one before
        assert found == {user: None if before is None else user not in failed for user in found}, job_id

    def _lost_versions(self, feed: str) -> set[str]:
        return {job_id for job_id in self.stale if self.truth[job_id].feed == feed}

    def _check_retry(self, job_id: str, retry: JobRetry, newest: dict[str, str]) -> None:
        truth = self.truth[job_id]
        if retry.path is None:
            run = truth.retry_of or job_id
            # Nothing is offered: a later run replaced it, or later retries hold whoever is still open.
            held = self._held_later(truth)
            assert run != newest[truth.feed] or not self.open_users(job_id) - held or job_id in self.stale, retry
            return
        assert (truth.retry_of or job_id) == newest[truth.feed], retry
        records = {str(one.text("Mail")): json.loads(one.raw.decode()) for one in read_records(retry.path)}
        if retry.complete:
            assert records == {user: truth.records[user] for user in truth.failed}, (job_id, retry)
        else:
            assert job_id in self.stale, (job_id, retry)
        stamps = self._stamps(truth.feed)
        assert all(stamps.get(user, 0) <= int(record["Stamp"]) for user, record in records.items()), job_id

    def _held_later(self, truth: Truth) -> set[str]:
        order = list(self.truth)
        later = [self.truth[other] for other in order[order.index(truth.job_id) + 1 :]]
        run = truth.retry_of or truth.job_id
        return {user for other in later if other.retry_of == run for user in other.failed}


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        return stream.read()


@pytest.fixture
def month(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Month]:
    clock = StandingClock()
    tenant = tmp_path / "tenant"
    (tenant / FOLDER[1:]).mkdir(parents=True)
    (tenant / FOLDER[1:] / "empty.json").write_text('{"value": []}', encoding="utf-8")
    (tenant / "emulator.json").write_text('{"users": []}', encoding="utf-8")
    (tenant / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    with start(tenant, clock=clock) as emulator:
        yield Month(emulator, clock, tmp_path, request.param)


@pytest.mark.parametrize("month", range(5), indirect=True)
def test_every_claim_about_a_month_of_nights_is_true(month: Month) -> None:
    for _ in range(NIGHTS):
        for feed in ("hr", "badges"):
            if month.draw.random() < 0.9:
                month.night(feed)
        if month.draw.random() < 0.8:
            tables, retries = month.pull()
            month.check(tables, retries)
            month.pass_time(4 * 3600.0)
            month.morning(tables, retries)
        month.hire()
        month.pass_time(DAY * 0.8)
    tables, retries = month.pull()
    month.check(tables, retries)
    assert any(truth.retry_of for truth in month.truth.values())
