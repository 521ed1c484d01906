"""The commands, gathered; each stands in a module of its own."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from analyzer.cli.context import Context
from analyzer.cli.terminal.log import Log, LogFormat
from analyzer.cli.terminal.output import Terminal
from analyzer.model.next_step import PROGRAM, Commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.exceptions import TyperException


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
"""In the order of ``--help``."""
_ELSEWHERE = {"emulator": "demo:serve", "sign-out": "doctor:sign_out"}
"""The functions of the commands that share a module with another; the others are ``command`` in their own."""


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
        app.command(command, cls=Command)(_function(command))
    return app


def _function(command: str) -> Callable[..., object]:
    module, _, name = _ELSEWHERE.get(command, f"{command}:command").partition(":")
    function: Callable[..., object] = getattr(importlib.import_module(f"analyzer.cli.commands.{module}"), name)
    return function


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


_NEAR = re.compile(r"\.? (?:Did you mean (?P<names>[^?]+)\?|\(Possible options: (?P<options>[^)]+)\))$")
_EXAMPLES = {
    "demo": ("demo", "demo --out try-it"),
    "run": ("run", "run --fail-on new", "run --tenant contoso --quiet"),
    "pull": ("pull", "pull --since 2026-11-01", "pull --job 5f05e38c --all"),
    "jobs": ("jobs", "jobs --feed hr --outcome partial", "jobs --since 2026-11-01 --json"),
    "show": ("show", "show 5f05e38c", "show --feed hr --all"),
    "parse": ("parse logs.zip -o entries.xlsx", "parse LOGS --check"),
    "report": ("report", "report --since 2026-11-01 -o report"),
    "retry": (
        "retry",
        "retry 5f05e38c --drop-property Floor",
        "retry --source feed.json --log feed-Logs",
        "retry --verify feed-5f05e38c-retry.json",
    ),
    "ack": ("ack", "ack 5f05e38c --until 2026-12-01", "ack 5f05e38c --undo"),
    "explain": ("explain IdentityNotResolvable", "explain GenericError/deadlock"),
    "doctor": ("doctor", "doctor --tenant contoso"),
    "sign-out": ("sign-out",),
    "emulator": ("emulator samples", "emulator samples --port 8443"),
}
"""Of each command, the words after the program's name."""

_KINDS = {"is not a valid int range": "is not a whole number", "is not a valid float range": "is not a number"}


class Command(TyperCommand):
    """A command whose usage names its arguments as they are typed: ``show JOB`` and not ``show {JOB}``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's context is private
        """The words after the command's name."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the arguments, then the options under their headings, those without one last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                is_argument = param.param_type_name == "argument"
                heading = "Arguments" if is_argument else getattr(param, "rich_help_panel", None) or "Options"
                groups.setdefault(heading, []).append(record)
        groups["Options"] = groups.pop("Options", [])
        for heading, records in groups.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Write the examples."""
        with formatter.section("Examples"):
            for words in examples(self.name or ""):
                formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}\n")


def examples(command: str) -> tuple[str, ...]:
    """How a command is used: the words after the program's name."""
    return _EXAMPLES[command]


def told(error: TyperException) -> tuple[str, str]:
    """What was wrong with the arguments, and what to do: what is near, and the help of the command that was meant."""
    what = error.format_message().rstrip(".")
    for theirs, ours in _KINDS.items():
        what = what.replace(theirs, ours)
    near, advice = _NEAR.search(what), ""
    if near:
        what, advice = what[: near.start()], f"Did you mean {near['names'] or near['options']}? "
    meant = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
    return what, f"{advice}{meant} --help lists what there is."
