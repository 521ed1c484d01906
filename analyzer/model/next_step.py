"""Compose command lines of this program to paste, with the options by which the user chose the tenant."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass

PROGRAM = "upa-analyzer"
_TAKES_LIBRARY = frozenset({"verify", "jobs", "feeds", "show", "export", "retry", "ack", "query", "history"})
_TAKES_NO_TENANT = frozenset({"demo", "emulator"})
_NEEDS_NO_LIBRARY = frozenset({"--source", "--verify", "--help"})

# `upa-analyzer retry 5f05e38c`, or without backticks: upa-analyzer pull --all downloads it again …
_IN_TEXT = re.compile(
    r"`upa-analyzer (?P<marked>[^`]+)`"
    r"|upa-analyzer (?P<bare>(?:run|pull|jobs|show|parse|report|retry|ack|explain|doctor|sign-out)"
    r"(?: --[a-z-]+(?: [A-Z]+\b)?)*)(?![-\w`])"
)
# For PowerShell, the curly marks are quotation marks, too.
_EXPANDED_IN_QUOTES = frozenset('$`"\u201c\u201d\u201e')
_SINGLE_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")
"""Each of these ends a string in single quotes, and two in a row are one (PowerShell's tokenizer)."""
_LAST_OF_16_BITS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Commands:
    """The options that every next command has to repeat.

    Attributes:
        config: the specified configuration file, in the user's spelling; empty if none was specified.
        tenant: the specified tenant, likewise.
        library: the specified library, likewise.
        windows: whether lines are quoted for PowerShell and cmd instead of a POSIX shell.
        program: the command that runs this program.
    """

    config: str = ""
    tenant: str = ""
    library: str = ""
    windows: bool = os.name == "nt"
    program: str = PROGRAM

    def line(self, *words: str) -> str:
        """Compose a command, quoted for the shell.

        Args:
            words: the command, then its arguments and options.
        """
        command = words[0]
        further = list(words)
        if self.library and command == "report":
            further.append(f"./{self.library}" if self.library.startswith("-") else self.library)
        elif self.library and command in _TAKES_LIBRARY and not _NEEDS_NO_LIBRARY.intersection(words):
            further += _option("--library", self.library)
        if command not in _TAKES_NO_TENANT:
            further += _option("--config", self.config) + _option("--tenant", self.tenant)
        quote = _windows_quoted if self.windows else shlex.quote
        program = quote(self.program)
        # For PowerShell, a name in quotation marks is a string unless it is called.
        program = f"& {program}" if program[:1] in {'"', "'"} and self.windows else program
        return " ".join([program, *map(quote, further)])

    def completed(self, text: str) -> str:
        """Complete the commands in a sentence, and put them in backticks to show where they end.

        >>> Commands(tenant="contoso").completed("upa-analyzer pull downloads its jobs and logs.")
        '`upa-analyzer pull --tenant contoso` downloads its jobs and logs.'
        """

        def complete(match: re.Match[str]) -> str:
            words = match["marked"] or match["bare"]
            line = self.line(*words.split())
            return match[0] if line == f"{PROGRAM} {words}" else f"`{line}`"

        return _IN_TEXT.sub(complete, text)


def powershell_text(text: str) -> str:
    """Return a PowerShell expression for a text: on one line, without expansion, and safe to paste.

    >>> print(powershell_text("Ada's $Office"))
    'Ada''s $Office'
    """
    pieces = [""]
    for character in text:
        # Control and invisible characters, and blanks that change when they are copied.
        if not character.isprintable():
            code = ord(character)
            pieces += [
                f"[char]::ConvertFromUtf32(0x{code:X})" if code > _LAST_OF_16_BITS else f"[char]0x{code:04X}",
                "",
            ]
        else:
            pieces[-1] += character * 2 if character in _SINGLE_QUOTES else character
    if len(pieces) == 1:
        return f"'{pieces[0]}'"
    # It has to begin with a string, so that the rest is appended as strings.
    joined = " + ".join(f"'{one}'" if not at % 2 else one for at, one in enumerate(pieces) if one or not at)
    return f"({joined})"


def _option(name: str, value: str) -> list[str]:
    if value.startswith("-"):
        return [f"{name}={value}"]
    return [name, value] if value else []


def _windows_quoted(word: str) -> str:
    r"""Quote an argument for PowerShell and cmd; for PowerShell alone if it would expand it.

    >>> print(_windows_quoted(r"C:\My Data"), _windows_quoted(r"D:\$old"))
    "C:\My Data" 'D:\$old'
    """
    if re.fullmatch(r"[\w.:\\/+=-]+", word):
        return word
    if _EXPANDED_IN_QUOTES.intersection(word):
        return powershell_text(word)
    return f'"{word}"'
