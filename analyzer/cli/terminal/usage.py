"""How the command line is told to people: a command's usage line, and what was mistyped, in our words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from analyzer.model.next_step import PROGRAM

if TYPE_CHECKING:
    from typer.exceptions import TyperException

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
