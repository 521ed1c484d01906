"""One job on the terminal and as JSON: the answer first, then why, what to do, and the details."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from analyzer.catalogue.advice import headline, still_open_clause
from analyzer.cli.terminal.log import visible
from analyzer.cli.views.directory import look_up_json, print_look_up, resolution_json
from analyzer.cli.views.jobs import job_json, not_updated, ran, retry_result, until
from analyzer.history.verifications import newest_verification, verified_sentence
from analyzer.model.job import Outcome
from analyzer.model.text import capitalised, count, day, duration, listed, listed_first, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.catalogue import Catalogue
    from analyzer.catalogue.model import Advice, JobFacts
    from analyzer.cli.context import AppContext
    from analyzer.cli.terminal.output import Terminal
    from analyzer.directory.look_up import LookUp
    from analyzer.history.acknowledgements import Acknowledgement
    from analyzer.history.job_log import JobLog
    from analyzer.history.job_sources import Whereabouts
    from analyzer.history.load import Tables
    from analyzer.history.log_parts import PatternCount
    from analyzer.retry.queue_command import RetryToQueue
    from analyzer.storage.clean_record import CleanedItem

_SHOWN_USERS = 30
_SHOWN_ENTRIES = 20
_SHOWN_IN_COMMON = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """A code of a job's log, and the patterns that its messages match; empty if no message matches one."""

    code: str
    entries: int
    users: int
    patterns: tuple[PatternCount, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class JobView:
    """The facts to show of one job.

    Attributes:
        job: its row of ``tables.jobs``, with further columns for ``facts_of``.
        tables: of only this job.
        facts: the basis of the advice.
        advice: in the order in which to try it.
        failures: by code, most entries first.
        whereabouts: where entries without an identity are in the source file; None if unknown.
        users: in the log, a row each.
        queued: the retry file that can be queued now.
        retries: the rows of the jobs that imported a retry file of this one.
        acknowledged: the acknowledgement that is valid now.
        cleaned: what ``clean`` removed of it from the tenant.
        looked_up: what the IDs that couldn't be resolved are in a directory export; None without one.
    """

    job: Mapping[str, Any]
    tables: Tables
    facts: JobFacts
    advice: tuple[Advice, ...]
    failures: list[Failure]
    whereabouts: Whereabouts | None
    users: list[dict[str, Any]]
    queued: RetryToQueue | None
    retries: list[dict[str, Any]]
    acknowledged: Acknowledgement | None = None
    looked_up: LookUp | None = None
    cleaned: Sequence[CleanedItem] = ()

    @property
    def places(self) -> Whereabouts | None:
        """Where entries without an identity are; None if records without an ID explain them all."""
        source = self.facts.source
        explained = source is not None and source.without_id_count == sum(self.facts.nameless.values())
        return None if explained else self.whereabouts


def failures_of(log: JobLog) -> list[Failure]:
    """Return the codes of a log, most entries first, each with its patterns, the worst first."""

    def named(counted: Sequence[PatternCount]) -> tuple[PatternCount, ...]:
        return tuple(counted) if any(one.name for one in counted) else ()

    return [Failure(code, lines, users, named(log.patterns.get(code, ()))) for code, lines, users in log.codes]


def view_json(shown: JobView) -> dict[str, Any]:
    """Return the result of ``show --json``; a pattern's ``name`` is null for messages that match none."""
    from analyzer.history.job_sources import whereabouts_json
    from analyzer.retry.queue_command import queue_commands
    from analyzer.source.damaged_values import damage_json

    queued = shown.tables.queued.get(shown.job["job_id"])
    return {
        **job_json(shown.tables.jobs)[0],
        "queued": queued.as_json if queued else None,
        "acknowledged": shown.acknowledged is not None,
        "verified": newest_verification(shown.tables.verifications, shown.job["job_id"]),
        "advice": [
            {
                "about": one.about,
                "text": one.text,
                "reason": one.reason or None,
                "who": one.who,
                "command": list(one.command) or None,
            }
            for one in shown.advice
        ],
        "retry_files": list(shown.queued.paths) if shown.queued else [],
        "queue_commands": list(queue_commands(shown.queued)) if shown.queued else [],
        "in_common": [dataclasses.asdict(one) for one in shown.facts.shared],
        "failures": [dataclasses.asdict(one) for one in shown.failures],
        "users": [
            {name: value for name, value in user.items() if name != "key"}
            | {"directory": resolution_json(shown.looked_up, user["identity"])}
            for user in shown.users
        ],
        "directory": look_up_json(shown.looked_up),
        "damage": damage_json(shown.tables.damage.get(shown.job["job_id"], ())),
        "removed_from_tenant": [
            {"kind": one.kind.name, "uri": one.uri, "removed_at": one.at.isoformat(), "bin_id": one.bin_id}
            for one in shown.cleaned
        ],
        **whereabouts_json(shown.whereabouts),
    }


def print_view(app: AppContext, shown: JobView, *, everyone: bool) -> None:
    """Print a job: the answer, why, what to do, details."""
    from analyzer.source.damaged_values import warnings_of

    terminal = app.terminal
    terminal.prose(f"{shown.facts.feed or shown.facts.job_id}: {headline(shown.facts)}.")
    for sentence in _why(shown, app.settings.catalogue):
        terminal.prose(f"  {sentence}", indent="  ")
    for warning in warnings_of(shown.tables.damage.get(shown.job["job_id"], ())):
        terminal.prose(f"  {warning}", indent="  ")
    if verified := newest_verification(shown.tables.verifications, shown.job["job_id"]):
        zone = app.zone() or UTC
        when = day(verified["verified_at"].astimezone(zone), datetime.now(zone))
        terminal.prose(f"  {verified_sentence(verified, when)}", indent="  ")
    for sentence in _retried(shown, app.zone()):
        terminal.prose(f"  {sentence}", indent="  ")
    _print_places(terminal, shown.places)
    created = ("retry", shown.facts.job_id) if shown.queued else ()
    advice = [one for one in shown.advice if not one.command or one.command != created]
    # With a retry file at hand the next step is to queue it; other commands are printed with their advice.
    runs = (one.command for one in advice if not shown.queued and _runs(one.command, shown.facts, app))
    command = next(runs, ())
    _print_advice(app, advice, shown.facts, command)
    _print_queue(terminal, shown.queued)
    if shown.looked_up is not None:
        print_look_up(terminal, shown.looked_up)
    _print_users(terminal, shown.users, everyone=everyone, looked_up=shown.looked_up)
    _print_details(app, shown)
    if any(one.command == ("show", shown.facts.job_id) for one in shown.advice):
        _print_support(app, shown)
    if command:
        terminal.say(f"next: {app.commands.line(*command)}")


def _runs(command: tuple[str, ...], facts: JobFacts, app: AppContext) -> bool:
    """Return whether a command is the next step: not this one, and a pull only for this library."""
    if not command or command == ("show", facts.job_id):
        return False
    return command[0] != "pull" or bool(app.settings.config.tenants and not app.commands.library)


def _why(shown: JobView, catalogue: Catalogue) -> Iterator[str]:
    """Yield why, a sentence each: the codes of the log or the job's error, and what failures have in common."""
    from analyzer.catalogue.advice import clause_of
    from analyzer.history.job_facts import shared_sentence

    facts = shown.facts
    if not facts.outcome.ended and facts.waiting:
        yield f"It was first seen {duration(facts.waiting * 3600)} before the job list was last read."
    if not facts.codes or not facts.outcome.ended:
        known = catalogue.explain_job(facts.error, facts.outcome.value, has_log=facts.log_found, message=facts.message)
        if facts.outcome is not Outcome.succeeded:
            yield known.meaning
        if known.takes:
            yield known.takes
        if facts.message:
            yield f"The service's message: {facts.message}"
    for one in facts.codes:
        hit = count(one.users, "user") if one.users else count(one.entries, "entry", "entries")
        yield f"{clause_of(one.name, facts, catalogue)} ({one.name}): {hit}."
    nameless = sum(facts.nameless.values())
    if nameless and facts.outcome is Outcome.partial and not (shown.places and shown.places.by_entry()):
        yield _unidentified(nameless)
    known_keys = facts.source.strangers if facts.source else ()
    strangers = [user["identity"] for user in shown.users if user["key"] in known_keys]
    if strangers:
        named = listed_first(strangers, _SHOWN_IN_COMMON)
        verb = "isn't" if len(strangers) == 1 else "aren't"
        yield f"Of the users in the log, {len(strangers):,} {verb} in the source file: {named}."
    for shared in facts.shared[:_SHOWN_IN_COMMON]:
        yield f"{shared_sentence(shared)}."


def _retried(shown: JobView, zone: ZoneInfo | None) -> Iterator[str]:
    """Yield what retries of a run achieved, or which run a retry belongs to, a sentence each."""
    if shown.facts.retry_of:
        yield f"This job imports a retry file of the job {shown.facts.retry_of}."
    for retry in shown.retries:
        yield f"{capitalised(retry_result(retry, zone, datetime.now(UTC)))}."
    if shown.retries:
        yield f"{capitalised(still_open_clause(shown.facts.open))}."


def _unidentified(entries: int) -> str:
    return count(entries, "entry doesn't identify a user.", "entries don't identify a user.")


def _print_places(terminal: Terminal, found: Whereabouts | None) -> None:
    """Print where entries without an identity are in the source file."""
    if found is None:
        return
    sentences = [one.sentence for one in found.located if one.sentence]
    entries = list(found.by_entry().items())
    if sentences or entries:
        terminal.show()
    for sentence in sentences:
        terminal.prose(f"{sentence}.", indent="  ")
    if entries:
        terminal.prose(f"{_unidentified(len(entries))} {found.order_sentence}")
    several = len({log_file for (log_file, _), _ in entries}) > 1
    for (log_file, line), words in entries[:_SHOWN_ENTRIES]:
        place = f"{log_file.rsplit('/', 1)[-1]}, line {line:,}" if several else f"line {line:,}"
        terminal.prose(f"  {place}: {words}", indent="    ")
    if len(entries) > _SHOWN_ENTRIES:
        terminal.show(f"  and {len(entries) - _SHOWN_ENTRIES:,} more. Use --json or the report to see all.")


def _print_advice(app: AppContext, advice: Sequence[Advice], facts: JobFacts, following: tuple[str, ...]) -> None:
    """Print what to do, in the order in which to try it; the next command is printed at the end."""
    if not advice:
        return
    app.terminal.show()
    app.terminal.show("What to do:")
    for number, one in enumerate(advice, 1):
        app.terminal.prose(f"  {number}. {app.commands.completed(one.sentence)}", indent="     ")
        if one.command not in {(), following, ("show", facts.job_id)} and "`" not in one.text:
            app.terminal.show(f"     {app.commands.line(*one.command)}")


def _print_queue(terminal: Terminal, queued: RetryToQueue | None) -> None:
    """Print how to queue the retry file, each line of PowerShell in one piece, so that it can be pasted."""
    from analyzer.retry.queue_command import queue_commands, queue_remarks

    if queued is None:
        return
    terminal.show()
    terminal.show("To queue the retry file, in PowerShell with the module PnP.PowerShell:")
    for remark in queue_remarks(queued):
        terminal.prose(f"  {remark}", indent="  ")
    for line in queue_commands(queued):
        terminal.show(line)


def status_text(new: bool | None, is_open: bool | None) -> str:
    """Format whether a user is new or recurring, and whether a later import has updated the user."""
    known = {True: "New", False: "Recurring", None: ""}[new]
    since = "updated since" if is_open is False else ""
    return ", ".join(filter(None, (known, since))) or "-"


def _print_users(terminal: Terminal, users: list[dict[str, Any]], *, everyone: bool, looked_up: LookUp | None) -> None:
    from analyzer.cli.terminal.output import Column

    if not users:
        return
    terminal.show()
    shown = users if everyone or not terminal.interactive else users[:_SHOWN_USERS]
    if len(shown) < len(users):
        terminal.show(f"Showing {len(shown):,} of {len(users):,}; --all shows every user.")
    columns = [Column("user", fold=True), Column("codes"), Column("entries", right=True, least=1)]
    rows = [[user["identity"], ", ".join(user["codes"]), f"{user['entries']:,}"] for user in shown]
    if any(user["new"] is not None or user["open"] is False for user in users):
        columns.insert(1, Column("status", least=2))
        for row, user in zip(rows, shown, strict=True):
            row.insert(1, status_text(user["new"], user["open"]))
    if looked_up is not None:
        columns.append(Column("in the directory", fold=True))
        for row, user in zip(rows, shown, strict=True):
            one = looked_up.by_identity.get(user["identity"])
            row.append(one.proof if one else "-")
    terminal.table(columns, rows)


def _print_details(app: AppContext, shown: JobView) -> None:
    job, terminal = shown.job, app.terminal
    details = {
        "job": job["job_id"] + (" (no longer listed by the tenant)" if job["gone"] else ""),
        "feed": job["feed"] or "unknown",
        "ran": ran(job, app.zone(), datetime.now(UTC)),
        "state": job["state"],
        "error": job["error"],
        "outcome": job["outcome"],
        "users": "unknown" if job["users"] is None else f"{job['users']:,}",
        "not updated": not_updated(job),
        "source": job["source_uri"] or "unknown",
        "source file": shown.tables.source_problems.get(job["job_id"], "in the library"),
        "log": count(job["entries"], "entry", "entries") if job["log_found"] else "none",
    }
    if shown.cleaned:
        kinds = listed(kind for kind in dict.fromkeys(one.kind.value for one in shown.cleaned))
        when = moment(max(one.at for one in shown.cleaned), app.zone(), datetime.now(UTC))
        details["clean"] = f"removed from the tenant, into the recycle bin: {kinds} ({when})"
    if job["superseded_by"]:
        details["superseded"] = f"by {job['superseded_by']}"
    if Outcome(job["outcome"]).ended:
        details["open"] = "unknown" if job["open"] is None else f"{job['open']:,}"
    if queued := shown.tables.queued.get(job["job_id"]):
        details["queued with"] = queued.words
        if queued.note:
            details["import"] = queued.note
    if shown.acknowledged:
        details["acknowledged"] = f"until {until(shown.acknowledged, app.zone(), datetime.now(UTC))}"
    terminal.show()
    for name, value in details.items():
        # An address stays in one piece so that it can be copied.
        write = terminal.show if "://" in str(value) else functools.partial(terminal.prose, indent=" " * 13)
        write(visible(f"{name:<12} {value}"))


def _print_support(app: AppContext, shown: JobView) -> None:
    from analyzer.history.job_facts import support_text

    app.terminal.show()
    app.terminal.show("For Microsoft's support:")
    app.terminal.show()
    for line in support_text(shown.job, has_log=shown.facts.log_found).splitlines():
        app.terminal.show(visible(line))
