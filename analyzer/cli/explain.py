"""``upa-analyzer explain CODE``."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from analyzer.cli.context import Context

NAME = "explain"


def command(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A code of a log or the error of a job.", metavar="CODE")],
) -> None:
    """What a code means, its causes and remedies."""
    from analyzer.logs.catalogue import explain, known_names

    terminal = context.ensure_object(Context).terminal
    explanation = explain(code)
    if terminal.json:
        terminal.result(dataclasses.asdict(explanation))
        return
    terminal.show(f"{explanation.code}: {explanation.title}")
    terminal.prose(f"  {explanation.meaning}", indent="  ")
    for heading, lines in (("likely causes", explanation.causes), ("what to do", explanation.remedies)):
        if lines:
            terminal.show(f"{heading}:")
            for number, line in enumerate(lines, 1):
                terminal.prose(f"  {number}. {line}", indent="     ")
    terminal.show(f"who can do it:  {explanation.who}")
    terminal.show(f"importing the same again can help:  {'yes' if explanation.retry_helps else 'no'}")
    terminal.show(f"known from:  {explanation.known_from}")
    if explanation.code not in known_names():
        terminal.say(f"Known are {', '.join(known_names())}.")
