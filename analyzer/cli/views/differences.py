"""Two jobs compared: a sentence, then codes and users."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.differences import Change, code_changes, shows_all, user_changes
from analyzer.analysis.feed_runs import feed_runs, members_of
from analyzer.cli.terminal.output import Column
from analyzer.cli.views.jobs import job_and_time
from analyzer.model.identity import KIND_NOUNS, id_kinds
from analyzer.model.job import NotUpdatedCount, Outcome
from analyzer.model.text import capitalised, listed, short_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from analyzer.cli.terminal.output import Terminal
    from analyzer.history.load import Tables

SHOWN_USERS = 30
"""Users shown on a terminal."""

_USERS = (
    Column("user", fold=True),
    Column("change"),
    Column("codes before", least=1, fold=True),
    Column("codes", fold=True),
)
_CODES = (
    Column("code"),
    Column("users before", right=True),
    Column("users", right=True),
    Column("change", right=True),
    Column("entries before", right=True, least=2),
    Column("entries", right=True, least=1),
)


@dataclass(frozen=True)
class Difference:
    """Two jobs, rows of the table ``jobs``, and what changed from the earlier to the later one.

    Attributes:
        before: the earlier job.
        after: the later job.
        users: from ``user_changes``; None if the users of these jobs can't be compared.
        codes: from ``code_changes``.
        remarks: what limits the comparison, in sentences.
        sentence: the answer.
    """

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    users: pl.DataFrame | None
    codes: pl.DataFrame
    remarks: tuple[str, ...]
    sentence: str


def difference(tables: Tables, before_id: str, after_id: str, zone: ZoneInfo | None) -> Difference:
    """Compare two jobs, each with the other parts of its import, unless these are the two.

    Args:
        tables: of the library.
        before_id: the ID of the earlier job.
        after_id: the ID of the later job.
        zone: of times; None for UTC.
    """
    is_same_import = after_id in members_of(before_id, tables.jobs, tables.queued)
    before, after = (_run_of(tables, one, alone=is_same_import) for one in (before_id, after_id))
    names = _names(tables, before, after, zone)
    earlier, later = (_users_of(tables, run["members"]) for run in (before, after))
    kinds = [id_kinds(users["identity"]).most for users in (earlier, later)]
    users, remarks = None, []
    if None in kinds or kinds[0] == kinds[1]:
        users = user_changes(earlier, later, before_shows_all=shows_all(before), after_shows_all=shows_all(after))
    else:
        are = [f"{name} has {KIND_NOUNS[kind][1]}" for name, kind in zip(names, kinds, strict=True) if kind]
        remarks.append(f"{capitalised(listed(are))}, so their users can't be compared.")
    remarks += _remarks(before, after, names)
    sentence = f"{after['feed'] or 'unknown feed'}: {_sentence(before, after, users, names)}."
    codes = code_changes(_codes_by_run(tables, (before, after)), before_id, after_id)
    return Difference(before, after, users, codes, tuple(remarks), sentence)


def _run_of(tables: Tables, job_id: str, *, alone: bool) -> dict[str, Any]:
    """Return a row of ``feed_runs`` with the ID of the job: of the job alone, or of the import that it is a part of."""
    members = [job_id] if alone else members_of(job_id, tables.jobs, tables.queued)
    [run] = feed_runs(tables.jobs.filter(pl.col("job_id").is_in(members)), tables.queued).to_dicts()
    queued = tables.queued.get(job_id)
    if alone and queued:
        return {**tables.job(job_id), "members": members, "note": queued.note}
    return {**run, "job_id": job_id, "retry_of": tables.job(job_id)["retry_of"]}


def _users_of(tables: Tables, members: Sequence[str]) -> pl.DataFrame:
    if len(members) == 1:
        return tables.users_of(members[0])
    users = pl.concat([tables.users_of(job_id) for job_id in members])
    return users.unique("key", keep="first", maintain_order=True).sort("key")


def _codes_by_run(tables: Tables, runs: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return the table ``job_codes`` of some runs, added up under their job IDs."""
    run_ids = {job_id: run["job_id"] for run in runs for job_id in run["members"]}
    codes = tables.codes.filter(pl.col("job_id").is_in(list(run_ids)))
    if len(run_ids) == len(runs):
        return codes
    counts = pl.col("entries", "users").sum()
    return codes.with_columns(pl.col("job_id").replace(run_ids)).group_by("job_id", "code").agg(counts)


def print_difference(terminal: Terminal, found: Difference) -> None:
    """Print the sentence, remarks, codes, and users."""
    terminal.prose(found.sentence, indent="  ")
    for remark in found.remarks:
        terminal.prose(remark, indent="  ")
    if found.codes.height:
        terminal.show()
        terminal.table(_CODES, [_code_cells(row) for row in found.codes.iter_rows(named=True)])
    users = found.users
    if users is None or users.is_empty():
        return
    shown = users.head(SHOWN_USERS) if terminal.interactive else users
    terminal.show()
    if shown.height < users.height:
        terminal.show(f"Showing {shown.height:,} of {users.height:,}; --json and -o FILE have every user.")
    terminal.table(_USERS, [_user_cells(row) for row in shown.iter_rows(named=True)])


def difference_json(found: Difference) -> dict[str, Any]:
    """Return the result of ``diff --json``; ``users`` is null if they can't be compared."""
    users = found.users.drop("key").to_dicts() if found.users is not None else None
    return {
        "before": found.before["job_id"],
        "after": found.after["job_id"],
        "feed_before": found.before["feed"],
        "feed": found.after["feed"],
        "sentence": found.sentence,
        "remarks": list(found.remarks),
        "codes": found.codes.to_dicts(),
        "users": users,
    }


def users_table(found: Difference) -> pl.DataFrame:
    """Return the users as a table for a file, with the IDs of the jobs; empty if they can't be compared."""
    from analyzer.analysis.differences import CHANGES

    users = found.users if found.users is not None else pl.DataFrame(schema=CHANGES)
    jobs = {"job_before": found.before["job_id"], "job": found.after["job_id"]}
    return users.drop("key").with_columns(**{name: pl.lit(job_id) for name, job_id in jobs.items()})


def _names(
    tables: Tables, before: Mapping[str, Any], after: Mapping[str, Any], zone: ZoneInfo | None
) -> tuple[str, str]:
    """Return the jobs in words: ``cc75e06b (23 Nov 02:14)``."""
    short, now = short_ids(tables.jobs["job_id"]), datetime.now(UTC)
    first, second = (job_and_time(job, short, zone, now) for job in (before, after))
    return first, second


def _sentence(
    before: Mapping[str, Any], after: Mapping[str, Any], users: pl.DataFrame | None, names: tuple[str, str]
) -> str:
    numbers = [_not_updated(job) for job in (before, after)]
    text = f"{numbers[1]} not updated by {names[1]}, {numbers[0]} by {names[0]}"
    if users is None:
        return text
    changes = Counter(users["change"])
    parts = [f"{changes[change]:,} {words}" for change, words in _WORDS.items() if changes[change]]
    return f"{text}: {listed(parts)}" if parts else text


_WORDS = {
    Change.new: "new",
    Change.healed: "healed",
    Change.other_code: "with another code",
    Change.same: "as before",
    Change.unknown: "unknown",
}


def _not_updated(job: Mapping[str, Any]) -> str:
    outcome = Outcome(job["outcome"])
    if outcome is Outcome.aborted and job["not_updated"] is None:
        return "all users"
    return NotUpdatedCount.of(outcome, job["not_updated"], job["named_users"]).users(job["users"])


def _remarks(before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, str]) -> Iterator[str]:
    if before["feed"] != after["feed"]:
        feeds = [job["feed"] or "an unknown feed" for job in (before, after)]
        yield f"The jobs are of different feeds: {names[0]} of {feeds[0]}, {names[1]} of {feeds[1]}."
    for job, name in zip((before, after), names, strict=True):
        if job["note"]:
            yield f"{capitalised(name)}: {job['note']}."
        if job["retry_of"] is not None:
            yield f"{capitalised(name)} is a retry, whose file has only some users of its feed."
        match Outcome(job["outcome"]):
            case Outcome.aborted:
                yield f"{capitalised(name)} was aborted: its log doesn't show whose records are faulty."
            case Outcome.running | Outcome.stuck:
                yield f"{capitalised(name)} hasn't ended."
            case _ if not shows_all(job):
                yield f"{capitalised(name)}: its log doesn't show all users who were not updated."
            case _:
                pass


def _code_cells(row: Mapping[str, Any]) -> list[str]:
    change = row["users"] - row["users_before"]
    numbers = [f"{row[name]:,}" for name in ("users_before", "users", "entries_before", "entries")]
    return [row["code"], *numbers[:2], f"{change:+,}" if change else "-", *numbers[2:]]


def _user_cells(row: Mapping[str, Any]) -> list[str]:
    return [row["identity"], row["change"], *(", ".join(row[name] or ()) or "-" for name in ("codes_before", "codes"))]
