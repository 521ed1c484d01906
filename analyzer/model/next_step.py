"""Commands of ours as lines that can be pasted: with what the user gave us to find the same jobs again."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass

PROGRAM = "upa-analyzer"
_TAKES_LIBRARY = frozenset({"jobs", "show", "retry", "ack"})
_TAKES_NO_TENANT = frozenset({"demo", "emulator"})
_NEEDS_NO_LIBRARY = frozenset({"--source", "--verify"})

# `upa-analyzer retry 5f05e38c`, or without backticks: upa-analyzer pull --all brings it again …
_IN_TEXT = re.compile(
    r"`upa-analyzer (?P<marked>[^`]+)`"
    r"|upa-analyzer (?P<bare>(?:run|pull|jobs|show|parse|report|retry|ack|explain|doctor|sign-out)"
    r"(?: --[a-z-]+(?: [A-Z]+\b)?)*)(?![-\w`])"
)
# PowerShell takes the curly marks as quotation marks, too.
_EXPANDED_IN_QUOTES = frozenset('$`"\u201c\u201d\u201e')
_SINGLE_QUOTES = frozenset("'\u2018\u2019\u201a\u201b")
"""All of these end a text in single quotes, and two in a row are one (PowerShell's tokenizer)."""
_LAST_OF_16_BITS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Commands:
    """What every further command has to repeat.

    Attributes:
        config: the configuration file that the user named, as they spelled it; empty where they named none.
        tenant: likewise the tenant.
        library: likewise the library's folder.
        windows: whether lines are quoted for PowerShell and cmd; else for a POSIX shell.
        program: how the shell finds us.
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
        # PowerShell takes a name in quotation marks for a text, unless it is called.
        program = f"& {program}" if program[:1] in {'"', "'"} and self.windows else program
        return " ".join([program, *map(quote, further)])

    def completed(self, text: str) -> str:
        """Complete the commands that a sentence of ours names, in backticks so that one sees where they end.

        >>> Commands(tenant="contoso").completed("upa-analyzer pull brings its jobs and logs.")
        '`upa-analyzer pull --tenant contoso` brings its jobs and logs.'
        """

        def complete(found: re.Match[str]) -> str:
            words = found["marked"] or found["bare"]
            line = self.line(*words.split())
            return found[0] if line == f"{PROGRAM} {words}" else f"`{line}`"

        return _IN_TEXT.sub(complete, text)


def powershell_text(text: str) -> str:
    """Write a text for PowerShell so that it means nothing but itself, on one line, and is safe to paste.

    >>> print(powershell_text("Ada's $Office"))
    'Ada''s $Office'
    """
    pieces = [""]
    for character in text:
        # What a terminal obeys or shows as nothing, and blanks that copying turns into others.
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
    # It has to begin with a text, so that what follows is appended to it as text.
    joined = " + ".join(f"'{one}'" if not at % 2 else one for at, one in enumerate(pieces) if one or not at)
    return f"({joined})"


def _option(name: str, value: str) -> list[str]:
    if value.startswith("-"):
        return [f"{name}={value}"]
    return [name, value] if value else []


def _windows_quoted(word: str) -> str:
    r"""Quote an argument so that PowerShell and cmd read it alike; where PowerShell would expand it, for that alone.

    >>> print(_windows_quoted(r"C:\My Data"), _windows_quoted(r"D:\$old"))
    "C:\My Data" 'D:\$old'
    """
    if re.fullmatch(r"[\w.:\\/+=-]+", word):
        return word
    if _EXPANDED_IN_QUOTES.intersection(word):
        return powershell_text(word)
    return f'"{word}"'
