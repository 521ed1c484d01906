"""A feed whose imports run on the local test tenant, and processes that end between two steps."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.emulator import start
from analyzer.imports.checker import Checker
from analyzer.imports.destination import Destination
from analyzer.imports.journal import Journal, held_journal
from analyzer.imports.model import ImportPlan
from analyzer.imports.prepare import Prepared, Wish, prepare
from analyzer.imports.queue import Sender
from analyzer.imports.record_file import LIMITS, Limits
from analyzer.model.service import IdType
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import ClientPolicy, TenantAddress
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken
from tests.conftest import FastClock
from tests.emulator.client import FOLDER, job, write_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.emulator import RunningEmulator

USERS = ("ada", "bob", "eve", "kim")


@dataclass
class Feed:
    """A feed ``hr-feed`` of the only tenant.

    Attributes:
        emulator: the tenant; its clock is that of the program.
        clock: passes only when the program waits.
        root: for files and records.
        said: all remarks.
    """

    emulator: RunningEmulator
    clock: FastClock
    root: Path
    said: list[str] = field(default_factory=list)

    @property
    def tenant(self) -> Tenant:
        """A session of its own, as each process has."""
        ready = self.emulator.ready
        address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
        policy = ClientPolicy(notify=self.said.append, clock=self.clock)
        return Tenant(Session(address, ReadyToken({"TOKEN": ready["token"]}, ready["admin_url"], "TOKEN"), policy))

    def file(self, *users: str, name: str = "hr-feed.json", **values: str) -> Path:
        """Write a source file with these users."""
        records = [{"IdName": f"{user}@contoso.com", **(values or {"City": "Oslo"})} for user in users]
        path = self.root / name
        path.write_text(json.dumps({"value": records}), encoding="utf-8")
        return path

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return Destination(
            self.emulator.ready["admin_url"] + FOLDER, ImportPlan(IdType.Email, "IdName", {"City": "City"})
        )

    def wish(self, file: Path, *, again: bool = False, values: int = LIMITS.values, retry_of: str = "") -> Wish:
        """What the user wants; a part has at most so many values."""
        return Wish([file], self.destination, again=again, retry_of=retry_of, limits=Limits(values=values))

    @contextlib.contextmanager
    def journal(self) -> Iterator[Journal]:
        """The feed's records, under its lock."""
        with held_journal(self.root / "imports", "hr-feed", "queue", self.said.append) as journal:
            yield journal

    def sender(self, journal: Journal, timeout: float | None = None) -> Sender:
        """What sends."""
        shown = lambda _: contextlib.nullcontext(lambda _done, _total, _doing: None)  # noqa: E731
        return Sender(self.tenant, journal, self.said.append, shown, lambda _: None, timeout)

    def queue(self, wish: Wish, *, until_end: bool = True) -> Prepared:
        """One process: prepare, take over what is unfinished, send."""
        with self.journal() as journal:
            prepared = prepare(journal, wish, Checker(), self.clock.now())
            sender = self.sender(journal)
            sender.take_over(prepared.taken_over, prepared.why_given_up)
            sender.send(prepared.record, until_end=until_end)
            return prepared

    @property
    def jobs(self) -> list[str]:
        """The names of the source files of all jobs that were queued, in the order of the list."""
        self.emulator.jobs.advance()
        return [one.source_uri.rpartition("/")[2] for one in self.emulator.jobs.listed()[1:]]

    def city(self, user: str) -> str:
        """What an import wrote for a user."""
        found = self.emulator.store.user(IdType.Email, f"{user}@contoso.com")
        return found.values.get("City", "") if found else ""


@contextlib.contextmanager
def feed(
    root: Path, *users: str, clock: FastClock | None = None, jobs: bool = True, **options: object
) -> Iterator[Feed]:
    """A tenant with these users, and with a job of another time unless ``jobs`` is False."""
    clock = clock or FastClock()
    library = write_library(root / "tenant", *([job()] if jobs else []))
    settings = {
        "users": [
            {"mail": f"{one}@contoso.com", "objectId": "", "userPrincipalName": f"{one}@contoso.com"}
            for one in users or USERS
        ],
        "properties": [{"name": "City"}],
    }
    (library / "emulator.json").write_text(json.dumps(settings), encoding="utf-8")
    with start(library, clock=clock.monotonic, **options) as emulator:  # type: ignore[arg-type]
        yield Feed(emulator, clock, root)
