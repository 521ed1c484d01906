"""Build a job's page: what happened, what to do, causes, users who were not updated, and the evidence."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.history.job_facts import shared_sentence, support_text
from analyzer.model.job import Outcome
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.text import count, day, grouped, listed_first
from analyzer.report.actions import commands_of, next_step
from analyzer.report.causes import Steps, causes_of, properties_of
from analyzer.report.details import facts_of, files_of, logs_of, observations_of
from analyzer.report.job_model import Entries, EntryRow, JobPage, PeopleData, Person, Shared
from analyzer.report.model import DASH, Note
from analyzer.report.people_data import people_data
from analyzer.report.rows import frame_of, job_row
from analyzer.report.sentences import history_of, since_text, when_text
from analyzer.report.verdict import below_verdict, verdict
from analyzer.report.view import entries_name, has_entries, list_name, page_name
from analyzer.source.damaged_values import warnings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from analyzer.analysis.failures import SharedTrait
    from analyzer.report.failed_users import FailedUsers
    from analyzer.report.view import Run, View

_SHARED_SHOWN = 3
"""Limit of traits that failures share."""

_RECORDS_NAMED = 10
"""Limit of records without an ID that are listed by number."""

_MARK = "\0"
"""Around the value in a sentence on what failures have in common."""

_STATUS = {True: N_("New"), False: N_("Recurring"), None: DASH}


def job_page(view: View, run: Run) -> JobPage:
    """Return a job's page."""
    log, facts = view.log_of(run), view.facts_of(run)
    people, people_note = people_of(view, run)
    looked_up = view.looked_up.get(run.job_id)
    nameless, nameless_note = nameless_shown(view, run)
    link = view.links.get(run.job_id)
    steps = Steps(view, facts, has_file=bool(link and link.path and not run.superseded))
    causes = causes_of(view, run, facts, steps, located_in(view, run))
    return JobPage(
        frame=frame_of(view, dated=False),
        row=job_row(view, run),
        feed=Note(run.feed, f"index.html#feed={quote(run.feed, safe='', errors='replace')}"),
        previous=_neighbor(view, run, view.preceding.get(run.job_id)),
        following=_neighbor(view, run, view.following.get(run.job_id)),
        expected=_expected(view, run),
        verdict=verdict(facts),
        below=below_verdict(view, run, facts),
        history=tuple(history_of(view, run)),
        next=next_step(view, run, facts, steps, causes),
        shared=tuple(_shared(one, run) for one in facts.shared[:_SHARED_SHOWN]),
        warnings=tuple(warnings_of(view.tables.damage.get(run.job_id, ()))),
        causes=causes,
        properties=properties_of(log),
        support=support_text(view.tables.job(run.job_id), has_log=run.log_found) if steps.needs_support else "",
        commands=commands_of(view, run, facts),
        people=people,
        people_note=people_note,
        nameless=nameless,
        nameless_note=nameless_note,
        no_entry=entries_shown(log.first_texts, log.texts),
        facts=facts_of(view, run, facts),
        logs=logs_of(view, run),
        observations=observations_of(view, run),
        files=files_of(view, run),
        csv=entries_name(run).rpartition("/")[2] if has_entries(view, run) else "",
        directory=(*looked_up.sentences, *looked_up.remarks) if looked_up else (),
        directory_name=looked_up.directory.name if looked_up else "",
        people_data=people_data_of(view, run, shown=len(people)),
    )


def _neighbor(view: View, run: Run, other: Run | None) -> Note | None:
    """Return the link to the feed's run before or after a job: its day, or its time if that is the same day."""
    if other is None:
        return None
    days = [one.ran.astimezone(view.zone or UTC).date() if one.ran else None for one in (run, other)]
    is_day = other.ran is not None and days[0] != days[1]
    text = since_text(other, view.zone) if is_day and not other.ran_is_bound else when_text(other, view.zone)
    return Note(text, f"jobs/{page_name(other.job_id)}")


def _expected(view: View, run: Run) -> str:
    """Return the day on which the feed's next run is expected after its newest; empty if unknown."""
    time = view.expected.get(run.job_id)
    return day(time.astimezone(view.zone or UTC), view.now.astimezone(view.zone or UTC)) if time else ""


def _shared(one: SharedTrait, run: Run) -> Shared:
    """Return what failures have in common; after a partial import, also how many of the others were updated."""
    sentence = shared_sentence(one, mark=_MARK)
    before, value, after = [*sentence.split(_MARK), "", ""][:3]
    compared = ""
    others = one.users_of - one.users
    if run.outcome is Outcome.partial and run.not_updated is not None and others > 0:
        compared = _("Updated: {updated} of {users} of them, and {others_updated} of {others} of the others.").format(
            updated=grouped(one.users - one.failed),
            users=grouped(one.users),
            others_updated=grouped(others - (one.failed_of - one.failed)),
            others=grouped(others),
        )
    return Shared(before, value, f"{after}.", compared)


def people_of(view: View, run: Run) -> tuple[tuple[Person, ...], str]:
    """Return the people named in a job's log, new ones first, then in log order; and a note on omitted people."""
    looked_up = view.looked_up.get(run.job_id)
    resolved = looked_up.by_identity if looked_up else {}
    people = tuple(
        Person(
            identity=user.identity,
            codes=tuple(user.codes),
            status=_(_STATUS[user.new]),
            since=_("updated since") if user.open is False else "",
            count=user.entries,
            counted=count(user.entries, "entry", "entries"),
            entries=entries_shown(user.first, user.entries),
            directory=found.proof if (found := resolved.get(user.identity)) else "",
        )
        for user in view.log_of(run).first_users()
    )
    if not people:
        return (), ""
    if run.named_users <= len(people):
        return people, ""
    note = _("The first {shown} of {total} people are shown.")
    return people, note.format(shown=grouped(len(people)), total=grouped(run.named_users))


def people_data_of(view: View, run: Run, *, shown: int, found: FailedUsers | None = None) -> PeopleData | None:
    """Return all people of a job for the page's script; None if the page shows them, and there is no list.

    Args:
        view: what the page is made from.
        run: the job.
        shown: number of people that the page shows.
        found: only these people; None for all.
    """
    if not shown or (run.named_users <= shown and not view.has_list(run)):
        return None
    found = found or view.failed_users_of(run)
    times = found.table["since"].drop_nulls().unique()
    days = {time: day(time.astimezone(view.zone or UTC), view.now.astimezone(view.zone or UTC)) for time in times}
    looked_up = view.looked_up.get(run.job_id)
    directory = {one: found.proof for one, found in looked_up.by_identity.items()} if looked_up else None
    lists: tuple[Note, ...] = ()
    if view.has_list(run):
        links = ((_("Download this list (XLSX)"), ".xlsx"), (_("CSV"), ".csv"))
        lists = tuple(Note(text, list_name(run, ending).rpartition("/")[2]) for text, ending in links)
    return PeopleData(
        packed=people_data(found, view.tables.entries_of(run.job_id), days, directory),
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
    left_out = ""
    if len(first) < total:
        text = ngettext(
            "The first {shown} of {total} entry are shown.", "The first {shown} of {total} entries are shown.", total
        )
        left_out = text.format(shown=grouped(len(first)), total=grouped(total))
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
        records = [grouped(record) for record in findings.facts.without_id] if findings else []
        where = count(total, "record")
        if records:
            where = f"{where}: {listed_first(records, _RECORDS_NAMED, total)}"
        return shown, _("As many records of the source file have no ID ({records}).").format(records=where)
    if whereabouts is None:
        return shown, ""
    words = whereabouts.by_entry()
    pairs = zip(shown.rows, first, strict=True)
    rows = tuple(dataclasses.replace(row, whereabouts=words.get(entry[-2:], "")) for row, entry in pairs)
    return dataclasses.replace(shown, rows=rows), whereabouts.order_sentence


def _entry(  # noqa: PLR0913, PLR0917 - the columns
    code: str | None, identity: str | None, message: str | None, detail: str | None, log_file: str, line: int
) -> EntryRow:
    place = _("{file}, line {line}").format(file=log_file.rsplit("/", 1)[-1], line=grouped(line))
    return EntryRow(code or "", identity or "", message or "", detail or "", place)


def located_in(view: View, run: Run) -> tuple[str, ...]:
    """Return a sentence for each place in the source file that a message of the log names."""
    whereabouts = view.whereabouts_of(run)
    return tuple(f"{one.sentence}." for one in whereabouts.located if one.sentence) if whereabouts else ()
