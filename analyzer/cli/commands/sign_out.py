"""``upa-analyzer sign-out``."""

from __future__ import annotations

import typer

from analyzer.cli.context import Context


def command(context: typer.Context) -> None:
    """Forgets the tokens of a sign-in by browser or device code."""
    from analyzer.config.connect import token_cache
    from analyzer.model.text import listed

    given = context.ensure_object(Context)
    settings = given.settings()
    name, tenant = given.tenant(settings)
    forgotten = token_cache(tenant).forget() if tenant.tenant_id and tenant.client_id else []
    if given.terminal.json:
        given.terminal.result({"tenant": name, "signed_out": forgotten})
    elif forgotten:
        given.terminal.show(f"signed out of {name}: {listed(forgotten)}")
    else:
        given.terminal.show(f"nobody was signed in to {name}")
