"""Summarize a report for machines and for summaries of pipelines: JSON with a schema, and short Markdown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads the types
from typing import TYPE_CHECKING

import msgspec

from analyzer.catalogue.advice import advise
from analyzer.model.language import gettext as _
from analyzer.model.text import grouped
from analyzer.report.feed_lines import Feeds
from analyzer.report.index_page import lead
from analyzer.report.sentences import feed_sentence, when_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analyzer.report.view import Run, View

_WORST_JOBS = 10
_MOST_FEEDS = 200
"""Rows of the Markdown, which has to stay short."""
_LONGEST = 500
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~])")


@dataclass(frozen=True, slots=True)
class SummaryToDo:
    """What to do about a job.

    Attributes:
        text: a sentence.
        reason: why; may be empty.
        owner: who does it; may be empty.
        command: the command that does it; empty if none does.
    """

    text: str
    reason: str
    owner: str
    command: str


@dataclass(frozen=True, slots=True)
class SummaryFeed:
    """A feed and its latest run that has ended.

    Attributes:
        feed: its name.
        job_id: the run.
        ran: when it ran (UTC); null if unknown.
        outcome: ``succeeded``, ``partial``, ``aborted``, ``unknown``, ``running``, or ``stuck``.
        users: number of users in its source file; null if unknown.
        not_updated: how many of them were not updated; null if unknown.
        new: how many failed users are new; null without a run to compare with.
        open: how many are still not updated; null if unknown.
        needs_attention: whether something has to be done.
        sentence: the same in words.
        to_do: what to do, in order; empty if nothing has to be done.
    """

    feed: str
    job_id: str
    ran: datetime | None
    outcome: str
    users: int | None
    not_updated: int | None
    new: int | None
    open: int | None
    needs_attention: bool
    sentence: str
    to_do: tuple[SummaryToDo, ...]


@dataclass(frozen=True, slots=True)
class SummaryJob:
    """A job.

    Attributes:
        job_id: its ID.
        feed: its feed.
        ran: when it ran (UTC); null if unknown.
        ran_is_bound: whether that is only a bound.
        state: the service's state.
        error: the service's error.
        outcome: as of a feed.
        users: number of users in its source file; null if unknown.
        not_updated: how many of them were not updated; null if unknown.
        open: how many are still not updated; null if unknown.
        retry_of: the job that it repairs; null for a run of a feed.
        superseded: whether a later full run of its feed has ended.
    """

    job_id: str
    feed: str
    ran: datetime | None
    ran_is_bound: bool
    state: str
    error: str
    outcome: str
    users: int | None
    not_updated: int | None
    open: int | None
    retry_of: str | None
    superseded: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A report without its people.

    Attributes:
        tenant: the tenant's host; empty if unknown.
        made: when it was made (UTC).
        as_of: when the job list was current (UTC); null if unknown.
        version: the program's version.
        sentence: the report's first sentence.
        feeds: those that need attention first.
        jobs: all jobs, the newest first.
    """

    tenant: str
    made: datetime
    as_of: datetime | None
    version: str
    sentence: str
    feeds: tuple[SummaryFeed, ...]
    jobs: tuple[SummaryJob, ...]


def summary_of(view: View) -> Summary:
    """Return the summary of a report."""
    feeds = Feeds(view)
    attention = [run for health in feeds.in_need() if (run := feeds.newest(health))]
    others = [run for health in feeds.active if (run := feeds.newest(health)) and run not in attention]
    return Summary(
        tenant=next((run.tenant for run in view.runs if run.tenant), ""),
        made=view.now,
        as_of=view.tables.as_of,
        version=view.version,
        sentence=lead(view, feeds),
        feeds=tuple(_feed(view, run, needs_attention=run in attention) for run in [*attention, *others]),
        jobs=tuple(_job(run) for run in reversed(view.runs)),
    )


def as_json(summary: Summary) -> bytes:
    """Return a summary as JSON."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def as_markdown(summary: Summary, view: View) -> bytes:
    """Return the feeds, what to do, and the worst jobs as Markdown, without people: a few kilobytes.

    Args:
        summary: of the report.
        view: what it was made from, for times in its zone.
    """
    return ("\n".join(_lines(summary, view)) + "\n").encode("utf-8", "replace")


def _lines(summary: Summary, view: View) -> Iterator[str]:
    yield f"## {_plain(summary.sentence)}"
    if not summary.jobs:
        return
    when = {run.job_id: when_text(run, view.zone) for run in view.runs}
    yield ""
    yield from _table(
        (_("Feed"), _("Latest run"), _("Outcome"), _("Users"), _("Not updated"), _("New"), _("Still open")),
        (
            (one.feed, when[one.job_id], _(one.outcome), *map(_number, (one.users, one.not_updated, one.new, one.open)))
            for one in summary.feeds[:_MOST_FEEDS]
        ),
    )
    if len(summary.feeds) > _MOST_FEEDS:
        yield f"\n{_('{n} more feeds are in the report.').format(n=len(summary.feeds) - _MOST_FEEDS)}"
    to_do = [one for one in summary.feeds[:_MOST_FEEDS] if one.needs_attention and one.to_do]
    if to_do:
        yield f"\n### {_('What to do')}\n"
        for one in to_do:
            first = one.to_do[0]
            yield f"- **{_plain(one.feed)}**: {_plain(first.text)} {_plain(first.reason)}".rstrip()
            if first.command:
                yield f"  {_code(first.command)}"
    worst = sorted((one for one in summary.jobs if one.open), key=lambda one: -(one.open or 0))[:_WORST_JOBS]
    if worst:
        yield f"\n### {_('Jobs with the most users who are not updated')}\n"
        yield from _table(
            (_("Job"), _("Feed"), _("Ran"), _("Outcome"), _("Not updated"), _("Still open")),
            (
                (one.job_id, one.feed, when[one.job_id], _(one.outcome), _number(one.not_updated), _number(one.open))
                for one in worst
            ),
        )


def _feed(view: View, run: Run, *, needs_attention: bool) -> SummaryFeed:
    facts = view.facts_of(run)
    return SummaryFeed(
        feed=run.feed,
        job_id=run.job_id,
        ran=run.ran,
        outcome=run.outcome.value,
        users=run.users,
        not_updated=run.not_updated,
        new=view.tables.new_of(run.job_id),
        open=run.open,
        needs_attention=needs_attention,
        sentence=feed_sentence(view, run),
        to_do=tuple(
            SummaryToDo(
                text=view.commands.completed(one.text),
                reason=one.reason,
                owner=one.who,
                command=view.commands.line(*one.command) if one.command else "",
            )
            for one in advise(facts, view.catalogue)
        ),
    )


def _job(run: Run) -> SummaryJob:
    return SummaryJob(
        job_id=run.job_id,
        feed=run.feed,
        ran=run.ran,
        ran_is_bound=run.ran_is_bound,
        state=run.state,
        error=run.error,
        outcome=run.outcome.value,
        users=run.users,
        not_updated=run.not_updated,
        open=run.open,
        retry_of=run.retry_of,
        superseded=run.superseded,
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_plain, head))} |"
    yield f"| {' | '.join('---' for _cell in head)} |"
    for row in rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _number(number: int | None) -> str:
    return _("unknown") if number is None else grouped(number)


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line; neither links nor HTML come of it."""
    line = " ".join(text.split())
    line = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
    return _MARKUP.sub(r"\\\1", html.escape(line, quote=False)).replace("://", ":\u200b//").replace("@", "@\u200b")


def _code(command: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", command)), default=0) + 1)
    return f"{fence} {' '.join(command.split())} {fence}"
