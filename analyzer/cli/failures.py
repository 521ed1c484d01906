"""Describe any failure of a command: what is wrong, what to do, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError
from analyzer.model.next_step import PROGRAM
from analyzer.model.text import shortened

if TYPE_CHECKING:
    from analyzer.cli.terminal.log import Log

INTERRUPTED, UNEXPECTED = 130, 5
_USAGE = 2
_LONGEST = 300
"""Characters of an unexpected exception, such as that of a failed query; --verbose shows all."""


def report_failure(error: BaseException, log: Log, *, verbose: bool) -> int:
    """Write what is wrong and what to do; return the exit code."""
    traceback = ""
    if verbose:
        from traceback import format_exception

        traceback = "".join(format_exception(error))
    what, advice, code = described(error)
    log.error(what, advice, code, traceback)
    return code


def described(error: BaseException) -> tuple[str, str, int]:
    """Return what is wrong, what to do, and the exit code."""
    from typer.exceptions import Abort, TyperException

    if isinstance(error, AnalyzerError):
        return error.what, error.advice, error.exit_code
    if isinstance(error, TyperException):
        return error.format_message().rstrip("."), f"`{PROGRAM} --help` shows the commands.", _USAGE
    if isinstance(error, (KeyboardInterrupt, Abort)):
        return "interrupted", "Existing files are unchanged. Run the same command again.", INTERRUPTED
    if isinstance(error, OSError):
        from analyzer.storage.files import plain_words

        what = f"can't use {error.filename}" if error.filename else "can't write the output"
        return f"{what}: {plain_words(error)}", "Choose another location, or free some space.", UNEXPECTED
    message = shortened(" ".join(str(error).split()), _LONGEST)
    what = f"something unexpected happened ({type(error).__name__}: {message})"
    return what, "Run the command again with --verbose to see where, and report it.", UNEXPECTED
