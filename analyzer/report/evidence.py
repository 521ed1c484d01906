"""What a job's page rests on: files and times, and how they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.analysis.timeline import BOUND_WORDS, HOW_KNOWN
from analyzer.model.outcome import Outcome
from analyzer.model.text import count, listed, size
from analyzer.report.rows import Fact, Grid
from analyzer.report.times import DASH, second_text, when_text

UNKNOWN = "unknown"

if TYPE_CHECKING:
    from datetime import datetime

    from analyzer.logs.model import LogRead
    from analyzer.report.view import Run, View


def facts_of(view: View, run: Run) -> tuple[Fact, ...]:
    """Source file, log folder, times and version, each with how that is known, or why not."""
    problem = view.tables.source_problems.get(run.job_id, "")
    ended = "log" if run.ran_from == "log" else "seen"
    return (
        Fact("Job", run.job_id, ""),
        Fact("Feed", run.feed, "inferred from the source file's host, folder, and name, or named in the configuration"),
        Fact("Source file", run.source_uri or UNKNOWN, ""),
        Fact(
            "Its size",
            UNKNOWN if run.source_bytes is None else size(run.source_bytes),
            _unless(run.source_bytes, problem),
        ),
        Fact("Users in it", _number(run.users), _unless(run.users, problem)),
        Fact("Property values in it", _number(run.property_values), _unless(run.property_values, problem)),
        Fact("Log folder", run.log_folder_uri or "none named by the service", "" if run.log_found else _no_log(run)),
        Fact("SharePoint status", f"{run.state}, {run.error}", ""),
        Fact("Ran", when_text(run, view.zone), HOW_KNOWN.get(run.ran_from or "", "")),
        _time("Started", run.started, view, bound="by ", how="a pull saw that it had started by then"),
        _time("Finished", run.finished, view, bound=BOUND_WORDS.get(ended, ""), how=HOW_KNOWN[ended]),
        _time("First seen by a pull", run.first_seen, view),
        _time("Last seen changed", run.last_changed, view),
        Fact("Program", f"upa-analyzer {view.version}", f"this page was made on {second_text(view.now, view.zone)}"),
    )


def logs_of(view: View, run: Run) -> Grid | None:
    """The job's log files and how each was read; None where there is none."""
    entries = view.entries_of(run)
    in_file = dict(entries.group_by("log_file").agg(pl.col("code").is_not_null().sum()).rows())
    # An empty log file has no entry to identify its job; its path names it.
    names = [name for name in view.tables.logs if name in in_file or run.job_id in name.lower()]
    rows = []
    for name in names:
        log = view.tables.logs[name]
        rows.append((name, log.encoding.name, f"{in_file.get(name, 0):,}", _read(log)))
    return Grid(("Log file", "Encoding", "Entries", "Read"), tuple(rows)) if rows else None


def _read(log: LogRead) -> str:
    """Whether a log was read whole, and what of it was not."""
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
    return listed(faults) or "whole"


def observations_of(view: View, run: Run) -> Grid | None:
    """What pulls saw of the job, the oldest first; None where none did."""
    seen = view.tables.observations.filter(pl.col("job_id") == run.job_id).sort("observed_at")
    rows = seen.select("observed_at", "previous_pull_at", "state", "error").rows()
    shown = tuple(
        (second_text(at, view.zone), second_text(before, view.zone) if before else DASH, state, error)
        for at, before, state, error in rows
    )
    return Grid(("Seen at", "Pull before that", "SharePoint status", "Error"), shown) if shown else None


def _time(label: str, time: datetime | None, view: View, *, bound: str = "", how: str = "") -> Fact:
    if time is None:
        return Fact(label, UNKNOWN, "no pull saw it")
    return Fact(label, f"{bound}{second_text(time, view.zone)}", how)


def _number(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _unless(value: int | None, problem: str) -> str:
    return problem if value is None else ""


def _no_log(run: Run) -> str:
    expected = run.outcome in {Outcome.partial, Outcome.aborted, Outcome.unknown}
    return "no log was found" if expected else "no log was found; there is none when every user was updated"
