"""Write a job's verdict for its page, and the sentences below it: when it ran, how long it took, and why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.model.job import NotUpdatedCount, Outcome
from analyzer.model.language import gettext as _
from analyzer.model.language import ngettext
from analyzer.model.text import capitalised, duration, grouped
from analyzer.report.sentences import because, minute_text, when_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.catalogue.model import JobFacts
    from analyzer.report.view import Run, View

_TOO_SHORT = 60
"""Seconds: a pull that saw a job so shortly before its end says nothing about how long it took."""


def verdict(facts: JobFacts) -> str:
    """Return how a job ended for its users: ``12 of 295 users weren't updated; 4 are new``."""
    match facts.outcome:
        case Outcome.stuck:
            text = _("The job is stuck in {state}").format(state=facts.state)
        case Outcome.running:
            text = _("The job is still running ({state})").format(state=facts.state)
        case _ if facts.users == 0:
            text = _("The source file has no users")
        case Outcome.succeeded:
            text = _succeeded(facts)
        case Outcome.partial:
            text = _partial(facts)
        case Outcome.aborted if facts.users:
            text = ngettext(
                "The import was aborted; the only user wasn't updated",
                "The import was aborted; none of {users} users was updated",
                facts.users,
            ).format(users=grouped(facts.users))
        case Outcome.aborted:
            text = _("The import was aborted; no user was updated")
        case Outcome.unknown:
            text = _("It is unknown who was updated")
    return text


def _succeeded(facts: JobFacts) -> str:
    users = facts.users
    updated = _("All users were updated")
    if users:
        updated = ngettext("The only user was updated", "All {users} users were updated", users).format(
            users=grouped(users)
        )
    if not facts.failed:
        return updated
    named = ngettext("but the log names {users} user", "but the log names {users} users", facts.failed)
    return _("{all_updated}, {but_named}").format(
        all_updated=updated, but_named=named.format(users=grouped(facts.failed))
    )


def _partial(facts: JobFacts) -> str:
    failed = NotUpdatedCount.of(facts.outcome, facts.not_updated, facts.failed)
    if not failed.number:
        if facts.repeated:
            return _("Some users weren't updated; probably those with several records")
        return _("Some users weren't updated; it is unknown who")
    of_all = facts.users is not None and facts.users >= failed.number
    if failed.exact and of_all:
        text = ngettext(
            "{failed} of {users} users wasn't updated", "{failed} of {users} users weren't updated", failed.number
        )
    elif failed.exact:
        text = ngettext("{failed} user wasn't updated", "{failed} users weren't updated", failed.number)
    elif of_all:
        text = ngettext(
            "At least {failed} of {users} users wasn't updated",
            "At least {failed} of {users} users weren't updated",
            failed.number,
        )
    else:
        text = ngettext(
            "At least {failed} user wasn't updated", "At least {failed} users weren't updated", failed.number
        )
    text = text.format(failed=grouped(failed.number), users=grouped(facts.users or 0))
    return text if facts.new is None else _("{verdict}; {new}").format(verdict=text, new=_new(facts.new))


def _new(number: int) -> str:
    if not number:
        return _("none are new")
    return ngettext("{number} is new", "{number} are new", number).format(number=grouped(number))


def below_verdict(view: View, run: Run, facts: JobFacts) -> tuple[str, ...]:
    """Return when a job ran, how that is known, how long it took, what happened to the others, and why it failed."""
    return tuple(_below(view, run, facts))


def _below(view: View, run: Run, facts: JobFacts) -> Iterator[str]:
    if not run.outcome.ended:
        if run.started is not None:
            yield _("Started by {time}.").format(time=minute_text(run.started, view.zone))
    elif run.ran is None:
        yield _("When it ran is unknown.")
    else:
        when, how = when_text(run, view.zone), _(HOW_KNOWN.get(run.ran_from or "", ""))
        seconds = _seconds(run)
        if seconds:
            yield _("Ran {when} ({how}), for at least {duration}.").format(
                when=when, how=how, duration=duration(seconds, down=True)
            )
        else:
            yield _("Ran {when} ({how}).").format(when=when, how=how)
    if run.outcome is Outcome.partial and run.not_updated is not None and facts.users != run.not_updated:
        yield _("All others were updated.")
    reason = because(view, run, facts)
    if reason and (run.outcome is not Outcome.partial or not facts.codes or facts.nameless):
        yield f"{capitalised(reason)}."


def _seconds(run: Run) -> float:
    """Return for how long a job was at least seen running; 0 if its end isn't known exactly."""
    if run.started is None or run.finished is None or run.ran_from != "log":
        return 0
    seconds = (run.finished - run.started).total_seconds()
    return seconds if seconds >= _TOO_SHORT else 0
