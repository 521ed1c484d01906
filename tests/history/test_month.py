"""A month of nights against the emulator; whatever the tables and retry files claim is held against the truth.

The truth is the emulator's profile store: every record carries the number of the run that wrote it, so a user was
updated by a job exactly when the profile holds that job's number.
"""

from __future__ import annotations

import io
import json
import os
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.emulator import start
from analyzer.history.load import load
from analyzer.library.mirror import Library
from analyzer.library.pull.pull import pull
from analyzer.model.service import IdType
from analyzer.retry.library_jobs import make_retries
from analyzer.source.reader.records import read_records
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import TenantAddress
from analyzer.tenant.sharepoint.jobs import Import, queue_import
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken
from tests.emulator.client import StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from analyzer.emulator import RunningEmulator
    from analyzer.history.load import Tables
    from analyzer.retry.library_jobs import JobRetry

FOLDER = "/sites/hr/Shared Documents/imports"
DAY = 86_400.0
NIGHTS = 14
NAMES = {"hr": "hr-feed", "badges": "badges", "changes": "changes"}


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
        aborted: whether nothing was written, which the log says.
        broken: whether nothing was written, and only the job's error says so.
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
    broken: bool = False
    records: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def failed(self) -> frozenset[str]:
        return self.users - self.updated


class Month:
    """A tenant with three feeds: one writes a new name each night, one overwrites its file, one writes some users."""

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
        self.kept: list[tuple[str, str, bytes]] = []

    @property
    def now(self) -> datetime:
        return self.started + timedelta(seconds=self.clock.now - self.zero)

    def night(self, feed: str) -> None:
        """The feed writes its file, and the service imports it."""
        users = [user for user in self.people if self.draw.random() < (0.3 if feed == "changes" else 0.85)]
        self.stamp += 1
        aborts = self.draw.random() < 0.12
        records = {
            user: {"Mail": user, "Stamp": str(self.stamp), "City": "Oslo"} | ({"Floor": "2"} if aborts else {})
            for user in users
        }
        name = "badges.json" if feed == "badges" else f"{NAMES[feed]}-{self.now:%Y%m%d}.json"
        content = b"\xef\xbb\xbf" + json.dumps({"value": list(records.values())}).encode()
        broken = self.draw.random() < 0.06
        self._import(feed, None, name, content, records, aborted=aborts and not broken, broken=broken)

    def morning(self, tables: Tables, retries: dict[str, JobRetry]) -> None:
        """Somebody imports the retry files that are offered."""
        for job_id, retry in retries.items():
            if retry.path is None or self.draw.random() < 0.4:
                continue
            row = tables.jobs.row(by_predicate=pl.col("job_id") == job_id, named=True)
            self.kept.append((row["retry_of"] or job_id, retry.path.name, retry.path.read_bytes()))
            if self.draw.random() < 0.85:
                self.late()

    def late(self) -> None:
        """Somebody imports what he got before, perhaps under another name, perhaps some of its records."""
        while self.kept:
            run, name, content = self.kept.pop()
            listed = json.loads(content.decode("utf-8-sig"))["value"]
            feed, how = self.truth[run].feed, self.draw.random()
            if how < 0.15:
                name = self.truth[run].name
            elif how < 0.3:
                name = f"corrected by Ada {self.stamp}-{len(self.truth)}.json"
            elif how < 0.45 and len(listed) > 1:
                name = f"{name.removesuffix('.json')}-selection-1a2b3c4d.json"
                listed = listed[1:]
                content = json.dumps({"value": listed}).encode()
            records = {str(record["Mail"]): record for record in listed}
            aborted = any("Floor" in record for record in records.values()) and self.draw.random() < 0.5
            self._import(feed, run, name, content, records, aborted=aborted)

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
        broken: bool = False,
    ) -> None:
        # Jobs whose file was not pulled lose it where another takes its name.
        pulled = {job.job_id for job in self.library.jobs()}
        self.stale |= {job_id for job_id, job in self.truth.items() if job.name == name} - pulled
        stored = self.emulator.storage.add(FOLDER, name, io.BytesIO(content), overwrite=True)
        uri = self.emulator.ready["admin_url"] + stored.path
        os.utime(stored.place, (self.now.timestamp(), self.now.timestamp()))
        property_map = {"Stamp": f"{feed}Stamp", "City": "City"} | ({} if aborted else {"Floor": "Floor"})
        job_id = queue_import(self.session, Import(uri, IdType.Email, "Mail", property_map)).lower()
        before = self._stamps(feed)
        surroundings = self.emulator.jobs._surroundings
        normal = surroundings.behaviour
        object.__setattr__(surroundings, "behaviour", replace(normal, fails=broken))
        self.pass_time(600.0)
        object.__setattr__(surroundings, "behaviour", normal)
        after = self._stamps(feed)
        stamps = {user: int(record["Stamp"]) for user, record in records.items()}
        updated = frozenset(user for user in records if user in self.known and not (aborted or broken))
        assert all(after.get(user) == stamps[user] for user in updated)
        assert all(after.get(user) == before.get(user) for user in records.keys() - updated)
        self.truth[job_id] = Truth(
            job_id,
            feed,
            name,
            retry_of,
            max(stamps.values()),
            frozenset(records),
            updated,
            aborted=aborted,
            broken=broken,
            records=records,
        )
        self.pass_time(600.0)

    def _stamps(self, feed: str) -> dict[str, int]:
        users = ((mail, self.emulator.store.user(IdType.Email, mail)) for mail in self.people)
        return {
            mail: int(user.values[f"{feed}Stamp"]) for mail, user in users if user and f"{feed}Stamp" in user.values
        }

    def later(self, job_id: str) -> list[Truth]:
        """The jobs of the feed that bring newer values, or the same ones later."""
        order = {job_id: number for number, job_id in enumerate(self.truth)}
        job = self.truth[job_id]
        ages = {other.job_id: (other.stamp, order[other.job_id]) for other in self.truth.values()}
        return [one for one in self.truth.values() if one.feed == job.feed and ages[one.job_id] > ages[job_id]]

    def open_users(self, job_id: str) -> set[str]:
        """Who is open in a job: one user, one later job after the other."""
        later = self.later(job_id)
        return {user for user in self.truth[job_id].failed if not any(user in other.updated for other in later)}

    def superseding(self, job_id: str) -> list[str]:
        """The later full runs of the feed."""
        run = self.truth[self.truth[job_id].retry_of or job_id]
        runs = [one for one in self.truth.values() if one.feed == run.feed and one.retry_of is None]
        later = [one for one in runs if one.stamp > run.stamp]
        return [one.job_id for one in later if len(one.users & run.users) >= 0.5 * len(run.users)]

    def check(self, tables: Tables, retries: dict[str, JobRetry]) -> None:
        """Holds every claim against the truth."""
        rows = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True)}
        assert set(rows) == set(self.truth)
        named = {
            job_id: set(frame["identity"])
            for job_id in tables.jobs["job_id"]
            if not (frame := tables.users_of(job_id)).is_empty()
        }
        before: dict[str, str] = {}
        for job_id, truth in self.truth.items():
            if truth.feed in self._unknowable():
                continue
            row = rows[job_id]
            outcome = "aborted" if truth.aborted else "partial" if truth.failed else "succeeded"
            outcome = "unknown" if truth.broken else outcome
            assert (row["outcome"], row["retry_of"]) == (outcome, truth.retry_of), row
            assert row["feed"] == NAMES[truth.feed], (row, truth)
            if outcome == "partial":
                assert named[job_id] == truth.failed
            if not (job_id in self.stale and truth.aborted) and not truth.broken:
                assert row["not_updated"] == len(truth.failed), (job_id, row)
            self._check_open(row, truth)
            self._check_who_is_open(tables, job_id)
            superseded = bool(self.superseding(job_id))
            # Where the order of two jobs is unknown, the claim is the one that does no harm.
            doubtful = row["superseded"] and self._lost_versions(truth.feed)
            if outcome != "succeeded":
                assert row["superseded"] is superseded or doubtful, row
            if outcome == "partial" and truth.retry_of is None:
                self._check_new(tables, job_id, before.get(truth.feed))
            if truth.retry_of is None and outcome in {"partial", "succeeded"}:
                before[truth.feed] = job_id
        for job_id, retry in retries.items():
            if self.truth[job_id].feed in self._unknowable():
                self._check_harmless(job_id, retry)
            else:
                self._check_retry(job_id, retry)

    def _check_open(self, row: dict[str, object], truth: Truth) -> None:
        if row["open"] is not None:
            assert row["open"] == len(self.open_users(truth.job_id)), (row, truth)
        else:
            # Only what was overwritten before it was pulled may be unknown, and what no log says.
            broken = any(job.broken for job in self.truth.values() if job.feed == truth.feed)
            assert broken or self._lost_versions(truth.feed), (row, truth)

    def _check_who_is_open(self, tables: Tables, job_id: str) -> None:
        users = tables.users_of(job_id)
        still_open = self.open_users(job_id)
        known = {user: is_open for user, is_open in users.select("identity", "open").iter_rows() if is_open is not None}
        assert known == {user: user in still_open for user in known}, job_id

    def _check_new(self, tables: Tables, job_id: str, before: str | None) -> None:
        users = tables.users_of(job_id)
        found = dict(users.select("identity", "new").iter_rows())
        failed = self.truth[before].failed if before else frozenset()
        no_log = before is not None and not self.truth[before].failed
        if set(found.values()) == {None} and (no_log or self._lost_versions(self.truth[job_id].feed)):
            return  # nobody can say which run was the one before
        assert found == {user: None if before is None else user not in failed for user in found}, job_id

    def _lost_versions(self, feed: str) -> set[str]:
        return {job_id for job_id in self.stale if self.truth[job_id].feed == feed}

    def _check_retry(self, job_id: str, retry: JobRetry) -> None:
        truth = self.truth[job_id]
        # A later file has whoever is in it, with values that are newer, or the same.
        held = {user for other in self.later(job_id) for user in other.users}
        if retry.path is None:
            # Nothing is offered: a later run replaced it, or later files hold whoever is still open.
            doubtful = job_id in self.stale or self._lost_versions(truth.feed)
            assert self.superseding(job_id) or not self.open_users(job_id) - held or doubtful, retry
            return
        assert not self.superseding(job_id), retry
        records = {str(one.text("Mail")): json.loads(one.raw.decode()) for one in read_records(retry.path)}
        wanted = truth.failed - (held - self._unknown_later(job_id))
        assert all(truth.records[user] == record for user, record in records.items()) or job_id in self.stale, retry
        if retry.complete:
            assert truth.failed - held <= records.keys() <= wanted, (job_id, retry)
        else:
            assert job_id in self.stale, (job_id, retry)
        self._check_harmless(job_id, retry)

    def _check_harmless(self, job_id: str, retry: JobRetry) -> None:
        """No older value is offered for a newer one."""
        if retry.path is not None:
            stamps = self._stamps(self.truth[job_id].feed)
            for record in read_records(retry.path):
                assert stamps.get(str(record.text("Mail")), 0) <= int(record.text("Stamp") or 0), job_id

    def _unknowable(self) -> set[str]:
        """The feeds where a retry file had the feed's own name, and was overwritten before it was pulled."""
        return {
            job.feed
            for job in self.truth.values()
            if job.retry_of and job.job_id in self.stale and job.name == self.truth[job.retry_of].name
        }

    def _unknown_later(self, job_id: str) -> set[str]:
        """Whom later retries hold of which nobody knows what became."""
        return {user for job in self.later(job_id) if job.job_id in self.stale or job.broken for user in job.users}


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
        for feed in NAMES:
            if month.draw.random() < 0.9:
                month.night(feed)
        if month.draw.random() < 0.8:
            tables, retries = month.pull()
            month.check(tables, retries)
            month.pass_time(4 * 3600.0)
            month.morning(tables, retries)
        elif month.draw.random() < 0.5:
            month.late()
        month.hire()
        month.pass_time(DAY * 0.8)
    tables, retries = month.pull()
    month.check(tables, retries)
    assert any(truth.retry_of for truth in month.truth.values())
