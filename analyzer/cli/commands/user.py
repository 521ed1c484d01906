"""``upa-analyzer user ID``."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli.context import AppContext, LibraryOption
from analyzer.errors import UsageError
from analyzer.model.identity import identity_key


def command(
    context: typer.Context,
    identity: Annotated[
        str, typer.Argument(help="The user's ID as in the source file or a log, in any spelling.", metavar="ID")
    ],
    *,
    library: LibraryOption = None,
) -> int:
    """Show a user: which jobs failed the user and why, the newest source record, and retry files."""
    from analyzer.cli.views.user import print_user, user_json
    from analyzer.history.user_history import user_history

    if not identity_key(identity):
        raise UsageError("the ID is empty", "Specify a user's ID, such as ada@contoso.com.")
    app = context.ensure_object(AppContext)
    opened = app.library(library)
    workspace = app.workspace(library)
    tables = app.tables(opened, workspace)
    found = user_history(opened, tables, workspace.retry, identity)
    if app.terminal.json:
        app.terminal.result(user_json(found, tables))
    else:
        print_user(app.terminal, found, tables, app.zone())
    return 0
