"""``upa-analyzer history publish LOCATION``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption
from analyzer.cli.terminal.output import Column
from analyzer.errors import UsageError
from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.history.publish import PublishedTable

_COLUMNS = (
    Column("table"),
    Column("rows", right=True),
    Column("jobs written", right=True),
    Column("jobs removed", right=True),
    Column("commits", right=True, least=1),
    Column("version", right=True, least=2),
)


def command(
    context: typer.Context,
    location: Annotated[
        str,
        typer.Argument(help="Folder, abfss:// address (Azure Storage, OneLake), or s3:// address.", metavar="LOCATION"),
    ],
    *,
    library: LibraryOption = None,
) -> int:
    """Write what is new to Delta tables, for Fabric, Power BI, Databricks, or Spark."""
    from analyzer.history.delta_location import delta_location
    from analyzer.history.publish import check_installed, publish

    app = context.ensure_object(AppContext)
    where = delta_location(location, app.environment, _storage_token(app))
    check_installed()
    opened = app.library(library)
    tenant = opened.tenant
    if tenant is None:
        raise UsageError("the library's tenant is unknown", "Run `upa-analyzer pull` first.")
    with app.terminal.stages() as stage:
        reading = stage("reading logs")
        tables = app.tables(opened, app.workspace(library), lambda done, total: reading(done, total, ""))
        progress = stage("publishing")
        published = list(publish(tables, tenant, where, progress))
    if app.terminal.json:
        rows = [dataclasses.asdict(one) for one in published]
        app.terminal.result({"location": location, "tenant": tenant, "tables": rows})
    else:
        _print(app, f"{count(tables.jobs.height, 'job')} of {tenant}", location, published)
    return app.unread(tables.log_problems)


def _print(app: AppContext, what: str, location: str, published: list[PublishedTable]) -> None:
    """Print what was written; ``what`` is there now, such as ``12 jobs of contoso.sharepoint.com``."""
    from analyzer.history.store import PER_JOB

    changed = [one for one in published if one.commits]
    if not changed:
        app.terminal.show(f"Nothing new: {location} has {what}.")
        return
    app.terminal.show(f"Published what is new: {location} now has {what}.")
    rows = []
    for one in changed:
        # Other tables are written as a whole if anything in them has changed.
        jobs = [f"{one.changed:,}", f"{one.removed:,}"] if one.table in PER_JOB else ["-", "-"]
        rows.append([one.table, f"{one.rows:,}", *jobs, f"{one.commits:,}", f"{one.version:,}"])
    app.terminal.table(_COLUMNS, rows)


def _storage_token(app: AppContext) -> Callable[[], str]:
    """Return a function that signs in to Azure Storage as the selected tenant is configured, when it is called."""
    from functools import cache

    from analyzer.config.connect import tokens_of
    from analyzer.history.delta_location import STORAGE

    @cache
    def sign_in() -> Callable[[str], str]:
        _, tenant = app.tenant()
        if tenant.auth == "token":
            raise UsageError(
                'auth = "token" has no token for Azure Storage',
                f"Set AZURE_STORAGE_TOKEN to one for {STORAGE}, or configure another way to sign in.",
            )
        return tokens_of(app.settings, tenant, app.environment, app.terminal.ask).token

    return lambda: sign_in()(STORAGE)
