"""The output of ``run``: the state of each feed, what is new, what to retry, and remarks that are shown once."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.catalogue.advice import headline
from analyzer.cli.views.feeds import health_json
from analyzer.cli.views.jobs import COLUMNS, SHOWN_JOBS, job_rows, pulled_clause, pulled_json, ran, retry_result
from analyzer.history.acknowledgements import Remark
from analyzer.history.feed_status import feed_statuses
from analyzer.history.feeds import AsOf, Health, feed_healths
from analyzer.history.job_facts import facts_of
from analyzer.history.job_log import JobLogs
from analyzer.model.job import NotUpdatedCount
from analyzer.model.language import gettext as _
from analyzer.model.text import count, grouped, listed, listed_first, short_ids
from analyzer.report.model import Day, Verdict
from analyzer.source.damaged_values import warnings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analyzer.cli.context import AppContext
    from analyzer.errors import AnalyzerError
    from analyzer.history.acknowledgements import Acknowledgement
    from analyzer.history.feed_status import FeedStatus
    from analyzer.history.feeds import FeedHealth
    from analyzer.library.model import PullResult
    from analyzer.pipeline import Places, ReportResult

_NAMED_FEEDS = 5
_NAMED_JOBS = 3
_FINE = (Health.well, Health.unknown)
_REMARKS = {
    Health.missing: "{}",
    Health.late: "the next run is late, {}",
    Health.small: "its newest file is unusually small: {}",
    Health.slow: "its job takes unusually long: {}",
}
"""What is remarked of a feed's health; the rest is shown each night."""


@dataclasses.dataclass(frozen=True)
class Night:
    """The results of a nightly run.

    Attributes:
        pulled: the result of the pull.
        made: retry files and report.
        places: where they are.
        now: UTC.
        acknowledged: the acknowledgements that are valid, by job ID.
        last: when the last complete run began; None if unknown.
    """

    pulled: PullResult
    made: ReportResult
    places: Places
    now: datetime
    acknowledged: Mapping[str, Acknowledgement] = dataclasses.field(default_factory=dict)
    last: datetime | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of times shown."""
        return self.places.zone

    @functools.cached_property
    def short(self) -> dict[str, str]:
        """The shortest unique prefixes of job IDs, by ID."""
        return short_ids(self.made.tables.jobs["job_id"])

    @functools.cached_property
    def statuses(self) -> list[FeedStatus]:
        """The state of each feed, the worst first."""
        return feed_statuses(self.made.tables, self.acknowledged)

    @functools.cached_property
    def healths(self) -> dict[str, FeedHealth]:
        """The health of each feed by its name, the worst first."""
        as_of = AsOf.of(self.made.tables, self.now, self.zone, is_listed=self.pulled.unlisted is None)
        return {health.status.feed: health for health in feed_healths(self.statuses, as_of, self.acknowledged)}

    @functools.cached_property
    def brought(self) -> frozenset[str]:
        """The IDs of jobs that are new or changed since the last complete run."""
        jobs = self.made.tables.jobs.filter(~pl.col("gone"))
        since: list[str] = []
        if self.last is not None:
            since = jobs.filter(pl.col("last_changed") > self.last)["job_id"].to_list()
        return frozenset([*self.pulled.new, *self.pulled.changed, *since])

    @functools.cached_property
    def news(self) -> pl.DataFrame:
        """The jobs that are new or changed, or stuck, without acknowledged ones.

        A stuck job never changes: it counts until it ends or the tenant no longer lists it.
        """
        fresh = pl.col("job_id").is_in(list(self.brought))
        stuck = (pl.col("outcome") == "stuck") & ~pl.col("gone")
        return self.made.tables.jobs.filter(fresh | stuck, ~pl.col("job_id").is_in(list(self.acknowledged)))


def print_night(app: AppContext, night: Night, remarks: list[Remark]) -> None:
    """Print a line a feed, then the jobs that are new or changed, what to retry, and the report."""
    terminal = app.terminal
    lines = list(verdicts(night))
    for line in lines:
        terminal.prose(line.line, indent="  ")
    if lines:
        terminal.show()
    terminal.prose(f"{pulled_clause(night.pulled)}.")
    jobs = night.news
    if set(jobs["outcome"]) - {"succeeded", "running"}:
        shown = jobs.tail(SHOWN_JOBS) if terminal.interactive else jobs
        terminal.show()
        if shown.height < jobs.height:
            every = night.places.commands.line("jobs", "--limit", str(night.made.tables.jobs.height))
            terminal.show(f"Showing {shown.height:,} of {jobs.height:,}. All: {every}")
        terminal.table(COLUMNS, job_rows(shown, night.made.tables, night.zone, night.now, night.acknowledged))
    terminal.show()
    for remark in remarks:
        terminal.say(remark.text)
    _print_retries(app, night)
    if night.made.day:
        terminal.say("Page of the day:")
        terminal.show(str(night.made.day))
    terminal.say("Report:")
    terminal.show(str(night.made.index))


def day_of(night: Night) -> Day:
    """Return what the page of the day says: the lines on feeds, and what was pulled."""
    date = night.now.astimezone(night.zone or UTC).date()
    # The page is read on later days: no "today".
    read = dataclasses.replace(night, now=night.now + timedelta(days=2))
    return Day(date, tuple(verdicts(read)), f"{pulled_clause(night.pulled)}.")


def verdicts(night: Night) -> Iterator[Verdict]:
    """Yield a sentence for each feed with open users or a stuck job, the worst first, and one for all others."""
    well = []
    for status in night.statuses:
        retried_now = any(retry["job_id"] in night.brought for retry in status.retries) and not status.silent
        if not status.is_well or retried_now:
            job = status.run or next(iter(status.stuck), None)
            sentence = status_sentence(status, night).removeprefix(f"{status.feed}: ")
            yield Verdict(f"{sentence}.", status.feed, job["job_id"] if job else "")
        elif status.run is not None and not status.silent:
            well.append(status.feed)
    if well:
        feeds = listed(well) if len(well) <= _NAMED_FEEDS else count(len(well), "feed")
        yield Verdict(_("No open users in {feeds}.").format(feeds=feeds))


def status_sentence(status: FeedStatus, night: Night) -> str:
    """Return ``hr-feed: 12 of 295 users not updated, 4 new; 12 open (cc75e06b, 23 Nov 02:14)``, without a period."""
    run, parts = status.run, []
    if run is not None and not status.silent and (status.has_open_users or status.retries):
        parts += _of_run(status, run, night)
        parts += [retry_result(retry, night.zone, night.now) for retry in status.retries[-1:]]
        if status.has_open_users:
            number = run["open"]
            parts.append(
                _("open users unknown") if number is None else _("{number} open").format(number=grouped(number))
            )
        parts[-1] += f" ({night.short[run['job_id']]}, {ran(run, night.zone, night.now)})"
    if status.earlier:
        ids = [night.short[job["job_id"]] for job in status.earlier[-_NAMED_JOBS:]]
        named = listed_first(ids, _NAMED_JOBS, len(status.earlier))
        parts.append(f"{status.earlier_clause} ({named})")
    for job in status.stuck:
        text = _("job {job} is stuck in {state}")
        parts.append(text.format(job=night.short[job["job_id"]], state=job["state"]))
    return f"{status.feed}: {'; '.join(parts) or _('no open users')}"


def _of_run(status: FeedStatus, run: Mapping[str, Any], night: Night) -> list[str]:
    if not status.has_open_users and run["open"] == 0:
        return [_("{users} open").format(users=NotUpdatedCount(0, exact=True).users(run["users"] or None))]
    row = {**run, "short": night.short[run["job_id"]], "superseded_by": None, "retry_in": None}
    log = JobLogs(night.made.tables, night.places.catalogue).of(run["job_id"])
    facts = facts_of(row, night.made.tables, log)
    # They were new when the job was.
    new = None if night.brought.isdisjoint(run["members"]) else status.new
    return [headline(dataclasses.replace(facts, new=new)), *([run["note"]] if run["note"] else [])]


def remarks_of(night: Night) -> Iterator[Remark]:
    """Yield remarks to show once: what couldn't be downloaded or created, damaged values, feeds that aren't well."""
    commands = night.places.commands
    quiet = {*night.acknowledged, *night.made.tables.jobs.filter("superseded")["job_id"]}
    unmade = {retry.job_id for retry in night.made.retries.values() if retry.path is None and not retry.complete}
    for left in night.pulled.skipped:
        # The remark about the retry file names its missing source file.
        if left.job_id not in quiet and not (left.what == "source file" and left.job_id in unmade):
            yield Remark(left.job_id, f"{night.short.get(left.job_id, left.job_id)}: no {left.what}: {left.because}")
    for retry in night.made.retries.values():
        if retry.job_id in unmade - quiet:
            advice = f" {commands.completed(retry.advice)}" if retry.advice else ""
            yield Remark(
                retry.job_id, f"No retry file for {night.short[retry.job_id]}: {retry.sentence.rstrip('.')}.{advice}"
            )
        for sentence in retry.left if retry.job_id not in night.acknowledged else ():
            yield Remark(retry.job_id, f"{night.short[retry.job_id]}: {sentence}")
    for status in night.statuses:
        job_id = status.run["job_id"] if status.run is not None and not status.silent else ""
        damage = night.made.tables.damage.get(job_id, ())
        # The same values arrive each night: they are a remark about the feed.
        key = " ".join(sorted({f"{one.kind}:{one.property}" for one in damage}))
        for warning in warnings_of(damage):
            yield Remark(status.feed, f"{status.feed} ({night.short[job_id]}): {warning}", f"{key} {warning[:20]}")
    for feed, health in night.healths.items():
        for finding in (one for one in health.findings if one.health in _REMARKS):
            # Until it is over, however many runs are missing.
            yield Remark(feed, f"{feed}: {_REMARKS[finding.health].format(finding.reason)}.", f"is {finding.health}")


def _print_retries(app: AppContext, night: Night) -> None:
    """Print each retry file to import now, its condition, and the command that shows how."""
    for retry in night.made.retries.values():
        if retry.path is not None and retry.job_id not in night.acknowledged:
            short = night.short[retry.job_id]
            app.terminal.say(f"Retry file for {short}: {retry.sentence}")
            app.terminal.show(str(retry.path))
            app.terminal.say(f"next: {night.places.commands.line('show', short)}")


def log_problems(night: Night) -> dict[Remark, AnalyzerError]:
    """Return why logs can't be read, as remarks about their jobs."""
    return {
        Remark(job_id, str(problem)): problem
        for job_id in night.made.tables.jobs["job_id"]
        for log in night.made.tables.logs_of(job_id)
        if (problem := log.problem) is not None and job_id not in night.acknowledged
    }


def night_json(night: Night, remarks: Iterable[Remark]) -> dict[str, object]:
    """Return the result of ``run --json``, without the report's.

    Args:
        night: the results.
        remarks: those that weren't made before.
    """
    return {
        "feeds": [feed_json(status, night) for status in night.statuses],
        "remarks": [{"about": remark.about, "text": remark.text} for remark in remarks],
        "acknowledged": list(night.acknowledged),
        "pulled": pulled_json(night.pulled),
    }


def feed_json(status: FeedStatus, night: Night) -> dict[str, object]:
    """Return a feed as ``run --json`` has it."""
    run: Mapping[str, Any] = status.run or {}
    return {
        "feed": status.feed,
        "job_id": run.get("job_id"),
        "outcome": run.get("outcome"),
        "users": run.get("users"),
        "not_updated": run.get("not_updated"),
        "new": status.new,
        "open": run.get("open"),
        "retries": [job["job_id"] for job in status.retries],
        "earlier": [job["job_id"] for job in status.earlier],
        "stuck": [job["job_id"] for job in status.stuck],
        "is_well": status.is_well,
        **health_json(night.healths[status.feed]),
        "sentence": f"{status_sentence(status, night)}.",
    }


def tenant_answer(night: Night) -> str:
    """Return what ``run --all-tenants`` shows of a tenant: ``2 of 5 feeds need attention: hr-feed (failing), …``."""
    healths = [health for health in night.healths.values() if health.health is not Health.ceased]
    ill = [f"{health.status.feed} ({health.health})" for health in healths if health.health not in _FINE]
    if not healths:
        return "no feeds"
    if not ill:
        return f"{count(len(healths), 'feed')}, none needs attention"
    need = "needs" if len(ill) == 1 else "need"
    return f"{len(ill)} of {count(len(healths), 'feed')} {need} attention: {listed_first(ill, _NAMED_FEEDS)}"
