"""``upa-analyzer show [JOB]``."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.context import Context
from analyzer.cli.options import FailOn, FailOnOption, LibraryOption
from analyzer.cli.views.failures import failures_json, failures_of
from analyzer.errors import AnalyzerError
from analyzer.history.newest import newest_failed
from analyzer.model.job import find_job
from analyzer.model.outcome import FAILED, STILL_OPEN, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from analyzer.catalogue import Catalogue
    from analyzer.catalogue.advice import Advice, JobFacts
    from analyzer.cli.terminal.output import Terminal
    from analyzer.cli.views.failures import Failure
    from analyzer.history.load import Tables
    from analyzer.history.locations import Whereabouts
    from analyzer.history.silenced import Acknowledgement
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.retry.queue_command import RetryToQueue

_SHOWN_USERS = 30
_SHARED_TOLD = 3


@dataclasses.dataclass(slots=True)
class _Shown:
    """What there is to show of one job."""

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


def command(  # noqa: PLR0913 - the contract's options
    context: typer.Context,
    job: Annotated[
        str,
        typer.Argument(
            help="The job's ID, or its first eight characters; the newest run that failed if left out.", metavar="[JOB]"
        ),
    ] = "",
    *,
    feed: Annotated[str, typer.Option("--feed", metavar="NAME", help="The newest run of this feed that failed.")] = "",
    everyone: Annotated[bool, typer.Option("--all", help="Show every user, also on a terminal.")] = False,
    library: LibraryOption = None,
    fail_on: FailOnOption = FailOn.never,
) -> int:
    """Show a job: what failed, why, who is affected, how to fix it."""
    from analyzer.history.load import load

    given = context.ensure_object(Context)
    settings = given.settings()
    opened = given.library(library)
    workspace = given.workspace(settings, library)
    retry_folder = workspace.retry
    tables = load(opened, rules=given.feed_rules(settings), retry_folder=retry_folder)
    job = job or newest_failed(tables.jobs, feed) or ""
    wanted = find_job(opened.jobs(), job) if job else None
    if wanted is None:
        if given.terminal.json:
            given.terminal.result(None)
        else:
            given.terminal.show(f"No run of {feed} failed." if feed else "No run failed.")
        return 0
    shown = _shown(given, tables, wanted, opened, retry_folder)
    shown.acknowledged = given.acknowledged(workspace).valid(shown.tables.jobs, datetime.now(UTC)).get(wanted.job_id)
    if given.terminal.json:
        given.terminal.result(_json(shown))
    else:
        _print(given, shown, everyone=everyone)
    unread = (log.problem for log in tables.logs_of(wanted.job_id) if log.problem)
    is_retry = shown.facts.retry_of is not None
    fails = not shown.acknowledged and fail_on.met_by(shown.job["outcome"], shown.facts.new, is_retry=is_retry)
    return given.unread(unread) or int(fails)


def _shown(given: Context, tables: Tables, job: Job, library: Library, retry_folder: Path) -> _Shown:
    """Gather what there is to show; the source file is read where it can explain something."""
    from analyzer.catalogue.advice import advise
    from analyzer.history.job_facts import facts_of, look_for, patterns_in, retry_in, superseded_by
    from analyzer.history.locations import whereabouts
    from analyzer.model.text import short_ids

    catalogue, source = given.settings().catalogue, library.source_file(job)
    short = short_ids(tables.jobs["job_id"])
    of_job = tables.only([job.job_id])
    later = superseded_by(tables, job.job_id, short)
    row = {
        **of_job.jobs.row(0, named=True),
        "short": short[job.job_id],
        "superseded_by": later,
        "retry_in": retry_in(tables, job.job_id, short),
    }
    patterns = patterns_in(of_job.entries, catalogue)
    facts = facts_of(row, of_job, of_job.entries, patterns, look_for(row, of_job, source))
    queued = None if facts.outdated or facts.outcome not in FAILED else _retry_file(retry_folder, of_job, job, library)
    return _Shown(
        job=row,
        tables=of_job,
        facts=facts,
        advice=advise(facts, catalogue),
        failures=failures_of(of_job.entries, patterns),
        whereabouts=whereabouts(of_job.entries, source),
        users=of_job.users.drop("job_id").to_dicts(),
        queued=queued,
        retries=[row for row in tables.jobs.iter_rows(named=True) if row["retry_of"] == job.job_id],
    )


def _retry_file(folder: Path, tables: Tables, job: Job, library: Library) -> RetryToQueue | None:
    """The job's retry file, where there is one that is what would be made now."""
    from analyzer.retry.library_jobs import ingredients_of, retry_target, vouched_manifest
    from analyzer.retry.queue_command import to_queue

    target = retry_target(library, job, folder)
    if not target.parent.is_dir():
        return None
    try:
        manifest = vouched_manifest(target, ingredients_of(library, tables, job))
    except AnalyzerError:
        return None  # it would be made anew
    queued = to_queue(manifest, target.parent) if manifest and manifest.files else None
    return queued if queued and queued.importable else None


def _json(shown: _Shown) -> dict[str, Any]:
    from analyzer.cli.views.jobs import job_json
    from analyzer.history.locations import whereabouts_json
    from analyzer.retry.queue_command import queue_commands
    from analyzer.source.damage import damage_json

    return {
        **job_json(shown.tables.jobs)[0],
        "acknowledged": shown.acknowledged is not None,
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
        "failures": failures_json(shown.failures),
        "users": [{name: value for name, value in user.items() if name != "key"} for user in shown.users],
        "damage": damage_json(shown.tables.damage.get(shown.job["job_id"], ())),
        **whereabouts_json(shown.whereabouts),
    }


def _print(given: Context, shown: _Shown, *, everyone: bool) -> None:
    """The answer first, then why, then what to do, then details."""
    from analyzer.cli.views.locations import print_whereabouts
    from analyzer.source.damage import warnings_of

    terminal = given.terminal
    terminal.prose(headline(shown.job, shown.facts))
    for sentence in _why(shown, given.settings().catalogue):
        terminal.prose(f"  {sentence}", indent="  ")
    for warning in warnings_of(shown.tables.damage.get(shown.job["job_id"], ())):
        terminal.prose(f"  {warning}", indent="  ")
    for sentence in _retried(shown, given.zone(given.settings())):
        terminal.prose(f"  {sentence}", indent="  ")
    source = shown.facts.source
    if not (source and source.without_id_count == sum(shown.facts.nameless.values())):
        print_whereabouts(terminal, shown.whereabouts)
    made = ("retry", shown.facts.job_id) if shown.queued else ()
    advice = [one for one in shown.advice if not one.command or one.command != made]
    # With a retry file at hand the next step is to queue it; other commands are printed with their advice.
    runs = (one.command for one in advice if not shown.queued and _runs(one.command, shown.facts, given))
    command = next(runs, ())
    _print_advice(given, advice, shown.facts, command)
    _print_queue(terminal, shown.queued)
    _print_users(terminal, shown.users, everyone=everyone)
    _print_details(given, shown)
    if any(one.command == ("show", shown.facts.job_id) for one in shown.advice):
        _print_support(given, shown)
    if command:
        terminal.say(f"next: {given.commands.line(*command)}")


def _runs(command: tuple[str, ...], facts: JobFacts, given: Context) -> bool:
    """Whether a command is the next step: not this one, and a pull only where it reaches this library."""
    if not command or command == ("show", facts.job_id):
        return False
    return command[0] != "pull" or bool(given.settings().config.tenants and not given.commands.library)


def headline(job: Mapping[str, Any], facts: JobFacts) -> str:
    """Say how a job ended for its users, in a line: ``hr-feed: 12 of 295 users not updated, 4 new.``."""
    from analyzer.model.text import count
    from analyzer.report.toll import toll

    feed = job["feed"] or job["short"]
    users = facts.users
    number = toll(facts.outcome, job["not_updated"], facts.failed).number
    match facts.outcome:
        case Outcome.aborted | Outcome.unknown | Outcome.partial if users == 0:
            said = f"the source file has no users ({facts.error})"
        case Outcome.succeeded:
            said = f"all {count(users, 'user')} updated" if users and users > 1 else "all users updated"
        case Outcome.partial if number:
            # Our copy of the source file isn't what the job read where it has fewer users.
            of = f" of {count(users, 'user')}" if users and users >= number else " user" if number == 1 else " users"
            least = "" if job["not_updated"] is not None else "at least "
            said = f"{least}{number:,}{of} not updated"
        case Outcome.partial:
            who = "probably those with several records" if facts.repeated else "who is unknown"
            said = f"some users not updated; {who}"
        case Outcome.aborted:
            affected = f"none of {count(users, 'user')}" if users else "no user"
            said = f"the import was aborted, {affected} updated"
        case Outcome.unknown:
            said = f"who was updated is unknown ({facts.error if facts.error != 'NoError' else facts.state})"
        case Outcome.stuck:
            said = f"the job is stuck in {facts.state}"
        case _:
            said = f"the job is still running ({facts.state})"
    fresh = f", {facts.new:,} new" if facts.new is not None and facts.outcome is Outcome.partial and number else ""
    return f"{feed}: {said}{fresh}."


def _why(shown: _Shown, catalogue: Catalogue) -> Iterator[str]:
    """Why, a sentence each: the codes of the log, or what the job's error means; what failures have in common."""
    from analyzer.catalogue.advice import clause_of
    from analyzer.history.job_facts import shared_sentence
    from analyzer.model.text import count, duration, listed_first

    facts = shown.facts
    if facts.outcome in STILL_OPEN and facts.waiting:
        yield f"It was first seen {duration(facts.waiting * 3600)} before the job list was last read."
    if not facts.codes or facts.outcome in STILL_OPEN:
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
    if nameless and facts.outcome is Outcome.partial:
        unidentified = count(nameless, "entry doesn't", "entries don't")
        yield f"{unidentified} identify a user."
    strangers = (
        [user["identity"] for user in shown.users if user["key"] in facts.source.strangers] if facts.source else []
    )
    if strangers:
        named = listed_first(strangers, _SHARED_TOLD)
        verb = "isn't" if len(strangers) == 1 else "aren't"
        yield f"Of the users in the log, {len(strangers):,} {verb} in the source file: {named}."
    for shared in facts.shared[:_SHARED_TOLD]:
        yield f"{shared_sentence(shared)}."


def _retried(shown: _Shown, zone: ZoneInfo | None) -> Iterator[str]:
    """What retries made of a run, and of which run a retry is: a sentence each."""
    from analyzer.cli.views.jobs import ran
    from analyzer.report.toll import retried, still_open

    if shown.facts.retry_of:
        yield f"This job imports a retry file of the job {shown.facts.retry_of}."
    for retry in shown.retries:
        when = ran(retry, zone, datetime.now(UTC)) if retry["ran"] else ""
        yield retried(Outcome(retry["outcome"]), retry["users"], retry["not_updated"], when)
    if shown.retries:
        yield still_open(shown.facts.open)


def _print_advice(given: Context, advice: Sequence[Advice], facts: JobFacts, following: tuple[str, ...]) -> None:
    """What to do, in the order in which to try it; the command that follows is printed at the end."""
    if not advice:
        return
    given.terminal.show()
    given.terminal.show("What to do:")
    for number, one in enumerate(advice, 1):
        given.terminal.prose(f"  {number}. {given.commands.completed(one.sentence)}", indent="     ")
        if one.command not in {(), following, ("show", facts.job_id)} and "`" not in one.text:
            given.terminal.show(f"     {given.commands.line(*one.command)}")


def _print_queue(terminal: Terminal, queued: RetryToQueue | None) -> None:
    """How to queue the retry file that there is; each line of PowerShell in one piece, so that it can be pasted."""
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
    """Say whether a user is new or recurring, and whether a later import has updated the user since."""
    known = {True: "New", False: "Recurring", None: ""}[new]
    since = "updated since" if is_open is False else ""
    return ", ".join(filter(None, (known, since))) or "-"


def _print_users(terminal: Terminal, users: list[dict[str, Any]], *, everyone: bool) -> None:
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
    terminal.table(columns, rows)


def _print_details(given: Context, shown: _Shown) -> None:
    from analyzer.cli.terminal.log import visible
    from analyzer.cli.views.jobs import acknowledged_until, not_updated, ran
    from analyzer.model.text import count

    job, terminal = shown.job, given.terminal
    details = {
        "job": job["job_id"] + (" (no longer listed by the tenant)" if job["gone"] else ""),
        "feed": job["feed"] or "unknown",
        "ran": ran(job, given.zone(given.settings()), datetime.now(UTC)),
        "state": job["state"],
        "error": job["error"],
        "outcome": job["outcome"],
        "users": "unknown" if job["users"] is None else f"{job['users']:,}",
        "not updated": not_updated(job),
        "source": job["source_uri"] or "unknown",
        "source file": shown.tables.source_problems.get(job["job_id"], "in the library"),
        "log": count(job["entries"], "entry", "entries") if job["log_found"] else "none",
    }
    if job["superseded_by"]:
        details["superseded"] = f"by {job['superseded_by']}"
    if job["outcome"] not in STILL_OPEN:
        details["open"] = "unknown" if job["open"] is None else f"{job['open']:,}"
    if shown.acknowledged:
        zone = given.zone(given.settings())
        known = acknowledged_until(shown.acknowledged, zone, datetime.now(UTC))
        details["acknowledged"] = known.removeprefix("acknowledged ")
    terminal.show()
    for name, value in details.items():
        # An address stays in one piece, so that it can be copied.
        write = terminal.show if "://" in str(value) else functools.partial(terminal.prose, indent=" " * 13)
        write(visible(f"{name:<12} {value}"))


def _print_support(given: Context, shown: _Shown) -> None:
    from analyzer.catalogue import support_request
    from analyzer.cli.terminal.log import visible

    # Without a log only the pull is known that first saw the job ended.
    ended = "Ended" if shown.job["ran_from"] == "log" else "Ended by"
    times = [
        (name, f"{shown.job[column]:%Y-%m-%d %H:%M:%S} UTC")
        for name, column in (("First seen", "first_seen"), (ended, "finished"))
        if shown.job[column] is not None
    ]
    given.terminal.show()
    given.terminal.show("For Microsoft's support:")
    given.terminal.show()
    for line in support_request(shown.job, has_log=shown.facts.log_found, times=times).splitlines():
        given.terminal.show(visible(line))
