"""Say how each feed is: its newest run in a line, and what needs action with the next step."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.catalogue.advice import retry_can_help
from analyzer.catalogue.model import ADMINISTRATOR
from analyzer.history.feed_status import feed_statuses
from analyzer.history.feeds import AsOf, Health, feed_healths
from analyzer.model.job import FAILED, Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import grouped
from analyzer.report.actions import retry_button
from analyzer.report.causes import Steps
from analyzer.report.feed_trends import change_text
from analyzer.report.index_model import Action, FeedLine
from analyzer.report.plots import spark
from analyzer.report.rows import job_href, open_text
from analyzer.report.sentences import feed_sentence, minute_text, open_count, reason, when_text
from analyzer.report.view import list_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from analyzer.history.feeds import FeedHealth, Finding
    from analyzer.report.index_model import TrendPoint
    from analyzer.report.model import RetryButton
    from analyzer.report.view import Run, View


@dataclass(frozen=True, slots=True)
class RunWords:
    """What takes long to find out about a run: it may read the log and the source file.

    Attributes:
        reason: why it was aborted, or why its outcome is unknown, as a clause; empty for others.
        step: what to do first; empty if there is nothing to do.
        why: the reason of the step; may be empty.
        who: who can do it.
        command: for it.
        after: how its users are after retries or later imports, as a sentence; empty without any.
        helps: whether importing its retry file can help.
    """

    reason: str
    step: str
    why: str
    who: str
    command: str
    after: str
    helps: bool


def run_words(view: View, run: Run) -> RunWords:
    """Return what takes long to find out about a run."""
    facts = view.facts_of(run)
    text = reason(view, run) if run.outcome in {Outcome.aborted, Outcome.unknown} else ""
    changed = bool(view.retries_of(run)) or (run.open != run.not_updated and run.open is not None)
    after = feed_sentence(view, run) if changed and run.outcome in FAILED else ""
    job = _with_file(view, run)
    of_job = view.facts_of(job) if job and job is not run else facts
    helps = retry_can_help(of_job, view.catalogue) or not of_job.codes
    steps = Steps(view, facts, has_file=job is not None).rest()
    if not steps:
        step, who = (_("Queue the retry file."), _(ADMINISTRATOR)) if job else ("", "")
        return RunWords(text, step, "", who, _show(view, run), after, helps)
    first = steps[0]
    return RunWords(text, first.text, first.reason, first.who, first.command or _show(view, run), after, helps)


def _show(view: View, run: Run) -> str:
    return view.commands.line("show", view.short[run.job_id])


class Feeds:
    """The feeds of a library, the worst first.

    Attributes:
        active: those that still run.
        ceased: those that no longer seem to run.
    """

    def __init__(self, view: View, words: Callable[[View, Run], RunWords] = run_words) -> None:
        """Judge the feeds.

        Args:
            view: what pages are made from.
            words: returns ``run_words``, perhaps as it was made before.
        """
        self._view, self._words = view, words
        self._runs = {run.job_id: run for run in view.feed_runs}
        as_of = AsOf.of(view.tables, view.now, view.zone, is_listed=view.is_listed)
        healths = feed_healths(feed_statuses(view.tables, view.silent), as_of, view.silent)
        healths = [one for one in healths if one.status.runs]
        self.ceased = [one for one in healths if _has(one, Health.ceased)]
        self.active = [one for one in healths if one not in self.ceased]

    def newest(self, health: FeedHealth) -> Run | None:
        """Return a feed's newest run that has ended; None if none has."""
        return self._runs.get(health.status.run["job_id"]) if health.status.run else None

    def in_need(self) -> list[FeedHealth]:
        """Return the active feeds that need attention."""
        return [one for one in self.active if not one.status.is_well or any(map(_is_due, one.findings))]

    def need(self, health: FeedHealth) -> str:
        """Return in a few words why a feed needs attention: ``12 users open``."""
        run, view = self.newest(health), self._view
        if run and health.status.has_open_users:
            users = open_count(view, run)
            if users.number is not None:
                least = "" if users.exact else _("at least {number} users open").format(number=grouped(users.number))
                return least or ngettext("{number} user open", "{number} users open", users.number).format(
                    number=grouped(users.number)
                )
            aborted = run.outcome is Outcome.aborted and not view.retries_of(run)
            return _("no user was updated") if aborted else _("open users unknown")
        if health.status.stuck:
            return _("a job is stuck")
        if health.status.earlier:
            return _("users of earlier jobs open")
        return {Health.late: _("late"), Health.missing: _("runs missing")}.get(health.health, _("unusually small"))

    def lines(self, points: Mapping[str, Sequence[TrendPoint]]) -> Iterator[FeedLine]:
        """Yield a line for each active feed."""
        for health in self.active:
            run = self.newest(health)
            shown = run or self._runs[health.status.runs[-1]["job_id"]]
            of_feed = points.get(health.status.feed, ())
            after = self._words(self._view, run).after if run and run.outcome in FAILED else ""
            failed = [one.failed for one in of_feed]  # as ``change_text`` compares them, not as shares
            yield FeedLine(
                feed=health.status.feed,
                href=job_href(shown),
                when=when_text(shown, self._view.zone),
                outcome=shown.outcome.value,
                failed=_failed(shown),
                detail=self._detail(health, run),
                open=open_text(self._view, shown),
                change=change_text(self._view, of_feed),
                notes=tuple(filter(None, [after, *(self._note(health, one) for one in health.findings)])),
                spark=spark(failed, [one.is_aborted for one in of_feed]) if of_feed else None,
            )

    def actions(self) -> Iterator[Action]:
        """Yield what needs action, the worst first."""
        for health in self.in_need():
            run = self.newest(health)
            if run and health.status.has_open_users:
                yield self._of_run(health, run)
            for job in health.status.stuck:
                if job["job_id"] in self._view.by_id:
                    yield self._of_stuck(health, self._view.by_id[job["job_id"]])
            if due := next((one for one in health.findings if _is_due(one)), None):
                yield self._of_due(health, due)
            for job in health.status.earlier[-1:]:
                if job["job_id"] in self._view.by_id:
                    yield self._of_earlier(health, self._view.by_id[job["job_id"]])

    def _detail(self, health: FeedHealth, run: Run | None) -> str:
        if run is None:
            return _("no run has ended")
        view = self._view
        if run.outcome is Outcome.succeeded and not run.named_users:
            return _("all updated")
        new = health.status.new
        parts = []
        if run.outcome in {Outcome.aborted, Outcome.unknown}:
            text = self._words(view, run).reason
            parts = [_("aborted: {reason}").format(reason=text) if run.outcome is Outcome.aborted else text]
        elif new is not None:
            recurring = run.named_users - new
            parts += [_("{number} new").format(number=grouped(new))] if new else []
            parts += [_("{number} recurring").format(number=grouped(recurring))] if recurring > 0 else []
        return ", ".join(filter(None, parts))

    def _note(self, health: FeedHealth, finding: Finding) -> str:
        """Return a sentence on runs that don't come or are unusual; empty for other findings."""
        times, run = finding.times, self.newest(health)
        first = minute_text(times[0], self._view.zone) if times else ""
        if finding.health is Health.missing and times:
            text = ngettext(
                "{number} run is missing since {when}.", "{number} runs are missing since {when}.", len(times)
            )
            return text.format(number=grouped(len(times)), when=first)
        if finding.health is Health.small and run and run.users is not None and health.usual_users:
            text = _("Unusually small: {users} users, usually {usual}.")
            return text.format(users=grouped(run.users), usual=grouped(health.usual_users))
        sentences = {
            Health.late: _("Late: a run was expected {when}.").format(when=first),
            Health.missing: _("No run has come for longer than ever before."),
            Health.small: _("The source file is unusually small."),
            Health.slow: _("A job is running for longer than usual."),
            Health.stuck: _("A job is stuck."),
        }
        return sentences.get(finding.health, "")

    def _of_run(self, health: FeedHealth, run: Run) -> Action:
        """Return the next step for a run with open users."""
        view = self._view
        words = self._words(view, run)
        button = _button(view, run)
        lists = [one for job_id in run.members if (one := view.by_id.get(job_id)) and view.has_list(one)]
        return Action(
            feed=health.status.feed,
            text=words.step or _("Look at the run."),
            reason=words.why,
            who=words.who,
            href=job_href(run),
            link=_("Run: {when}").format(when=when_text(run, view.zone)),
            command=words.command,
            button=button if button is None or words.helps else dataclasses.replace(button, primary=False),
            list_href=list_name(lists[0], ".xlsx") if lists else "",
            list_text=_list_text(lists[0].named_users) if lists else "",
        )

    def _of_stuck(self, health: FeedHealth, run: Run) -> Action:
        view = self._view
        return Action(
            feed=health.status.feed,
            text=_("A job is stuck in {state}. Open a support request with its job ID, or acknowledge the job.").format(
                state=run.state
            ),
            reason="",
            who=_(ADMINISTRATOR),
            href=job_href(run),
            link=_("Job: {when}").format(when=when_text(run, view.zone)),
            command=view.commands.line("ack", view.short[run.job_id]),
        )

    def _of_due(self, health: FeedHealth, finding: Finding) -> Action:
        """Return the next step for a feed whose run doesn't come, or is unusually small."""
        run = self._runs[health.status.runs[-1]["job_id"]]
        if finding.health is Health.small:
            text = _("Check with the feed's owner whether the source file is complete.")
        else:
            text = _("Check the system that writes and queues the feed's file.")
        return Action(
            feed=health.status.feed,
            text=text,
            reason=self._note(health, finding),
            who=_(ADMINISTRATOR),
            href=job_href(run),
            link=_("Newest run ({when})").format(when=when_text(run, self._view.zone)),
            command=self._view.commands.line("feeds", health.status.feed),
        )

    def _of_earlier(self, health: FeedHealth, run: Run) -> Action:
        """Return the next step for the newest of earlier jobs with open users."""
        number = len(health.status.earlier)
        text = ngettext(
            "{number} earlier job has users who are still open.",
            "{number} earlier jobs have users who are still open.",
            number,
        )
        return Action(
            feed=health.status.feed,
            text=text.format(number=grouped(number)),
            reason="",
            who=_(ADMINISTRATOR),
            href=job_href(run),
            link=_("The newest of them ({when})").format(when=when_text(run, self._view.zone)),
            command=_show(self._view, run),
            button=_button(self._view, run),
        )


def _list_text(users: int) -> str:
    text = ngettext("Download the list ({number} user)", "Download the list ({number} users)", users)
    return text.format(number=grouped(users))


def _has(health: FeedHealth, kind: Health) -> bool:
    return any(finding.health is kind for finding in health.findings)


def _is_due(finding: Finding) -> bool:
    return finding.health in {Health.late, Health.missing, Health.small}


def _failed(run: Run) -> str:
    """Return the users not updated, of all: ``12 of 295``."""
    found = run.not_updated_count
    if not run.outcome.ended:
        return ""
    if found.number is None:
        return _("all") if run.outcome is Outcome.aborted else _("unknown")
    if run.users is None or run.users < found.number:
        return str(found)
    return _("{failed} of {users}").format(failed=str(found), users=grouped(run.users))


def _button(view: View, run: Run) -> RetryButton | None:
    job = _with_file(view, run)
    return retry_button(view, job, view.out) if job else None


def _with_file(view: View, run: Run) -> Run | None:
    """Return the newest of a run's retries that has a retry file, else the run's own job with one."""
    for jobs in (view.retries_of(run), [view.by_id[job_id] for job_id in run.members if job_id in view.by_id]):
        for job in reversed(jobs):
            button = retry_button(view, job, view.out)
            if button and button.href:
                return job
    return None
