"""A report that is brought up to date equals one from scratch, and only files whose content changes are written.

The reference is the obvious one: after each change, a second report is made in an empty folder.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from analyzer.config.read import CodeConfig, catalogue_of
from analyzer.history.job_sources import JobSources, PerJob
from analyzer.library.mirror import Library
from analyzer.model.next_step import Commands
from analyzer.model.service import JobError, State
from analyzer.report.kept import NAME
from analyzer.report.model import Day, Verdict
from analyzer.report.write import ReportRequest, RetryLink, write_report
from tests.report.conftest import NOW, Lines, LittleLibrary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PARTIAL = JobError.ImportCompleteWithError
BROKEN = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[0].City', line 1, position 40.\r\n"


class World:
    """A library, the options of its report, and the report's folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "report"
        self.little = LittleLibrary(root / "library")
        self.now = NOW
        self.options: dict[str, Any] = {}
        self.links: dict[str, RetryLink] = {}
        self.only: list[str] = []
        self.templates = root / "templates"
        self.templates.mkdir()
        little, lines = self.little, Lines
        self.first = little.job("hr-2026-11-09", PARTIAL, lines.unresolved("a@contoso.com", "b@contoso.com"))
        users = [f"user{number}@contoso.com" for number in (1, 3, 4, 6, 8)]
        log = lines.unresolved("b@contoso.com", *users[:2], "", *users[2:])
        self.second = little.job("hr-2026-11-16", PARTIAL, log, users=10)
        self.other = little.job("badges-2026-11-16", JobError.InvalidDataFile, BROKEN, message="no")
        little.job("phones-2026-11-16")
        self.running = little.job("phones-2026-11-23", state=State.Processing)

    def request(self, out: Path) -> ReportRequest:
        tables = self.little.tables()
        tables = tables.only(self.only) if self.only else tables
        sources = JobSources(Library.existing(self.little.root), tables)
        made = ReportRequest(tables, out, self.links, self.now, None, templates=self.templates)
        return replace(
            made,
            whereabouts=PerJob(tables.jobs["job_id"], sources.whereabouts),
            findings=PerJob([self.second], sources.findings),
            source_of=sources.file,
            **self.options,
        )

    def update(self) -> set[str]:
        """Brings the report up to date; returns the files that were written or removed."""
        before = self.written()
        self.now += timedelta(days=1)
        write_report(self.request(self.out))
        after = self.written()
        return {name for name in before | after if before.get(name) != after.get(name)} - {NAME}

    def written(self) -> dict[str, tuple[int, int]]:
        paths = [path for path in self.out.rglob("*") if path.is_file()]
        return {_name(path, self.out): (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}

    def content(self) -> dict[str, bytes]:
        return _content(self.out)

    def from_scratch(self) -> dict[str, bytes]:
        out = self.root / "scratch"
        shutil.rmtree(out, ignore_errors=True)
        if (self.out / "days").is_dir():
            shutil.copytree(self.out / "days", out / "days")
        write_report(self.request(out))
        # Links to retry files are relative, and both folders are beside them.
        return _content(out)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _content(folder: Path) -> dict[str, bytes]:
    """The files of a report, without the time of creation."""
    pages = {_name(path, folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    pages.pop(NAME, None)
    return {name: re.sub(rb"Created \d{4}-\S+ \S+ [A-Z]+", b"Created", content) for name, content in pages.items()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.update()
    return made


def _new_run(world: World) -> None:
    world.little.job("hr-2026-11-23", PARTIAL, Lines.unresolved("a@contoso.com"), users=9)


def _late_run(world: World) -> None:
    world.little.job("hr-2026-11-12", PARTIAL, Lines.unresolved("a@contoso.com"), users=9)


def _other_feed(world: World) -> None:
    world.little.job("new-2026-11-23", PARTIAL, Lines.unresolved("a@contoso.com"), users=9)


def _longer_log(world: World) -> None:
    world.little.log("hr-2026-11-09", world.first, Lines.unresolved("a@contoso.com", "c@contoso.com"))


def _same_number_of_others(world: World) -> None:
    world.little.log("hr-2026-11-16", world.second, Lines.unresolved("a@contoso.com", ""))


def _ended(world: World) -> None:
    world.little.answers[-1] |= {"State": State.Succeeded}
    world.little.job("fax-2026-11-23")


def _retried(world: World) -> None:
    world.little.retry(world.second, seen="2026-11-20T04:00:00+00:00", users=1)


def _gone(world: World) -> None:
    world.little.answers[0] |= {"Gone": True}
    world.little.job("fax-2026-11-23")


def _seen(world: World) -> None:
    times = {"observed_at": "2026-11-23T04:00:00+00:00", "previous_pull_at": "2026-11-22T04:00:00+00:00"}
    world.little.seen.append({"job_id": world.running, "state": State.Processing, "error": 0, **times})
    world.little.own("observations", world.little.seen)


def _source(world: World) -> None:
    world.little.source("hr-2026-11-16", [{"IdName": f"user{number}@contoso.com"} for number in range(7)])


def _source_in_place(world: World) -> None:
    """The same number of users and values, in another order: what the failures' places are known from."""
    records = [{"IdName": f"user{number}@contoso.com", "City": "Kiel"} for number in reversed(range(10))]
    world.little.source("hr-2026-11-16", records)


def _retry_file(world: World) -> None:
    world.links = {world.second: RetryLink(world.root / "retry" / "hr.json", "1 user.", 1)}


def _command(world: World) -> None:
    world.options["commands"] = Commands(library="elsewhere")


def _catalogue(world: World) -> None:
    own = {"IdentityNotResolvable": CodeConfig(title="the account is missing", remedies=("Ask Ada.",))}
    world.options["catalogue"] = catalogue_of(own, "upa-analyzer.toml")


def _zone(world: World) -> None:
    world.options["zone"] = ZoneInfo("Asia/Tokyo")


def _template(world: World) -> None:
    (world.templates / "report.css").write_text("p { color: red; }", encoding="utf-8")


def _fewer(world: World) -> None:
    world.only = [world.first, world.running]


def _as_of(world: World) -> None:
    world.little.own("pull", {"pulled_at": "2026-11-23T04:00:00+00:00", "tenant": "contoso.sharepoint.com"})


def _day(world: World) -> None:
    world.options["day"] = Day(date(2026, 11, 23), (Verdict("2 of 9 open.", "hr", world.second),), "Pulled.")


def _deleted(world: World) -> None:
    (world.out / f"jobs/{world.first}.html").unlink()


def _altered(world: World) -> None:
    with (world.out / f"jobs/{world.first}.html").open("ab") as page:
        page.write(b"<p>mine</p>")
    (world.out / f"jobs/{world.second}.csv").write_bytes(b"mine")


CHANGES: dict[str, Callable[[World], None]] = {
    change.__name__.strip("_").replace("_", " "): change
    for change in (
        _new_run,
        _late_run,
        _other_feed,
        _longer_log,
        _same_number_of_others,
        _ended,
        _retried,
        _gone,
        _seen,
        _source,
        _source_in_place,
        _retry_file,
        _command,
        _catalogue,
        _zone,
        _template,
        _fewer,
        _as_of,
        _day,
        _deleted,
        _altered,
    )
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_writes_the_files_that_it_changes_and_no_others(
    world: World, change: Callable[[World], None]
) -> None:
    before = world.content()
    change(world)
    touched = world.content()
    written = world.update()
    after = world.content()
    assert after == world.from_scratch()
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    by_hand = {name for name in before | touched if before.get(name) != touched.get(name)}
    assert changed | by_hand, "the change must be one"
    assert written - {"index.html"} == (changed | by_hand) - {"index.html"}
    assert world.update() == set()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_the_report_is_that_from_scratch(world: World, seed: int) -> None:
    draw = random.Random(seed)
    order = draw.sample(list(CHANGES), len(CHANGES))
    for at, name in enumerate(order):
        CHANGES[name](world)
        if draw.random() < 0.5 or at == len(order) - 1:
            world.update()
    assert world.content() == world.from_scratch()


def test_a_page_follows_a_later_log_that_changes_which_users_were_updated_but_not_how_many(world: World) -> None:
    name, lines = f"hr-{world.second}-retry", Lines.unresolved
    retry = world.little.retry(
        world.second, PARTIAL, lines("user1@contoso.com"), seen="2026-11-20T04:00:00+00:00", users=4
    )
    world.update()
    before = world.content()
    world.little.log(name, retry, lines("user3@contoso.com"), None)
    world.update()
    page = f"jobs/{world.second}.html"
    assert world.content() == world.from_scratch()
    assert world.content()[page] != before[page]


def test_a_day_without_changes_writes_nothing(world: World) -> None:
    state = (world.out / NAME).read_bytes()
    assert world.update() == set()
    assert (world.out / NAME).read_bytes() == state


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 99}', b'{"files": 3}', b"\xff"])
def test_a_damaged_list_of_files_means_that_all_are_written(world: World, damage: bytes) -> None:
    before, names = world.content(), set(world.content())
    (world.out / NAME).write_bytes(damage)
    assert world.update() == names
    assert world.content() == before
    (world.out / NAME).unlink()
    assert world.update() == names


def test_the_page_of_a_day_stays_when_later_ones_come(world: World) -> None:
    _day(world)
    world.update()
    page = world.out / "days/2026-11-23.html"
    said = page.read_bytes()
    world.options["day"] = Day(date(2026, 11, 24), (Verdict("No open users in hr."),))
    _new_run(world)
    world.update()
    assert page.read_bytes() == said
    index = (world.out / "index.html").read_text(encoding="utf-8")
    assert 'href="days/2026-11-23.html"' in index
    assert 'href="days/2026-11-24.html"' in index
    world.options["days_from"] = date(2026, 11, 24)
    world.update()
    assert 'href="days/2026-11-23.html"' not in (world.out / "index.html").read_text(encoding="utf-8")


def test_a_report_that_died_before_it_noted_its_files_is_repaired(world: World) -> None:
    noted = (world.out / NAME).read_bytes()
    _new_run(world)
    world.update()
    (world.out / NAME).write_bytes(noted)  # as if it had died before
    (world.out / f"jobs/{world.first}.html").write_bytes(b"")  # as after a power failure
    world.update()
    assert world.content() == world.from_scratch()


def test_pages_of_jobs_that_left_are_removed_and_other_files_stay(world: World) -> None:
    (world.out / "jobs/notes.html").write_text("mine", encoding="utf-8")
    (world.out / NAME).unlink()
    _fewer(world)
    world.update()
    left = {path.name for path in (world.out / "jobs").iterdir()}
    assert left == {"notes.html", f"{world.first}.html", f"{world.first}.csv", f"{world.running}.html"}


def test_no_page_says_when_it_was_made_except_those_written_each_time(world: World) -> None:
    _day(world)
    world.now = datetime(2031, 7, 9, 11, 13, 17, tzinfo=UTC) - timedelta(days=1)
    world.update()
    pages = [path for path in world.out.rglob("*.html") if b"2031-07-09" in path.read_bytes()]
    assert {_name(path, world.out) for path in pages} == {"index.html", "days/2026-11-23.html"}
