"""Build a job's page: what happened, what to do, causes, users who were not updated, and the evidence."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC
from typing import TYPE_CHECKING

from analyzer.analysis.timeline import BOUND_WORDS, HOW_KNOWN
from analyzer.catalogue.advice import advise
from analyzer.history.job_facts import shared_sentence
from analyzer.model.job import Outcome
from analyzer.model.language import gettext as _
from analyzer.model.text import count, day, listed, listed_first, size
from analyzer.report.index_page import frame_of, job_row
from analyzer.report.model import DASH, Entries, EntryRow, Fact, Grid, JobPage, Note, PeopleData, Person, ToDo
from analyzer.report.people_data import people_data
from analyzer.report.sentences import (
    UNKNOWN,
    causes_of,
    history_of,
    job_error_of,
    job_sentence,
    properties_of,
    second_text,
    when_text,
)
from analyzer.report.view import entries_name, has_entries, list_name, queue_of, retry_button
from analyzer.source.damaged_values import warnings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Any

    from analyzer.catalogue.model import Advice, JobFacts
    from analyzer.logs.model import LogRead
    from analyzer.report.view import Run, View

_SHARED_SHOWN = 3
"""Limit of traits that failures share."""

_RECORDS_NAMED = 10
"""Limit of records without an ID that are listed by number."""

_NO_ACTION = ("open", "superseded")
"""Topics of advice that require no action."""

_STATUS = {True: "New", False: "Recurring", None: DASH}


def job_page(view: View, run: Run) -> JobPage:
    """Return a job's page."""
    log = view.log_of(run)
    people, people_note = people_of(view, run)
    looked_up = view.looked_up.get(run.job_id)
    nameless, nameless_note = nameless_shown(view, run)
    facts = view.facts_of(run)
    button = retry_button(view, run, view.out / "jobs")
    return JobPage(
        frame=frame_of(view, dated=False),
        row=job_row(view, run),
        sentence=job_sentence(view, run, facts),
        history=tuple(history_of(view, run)),
        retry=button,
        queue=queue_of(view, run),
        to_do=_to_do(view, facts, has_file=bool(button and button.href)),
        shared=tuple(f"{shared_sentence(one)}." for one in facts.shared[:_SHARED_SHOWN]),
        warnings=tuple(warnings_of(view.tables.damage.get(run.job_id, ()))),
        causes=causes_of(view, run),
        located=located_in(view, run),
        properties=properties_of(log),
        job_error=job_error_of(view, run),
        error_message=run.error_message or "",
        people=people,
        people_note=people_note,
        nameless=nameless,
        nameless_note=nameless_note,
        no_entry=entries_shown(log.first_texts, log.texts),
        facts=facts_of(view, run),
        logs=logs_of(view, run),
        observations=observations_of(view, run),
        csv=entries_name(run).rpartition("/")[2] if has_entries(view, run) else "",
        directory=(*looked_up.sentences, *looked_up.remarks) if looked_up else (),
        directory_name=looked_up.directory.name if looked_up else "",
        people_data=people_data_of(view, run, shown=len(people)),
    )


def _to_do(view: View, facts: JobFacts, *, has_file: bool) -> tuple[ToDo, ...]:
    """Return what to do about a job, without creating a retry file that exists."""
    create = ("retry", facts.job_id) if has_file else ()
    advice = [one for one in advise(facts, view.catalogue) if not one.command or one.command != create]
    return tuple(
        ToDo(
            text=view.commands.completed(one.text),
            reason=one.reason,
            who="" if one.about in _NO_ACTION else one.who,
            command=view.commands.line(*command) if (command := _command(one, facts)) else "",
        )
        for one in advice
    )


def _command(advice: Advice, facts: JobFacts) -> tuple[str, ...]:
    """Return the command of an advice; a later job is found by its feed, because it is another one each night."""
    return ("show", "--feed", facts.feed) if advice.about in _NO_ACTION and facts.open != 0 else advice.command


def people_of(view: View, run: Run) -> tuple[tuple[Person, ...], str]:
    """Return the people named in a job's log, new ones first, then in log order; and a note on omitted people."""
    looked_up = view.looked_up.get(run.job_id)
    resolved = looked_up.by_identity if looked_up else {}
    people = tuple(
        Person(
            identity=user.identity,
            codes=tuple(user.codes),
            status=_STATUS[user.new],
            since="updated since" if user.open is False else "",
            count=user.entries,
            counted=count(user.entries, "entry", "entries"),
            entries=entries_shown(user.first, user.entries),
            directory=found.proof if (found := resolved.get(user.identity)) else "",
        )
        for user in view.log_of(run).first_users()
    )
    if not people:
        return (), ""
    left = run.named_users > len(people)
    return people, f"The first {len(people):,} of {run.named_users:,} people are shown." if left else ""


def people_data_of(view: View, run: Run, *, shown: int) -> PeopleData | None:
    """Return all people of a job for the page's script; None if the page shows them, and there is no list."""
    if not shown or (run.named_users <= shown and not view.has_list(run)):
        return None
    found = view.failed_users_of(run)
    times = found.table["since"].drop_nulls().unique()
    days = {time: day(time.astimezone(view.zone or UTC), view.now.astimezone(view.zone or UTC)) for time in times}
    lists: tuple[Note, ...] = ()
    if view.has_list(run):
        links = ((_("Download this list (XLSX)"), ".xlsx"), (_("CSV"), ".csv"))
        lists = tuple(Note(text, list_name(run, ending).rpartition("/")[2]) for text, ending in links)
    return PeopleData(
        packed=people_data(found, view.tables.entries_of(run.job_id), days),
        messages=json.dumps(_messages(), ensure_ascii=False),
        name=f"failed-{view.short[run.job_id]}",
        lists=lists,
    )


def _messages() -> dict[str, str]:
    """Return the texts of the script of people."""
    return {
        "search": _("Search"),
        "all": _("all"),
        "shown": _("{from}\u2013{to} of {all}"),
        "shownOf": _("{from}\u2013{to} of {n} found, of {all}"),
        "back": _("Back"),
        "forth": _("Next"),
        "entries": _("{n} in the log"),
        "since": _("since {since}, {n} runs"),
        "place": _("{file}, line {line}"),
        "inLog": _("Too long to show here; see the log."),
        "saveCsv": _("Save these as CSV"),
        "saveXlsx": _("Save these as XLSX"),
    }


def entries_shown(first: Sequence[tuple[Any, ...]], total: int) -> Entries:
    """Return entries, columns ``log_parts.ENTRY``, the first of ``total``."""
    left_out = (
        f"The first {len(first):,} of {count(total, 'entry', 'entries')} are shown." if len(first) < total else ""
    )
    return Entries(tuple(_entry(*entry) for entry in first), left_out)


def nameless_shown(view: View, run: Run) -> tuple[Entries, str]:
    """Return entries that don't identify a user, with their bounds, and a note that explains entries or bounds."""
    log = view.log_of(run)
    total = sum(log.nameless_codes.values())
    if not total:
        return Entries((), ""), ""
    first = log.first_nameless
    shown, whereabouts = entries_shown(first, total), view.whereabouts_of(run)
    if run.outcome is Outcome.partial and run.not_updated is not None:
        findings = view.findings.get(run.job_id)
        records = [f"{record:,}" for record in findings.facts.without_id] if findings else []
        where = f": {listed_first(records, _RECORDS_NAMED, total)}" if records else ""
        return shown, f"As many records of the source file have no ID ({count(total, 'record')}{where})."
    if whereabouts is None:
        return shown, ""
    words = whereabouts.by_entry()
    pairs = zip(shown.rows, first, strict=True)
    rows = tuple(dataclasses.replace(row, whereabouts=words.get(entry[-2:], "")) for row, entry in pairs)
    return dataclasses.replace(shown, rows=rows), whereabouts.order_sentence


def _entry(  # noqa: PLR0913, PLR0917 - the columns
    code: str | None, identity: str | None, message: str | None, detail: str | None, log_file: str, line: int
) -> EntryRow:
    place = f"{log_file.rsplit('/', 1)[-1]}, line {line:,}"
    return EntryRow(code or "", identity or "", message or "", detail or "", place)


def located_in(view: View, run: Run) -> tuple[str, ...]:
    """Return a sentence for each place in the source file that a message of the log names."""
    whereabouts = view.whereabouts_of(run)
    return tuple(f"{one.sentence}." for one in whereabouts.located if one.sentence) if whereabouts else ()


def facts_of(view: View, run: Run) -> tuple[Fact, ...]:
    """Return source file, log folder, times and version, each with a note on how it is known, or why it is unknown."""
    problem = view.tables.source_problems.get(run.job_id, "")
    ended = "log" if run.ran_from == "log" else "seen"
    no_log = "no log was found"
    if run.outcome is Outcome.succeeded:
        no_log = "no log was found; there is none when all users are updated"
    queued = view.tables.queued.get(run.job_id)
    return (
        Fact("Job", run.job_id, ""),
        Fact("Feed", run.feed, "inferred from the source file's host, folder, and name, or named in the configuration"),
        Fact("Source file", run.source_uri or UNKNOWN, ""),
        *([Fact("Queued with", queued.words, "recorded when upa-analyzer queued it")] if queued else []),
        _counted("Size", run.source_bytes, problem, size),
        _counted("Users", run.users, problem),
        _counted("Property values", run.property_values, problem),
        Fact("Log folder", run.log_folder_uri or "none named by the service", "" if run.log_found else no_log),
        Fact("SharePoint status", f"{run.state}, {run.error}", ""),
        Fact("Ran", when_text(run, view.zone), HOW_KNOWN.get(run.ran_from or "", "")),
        _time("Started", run.started, view, bound="by ", how="a pull saw that it had started by then"),
        _time("Finished", run.finished, view, bound=BOUND_WORDS.get(ended, ""), how=HOW_KNOWN[ended]),
        _time("First seen by a pull", run.first_seen, view),
        _time("Last seen changed", run.last_changed, view),
        Fact("Program", f"upa-analyzer {view.version}", ""),
    )


def logs_of(view: View, run: Run) -> Grid | None:
    """Return the job's log files and how each was read; None if there is none."""
    rows = tuple(log_words(log) for log in view.tables.logs_of(run.job_id))
    return Grid(("Log file", "Encoding", "Entries", "Read"), rows) if rows else None


def log_words(log: LogRead) -> tuple[str, str, str, str]:
    """Return a log file's name, encoding, number of entries, and how it was read."""
    return log.name, log.encoding.name, f"{log.entries:,}", _read(log)


def observations_of(view: View, run: Run) -> Grid | None:
    """Return the job's states seen by pulls, oldest first; None if there is none."""
    shown = tuple(
        (second_text(at, view.zone), second_text(before, view.zone) if before else DASH, state, error)
        for at, before, state, error in view.observations.get(run.job_id, ())
    )
    return Grid(("Seen at", "Previous pull", "SharePoint status", "Error"), shown) if shown else None


def _read(log: LogRead) -> str:
    """Return whether a log was read completely, or else its problems."""
    replaced = log.encoding.replaced
    faults = [f"{count(replaced, 'character')} replaced: not readable as {log.encoding.name}"] if replaced else []
    faults += ["begins in the middle of a character"] if log.encoding.cut else []
    faults += ["a part in another byte order was not read"] if log.encoding.swapped else []
    if log.problem:
        faults.append(log.problem.what.removeprefix(f"{log.name} "))
    if log.growing:
        faults.append(f"it was still being written, and read to line {log.lines:,}")
    if log.cut_off:
        faults.append(f"it ends inside an entry, in line {log.lines:,}")
    return listed(faults) or "completely"


def _counted(label: str, number: int | None, problem: str, words: Callable[[int], str] = "{:,}".format) -> Fact:
    """Return a count of the source file, or why it is unknown."""
    return Fact(label, UNKNOWN, problem) if number is None else Fact(label, words(number), "")


def _time(label: str, time: datetime | None, view: View, *, bound: str = "", how: str = "") -> Fact:
    if time is None:
        return Fact(label, UNKNOWN, "no pull saw it")
    return Fact(label, f"{bound}{second_text(time, view.zone)}", how)
