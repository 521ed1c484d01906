"""The commands, the global options, and the wording of help and usage errors."""

from __future__ import annotations

import importlib
import os
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click.exceptions import BadOptionUsage, BadParameter, MissingParameter, NoSuchOption
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from analyzer.cli.arguments import Arguments
from analyzer.cli.context import AppContext
from analyzer.cli.terminal.log import Log, LogFormat
from analyzer.cli.terminal.output import Terminal
from analyzer.errors import UsageError
from analyzer.model.next_step import PROGRAM, Commands
from analyzer.model.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = {
    "demo": ("demo", "demo --out try-it"),
    "run": ("run", "run --fail-on new", "run --tenant contoso --quiet", "run --all-tenants --json"),
    "pull": ("pull", "pull --since 2026-11-01", "pull --job 5f05e38c --all"),
    "jobs": ("jobs", "jobs --feed hr --outcome partial", "jobs --since 2026-11-01 --json"),
    "feeds": ("feeds", "feeds --feed hr", "feeds --json"),
    "show": ("show", "show 5f05e38c", "show --feed hr --all"),
    "diff": ("diff 5f05e38c", "diff 5f05e38c cc75e06b -o changes.xlsx"),
    "trend": ("trend", "trend --feed hr-feed --since 2026-11-01", "trend --feed hr-feed -o hr-feed.svg"),
    "user": ("user ada@contoso.com", "user ada@contoso.com --json"),
    "query": (
        'query "SELECT code, sum(users) AS users FROM job_codes GROUP BY code ORDER BY users DESC"',
        'query "SELECT * FROM entries" -o entries.parquet',
        "query - --json",
    ),
    "parse": ("parse logs.zip -o entries.xlsx", "parse feed-Logs --json", "parse feed-Logs --check"),
    "report": ("report", "report --since 2026-11-01 -o report", "report sample_logs -o report"),
    "export": ("export 5f05e38c -o failed.xlsx", "export -o new.csv --new --domain fabrikam.com"),
    "retry": (
        "retry",
        "retry 5f05e38c --drop-property Floor",
        "retry --source feed.json --log feed-Logs",
        "retry --verify feed-5f05e38c-retry.json",
    ),
    "watch": ("watch", "watch 5f05e38c --timeout 2h", "watch --then report", "watch --once --json"),
    "check": (
        "check hr-feed.json",
        "check hr-feed.json --id-type PrincipalName --map City --map Office=OfficeCode",
        "check hr-feed.json -o findings.xlsx --fail-on aborts",
    ),
    "cancel": ("cancel 5f05e38c", "cancel 5f05e38c --json"),
    "queue": (
        "queue hr-feed.json",
        "queue hr-feed.json --id-type PrincipalName --map City --map Office=OfficeCode --dry-run",
        "queue 5f05e38c --retry",
        "queue hr-feed.json --delta --heal 3",
    ),
    "clean": ("clean", "clean --older-than 180d --outcome succeeded", "clean --feed hr-feed --yes"),
    "verify": ("verify 5f05e38c", "verify 5f05e38c --sample 1000 --directory users.csv", "verify 5f05e38c --all"),
    "ack": ("ack", "ack 5f05e38c --until 2026-12-01", "ack 5f05e38c --undo"),
    "history check": ("history check", "history check --library from-a-colleague"),
    "history rebuild": ("history rebuild", "history rebuild --library from-a-colleague"),
    "history forget": (
        "history forget --user ada@contoso.com --user 8d0c4f3e-1b1c-4c7f-9d51-3b5a0d0f6a11",
        "history forget --before 2025-01-01 --yes",
    ),
    "explain": (
        "explain IdentityNotResolvable",
        "explain GenericError/deadlock",
        'explain "User identity cannot be resolved"',
    ),
    "doctor": ("doctor", "doctor --tenant contoso"),
    "sign-out": ("sign-out", "sign-out --tenant contoso"),
    "emulator": ("emulator sample_logs", "emulator sample_logs --port 8443 --speed 60"),
    "history publish": (
        "history publish lake",
        "history publish abfss://hr@onelake.dfs.fabric.microsoft.com/imports.Lakehouse/Tables",
        "history publish s3://hr-imports/history --tenant contoso",
    ),
}
"""The commands in the order of ``--help``, each with the words of its examples after the program's name."""
_ELSEWHERE = {"emulator": "demo:serve", "sign-out": "doctor:sign_out", "history publish": "publish:command"}
"""Functions of commands that share a module; the others are ``command`` in a module of their name.

A command of a group, such as ``history publish``, is the function of its name in the group's module.
"""

GROUPS = {"history": "Publish the history, check it, rebuild it, or remove users and old jobs from it."}
"""Groups of commands and their help; ``EXAMPLES`` has their commands with both words."""

_OFFERED_HELP = 60
_NO_BRACKETS = str.maketrans("", "", "<>")

COMPLETION = "_UPA_ANALYZER_COMPLETE"
"""The variable by which a shell asks for completions; typer derives it from the program's name."""


class Shell(StrEnum):
    """``--show-completion``."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"


def app_for(name: str) -> typer.Typer:
    """Return the command line with only this command, as building all is slower; with all for an unknown name."""
    if COMPLETION in os.environ:
        from typer._completion_classes import completion_init

        completion_init()  # typer calls it only with --install-completion, which writes to the shell's own files
    app = typer.Typer(
        cls=Group,
        name=PROGRAM,
        help="Analyze bulk imports of SharePoint Online user profile properties: what failed, why, and how to fix it.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    known = {*GROUPS, *EXAMPLES}
    groups = {group: typer.Typer(cls=SubGroup, help=text) for group, text in GROUPS.items()}
    for command in EXAMPLES:
        first, _, word = command.partition(" ")
        if first == name or name not in known:
            (groups[first] if word else app).command(word or first, cls=Command)(_function(command))
    for group, commands in groups.items():
        if group == name or name not in known:
            app.add_typer(commands, name=group)
    return app


def _function(command: str) -> Callable[..., object]:
    first, _, word = command.partition(" ")
    module, _, name = _ELSEWHERE.get(command, f"{first}:{word or 'command'}").partition(":")
    function: Callable[..., object] = getattr(importlib.import_module(f"analyzer.cli.commands.{module}"), name)
    return function


def _show_completion(shell: Shell | None) -> None:
    if shell is None:
        return
    from typer._completion_shared import get_completion_script

    typer.echo(get_completion_script(prog_name=PROGRAM, complete_var=COMPLETION, shell=shell.value))
    raise typer.Exit


def _options(  # noqa: PLR0913 - the contract's global options
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Configuration file. Default: upa-analyzer.toml.")
    ] = None,
    tenant: Annotated[str, typer.Option(metavar="NAME", help="Tenant of the configuration.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show requests and tracebacks.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show only results and errors.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write results as JSON.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Don't use colors.")] = False,
    log_format: Annotated[
        LogFormat, typer.Option(metavar="text|json", help="Write stderr as text, or as JSON for log collectors.")
    ] = LogFormat.text,
    show_completion: Annotated[
        Shell | None,
        typer.Option(
            metavar="SHELL",
            callback=_show_completion,
            is_eager=True,
            help="Print the completion script for bash, zsh, fish, or powershell.",
        ),
    ] = None,
    version: Annotated[bool, typer.Option("--version", "-V", help="Show the version.")] = False,
) -> None:
    del show_completion, version  # answered before
    commands = context.obj if isinstance(context.obj, Commands) else Commands()
    log = Log(log_format, commands)
    bars = not (verbose or log.as_json)
    terminal = Terminal(json=json, quiet=quiet, color=False if no_color else None, log=log, bars=bars)
    context.obj = AppContext(terminal=terminal, config_file=config, tenant_name=tenant, verbose=verbose)


class Group(TyperGroup):
    """All commands. Global options are taken wherever they are."""

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401
        """Read the arguments; for a completion, those before the incomplete one."""
        return super().make_context(info_name, Arguments.parse(args).words, parent, **extra)

    def parse_args(self, ctx: Any, args: Any) -> Any:  # noqa: ANN401 - typer's own classes are private
        """Read the options.

        Raises:
            UsageError: they are invalid.
        """
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            raise _usage_error(error, ctx) from error

    def resolve_command(self, ctx: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        """Find the command.

        Raises:
            UsageError: there is no such command.
        """
        if args[0] not in self.commands and not ctx.resilient_parsing:
            what = f"there is no command {' '.join([*ctx.command_path.split()[1:], args[0]])!r}"
            raise UsageError(what, _advice(did_you_mean(args[0], self.commands), ctx.command_path))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: Any) -> Any:  # noqa: ANN401 - as above
        """Offer the commands, or the global options."""
        return _in_lines(super().shell_complete(ctx, incomplete))

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Write what each command does, in full."""
        if not self.commands:
            return
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(limit=1000)) for name, one in self.commands.items()])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Write examples."""
        with formatter.section("Examples"):
            for words in ("demo", "doctor", "run", "show --help"):
                formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}\n")


class SubGroup(Group):
    """Commands that share their first word, such as ``history``; without a second one, their help is shown."""

    def parse_args(self, ctx: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        """Read the options.

        Raises:
            UsageError: they are invalid.
        """
        return super().parse_args(ctx, args or ["--help"])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Write the first example of each command."""
        with formatter.section("Examples"):
            for command, (words, *_) in EXAMPLES.items():
                if command.startswith(f"{self.name} "):
                    formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}\n")
        _write_end(formatter)


class Command(TyperCommand):
    """A command whose usage shows its arguments as they are typed: ``show JOB``, not ``show {JOB}``."""

    def parse_args(self, ctx: Any, args: Any) -> Any:  # noqa: ANN401 - as above
        """Read the options and arguments.

        Raises:
            UsageError: they are invalid.
        """
        ctx.allow_extra_args = True
        try:
            rest = super().parse_args(ctx, args)
        except TyperException as error:
            raise _usage_error(error, ctx) from error
        if rest and not ctx.resilient_parsing:
            raise UsageError(f"unexpected argument {rest[0]!r}", _advice("", ctx.command_path))
        return rest

    def shell_complete(self, ctx: Any, incomplete: Any) -> Any:  # noqa: ANN401 - as above
        """Offer the command's options, then the global ones."""
        found = super().shell_complete(ctx, incomplete)
        offered = {one.value for one in found}
        top = ctx.find_root()
        more = TyperCommand.shell_complete(top.command, top, incomplete) if incomplete[:1] == "-" else []
        return _in_lines([*found, *(one for one in more if one.value not in offered)])

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 - as above
        """Return the words after the command's name."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the arguments, then the options under their headings, those without one last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                is_argument = param.param_type_name == "argument"
                heading = "Arguments" if is_argument else getattr(param, "rich_help_panel", None) or "Options"
                groups.setdefault(heading, []).append((record[0].translate(_NO_BRACKETS), _help_of(param)))
        groups["Options"] = groups.pop("Options", [])
        for heading, records in groups.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        """Write the examples."""
        with formatter.section("Examples"):
            for words in EXAMPLES[ctx.command_path.partition(" ")[2]]:
                formatter.write(f"{'':{formatter.current_indent}}{PROGRAM} {words}\n")
        _write_end(formatter)


def _write_end(formatter: Any) -> None:  # noqa: ANN401 - as above
    formatter.write_paragraph()
    formatter.write_text(f"{PROGRAM} --help lists the global options, such as --tenant, --json, and --verbose.")


def _help_of(param: Any) -> str:  # noqa: ANN401 - as above
    """Return the help of an option, with its default."""
    default = param.show_default if isinstance(param.show_default, str) else param.default
    is_shown = bool(default) and default is not True and not callable(default)
    return f"{param.help} Default: {default}." if is_shown else str(param.help)


def _in_lines(found: list[Any]) -> list[Any]:
    """Shorten the help of completions to one line each; typer would wrap longer ones."""
    for one in found:
        one.help = textwrap.shorten(one.help or "", _OFFERED_HELP, placeholder="…")
    return found


def _usage_error(error: TyperException, context: Any) -> UsageError:  # noqa: ANN401 - as above
    """Return the error for wrong arguments: what is wrong, a suggestion, and the command for help."""
    suggestion, what = "", error.format_message().rstrip(".")
    match error:
        case NoSuchOption():
            what = f"there is no option {error.option_name}"
            suggestion = f"Did you mean {' or '.join(sorted(error.possibilities))}?" if error.possibilities else ""
        case MissingParameter(param=param) if param is not None:
            what = f"{_name_of(param)} is missing"
        case BadParameter(param=param) if param is not None:
            expected = _expected(param.type)
            what = f"{_name_of(param)} needs {expected}" if expected else f"{_name_of(param)}: {error.message}"
        case BadOptionUsage(option_name=option):
            is_flag = any(option in one.opts and one.is_flag for one in context.command.params)
            what = f"{option} takes no value" if is_flag else f"{option} needs a value"
    return UsageError(what, _advice(suggestion, context.command_path))


def _name_of(param: Any) -> str:  # noqa: ANN401 - as above
    return str(max(param.opts, key=len) if param.param_type_name == "option" else param.metavar)


def _expected(kind: Any) -> str:  # noqa: ANN401 - as above
    """Describe the values of an option; empty if any text is valid."""
    if choices := getattr(kind, "choices", ()):
        return f"one of {', '.join(map(str, choices))}"
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return ""
    number = "a whole number" if isinstance(least, int) else "a number"
    return f"{number} of at least {least}" if most is None else f"{number} from {least} to {most}"


def _advice(suggestion: str, path: str) -> str:
    """Return a suggestion, followed by the command for help."""
    return f"{suggestion} `{path} --help` shows the options and examples.".lstrip()
