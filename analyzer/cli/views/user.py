"""What is known of one user, for the terminal and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.log import visible
from analyzer.cli.terminal.output import SUPERSEDED, Column
from analyzer.cli.views.jobs import job_and_time, ran
from analyzer.model.text import count, day, listed, short_ids, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from analyzer.cli.terminal.output import Terminal
    from analyzer.history.load import Tables
    from analyzer.history.user_history import SourceRecord, UserHistory

SHOWN_RUNS = 30
"""Runs shown on a terminal."""

_LONGEST = 200
"""Characters of a value or message on the terminal."""

_RUNS = (
    Column("job"),
    Column("feed", fold=True, least=2),
    Column("ran"),
    Column("outcome", least=3),
    Column("codes", fold=True),
    Column("property", fold=True, least=1),
    Column("status"),
)


def print_user(terminal: Terminal, found: UserHistory, tables: Tables, zone: ZoneInfo | None) -> None:
    """Print the answer, the runs, the newest message, the source records, and the retry files."""
    view = _View(found, tables, zone)
    terminal.prose(view.sentence, indent="  ")
    if found.similar:
        terminal.prose(f"Did you mean {found.similar}?")
    rows = list(view.rows())
    if rows:
        shown = rows[-SHOWN_RUNS:] if terminal.interactive else rows
        terminal.show()
        if len(shown) < len(rows):
            terminal.show(f"Showing the newest {len(shown):,} of {len(rows):,}; --json has every run.")
        terminal.table(_RUNS, shown)
        message = found.entries["message"][-1] if found.entries.height else None
        if message:
            terminal.show()
            terminal.prose(f"Newest message: {shortened(visible(message), _LONGEST)}", indent="  ")
    for record in found.records:
        if rows or record.values is not None or record.problem:
            _print_record(terminal, record, view)
    if found.retry_files:
        terminal.show()
        terminal.show("Retry files with this user:")
        for file in found.retry_files:
            of_job = f" (of {view.short.get(file.job_id, file.job_id)})" if file.job_id else ""
            terminal.show(f"  {file.path}{of_job}{f', {SUPERSEDED}' if file.superseded else ''}")


def user_json(found: UserHistory, tables: Tables) -> dict[str, Any]:
    """Return the result of ``user --json``."""
    jobs = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True)}
    entries: dict[str, list[dict[str, Any]]] = {}
    codes = _by_job(found, "code")
    for entry in found.entries.iter_rows(named=True):
        entries.setdefault(entry.pop("job_id"), []).append(entry)
    return {
        "identity": found.identity,
        "open": None if found.unknown and not found.open else bool(found.open),
        "similar": found.similar or None,
        "runs": [
            {
                **row,
                "feed": jobs[row["job_id"]]["feed"],
                "ran": jobs[row["job_id"]]["ran"].isoformat() if jobs[row["job_id"]]["ran"] else None,
                "outcome": jobs[row["job_id"]]["outcome"],
                "codes": list(codes.get(row["job_id"], ())),
                "entries": entries.get(row["job_id"], []),
            }
            for row in found.runs.iter_rows(named=True)
        ],
        "records": [
            {"feed": one.feed, "job_id": one.job_id, "values": one.values, "problem": one.problem or None}
            for one in found.records
        ],
        "retry_files": [
            {"file": str(one.path), "job_id": one.job_id, "superseded": one.superseded} for one in found.retry_files
        ],
    }


class _View:
    """The words for a user, which need the jobs."""

    def __init__(self, found: UserHistory, tables: Tables, zone: ZoneInfo | None) -> None:
        self._found, self._zone, self._now = found, zone, datetime.now(UTC)
        self.short = short_ids(tables.jobs["job_id"])
        self._jobs = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True)}

    @property
    def sentence(self) -> str:
        """The answer."""
        found = self._found
        if found.runs.is_empty():
            feeds = [record.feed for record in found.records if record.values is not None]
            if not feeds:
                return f"No job failed {found.identity}, and no feed's newest source file has this user."
            return f"No job failed {found.identity}. The newest source file of {listed(feeds)} has this user."
        newest = found.runs["job_id"][-1]
        jobs = count(found.runs.height, "job")
        failed = f"{found.identity} failed in {jobs}, the newest {self.job(newest)}"
        if not found.open:
            return f"{failed}; {'whether the user is open is unknown' if found.unknown else 'not open'}."
        return f"{failed}; open in {listed(self._open(feed, job_id) for feed, job_id in found.open.items())}."

    def job(self, job_id: str) -> str:
        """Return a job's short ID, and when it ran."""
        return job_and_time(self._jobs[job_id], self.short, self._zone, self._now)

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of the table of runs."""
        codes, properties = (_by_job(self._found, column) for column in ("code", "property"))
        for row in self._found.runs.iter_rows(named=True):
            job = self._jobs[row["job_id"]]
            yield [
                self.short[row["job_id"]],
                job["feed"] or "unknown",
                self._ran(row["job_id"]) or "-",
                job["outcome"],
                ", ".join(codes.get(row["job_id"], ())) or "-",
                ", ".join(properties.get(row["job_id"], ())) or "-",
                self._status(row),
            ]

    def _open(self, feed: str, job_id: str) -> str:
        row = self._found.runs.filter(job_id=job_id).row(0, named=True)
        since = self._since(row)
        return f"{feed or 'an unknown feed'}{f' {since}' if since else ''}"

    def _status(self, row: Mapping[str, Any]) -> str:
        if self._jobs[row["job_id"]]["retry_of"] is not None:
            return "Retry"
        if row["new"] is None:
            return "-"
        return "New" if row["new"] else " ".join(filter(None, ("Recurring", self._since(row))))

    def _since(self, row: Mapping[str, Any]) -> str:
        if row["since"] is None or row["since"] not in self._jobs:
            return ""
        begun = self._jobs[row["since"]]["ran"]
        since = day(begun.astimezone(self._zone or UTC), self._now) if begun else self.short[row["since"]]
        return f"since {since} ({count(row['runs'], 'run')})"

    def _ran(self, job_id: str) -> str:
        job = self._jobs[job_id]
        return ran(job, self._zone, self._now) if job["ran"] else ""


def _by_job(found: UserHistory, column: str) -> dict[str, dict[str, None]]:
    """Return the distinct values of a column of the user's entries by job ID."""
    values: dict[str, dict[str, None]] = {}
    for job_id, value in found.entries.select("job_id", column).drop_nulls().iter_rows():
        values.setdefault(job_id, {})[value] = None
    return values


def _print_record(terminal: Terminal, record: SourceRecord, view: _View) -> None:
    terminal.show()
    file = f"The newest source file of {record.feed}, of {view.job(record.job_id)},"
    if record.problem:
        terminal.prose(f"{file} can't be searched: {record.problem}.", indent="  ")
    elif record.values is None:
        terminal.prose(f"{file} doesn't have this user.", indent="  ")
    else:
        terminal.prose(f"{file} has this user:", indent="  ")
        rows = [[name, shortened(value or "", _LONGEST)] for name, value in record.values.items()]
        terminal.table((Column("property"), Column("value", fold=True)), rows)
