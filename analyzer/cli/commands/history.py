"""``upa-analyzer history``: publish the history, check it, rebuild it, or remove from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption, hold, parse_day
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.history.forget import Found, Places
    from analyzer.library.workspace import Workspace
    from analyzer.storage.traces import Redaction

_SHORTEST, _SHOWN = 3, 30


def forget(  # noqa: PLR0913 - an option each
    context: typer.Context,
    *,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="ID", help="Remove the user with this ID. Repeatable; name each ID of a user."),
    ] = None,
    before: Annotated[
        str, typer.Option("--before", metavar="DATE", help="Remove the jobs that ended before this day.")
    ] = "",
    remove_sources: Annotated[
        bool,
        typer.Option("--remove-sources", help="Remove source files with the user, not only the user's records."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this option, only show what would be done.")
    ] = False,
    library: LibraryOption = None,
) -> int:
    """Remove users, or old jobs, from the library, the history, retry files, and reports.

    Afterwards, every file is searched for the users. Nothing is removed from the tenant.
    """
    from analyzer.history.forget import Places

    app = context.ensure_object(AppContext)
    if bool(user) == bool(before):
        raise UsageError("specify either --user or --before", "`upa-analyzer history forget --help` shows examples.")
    if remove_sources and not user:
        raise UsageError("--remove-sources needs --user", "--before removes the source files of the jobs anyway.")
    opened, workspace = app.library(library), app.workspace(library)
    if yes:
        hold(context, workspace)
    history = app.history(opened, workspace)
    places = Places(opened.root, workspace.retry, workspace.reports, history, workspace.root)
    if user:
        return _forget_users(app, places, user, remove_sources=remove_sources, yes=yes)
    return _forget_jobs(app, places, workspace, before, yes=yes)


def _forget_users(app: AppContext, places: Places, users: Sequence[str], *, remove_sources: bool, yes: bool) -> int:
    from analyzer.history.check import rebuild
    from analyzer.history.forget import Action, Search, forget_users
    from analyzer.library.mirror import Library
    from analyzer.model.identity import identity_key
    from analyzer.model.text import count

    keys = list(dict.fromkeys(map(identity_key, users)))
    if short := [user for user in users if len(identity_key(user)) < _SHORTEST]:
        raise UsageError(
            f"{short[0]!r} is too short for an ID: it would be found everywhere",
            f"Specify IDs of at least {_SHORTEST} characters.",
        )

    def make_again(redaction: Redaction) -> None:
        library, rules = Library(places.library), app.feed_rules()
        say = app.terminal.say
        rebuild(
            library,
            places.history,
            rules=rules,
            retry_folder=places.retry,
            imports_folder=places.imports,
            say=say,
            redaction=redaction,
        )

    with app.terminal.progress("searching"):
        if yes:
            done = forget_users(places, keys, datetime.now(UTC), make_again, without_sources=remove_sources)
            left = Search(places, keys).left()
        else:
            done = Search(places, keys, remove_sources=remove_sources).run()
            left = [one for one in done if one.action is Action.keep]
    changed = [one for one in done if one.action is not Action.keep]
    if app.terminal.json:
        app.terminal.result(
            {"dry_run": not yes, "files": [_json(one) for one in changed], "left": [_json(one) for one in left]}
        )
        return int(bool(left))
    who, number = count(len(keys), "ID") if len(keys) > 1 else users[0], count(len(changed), "file")
    app.terminal.prose(f"Removed {who} from {number}." if yes else f"Found {who} in {number}. Nothing was changed.")
    _print_files(app, changed)
    if yes and any(one.action is Action.remove for one in changed):
        app.terminal.say("The next run or report makes the retry files and pages again that are still needed.")
    for one in left:
        app.terminal.prose(f"{'Left' if yes else 'Stays'}: {one.path} ({count(one.number, 'time')}): {one.because}")
    return int(bool(left))


def _print_files(app: AppContext, files: Sequence[Found]) -> None:
    from analyzer.cli.terminal.output import Column

    if app.terminal.interactive and len(files) > _SHOWN:
        app.terminal.show(f"Showing {_SHOWN} of {len(files):,}.")
        files = files[:_SHOWN]
    columns = (Column("file", fold=True), Column("found", right=True), Column("action"))
    app.terminal.table(columns, [[str(one.path), f"{one.number:,}", str(one.action)] for one in files])


def check(context: typer.Context, *, library: LibraryOption = None) -> int:
    """Compare the history with the library: parse every log again, and read every file of the history.

    Nothing is changed. The exit code is 1 if there is a difference.
    """
    from analyzer.cli.terminal.output import Column
    from analyzer.history.check import check
    from analyzer.history.store import Store
    from analyzer.model.text import count

    app = context.ensure_object(AppContext)
    opened, workspace = app.library(library), app.workspace(library)
    store = Store(app.history(opened, workspace))
    with app.terminal.progress("checking"):
        found = check(opened, store, workspace.imports)
    if app.terminal.json:
        app.terminal.result({"history": str(store.root), "differences": [one._asdict() for one in found]})
        return int(bool(found))
    if not found:
        app.terminal.prose(f"The history has what the library has: {count(len(opened.jobs()), 'job')}.")
        return 0
    app.terminal.prose(f"Found {count(len(found), 'difference')} between the history and the library:")
    columns = (Column("about", fold=True), Column("what"))
    app.terminal.table(columns, [[one.about or "history", one.what] for one in found])
    for advice in dict.fromkeys(one.advice for one in found):
        app.terminal.say(advice)
    return 1


def rebuild(context: typer.Context, *, library: LibraryOption = None) -> None:
    """Make the history again from the library.

    What the library no longer has is kept from the old history.
    """
    from analyzer.history.check import rebuild
    from analyzer.model.text import count

    app = context.ensure_object(AppContext)
    opened, workspace = app.library(library), app.workspace(library)
    hold(context, workspace)
    place = app.history(opened, workspace)
    with app.terminal.stages() as stage:
        reading = stage("reading logs")
        made = rebuild(
            opened,
            place,
            rules=app.feed_rules(),
            retry_folder=workspace.retry,
            imports_folder=workspace.imports,
            progress=lambda done, total: reading(done, total, ""),
            say=app.terminal.say,
        )
    if app.terminal.json:
        kept = {"kept_without_log": made.without_logs, "kept_without_source": made.without_sources}
        app.terminal.result({"history": str(place), "jobs": made.jobs, **kept, "old_was_readable": made.was_readable})
        return
    app.terminal.prose(f"Made the history of {count(made.jobs, 'job')} again.")
    for job_ids, what in ((made.without_logs, "entries"), (made.without_sources, "counts of the source file")):
        if job_ids:
            jobs = count(len(job_ids), "job")
            app.terminal.say(f"Kept the {what} of {jobs} from the old history: the library no longer has the file.")
    if not made.was_readable:
        app.terminal.say("The old history couldn't be read. What only it had is lost.")
    app.terminal.show(str(place))


def _json(one: Found) -> dict[str, object]:
    return {"file": str(one.path), "found": one.number, "action": one.action.name, "because": one.because or None}


def _forget_jobs(app: AppContext, places: Places, workspace: Workspace, before: str, *, yes: bool) -> int:
    import polars as pl

    from analyzer.history.forget import files_of_jobs, forget_jobs
    from analyzer.library.mirror import Library
    from analyzer.model.job import NOT_ENDED
    from analyzer.model.text import count, size

    day = parse_day(before, app.zone(), "--before")
    assert day is not None  # noqa: S101 - the text isn't empty
    tables = app.tables(Library(places.library), workspace)
    old = tables.jobs.filter(~pl.col("outcome").is_in(NOT_ENDED), pl.col("latest") < day)
    job_ids = frozenset(old["job_id"])
    files = files_of_jobs(places, job_ids, day.astimezone(app.zone() or UTC).date())
    number = sum(path.stat().st_size for path in files)
    if yes:
        forget_jobs(places, job_ids, files)
        app.tables(Library(places.library), workspace)
    if app.terminal.json:
        app.terminal.result(
            {"dry_run": not yes, "jobs": old["job_id"].to_list(), "files": list(map(str, files)), "bytes": number}
        )
        return 0
    what = f"{count(len(job_ids), 'job')} and {count(len(files), 'file')} ({size(number)})"
    app.terminal.prose(f"Removed {what}." if yes else f"{what} would be removed. Nothing was changed.")
    if not yes:
        for path in files:
            app.terminal.show(str(path))
    return 0
