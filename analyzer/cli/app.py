"""The commands, gathered; each stands in a module of its own."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.context import Context
from analyzer.cli.terminal.log import Log, LogFormat
from analyzer.cli.terminal.terminal import Terminal
from analyzer.cli.terminal.usage import Command
from analyzer.model.next_step import Commands

COMMANDS = (
    "demo",
    "run",
    "pull",
    "jobs",
    "show",
    "parse",
    "report",
    "retry",
    "ack",
    "explain",
    "doctor",
    "sign-out",
    "emulator",
)
"""Each stands in the module of its name, in the order of ``--help``."""


def app_for(name: str) -> typer.Typer:
    """The command line, with this command alone, as to make up all of them takes longer; with all for another name."""
    app = typer.Typer(
        name="upa-analyzer",
        help="Log and job-result analyzer for bulk imports of SharePoint Online user profile properties.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for command in [name] if name in COMMANDS else COMMANDS:
        app.command(command, cls=Command)(
            importlib.import_module(f"analyzer.cli.commands.{command.replace('-', '_')}").command
        )
    return app


def _options(  # noqa: PLR0913 - the contract's global options
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The configuration, instead of upa-analyzer.toml.")
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="NAME", help="Which tenant of the configuration.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show requests and tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only results and errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Results as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False,
    log_format: Annotated[LogFormat, typer.Option(help="How stderr is written: for people or for collectors.")] = (
        LogFormat.text
    ),
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Log and job-result analyzer for bulk imports of SharePoint Online user profile properties."""
    del version  # answered before typer is loaded
    commands = context.obj if isinstance(context.obj, Commands) else Commands()
    log = Log(log_format, commands)
    bars = not (verbose or log.as_json)
    terminal = Terminal(json=json, quiet=quiet, color=False if no_color else None, log=log, bars=bars)
    context.obj = Context(terminal=terminal, config_file=config, tenant_name=tenant)
