"""``upa-analyzer cancel``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, PatienceOption
from analyzer.errors import InputError, LockedError

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.imports.cancel import Cancellation
    from analyzer.model.job import Job
    from analyzer.storage.import_record import ImportPart


def command(
    context: typer.Context,
    job: Annotated[
        str, typer.Argument(help="ID of the job; its first eight characters are enough.", show_default=False)
    ],
    *,
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Cancel a job that hasn't been imported yet.

    Its source file stays in the document library.
    """
    from analyzer.cli.commands.pull import connected
    from analyzer.imports.cancel import cancel, import_of, listed_job

    app = context.ensure_object(AppContext)
    workspace, tenant = connected(context, patience)
    found = listed_job(tenant.session, job)
    if found is None:
        return _unlisted(app, workspace.imports, job, tenant.host)
    if not app.terminal.json:
        app.terminal.prose(f"Job {found.job_id} ({found.source_name or 'no source file'}) is {found.state_name}.")
    done = cancel(tenant.session, found)
    ours = import_of(workspace.imports, found.job_id, found.source_uri, tenant.host)
    if app.terminal.json:
        app.terminal.result(_json(found, done, ours))
    else:
        app.terminal.prose(_sentence(found, done))
    if done.after is not None:
        return 1
    if not app.terminal.json and found.source_uri:
        app.terminal.prose(f"The source file stays in the document library: {found.source_uri}")
    return _mark(app, ours, found.job_id) if ours else 0


def _unlisted(app: AppContext, imports: Path, wanted: str, main_host: str) -> int:
    """Note the end of an import of ours whose job was cancelled before; return the exit code.

    Raises:
        InputError: there is no such import.
    """
    from analyzer.imports.cancel import import_of

    key = wanted.strip("{} ").lower()
    ours = import_of(imports, key, "", main_host) if key else None
    if ours is None:
        what = f"the tenant has no job {wanted!r}"
        raise InputError(what, "Check the ID. A job that was cancelled is no longer listed.")
    if app.terminal.json:
        app.terminal.result(_json(None, None, ours))
    else:
        app.terminal.prose(f"The tenant doesn't list job {ours[1].job_id}.")
    return _mark(app, ours, ours[1].job_id)


def _mark(app: AppContext, ours: tuple[Path, ImportPart], job_id: str) -> int:
    """Note the end of an import of ours; return the exit code."""
    from analyzer.imports.cancel import mark_cancelled
    from analyzer.model.text import count

    try:
        record = mark_cancelled(ours, job_id, datetime.now(UTC), app.terminal.say)
    except LockedError as error:
        again = app.commands.line("cancel", job_id)
        advice = f"The import isn't marked as cancelled yet. When that command has ended, run `{again}`."
        app.terminal.complain(LockedError(error.what, advice))
        return LockedError.exit_code
    left = sum(part.queueing_at is None for part in record.parts)
    rest = f" {count(left, 'further part')} won't be queued." if left else ""
    if record.abandoned:
        app.terminal.say(f"The import {record.import_id} of {record.feed} ends: {record.abandoned}.{rest}")
    return 0


def _sentence(job: Job, done: Cancellation) -> str:
    answer = {
        True: "The service answered that it deleted the job",
        False: "The service refused to delete the job",
        None: f"The service didn't answer ({done.fault.what if done.fault else 'unknown'})",
    }[done.accepted]
    if done.after is None:
        return "Cancelled: the tenant no longer lists it." if done.accepted else f"{answer}, but no longer lists it."
    now = "still" if done.after.state == job.state else "now"
    if done.accepted:
        return (
            f"{answer}, but it is {now} listed as {done.after.state_name}. Look again later: it may still be imported."
        )
    why = " It deletes only jobs whose import hasn't begun." if done.accepted is False else ""
    return f"{answer}: it is {now} {done.after.state_name}.{why}"


def _json(job: Job | None, done: Cancellation | None, ours: tuple[Path, ImportPart] | None) -> dict[str, object]:
    return {
        "job_id": job.job_id if job else ours and ours[1].job_id,
        "source_uri": job.source_uri or None if job else None,
        "state_before": job.state_name if job else None,
        "deleted": done.accepted if done else None,
        "state_after": done.after.state_name if done and done.after else None,
        "import_id": ours[0].parent.name if ours else None,
    }
