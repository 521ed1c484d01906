"""``upa-analyzer show JOB``."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.context import Context
from analyzer.cli.failures import failures_json, failures_of, print_failures
from analyzer.cli.options import FailOn, FailOnOption, LibraryOption
from analyzer.find_job import find_job

if TYPE_CHECKING:
    from analyzer.cli.failures import Failure
    from analyzer.cli.terminal import Terminal
    from analyzer.load import Tables
    from analyzer.whereabouts import Whereabouts

_SHOWN_USERS = 20


def command(
    context: typer.Context,
    job: Annotated[str, typer.Argument(help="The job's id, or its first eight characters.", metavar="JOB")],
    *,
    library: LibraryOption = None,
    fail_on: FailOnOption = FailOn.never,
) -> int:
    """One job: what happened, why, whom it hit, what to do."""
    from analyzer.cli.rows import job_json
    from analyzer.load import load
    from analyzer.whereabouts import whereabouts, whereabouts_json

    given = context.ensure_object(Context)
    catalogue = given.settings().catalogue
    opened = given.library(library)
    wanted = find_job(opened.jobs(), job)
    tables = load(opened, rules=given.feed_rules(given.settings())).only([wanted.job_id])
    failures = failures_of(tables.entries, catalogue)
    found = whereabouts(tables.entries, opened.source_file(wanted))
    if given.terminal.json:
        told = {"failures": failures_json(failures), "users": _users(tables), **whereabouts_json(found)}
        given.terminal.result({**job_json(tables.jobs)[0], **told})
    else:
        _print(given, tables, failures, found)
    unread = (log.problem for log in tables.logs_of(wanted.job_id) if log.problem)
    return given.unread(unread) or int(fail_on.met_by(tables.jobs["outcome"]))


def _users(tables: Tables) -> list[dict[str, Any]]:
    return tables.users.drop("job_id", "key").to_dicts()


def _print(given: Context, tables: Tables, failures: list[Failure], found: Whereabouts | None) -> None:
    from analyzer.analysis.outcome import FAILED
    from analyzer.cli.rows import not_updated, ran
    from analyzer.cli.visible import visible
    from analyzer.cli.whereabouts import print_whereabouts
    from analyzer.words import count

    terminal, catalogue = given.terminal, given.settings().catalogue
    job = tables.jobs.row(0, named=True)
    facts = {
        "job": job["job_id"] + (" (no longer listed by the tenant)" if job["gone"] else ""),
        "feed": job["feed"] or "?",
        "ran": ran(job, given.zone(given.settings()), datetime.now(UTC)),
        "state": job["state"],
        "error": f"{job['error']}: {catalogue.explain(job['error']).title}" if job["error"] != "NoError" else "NoError",
        "message": job["error_message"] or "-",
        "outcome": job["outcome"],
        "users": "not known" if job["users"] is None else f"{job['users']:,}",
        "not updated": not_updated(job),
        "source": job["source_uri"] or "-",
        "source file": tables.source_problems.get(job["job_id"], "in the library"),
        "log": count(job["entries"], "entry", "entries") if job["log_found"] else "none",
    }
    for name, value in facts.items():
        # An address stays in one piece, so that it can be copied.
        write = terminal.show if "://" in str(value) else functools.partial(terminal.prose, indent=" " * 13)
        write(visible(f"{name:<12} {value}"))
    if failures:
        terminal.show()
        print_failures(terminal, failures, catalogue)
    _print_users(terminal, _users(tables))
    print_whereabouts(terminal, found)
    if job["outcome"] in FAILED and job["job_id"] not in tables.source_problems:
        terminal.say(f"next: upa-analyzer retry {job['job_id'][:8]}")


def _print_users(terminal: Terminal, users: list[dict[str, Any]]) -> None:
    from analyzer.cli.layout import Column

    if users:
        terminal.show()
        shown = users[:_SHOWN_USERS]
        rows = [[user["identity"], ", ".join(user["codes"]), f"{user['entries']:,}"] for user in shown]
        terminal.table((Column("user", fold=True), Column("codes"), Column("entries", right=True)), rows)
        if len(users) > len(shown):
            terminal.show(f"and {len(users) - len(shown):,} more: upa-analyzer parse, or the report, has them all")
