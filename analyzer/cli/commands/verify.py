"""``upa-analyzer verify JOB``."""

from __future__ import annotations

import functools
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.commands.check import IdTypeName
from analyzer.cli.context import DEFAULT_PATIENCE, AppContext, DirectoryOption, LibraryOption, PatienceOption
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.imports.model import ImportPlan
    from analyzer.imports.plan import PlanOptions
    from analyzer.imports.verify import Sample
    from analyzer.imports.verify_model import VerifyResult
    from analyzer.library.mirror import Library
    from analyzer.library.workspace import Workspace
    from analyzer.model.job import Job

_SAMPLE = 200
_SEEDS = 1_000_000
CALLS_FILE = "profile-calls.json"

_plan = functools.partial(typer.Option, rich_help_panel="How the job was queued, if that is unknown")


def command(  # noqa: PLR0913 - what may be unknown of a job
    context: typer.Context,
    job: Annotated[
        str, typer.Argument(help="ID of the job; its first eight characters are enough.", show_default=False)
    ],
    *,
    sample: Annotated[int, typer.Option(metavar="N", min=1, help="Read back a random sample of N users.")] = _SAMPLE,
    everyone: Annotated[bool, typer.Option("--all", help="Read back every user, such as those of a retry.")] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Draw the sample of an earlier verification again.")
    ] = None,
    id_type: Annotated[
        IdTypeName | None, _plan(metavar="TYPE", help="Email, CloudId, or PrincipalName. Default: the feed's.")
    ] = None,
    id_property: Annotated[
        str, _plan(metavar="NAME", help="Property that holds the IDs. Default: the feed's, else inferred.")
    ] = "",
    mapped: Annotated[
        list[str] | None,
        _plan("--map", metavar="SOURCE=PROFILE", help="Property map. Repeatable. Default: the feed's."),
    ] = None,
    directory: DirectoryOption = None,
    library: LibraryOption = None,
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Verify a job: read users' profiles back, and compare them with the source file.

    The exit code is 1 if a user differs or has no profile, or if no user could be compared.
    """
    from analyzer.cli.views.verify import print_result, result_json
    from analyzer.imports.plan import PlanOptions
    from analyzer.imports.verify import Sample, record_of
    from analyzer.model.job import find_job
    from analyzer.storage.verification_record import add_verification

    app = context.ensure_object(AppContext)
    opened = app.library(library)
    workspace = app.workspace(library)
    wanted = find_job(opened.jobs(), job)
    drawn = secrets.randbelow(_SEEDS) if seed is None else seed
    options = PlanOptions("", id_type.value if id_type else "", id_property, mapped or ())
    chosen = Sample(None if everyone else sample, drawn)
    result = _read_back(context, opened, workspace, wanted, chosen, options, patience, directory)
    record = record_of(result, datetime.now(UTC))
    if result.checks:
        add_verification(workspace.verified, wanted.job_id, record)
    if app.terminal.json:
        app.terminal.result(result_json(wanted.job_id, result, record))
    else:
        print_result(app, wanted.job_id, result, record)
    if result.fault is not None:
        raise result.fault
    return int(result.wrong > 0 or not result.checked)


def _read_back(  # noqa: PLR0913, PLR0917 - the command's options
    context: typer.Context,
    library: Library,
    workspace: Workspace,
    job: Job,
    sample: Sample,
    options: PlanOptions,
    patience: str,
    export: Path | None,
) -> VerifyResult:
    """Read the profiles, while no other command reads profiles of this tenant.

    Raises:
        AnalyzerError: no profile can be read, or another command is reading profiles.
    """
    from analyzer.cli.commands.pull import connected
    from analyzer.imports.call_budget import CallBudget
    from analyzer.imports.job_plan import JobPlans
    from analyzer.imports.verify import Reading, verify
    from analyzer.storage.lock import data_lock
    from analyzer.tenant.model import Clock
    from analyzer.tenant.sharepoint.profiles import read_profile

    app = context.ensure_object(AppContext)
    tables = app.tables_with_progress(library, workspace)
    configured = functools.partial(_configured, app, options, tables.job(job.job_id)["feed"] or "")
    plans = JobPlans(library, tables, workspace.imports, configured)
    directory = app.directory(export)
    with data_lock(workspace.verified, "verify", app.terminal.say):
        budget = CallBudget(workspace.root / CALLS_FILE, Clock(), app.terminal.say)
        _, tenant = connected(context, patience, budget.take)
        _check_tenant(library, tenant.host)
        with budget, app.terminal.progress("reading profiles") as progress:
            reading = Reading(functools.partial(read_profile, tenant.session), directory, progress, tenant.jobs)
            return verify(plans, job, sample, reading)


def _configured(app: AppContext, options: PlanOptions, of_feed: str, feed: str) -> ImportPlan:
    """Return what options, which are about one feed, and the configuration say of a feed."""
    from analyzer.imports.plan import PlanOptions, plan_of

    return plan_of(options if feed == of_feed else PlanOptions(), app.tenant()[1].feeds.get(feed))


def _check_tenant(library: Library, host: str) -> None:
    """Check that the profiles are those of the library's tenant.

    Raises:
        UsageError: they aren't.
    """
    from analyzer.model.uri import tenant_of

    if library.tenant not in {None, tenant_of(host)}:
        raise UsageError(
            f"the library is of {library.tenant}, and the configured tenant is {tenant_of(host)}",
            "Specify --tenant NAME, or the tenant's own library.",
        )
