"""``upa-analyzer pull``."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import Context, hold
from analyzer.cli.options import DEFAULT_PATIENCE, JobsOption, PatienceOption, SinceOption, parse_day, parse_duration
from analyzer.errors import ThresholdError

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.config.settings import Settings
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
    from analyzer.library.model import Choice
    from analyzer.library.pull.pull import pull
    from analyzer.library.workspace import Workspace

    given = context.ensure_object(Context)
    settings = given.settings()
    workspace = Workspace(settings.data, given.tenant(settings)[0])
    hold(context, workspace)
    tenant, library = connected(given, settings, workspace, patience)
    warn_of_certificate(given, settings, datetime.now(UTC))
    ids = frozenset(wanted.strip("{} ").lower() for wanted in job or ())
    choice = Choice(ids, parse_day(since, given.zone(settings)), everything)
    begun = time.monotonic()
    with given.terminal.progress("pulling") as progress:
        pulled = pull(tenant, library, now=datetime.now(UTC), choice=choice, progress=progress)
    if given.terminal.json:
        given.terminal.result(pulled_json(pulled))
    else:
        given.terminal.prose(f"{pulled_sentence(pulled)} in {time.monotonic() - begun:.1f} s")
        tell_left_out(given.terminal, pulled)
        given.terminal.show(str(library.root))
    return exit_code(given.terminal, pulled)


def connected(
    given: Context, settings: Settings, workspace: Workspace, patience: str = DEFAULT_PATIENCE
) -> tuple[Tenant, Library]:
    """The configured tenant that is meant, and its library.

    Raises:
        UsageError: it is not clear which, or its configuration is not enough; ``patience`` is no time span.
    """
    from analyzer.config.connect import connect
    from analyzer.library.mirror import Library
    from analyzer.tenant.model import ClientPolicy
    from analyzer.tenant.sharepoint.site import Tenant

    _, tenant = given.tenant(settings)
    policy = ClientPolicy(patience=parse_duration(patience), tell=given.terminal.say)
    session = connect(settings, tenant, given.environment, policy, given.terminal.ask)
    return Tenant(session), Library(workspace.library)


def warn_of_certificate(given: Context, settings: Settings, now: datetime) -> None:
    """Warn of a certificate that ends soon.

    Raises:
        AnalyzerError: it cannot be read.
    """
    from analyzer.config.connect import certificate_warning

    warning = certificate_warning(settings, given.tenant(settings)[1], given.environment, now)
    if warning:
        given.terminal.warn(warning)


def exit_code(terminal: Terminal, pulled: PullResult) -> int:
    """Says at what the tenant failed, though the rest came; the exit code of that, or 0."""
    code = 0
    if pulled.unlisted is not None:
        terminal.complain(_unlisted(pulled.unlisted, are_single_refused=isinstance(pulled.fault, ThresholdError)))
        code = pulled.unlisted.exit_code
    if pulled.fault is not None and not isinstance(pulled.fault, ThresholdError):
        terminal.complain(pulled.fault)
        code = pulled.fault.exit_code
    return code


def _unlisted(error: ThresholdError, *, are_single_refused: bool) -> ThresholdError:
    """What a refused job list means for a pull that went on without it."""
    meanwhile = (
        "Single jobs are refused as well, so the library's jobs stay as they were."
        if are_single_refused
        else "Until then, each job of the library that hasn't ended is asked for on its own. New jobs aren't seen: name"
        " them with upa-analyzer pull --job ID."
    )
    return ThresholdError(error.what, f"{error.advice} {meanwhile}")


def pulled_sentence(pulled: PullResult) -> str:
    """``pulled 3 new jobs, 5 log files (1.2 MB) from contoso.sharepoint.com``."""
    from analyzer.model.text import count, listed, size

    parts = [count(len(pulled.new), "new job")]
    if pulled.changed:
        parts.append(count(len(pulled.changed), "changed job"))
    if pulled.gone:
        parts.append(f"{count(len(pulled.gone), 'job')} no longer listed")
    if pulled.log_files:
        parts.append(count(pulled.log_files, "log file"))
    if pulled.source_files:
        parts.append(count(pulled.source_files, "source file"))
    received = f" ({size(pulled.received)})" if pulled.received else ""
    return f"pulled {listed(parts)}{received} from {pulled.tenant}"


def tell_left_out(terminal: Terminal, pulled: PullResult) -> None:
    """Says on stderr what could not be had, and why."""
    for left in pulled.skipped:
        terminal.say(f"  {left.job_id[:8]}: no {left.what}: {left.because}")


def pulled_json(pulled: PullResult) -> dict[str, object]:
    """What a pull brought, for machines."""
    return {
        "tenant": pulled.tenant,
        "new": pulled.new,
        "changed": pulled.changed,
        "gone": pulled.gone,
        "log_files": pulled.log_files,
        "source_files": pulled.source_files,
        "received_bytes": pulled.received,
        "job_list_refused": pulled.unlisted is not None,
        "left_out": [{"job_id": left.job_id, "what": left.what, "because": left.because} for left in pulled.skipped],
    }
