"""Make the details of a job's page: files with links to SharePoint, log files, and times, and how each is known."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.analysis.timeline import HOW_KNOWN
from analyzer.model.job import Outcome
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.service import JobError
from analyzer.model.text import capitalised, grouped, listed, size
from analyzer.model.uri import host_of, scheme_of, server_paths
from analyzer.report.job_model import Fact
from analyzer.report.model import DASH, Grid, Note
from analyzer.report.sentences import UNKNOWN, bound_text, error_explained, second_text, when_text
from analyzer.report.view import entries_name, has_entries, href, list_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from analyzer.catalogue.model import JobFacts
    from analyzer.logs.model import LogRead
    from analyzer.report.view import Run, View


def sharepoint_link(uri: str | None, tenant: str | None) -> str:
    """Return the address of a file or folder as a link; empty unless it is an HTTPS address of the tenant.

    It has no query, port, or user name.

    >>> sharepoint_link("https://contoso.sharepoint.com/HR files/a.json?web=1", "contoso.sharepoint.com")
    'https://contoso.sharepoint.com/HR%20files/a.json'
    >>> sharepoint_link("https://contoso.sharepoint.com@example.com/a.json", "contoso.sharepoint.com")
    ''
    """
    paths = server_paths(uri or "")
    if not paths or not tenant or scheme_of(uri or "") != "https" or host_of(uri or "") != tenant:
        return ""
    return f"https://{tenant}{quote(paths[0], errors='replace')}"


def files_of(view: View, run: Run) -> tuple[Note, ...]:
    """Return the files of a job, with their addresses relative to the page."""
    return tuple(_files(view, run))


def _files(view: View, run: Run) -> Iterator[Note]:
    def beside(name: str) -> str:
        return name.rpartition("/")[2]

    if view.has_list(run):
        yield Note(_("Failed users (XLSX)"), beside(list_name(run, ".xlsx")))
        yield Note(_("Failed users (CSV)"), beside(list_name(run, ".csv")))
    if has_entries(view, run):
        yield Note(_("All log entries (CSV)"), beside(entries_name(run)))
    link = view.links.get(run.job_id)
    if link is None or link.path is None or run.superseded:
        return
    folder: Path = view.out / "jobs"
    yield Note(_("Retry file"), href(link.path, folder))
    if link.manifest:
        yield Note(_("Manifest of the retry file"), href(link.manifest, folder))


def facts_of(view: View, run: Run, facts: JobFacts) -> tuple[Fact, ...]:
    """Return source file, log folder, times and version, each with a note on how it is known, or why it is unknown."""
    problem = view.tables.source_problems.get(run.job_id, "")
    queued = view.tables.queued.get(run.job_id)
    source = Fact(_("Source file"), run.source_uri or _(UNKNOWN), "", sharepoint_link(run.source_uri, run.tenant))
    return (
        Fact(_("Job"), run.job_id, "", is_copied=True),
        Fact(_("Feed"), run.feed, _("inferred from the source file's place and name, or named in the configuration")),
        source,
        *([Fact(_("Queued with"), queued.words, _("recorded when upa-analyzer queued it"))] if queued else []),
        _counted(_("Size"), run.source_bytes, problem, size),
        _counted(_("Users"), run.users, problem),
        _counted(_("Property values"), run.property_values, problem),
        *_encoding(facts),
        _log_folder(run),
        *_status(view, run, facts),
        *_times(view, run),
        Fact(_("Program"), f"upa-analyzer {view.version}", ""),
    )


def _encoding(facts: JobFacts) -> Iterator[Fact]:
    """Yield the encoding of the source file if it was read."""
    if facts.source and facts.source.records:
        yield Fact(_("Encoding"), facts.source.encoding or "UTF-8", "")


def _log_folder(run: Run) -> Fact:
    note = ""
    if not run.log_found:
        note = _("no log was found")
        if run.outcome is Outcome.succeeded:
            note = _("no log was found; there is none when all users are updated")
    value = run.log_folder_uri or _("none named by the service")
    return Fact(_("Log folder"), value, note, sharepoint_link(run.log_folder_uri, run.tenant))


def _status(view: View, run: Run, facts: JobFacts) -> Iterator[Fact]:
    """Yield the service's own words for a job; those of an error that is the page's cause are there."""
    is_cause = not facts.codes and run.outcome is not Outcome.succeeded
    has_error = run.error != JobError.NoError.name and not is_cause
    known = capitalised(_(error_explained(view, run).title)) if has_error else ""
    yield Fact(_("SharePoint status"), f"{run.state}, {run.error}", known)
    if run.error_message and not is_cause:
        yield Fact(_("SharePoint message"), run.error_message, "")


def _times(view: View, run: Run) -> Iterator[Fact]:
    ended = "log" if run.ran_from == "log" else "seen"
    yield Fact(_("Ran"), when_text(run, view.zone), _(HOW_KNOWN.get(run.ran_from or "", "")))
    yield _time(_("Started"), run.started, view, bound="seen", how=N_("a pull saw that it had started by then"))
    yield _time(_("Finished"), run.finished, view, bound=ended, how=HOW_KNOWN[ended])
    yield _time(_("First seen by a pull"), run.first_seen, view)
    yield _time(_("Last seen changed"), run.last_changed, view)


def logs_of(view: View, run: Run) -> Grid | None:
    """Return the job's log files and how each was read; None if there is none."""
    rows = tuple(log_words(log) for log in view.tables.logs_of(run.job_id))
    return Grid((_("Log file"), _("Encoding"), _("Entries"), _("Read")), rows) if rows else None


def log_words(log: LogRead) -> tuple[str, str, str, str]:
    """Return a log file's name, encoding, number of entries, and how it was read."""
    return log.name, log.encoding.name, grouped(log.entries), _read(log)


def observations_of(view: View, run: Run) -> Grid | None:
    """Return the job's states seen by pulls, oldest first; None if there is none."""
    shown = tuple(
        (second_text(at, view.zone), second_text(before, view.zone) if before else DASH, state, error)
        for at, before, state, error in view.observations.get(run.job_id, ())
    )
    return Grid((_("Seen at"), _("Previous pull"), _("SharePoint status"), _("Error")), shown) if shown else None


def _read(log: LogRead) -> str:
    """Return whether a log was read completely, or else its problems."""
    replaced, lines = log.encoding.replaced, grouped(log.lines)
    faults = []
    if replaced:
        text = ngettext("{number} character replaced", "{number} characters replaced", replaced)
        not_readable = _("{replaced}: not readable as {encoding}")
        faults.append(not_readable.format(replaced=text.format(number=grouped(replaced)), encoding=log.encoding.name))
    faults += [_("begins in the middle of a character")] if log.encoding.cut else []
    faults += [_("a part in another byte order was not read")] if log.encoding.swapped else []
    if log.problem:
        faults.append(log.problem.what.removeprefix(f"{log.name} "))
    if log.growing:
        faults.append(_("it was still being written, and read to line {line}").format(line=lines))
    if log.cut_off:
        faults.append(_("it ends inside an entry, in line {line}").format(line=lines))
    return listed(faults) or _("completely")


def _counted(label: str, number: int | None, problem: str, words: Callable[[int], str] = grouped) -> Fact:
    """Return a count of the source file, or why it is unknown."""
    return Fact(label, _(UNKNOWN), _(problem)) if number is None else Fact(label, words(number), "")


def _time(label: str, time: datetime | None, view: View, *, bound: str = "", how: str = "") -> Fact:
    if time is None:
        return Fact(label, _(UNKNOWN), _("no pull saw it"))
    return Fact(label, bound_text(second_text(time, view.zone), bound), _(how))
