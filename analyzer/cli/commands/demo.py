"""``upa-analyzer demo``, from failed imports to a retry that updates all of their users, and ``emulator``."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.context import AppContext, hold
from analyzer.errors import InputError, OutputError, UnreachableError, UsageError
from analyzer.model.service import LogCode

if TYPE_CHECKING:
    import polars as pl

    from analyzer.cli.terminal.output import Terminal
    from analyzer.library.mirror import Library
    from analyzer.library.model import PullResult
    from analyzer.library.workspace import Workspace
    from analyzer.model.job import Job
    from analyzer.pipeline import Places, ReportResult
    from analyzer.report.model import Day
    from analyzer.retry.library_jobs import JobRetry
    from analyzer.tenant.sharepoint.site import Tenant


_RENAMED = {"Office": "OfficeCode"}
"""Properties that have another name in the samples, as in the vendor's example, than in the profile store."""

_HOST = "localhost"
_SPEED = 600.0
_PATIENCE, _POLL = 60.0, 0.1
"""Maximum seconds to wait for a job to end, and seconds between two requests."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Demo:
    """The demo's tenant, and the paths of its results."""

    app: AppContext
    emulator: Any
    tenant: Tenant
    library: Library
    places: Places

    @property
    def terminal(self) -> Terminal:
        return self.app.terminal


def command(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write the demo's files to this folder.")] = Path("upa-demo"),
) -> None:
    """Run an end-to-end demo on a local test tenant.

    Download sample jobs, write the report and the retry files, and import one of them. Nothing leaves this computer.
    """
    from analyzer.library.workspace import Workspace
    from analyzer.storage.files import sample_library

    app = context.ensure_object(AppContext)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file", "Specify a folder with --out.")
    workspace = Workspace(out, "contoso")
    hold(context, workspace)
    _forget_earlier_demo(workspace)
    app.terminal.say("Starting a local test tenant with the sample jobs.")
    with import_emulator().start(sample_library(), speed=_SPEED) as emulator:
        demo = _Demo(app, emulator, *_tenant(emulator, workspace.library), _places(app, workspace))
        reported = _first_run(demo)
        chosen = _chosen(reported, demo.library)
        _second_run(demo, reported, *chosen)


def _forget_earlier_demo(workspace: Workspace) -> None:
    """Remove what an earlier demo pulled: its tenant is gone, and this one has no retries yet."""
    from analyzer.history.store import Store
    from analyzer.library.mirror import JOB_LIST, Library

    if (workspace.library / JOB_LIST).is_file() and Library(workspace.library).tenant == _HOST:
        shutil.rmtree(workspace.library, ignore_errors=True)
        Store(workspace.history).remove()


def _tenant(emulator: Any, library: Path) -> tuple[Tenant, Library]:  # noqa: ANN401 - the emulator loads late
    from analyzer.library.mirror import Library
    from analyzer.tenant.http.session import Session
    from analyzer.tenant.model import TenantAddress
    from analyzer.tenant.sharepoint.site import Tenant
    from analyzer.tenant.signin import ReadyToken

    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    session = Session(address, ReadyToken({"token": ready["token"]}, ready["admin_url"], "token"))
    return Tenant(session), Library(library)


def _places(app: AppContext, workspace: Workspace) -> Places:
    from analyzer.history.load import load
    from analyzer.pipeline import Places

    commands = dataclasses.replace(app.commands, config="", tenant="", library=str(workspace.library))
    return Places(
        workspace.reports,
        workspace.retry,
        templates=None,
        zone=None,
        commands=commands,
        open_tables=functools.partial(
            load, place=workspace.history, retry_folder=workspace.retry, imports_folder=workspace.imports
        ),
    )


def _first_run(demo: _Demo) -> ReportResult:
    from analyzer.cli.views.run import Night, print_night, remarks_of

    pulled, reported = _run(demo)
    if not demo.terminal.json:
        night = Night(pulled, reported, demo.places, datetime.now(UTC))
        print_night(demo.app, night, list(remarks_of(night)))
    return reported


def _run(demo: _Demo) -> tuple[PullResult, ReportResult]:
    from analyzer.cli.views.run import Night, day_of
    from analyzer.pipeline import run

    now = datetime.now(UTC)

    def say(pulled: PullResult, made: ReportResult) -> Day:
        return day_of(Night(pulled, made, demo.places, now))

    with demo.terminal.stages() as stage:
        return run(demo.tenant, demo.library, demo.places, now, stage, say=say)


def _chosen(reported: ReportResult, library: Library) -> tuple[Job, JobRetry]:
    """Return the newest job whose failed users only have to be added to the tenant, and its retry file."""
    import polars as pl

    tables = reported.tables
    partial = tables.jobs.filter(pl.col("outcome") == "partial")
    jobs = {job.job_id: job for job in library.jobs()}
    other = ~pl.col("names") | (pl.col("code") != LogCode.IdentityNotResolvable)
    for job_id in reversed(partial["job_id"].to_list()):
        if not tables.entries_of(job_id).filter(other).is_empty():
            continue
        retry = reported.retries.get(job_id)
        if retry is not None and retry.path is not None and retry.complete and not jobs[job_id].gone:
            return jobs[job_id], retry
    raise InputError("the samples have no job whose retry file can be imported", "Reinstall upa-analyzer.")


def _second_run(demo: _Demo, first: ReportResult, job: Job, retry: JobRetry) -> None:

    from analyzer.cli.commands.report import reported_json
    from analyzer.cli.views.run import Night, status_sentence

    terminal = demo.terminal
    failed = first.tables.entries_of(job.job_id).filter("names")
    known = _make_known(demo, failed)
    terminal.say(f"Added the {known} users of {job.job_id[:8]} to the test tenant. Importing their retry file.")
    assert retry.path is not None  # noqa: S101 - chosen for having one
    queued = _queue_retry(demo.tenant, job, retry.path)
    _wait_until_ended(demo.tenant, queued)
    pulled, reported = _run(demo)
    second = reported.tables.only([queued.lower()]).jobs.row(0, named=True)
    if second["outcome"] != "succeeded" or second["not_updated"] != 0:
        raise UnreachableError(f"the retry ended as {second['outcome']}, with {second['not_updated']} not updated")
    night = Night(pulled, reported, demo.places, datetime.now(UTC))
    (status,) = [one for one in night.statuses if one.feed == second["feed"]]
    if terminal.json:
        terminal.result({"retry": str(retry.path), "second_run": queued, **reported_json(reported)})
        return
    terminal.prose(f"{status_sentence(status, night)}.", indent="  ")
    due = [one.job_id for one in reported.retries.values() if one.path is not None]
    for words in (("show", job.job_id[:8]), *((("retry", due[-1][:8]),) if due else ()), ("report",)):
        terminal.say(f"next: {demo.places.commands.line(*words)}")
    terminal.say("Open the report in a browser:")
    terminal.show(str(reported.index))


def _make_known(demo: _Demo, failed: pl.DataFrame) -> int:
    """Add the failed users, as an administrator would in Entra ID; return how many."""
    import uuid

    users = failed.unique("key", maintain_order=True)["identity"].to_list()
    for identity in users:
        object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, identity))
        demo.emulator.add_user(mail=identity, object_id=object_id, user_principal_name=identity)
    return len(users)


def _queue_retry(tenant: Tenant, job: Job, path: Path) -> str:
    """Upload a retry file next to the source file of its job, and queue it; return the ID of the new job."""
    from analyzer.model.service import IdType
    from analyzer.model.uri import server_paths
    from analyzer.storage.files import sha256_of
    from analyzer.storage.manifest_file import manifest_path, read_manifest
    from analyzer.tenant.sharepoint.jobs import Import, queue_import
    from analyzer.tenant.sharepoint.upload import UploadTarget, upload_file

    session, manifest = tenant.session, read_manifest(manifest_path(path))
    assert manifest is not None  # noqa: S101 - written with the file
    folder = server_paths(job.source_uri)[0].rpartition("/")[0]
    target = UploadTarget(session.hosts.origin(job.source_uri), folder, path.name)
    uploaded = upload_file(tenant.webs, target, path, sha256_of(path), keep=lambda _id, _sent: None)
    property_map = {name: _RENAMED.get(name, name) for name in manifest.properties}
    return queue_import(session, Import(uploaded.uri, IdType.Email, manifest.id_property, property_map))


def _wait_until_ended(tenant: Tenant, job_id: str) -> None:
    """Wait for a job to end.

    Raises:
        UnreachableError: it hasn't ended by then.
    """
    from analyzer.tenant.sharepoint.jobs import get_job

    end = time.monotonic() + _PATIENCE
    while (job := get_job(tenant.session, job_id)) is None or not job.ended:
        if time.monotonic() > end:
            raise UnreachableError(f"the job {job_id} didn't end within {_PATIENCE:.0f} s")
        time.sleep(_POLL)


def serve(
    context: typer.Context,
    library: Annotated[
        Path, typer.Argument(help="Library folder with the jobs of the tenant. It is never changed.", metavar="LIBRARY")
    ],
    *,
    port: Annotated[
        int, typer.Option(metavar="N", help="Listen on this port. 0 selects a free one.", min=0, max=65535)
    ] = 0,
    speed: Annotated[
        float, typer.Option(metavar="X", help="Speed up the service's clock by this factor.", min=0.001)
    ] = 1.0,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="Add a scenario such as slow-pick-up. Repeatable.", metavar="NAME"),
    ] = None,
) -> None:
    """Run a local test tenant that really runs import jobs.

    Print one line of JSON when it is ready. Stop it with Ctrl+C.
    """
    app = context.ensure_object(AppContext)
    emulator = import_emulator()
    for name in scenario or ():
        if name not in emulator.SCENARIOS:
            raise UsageError(f"there is no scenario {name!r}", f"Specify one of {', '.join(emulator.SCENARIOS)}.")
    try:
        emulator.serve(library, port, speed, app.terminal.show_now, scenarios=scenario or ())
    except emulator.EmulatorError as error:
        raise InputError(str(error).rstrip(".")) from error


def import_emulator() -> Any:  # noqa: ANN401 - a module
    """Import the emulator, which needs the extra ``emulator``.

    Raises:
        UsageError: the extra isn't installed.
    """
    try:
        import starlette  # noqa: F401
        import trustme  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the local test tenant isn't installed: {error.name} is missing",
            'Run `pip install "upa-analyzer[emulator]"`.',
        ) from error
    import analyzer.emulator

    return analyzer.emulator
