"""``upa-analyzer pull``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import (
    DEFAULT_PATIENCE,
    AppContext,
    JobsOption,
    PatienceOption,
    SinceOption,
    hold,
    parse_day,
    parse_duration,
)
from analyzer.errors import ThresholdError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.cli.terminal.output import Terminal
    from analyzer.library.mirror import Library
    from analyzer.library.model import PullResult
    from analyzer.library.workspace import Workspace
    from analyzer.tenant.sharepoint.site import Tenant


def command(
    context: typer.Context,
    *,
    job: JobsOption = None,
    since: SinceOption = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Check everything again, including jobs that are complete.")
    ] = False,
    patience: PatienceOption = DEFAULT_PATIENCE,
) -> int:
    """Download new jobs, logs, and source files."""
    from analyzer.cli.views.jobs import pulled_clause, pulled_json
    from analyzer.library.mirror import Library
    from analyzer.library.model import Choice
    from analyzer.pipeline import pull_without_forgotten

    app = context.ensure_object(AppContext)
    workspace, tenant, library = hold_and_connect(context, patience)
    ids = frozenset(wanted.strip("{} ").lower() for wanted in job or ())
    choice = Choice(ids, parse_day(since, app.zone()), everything)
    begun, now = time.monotonic(), tenant.session.policy.clock.now()
    with app.terminal.progress("pulling") as progress:
        pulled = pull_without_forgotten(tenant, library, now=now, choice=choice, progress=progress)
    app.tables_with_progress(Library(library.root), workspace)
    if app.terminal.json:
        app.terminal.result(pulled_json(pulled))
    else:
        app.terminal.prose(f"{pulled_clause(pulled)} in {time.monotonic() - begun:.1f} s.")
        print_skipped(app.terminal, pulled)
        app.terminal.show(str(library.root))
    return exit_code(app.terminal, pulled)


def hold_and_connect(context: typer.Context, patience: str) -> tuple[Workspace, Tenant, Library]:
    """Hold the selected tenant's folder and connect to the tenant, as ``connected``.

    Raises:
        LockedError: another command holds the folder.
        AnalyzerError: as ``connected``.
    """
    from analyzer.library.mirror import Library
    from analyzer.library.workspace import Workspace

    app = context.ensure_object(AppContext)
    hold(context, Workspace(app.settings.data, app.tenant()[0]))
    workspace, tenant = connected(context, patience)
    return workspace, tenant, Library(workspace.library)


def connected(
    context: typer.Context, patience: str, before_request: Callable[[], None] = lambda: None
) -> tuple[Workspace, Tenant]:
    """Connect to the selected tenant; warn if its certificate expires soon.

    Args:
        context: of the command.
        patience: how long to wait when the tenant throttles.
        before_request: as in ``ClientPolicy``.

    Raises:
        UsageError: it isn't clear which tenant, its configuration is incomplete, or ``patience`` isn't a time span.
        AnalyzerError: the certificate can't be read.
    """
    from analyzer.config.connect import certificate_warning, connect
    from analyzer.library.workspace import Workspace
    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.sharepoint.site import Tenant

    app = context.ensure_object(AppContext)
    settings, (name, tenant) = app.settings, app.tenant()
    policy = ClientPolicy(patience=parse_duration(patience), notify=app.terminal.say, before_request=before_request)
    session = connect(settings, tenant, app.environment, policy, app.terminal.ask)
    warning = certificate_warning(settings, tenant, app.environment, datetime.now(UTC))
    if warning:
        app.terminal.warn(warning)
    return Workspace(settings.data, name), Tenant(session)


def exit_code(terminal: Terminal, pulled: PullResult) -> int:
    """Write what couldn't be pulled because of the tenant, or was removed again; return the exit code, or 0."""
    code = 0
    if pulled.forgotten_users:
        who = "1 user who was" if pulled.forgotten_users == 1 else f"{pulled.forgotten_users:,} users who were"
        terminal.say(f"Removed {who} removed before from the new files too. Remove them from the feed.")
    if pulled.unlisted is not None:
        terminal.complain(_unlisted(pulled.unlisted, are_single_refused=isinstance(pulled.fault, ThresholdError)))
        code = pulled.unlisted.exit_code
    if pulled.fault is not None and not isinstance(pulled.fault, ThresholdError):
        terminal.complain(pulled.fault)
        code = pulled.fault.exit_code
    return code


def _unlisted(error: ThresholdError, *, are_single_refused: bool) -> ThresholdError:
    """Add to the error how the pull continues without the job list."""
    meanwhile = (
        "Single jobs are refused as well, so the library's jobs stay as they were."
        if are_single_refused
        else "Until then, each job of the library that hasn't ended is asked for on its own. New jobs aren't seen: name"
        " them with upa-analyzer pull --job ID."
    )
    return ThresholdError(error.what, f"{error.advice} {meanwhile}")


def print_skipped(terminal: Terminal, pulled: PullResult) -> None:
    """Write to stderr what couldn't be downloaded, and why."""
    for one in pulled.skipped:
        terminal.say(f"  {one.job_id[:8]}: no {one.what}: {one.because}")
