"""``upa-analyzer explain CODE``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext
from analyzer.model.text import did_you_mean

if TYPE_CHECKING:
    from analyzer.catalogue import Catalogue, Explanation
    from analyzer.cli.terminal.output import Terminal


def command(
    context: typer.Context,
    code: Annotated[
        str,
        typer.Argument(
            help="Code, job error or state, outcome, pattern such as GenericError/deadlock, or pasted text in quotes.",
            metavar="CODE",
        ),
    ],
) -> None:
    """Explain a code, a job's error or state, or pasted text.

    No library or configuration is needed.
    """
    from analyzer.logs.pasted_text import recognize
    from analyzer.source.diagnosis.service_message import diagnose

    app = context.ensure_object(AppContext)
    terminal, catalogue = app.terminal, app.settings.catalogue
    explanation = recognize(code, catalogue)
    if terminal.json:
        patterns = catalogue.patterns_of(explanation.code)
        further = [{**_as_json(one.explanation), "phrases": one.phrases} for one in patterns]
        terminal.result({**_as_json(explanation), "patterns": further})
        return
    _print(terminal, explanation)
    place = diagnose(code, None).sentence
    if place:
        terminal.prose(f"Where: {place}.", indent="  ")
    _print_patterns(terminal, explanation, catalogue)
    if not explanation.known:
        terminal.say(_nearest(explanation.code, catalogue))
    elif catalogue.patterns_of(explanation.code) and code.strip().casefold() != explanation.code.casefold():
        terminal.say("The message matches none of these.")


def _as_json(explanation: Explanation) -> dict[str, object]:
    return {**dataclasses.asdict(explanation), "retry_after": explanation.retry_after.total_seconds()}


def _print(terminal: Terminal, explanation: Explanation) -> None:
    terminal.prose(f"{explanation.code}: {explanation.title}", indent="  ")
    terminal.prose(f"  {explanation.meaning}", indent="  ")
    for heading, lines in (("Likely causes", explanation.causes), ("What to do", explanation.remedies)):
        if lines:
            terminal.show(f"{heading}:")
            for number, line in enumerate(lines, 1):
                terminal.prose(f"  {number}. {line}", indent="     ")
    helps = {True: "yes", False: "no", None: "unknown"}[explanation.retry_helps]
    if explanation.takes:
        terminal.prose(f"Usual duration: {explanation.takes}", indent="  ")
    terminal.show(f"Who can fix it: {explanation.who}")
    terminal.show(f"Importing the same file again can help: {helps}")
    terminal.prose(f"Source: {explanation.known_from}", indent="  ")


def _print_patterns(terminal: Terminal, explanation: Explanation, catalogue: Catalogue) -> None:
    """Print the patterns of a code, or the phrases of a pattern."""
    patterns = catalogue.patterns_of(explanation.code)
    if patterns:
        terminal.show("Kinds of messages:")
    for pattern in patterns:
        terminal.prose(f"  {pattern.explanation.code}: {pattern.explanation.title}", indent="     ")
    phrases = [phrase for one in catalogue.patterns if one.explanation == explanation for phrase in one.phrases]
    if phrases:
        terminal.show("Recognized by any of these in the message:")
    for phrase in phrases:
        terminal.prose(f"  {phrase}", indent="     ")


def _nearest(code: str, catalogue: Catalogue) -> str:
    # A number is not a misspelling: Error 31 isn't meant to be Error.
    digits = any(map(str.isdigit, code))
    codes = ", ".join(one.code for one in catalogue.explanations if "/" not in one.code)
    return did_you_mean(code, () if digits else catalogue.names, f"Known codes: {codes}.")
