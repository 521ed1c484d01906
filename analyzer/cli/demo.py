"""``upa-analyzer demo``: the whole way on the embedded tenant, from failed imports to one that has nobody left."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.context import Context, hold
from analyzer.errors import InputError, OutputError, UnreachableError

if TYPE_CHECKING:
    import polars as pl

    from analyzer.cli.terminal import Terminal
    from analyzer.job import Job
    from analyzer.library.mirror import Library
    from analyzer.library.results import Pulled
    from analyzer.retries import JobRetry
    from analyzer.run import Places, Reported
    from analyzer.tenant.site import Tenant
    from analyzer.workspace import Workspace


RENAMED = {"Office": "OfficeCode"}
"""Where the samples' feeds, as the vendor's example, have another name for a property than the profile store."""

_HOST = "localhost"
_SPEED = 600.0
_PATIENCE = 60.0
_POLL = 0.1


@dataclass(frozen=True, slots=True)
class _Demo:
    """The demo's tenant and where its results go."""

    terminal: Terminal
    emulator: Any
    tenant: Tenant
    library: Library
    places: Places


def command(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write it.")] = Path("upa-demo"),
) -> None:
    """Shows the whole way on an embedded tenant with sample jobs. Pulls, reports, and imports a retry file."""
    from analyzer.cli.emulator import import_emulator
    from analyzer.resources import sample_library
    from analyzer.workspace import Workspace

    given = context.ensure_object(Context)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file", "Name a folder with --out.")
    workspace = Workspace(out, "contoso")
    hold(context, workspace)
    _forget_earlier_demo(workspace.library)
    given.terminal.say("starting a tenant on this machine, with the sample jobs in it")
    with import_emulator().start(sample_library(), speed=_SPEED) as emulator:
        demo = _Demo(given.terminal, emulator, *_tenant(emulator, workspace.library), _places(workspace))
        reported = _first_run(demo)
        chosen = _chosen(reported, demo.library)
        _second_run(demo, reported, *chosen)


def _forget_earlier_demo(library: Path) -> None:
    """Remove what an earlier demo pulled: its tenant is gone, and in this one nobody has retried anything yet."""
    from analyzer.library.mirror import JOB_LIST, Library

    if (library / JOB_LIST).is_file() and Library(library).tenant == _HOST:
        shutil.rmtree(library, ignore_errors=True)


def _tenant(emulator: Any, library: Path) -> tuple[Tenant, Library]:  # noqa: ANN401 - the emulator loads late
    from analyzer.library.mirror import Library
    from analyzer.tenant.interface import TenantAddress
    from analyzer.tenant.session import Session
    from analyzer.tenant.signin import ReadyToken
    from analyzer.tenant.site import Tenant

    ready = emulator.ready
    address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
    session = Session(address, ReadyToken({"token": ready["token"]}, ready["admin_url"], "token"))
    return Tenant(session), Library(library)


def _places(workspace: Workspace) -> Places:
    from analyzer.run import Places

    day = datetime.now(UTC).date().isoformat()
    return Places(report=workspace.report(day), retry=workspace.retry, templates=None, zone=None)


def _first_run(demo: _Demo) -> Reported:
    from analyzer.cli.run import tell_run

    pulled, reported = _run(demo)
    if not demo.terminal.json:
        tell_run(demo.terminal, pulled, reported, demo.places.zone)
    return reported


def _run(demo: _Demo) -> tuple[Pulled, Reported]:
    from analyzer.run import run

    with demo.terminal.stages() as stage:
        return run(demo.tenant, demo.library, demo.places, datetime.now(UTC), stage)


def _chosen(reported: Reported, library: Library) -> tuple[Job, JobRetry]:
    """The newest job whose failed users only have to become known to be imported, and its retry file."""
    import polars as pl

    named = reported.tables.entries
    others = named.filter(~pl.col("names") | (pl.col("code") != "IdentityNotResolvable"))["job_id"]
    partial = reported.tables.jobs.filter((pl.col("outcome") == "partial") & ~pl.col("job_id").is_in(others.implode()))
    jobs = {job.job_id: job for job in library.jobs()}
    for job_id in reversed(partial["job_id"].to_list()):
        retry = reported.retries.get(job_id)
        if retry is not None and retry.path is not None and retry.complete and not jobs[job_id].gone:
            return jobs[job_id], retry
    raise InputError("the samples hold no job whose retry file could be imported", "Install the program anew.")


def _second_run(demo: _Demo, first: Reported, job: Job, retry: JobRetry) -> None:
    import polars as pl

    terminal = demo.terminal
    failed = first.tables.entries.filter((pl.col("job_id") == job.job_id) & pl.col("names"))
    mended = _mend(demo, failed)
    terminal.say(f"made the {mended} users of {job.job_id[:8]} known to the tenant, and queue their retry file:")
    if not terminal.json:
        terminal.show(str(retry.path))
    queued = _queue(demo, job, retry)
    _wait(demo, queued)
    _, reported = _run(demo)
    second = reported.tables.only([queued.lower()]).jobs.row(0, named=True)
    if second["outcome"] != "succeeded" or second["not_updated"] != 0:
        raise UnreachableError(f"the second run ended as {second['outcome']}, with {second['not_updated']} not updated")
    terminal.say(
        f"the second run, job {queued[:8]}: {second['outcome']}, {second['users']:,} users, 0 not updated:"
        " nobody is left to retry"
    )
    if terminal.json:
        _tell_json(terminal, retry, reported, queued)
        return
    terminal.say("open the report in a browser:")
    terminal.show(str(reported.index))


def _tell_json(terminal: Terminal, retry: JobRetry, reported: Reported, queued: str) -> None:
    from analyzer.cli.report import reported_json

    terminal.result({"retry": str(retry.path), "second_run": queued, **reported_json(reported)})


def _mend(demo: _Demo, failed: pl.DataFrame) -> int:
    """Makes the failed users known, as an administrator would in Entra ID; returns how many."""
    import uuid

    users = failed.unique("key", maintain_order=True)["identity"].to_list()
    for identity in users:
        object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, identity))
        demo.emulator.add_user(mail=identity, object_id=object_id, user_principal_name=identity)
    return len(users)


def _queue(demo: _Demo, job: Job, retry: JobRetry) -> str:
    """Uploads the retry file beside the source file and queues it."""
    from analyzer.facts import IdType
    from analyzer.files import read_bytes
    from analyzer.retry.manifest import manifest_of, read_manifest
    from analyzer.tenant.files import upload
    from analyzer.tenant.queueing import Import, queue_import
    from analyzer.uri import server_paths

    assert retry.path is not None  # noqa: S101 - chosen for having one
    session = demo.tenant.session
    manifest = read_manifest(manifest_of(retry.path))
    assert manifest is not None  # noqa: S101 - made a moment ago
    folder = server_paths(job.source_uri)[0].rpartition("/")[0]
    origin = session.hosts.origin(job.source_uri)
    uri = upload(session, origin, folder, retry.path.name, read_bytes(retry.path))
    property_map = {name: RENAMED.get(name, name) for name in manifest.properties}
    return queue_import(session, Import(uri, IdType.Email, manifest.id_property, property_map))


def _wait(demo: _Demo, job_id: str) -> None:
    from analyzer.tenant.jobs import get_job

    end = time.monotonic() + _PATIENCE
    while (job := get_job(demo.tenant.session, job_id)) is None or not job.ended:
        if time.monotonic() > end:
            raise UnreachableError(f"the job {job_id} did not end within {_PATIENCE:.0f} s")
        time.sleep(_POLL)
