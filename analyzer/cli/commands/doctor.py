"""``upa-analyzer doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from analyzer.cli.context import AppContext

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.doctor import Finding, Subject


_MARK, _STEP = 9, 15
"""Widths of the first two columns."""


def command(context: typer.Context) -> int:
    """Check configuration, sign-in, and permissions, and suggest fixes.

    Nothing is changed.
    """
    from analyzer.doctor import Subject, examine
    from analyzer.tenant.model import ClientPolicy

    app = context.ensure_object(AppContext)

    def configured() -> Subject:
        policy = ClientPolicy(notify=app.terminal.say)
        return Subject(app.settings, *app.tenant(), app.environment, app.terminal.ask, policy)

    findings = []
    for finding in examine(configured):
        findings.append(finding)
        if not app.terminal.json:
            _show(app.terminal, finding)
    code = next((finding.exit_code for finding in findings if finding.exit_code), 0)
    if app.terminal.json:
        app.terminal.result({"steps": [_json(finding) for finding in findings], "exit_code": code})
    return code


def _show(terminal: Terminal, finding: Finding) -> None:
    indent = " " * (_MARK + _STEP)
    terminal.prose(f"{finding.mark:<{_MARK}}{finding.step:<{_STEP}}{finding.found}", indent=indent)
    if finding.advice:
        terminal.prose(f"{indent}{finding.advice}", indent=indent)


def _json(finding: Finding) -> dict[str, str]:
    return {"step": finding.step, "mark": finding.mark, "found": finding.found, "advice": finding.advice}


def sign_out(context: typer.Context) -> None:
    """Delete the tokens of a sign-in by browser or device code."""
    from analyzer.config.connect import token_cache
    from analyzer.model.text import listed

    app = context.ensure_object(AppContext)
    name, tenant = app.tenant()
    forgotten = token_cache(tenant).forget() if tenant.tenant_id and tenant.client_id else []
    if app.terminal.json:
        app.terminal.result({"tenant": name, "signed_out": forgotten})
    elif forgotten:
        app.terminal.show(f"Signed out of {name}: {listed(forgotten)}.")
    else:
        app.terminal.show(f"No one was signed in to {name}.")
