"""How the command line is told to people: a command's usage line, and what was mistyped, in our words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from analyzer.next_step import PROGRAM

if TYPE_CHECKING:
    from typer.exceptions import TyperException

_NEAR = re.compile(r"\.? (?:Did you mean (?P<names>[^?]+)\?|\(Possible options: (?P<options>[^)]+)\))$")
_KINDS = {"is not a valid int range": "is not a whole number", "is not a valid float range": "is not a number"}


class Command(TyperCommand):
    """A command whose usage names its arguments as they are typed: ``show JOB`` and not ``show {JOB}``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's context is private
        """The words behind the command's name."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


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
