"""Write the sentences, times and causes of a report.

Times are absolute, never "today", because a report is also read on later days.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import STUCK_AFTER
from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.catalogue.advice import headline, retry_clause, still_open_clause
from analyzer.history.verifications import newest_verification, verified_sentence
from analyzer.model.job import FAILED, NotUpdatedCount, Outcome
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.service import JobError, LogCode, State
from analyzer.model.text import SHORT_ID, capitalised, clock, count, day, grouped, listed_first, long_day
from analyzer.report.model import DASH, Note
from analyzer.report.view import page_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from analyzer.catalogue import Explanation
    from analyzer.catalogue.model import JobFacts
    from analyzer.report.view import Run, View


def job_sentence(view: View, run: Run, facts: JobFacts | None = None) -> str:
    """Return the headline (the same as in the terminal), with the cause, or the time of the last observation."""
    facts = facts or view.facts_of(run)
    note = f" {capitalised(run.note)}." if run.note else ""
    # The log of one part doesn't say why the users of others failed.
    cause = because(view, run, facts) if len(run.members) == 1 else ""
    separator = ", " if not run.outcome.ended else ": "
    if run.outcome is Outcome.partial and (facts.not_updated is not None or facts.failed):
        separator = "; "
    return f"{capitalised(headline(facts))}{separator if cause else ''}{cause}.{note}"


def feed_sentence(view: View, run: Run) -> str:
    """Return a sentence on a feed's latest run; if it was repaired since, on the users who are still open."""
    retries = view.retries_of(run)
    if run.open is None or run.open == run.not_updated or run.outcome not in FAILED:
        sentences = [job_sentence(view, run), *(_retried(view, retry) for retry in retries)]
        return " ".join([*sentences, _still_open(run)] if retries else sentences)
    users, by = NotUpdatedCount(run.open, exact=True).users(run.users or None), _repaired_by(view, run)
    if run.not_updated is None:
        return _("{users} open after {repair}.").format(users=users, repair=by)
    updated = run.not_updated - run.open
    if updated == run.not_updated == 1:
        text = _("{users} open (1 not updated, since updated by {repair}).")
    elif not run.open:
        text = _("{users} open ({number} not updated, all updated by {repair}).")
    else:
        text = _("{users} open ({number} not updated, {updated} updated by {repair}).")
    return text.format(users=users, number=grouped(run.not_updated), updated=grouped(updated), repair=by)


def open_count(view: View, run: Run) -> NotUpdatedCount:
    """Count the users of a run who are open."""
    if run.open is not None:
        return NotUpdatedCount(run.open, exact=True)
    return NotUpdatedCount(None, exact=False) if view.retries_of(run) else run.not_updated_count


def marks_of(view: View, run: Run) -> Iterator[Note]:
    """Yield the remarks on a job in the list of jobs."""
    if run.retry_of is not None:
        yield Note(_("Retry of {job}").format(job=_short(view, run.retry_of)), _href(view, run.retry_of))
    if run.superseded:
        yield Note(_("Superseded"))
    if view.retries.get(run.job_id) and run.open is not None:
        yield Note(_("Retried, {clause}").format(clause=still_open_clause(run.open)))
    if run.note:
        yield Note(capitalised(run.note))
    if run.gone:
        yield Note(_("No longer listed by the tenant"))


def history_of(view: View, run: Run) -> Iterator[Note]:
    """Yield what happened after a job: verified, retried, how many users are still open, a run that superseded it."""
    if run.retry_of is not None:
        repaired = view.by_id.get(run.retry_of)
        which = f"{repaired.feed}, {when_text(repaired, view.zone)}" if repaired else _("not in this report")
        text = _("This job imports a retry file of the job {job} ({which}).")
        yield Note(text.format(job=_short(view, run.retry_of), which=which), _href(view, run.retry_of))
    if verified := newest_verification(view.tables.verifications, run.job_id):
        when = day_text(verified["verified_at"].astimezone(view.zone or UTC))
        yield Note(verified_sentence(verified, when))
    retries = view.retries.get(run.job_id, ())
    for retry in retries:
        yield Note(_retried(view, retry), _href(view, retry.job_id))
    if retries:
        yield Note(_still_open(run))
    if run.superseded:
        yield _superseded(view, run)
    elif run.outcome in FAILED and run.open == 0 and not retries:
        yield Note(_("0 still open: later imports have updated every user."))
    if run.note:
        yield Note(f"{capitalised(run.note)}.")


def _superseded(view: View, run: Run) -> Note:
    """Say by which run a job was superseded only if that is the next one: the newest is another one each night."""
    following = view.following.get(run.job_id)
    if following and view.tables.superseded_by(run.job_id) == following.job_id:
        when = when_text(following, view.zone)
        return Note(_("Superseded by the next run ({when}).").format(when=when), _href(view, following.job_id))
    return Note(_("Superseded: a later full run of the feed has ended."))


def because(view: View, run: Run, facts: JobFacts) -> str:
    """Return the cause of a failure as a clause, or when a running job was last seen; empty if there is none."""
    match run.outcome:
        case Outcome.succeeded:
            return ""
        case Outcome.partial if facts.not_updated is None and not facts.failed:
            nothing = _("the log has no entries") if run.log_found else _("there is no log")
            return _nameless_words(facts) or nothing
        case Outcome.partial:
            codes = view.log_of(run).ranked_codes(run.outcome)
            most = _("most because {cause}") if len(codes) > 1 else _("all because {cause}")
            return _nameless_words(facts) or (most.format(cause=clause(view, run, codes[0][0])) if codes else "")
        case Outcome.aborted:
            named = _(". The log names {users}").format(users=count(facts.failed, "user")) if facts.failed else ""
            return f"{reason(view, run)}{named}"
        case Outcome.unknown:
            return _failure(view, run)
    as_of = view.tables.as_of
    since = minute_text(as_of, view.zone) if as_of else _("when the job list was saved")
    stuck = ""
    if run.outcome is Outcome.stuck:
        stuck = _(". It has been watched for over {hours} hours, or a later run of its feed has ended")
        stuck = stuck.format(hours=grouped(STUCK_AFTER.total_seconds() / 3600))
    return _("as of {time}").format(time=since) + stuck


def _nameless_words(facts: JobFacts) -> str:
    """Return how many entries identify no user, or how many records without an ID explain them; empty if none."""
    nameless = sum(facts.nameless.values())
    if not nameless:
        return ""
    if facts.not_updated is not None:
        return count(nameless, "record has no ID", "records have no ID")
    return count(nameless, "entry doesn't identify a user", "entries don't identify a user")


def _failure(view: View, run: Run) -> str:
    if run.state not in {State.Error.name, State.Succeeded.name}:
        return _("the service reports the state {state}").format(state=run.state)
    if run.error == JobError.NoError.name:
        return _("the service reports that the job failed, but no error")
    known = error_explained(view, run)
    return _(known.title) if known.known else _("the service reports an unknown error")


def _repaired_by(view: View, run: Run) -> str:
    """Return a phrase for the imports that repaired a run."""
    retries = view.retries_of(run)
    if not retries:
        return _("a later import")
    when, number = on_text(retries[-1], view.zone), grouped(len(retries))
    if len(retries) == 1:
        return _("a retry {when}").format(when=when) if when else _("a retry")
    if when:
        return _("{number} retries, the last {when}").format(number=number, when=when)
    return _("{number} retries").format(number=number)


def _retried(view: View, retry: Run) -> str:
    when = when_text(retry, view.zone) if retry.ran else ""
    return f"{capitalised(retry_clause(retry.outcome, retry.users, retry.not_updated, when))}."


def _still_open(run: Run) -> str:
    return f"{capitalised(still_open_clause(run.open))}."


def _short(view: View, job_id: str) -> str:
    return view.short.get(job_id, job_id[:SHORT_ID])


def _href(view: View, job_id: str) -> str:
    """Return the address of a job's page relative to the index; empty if the report has none."""
    return f"jobs/{page_name(job_id)}" if job_id in view.by_id else ""


UNKNOWN = N_("unknown")
TIME_UNKNOWN = N_("time unknown")
LETTERS = {known: "abcdefgh"[place] for place, known in enumerate(HOW_KNOWN)}
"""Footnote letters by the value of ``ran_from``."""


day_text, long_day_text = day, long_day
"""``5 Oct 2026``, and ``Monday, 5 October 2026``."""


def minute_text(time: datetime | None, zone: ZoneInfo | None) -> str:
    """Return ``23 Nov 2026, 02:14`` in the zone; a dash for None."""
    if time is None:
        return DASH
    local = time.astimezone(zone or UTC)
    return f"{day_text(local)}, {clock(local)}"


def second_text(time: datetime, zone: ZoneInfo | None) -> str:
    """Return ``2026-11-23 02:14:05 CET``."""
    return f"{time.astimezone(zone or UTC):%Y-%m-%d %H:%M:%S %Z}"


def on_text(run: Run, zone: ZoneInfo | None) -> str:
    """Return ``on 28 Nov 2026``; for a bound ``that ran by …`` or ``that ran after …``; empty if unknown."""
    if run.ran is None:
        return ""
    if run.ran_is_bound:
        return _("that ran {when}").format(when=when_text(run, zone))
    return _("on {day}").format(day=_day_of(run, zone))


def since_text(run: Run, zone: ZoneInfo | None) -> str:
    """Return the day of a run: ``2 Nov 2026``, or ``2 Nov 2026 at the latest``."""
    if run.ran is None:
        return _(TIME_UNKNOWN)
    day = _day_of(run, zone)
    return _("{day} at the latest").format(day=day) if run.ran_is_bound and run.ran_from == "seen" else day


def _day_of(run: Run, zone: ZoneInfo | None) -> str:
    """Return the day of a run of known time."""
    time = run.ran or datetime.min.replace(tzinfo=UTC)
    return day_text(time if run.ran_from == "name" else time.astimezone(zone or UTC))


def when_text(run: Run, zone: ZoneInfo | None) -> str:
    """Return when a job ran: ``by …`` or ``after …`` for a bound, only the day if it is from the file's name."""
    if run.ran is None:
        return _(TIME_UNKNOWN)
    if run.ran_from == "name":
        return day_text(run.ran)
    return bound_text(minute_text(run.ran, zone), run.ran_from if run.ran_is_bound else None)


def bound_text(time: str, bound: str | None) -> str:
    """Return a time as a bound: ``by …`` or ``after …``; ``bound`` is a value of ``ran_from``, None for no bound."""
    words = {"seen": _("by {time}"), "source": _("after {time}")}
    return words.get(bound or "", "{time}").format(time=time)


def number_text(number: int | None) -> str:
    """Return ``1,234``, or ``unknown``."""
    return _(UNKNOWN) if number is None else grouped(number)


_PROPERTIES_NAMED = 3


def error_explained(view: View, run: Run) -> Explanation:
    """Explain a job's error by its message, else by its name."""
    pattern = view.catalogue.pattern_of(run.error, run.error_message or "", None)
    return pattern or view.catalogue.explain(run.error)


def reason(view: View, run: Run) -> str:
    """Return the worst cause as a clause after "because"; the job's error if the log has no code."""
    ranked = view.log_of(run).ranked_codes(run.outcome)
    if not ranked:
        return f"{_(error_explained(view, run).title)} ({run.error})"
    return clause(view, run, ranked[0][0])


def clause(view: View, run: Run, code: str) -> str:
    """Return a clause for a code: with the properties that are not mapped, or by its only pattern."""
    if code == LogCode.InvalidProperty:
        names = view.log_of(run).properties_of(code)
        if names:
            text = ngettext(
                "the property {properties} is not mapped", "the properties {properties} are not mapped", len(names)
            )
            return text.format(properties=listed_first(names, _PROPERTIES_NAMED))
    patterns = view.log_of(run).patterns.get(code, ())
    known = view.catalogue.explain(patterns[0].name or code if len(patterns) == 1 else code)
    return _(known.title) if known.known else _("the log says {code}, an unknown code").format(code=code)
