"""Find the command and the global options, wherever they are, before typer reads the command line."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.model.next_step import PROGRAM, Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLAGS = {"--verbose": "v", "--quiet": "q", "--json": "", "--no-color": "", "--version": "V"}
"""Global options without a value, and their letters."""
_VALUES = frozenset({"--config", "--tenant", "--log-format", "--show-completion"})
"""Global options with a value."""
_LIBRARY = "--library"
"""An option of some commands, which suggested commands have to repeat."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of the command line.

    Attributes:
        words: all arguments, with the global options first and in their long form, as typer expects them.
        command: the first word that is neither an option nor the value of a global one; empty if there is none.
        flags: the specified global options without a value.
        values: of the other global options and of ``--library``; the last one if an option is repeated.
    """

    words: list[str]
    command: str = ""
    flags: frozenset[str] = frozenset()
    values: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def parse(words: Sequence[str]) -> Arguments:
        """Find the command and the global options.

        >>> Arguments.parse(["jobs", "-q", "--tenant", "contoso", "--since", "2026-11-23"]).words
        ['--quiet', '--tenant', 'contoso', 'jobs', '--since', '2026-11-23']
        """
        front: list[str] = []
        rest: list[str] = []
        flags: set[str] = set()
        values: dict[str, str] = {}
        remaining = iter(words)
        for word in remaining:
            name, equals, value = word.partition("=")
            if word == "--":
                rest += [word, *remaining]
            elif found := _flags_in(word):
                front += found
                flags.update(found)
            elif equals and name in _FLAGS:
                front.append(word)  # takes no value: typer reports it
            elif name not in _VALUES:
                rest.append(word)
                if name == _LIBRARY:
                    following = value if equals else next(remaining, None)
                    values[name] = following or ""
                    rest += [following] if following is not None and not equals else []
            elif equals:
                front.append(word)
                values[name] = value
            else:
                argument = next(remaining, None)
                if argument is None:
                    return Arguments([*front, word], flags=frozenset(flags), values=values)  # typer reports it
                front += [word, argument]
                values[name] = argument
        command = next((word for word in rest if not word.startswith("-")), "")
        return Arguments([*front, *rest], command, frozenset(flags), values)

    @property
    def commands(self) -> Commands:
        """Composes further commands, with the options of this one that select the jobs."""
        config, tenant, library = (self.values.get(name, "") for name in ("--config", "--tenant", _LIBRARY))
        return Commands(config, tenant, library, program=_program())


def _flags_in(word: str) -> list[str]:
    """Return the global flags of a word such as ``--quiet`` or ``-qv``; none if it is another word."""
    if word in _FLAGS:
        return [word]
    names = {letter: name for name, letter in _FLAGS.items() if letter}
    letters = word[1:]
    return [names[letter] for letter in letters] if word[:1] == "-" and letters and names.keys() >= set(letters) else []


def _program() -> str:
    """Return the program's name if the shell finds it, else the path it was started by, as after ``make demo``."""
    if shutil.which(PROGRAM):
        return PROGRAM
    started = Path(sys.argv[0] if sys.argv else "")
    if started.parts[-2:] == ("analyzer", "__main__.py"):  # python -m analyzer
        started = Path(sys.executable).with_name(f"{PROGRAM}.exe" if os.name == "nt" else PROGRAM)
    if started.stem != PROGRAM or not started.is_file():
        return PROGRAM
    with contextlib.suppress(OSError, ValueError):  # the current folder may have been removed
        return str(started.absolute().relative_to(Path.cwd()))
    return str(started.absolute())
