"""Write to stderr: text for people, or a JSON object per line for log collectors. Secrets are masked in both.

A failure of any kind has what is wrong, what to do, and an exit code.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import unicodedata
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError
from analyzer.model.next_step import PROGRAM, Commands
from analyzer.model.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


INTERRUPTED, UNEXPECTED = 130, 5
"""Exit codes without an ``AnalyzerError``."""
_USAGE = 2

_OURS = "analyzer."
_SILENT = ("msal", "msal_extensions", "urllib3")
"""Libraries whose own records are for their developers, and may hold secrets."""
_SILENCE = logging.NullHandler()
_MAYBE_INVISIBLE = re.compile(r"[^ -~]+")


class LogFormat(StrEnum):
    """``--log-format``."""

    text = "text"
    json = "json"

    @staticmethod
    def named(name: str) -> LogFormat:
        """Return the format of this name; text for an unknown one, whose error has to be written."""
        return LogFormat(name) if name in set(LogFormat) else LogFormat.text


@dataclass(frozen=True, slots=True)
class Log:
    """Writes to stderr.

    Attributes:
        format: of the lines.
        commands: completes the commands that an error's advice names.
    """

    format: LogFormat = LogFormat.text
    commands: Commands = field(default_factory=Commands)

    @property
    def as_json(self) -> bool:
        """Whether a log collector reads it."""
        return self.format is LogFormat.json

    def remark(self, text: str) -> None:
        """Write a remark or a step."""
        self._line("info", "remark", text)

    def warning(self, text: str) -> None:
        """Write that something will stop working soon."""
        self._line("warning", "remark", text)

    def stage(self, name: str) -> None:
        """Write that a stage begins."""
        self._line("info", "stage", name)

    def complaint(self, error: AnalyzerError) -> None:
        """Write an error that doesn't end the command."""
        advice = self.commands.completed(error.advice)
        message = f"{error.what}. {advice}".rstrip()
        fields = {"what": error.what, "advice": advice, "exit_code": error.exit_code}
        self._line("warning", "complaint", message, f"{PROGRAM}: {message}", fields)

    def error(self, what: str, advice: str, exit_code: int, traceback: str = "") -> None:
        """Write what ended the command, and what to do.

        Args:
            what: a clause.
            advice: sentences; may be empty.
            exit_code: of the contract.
            traceback: lines; empty unless requested.
        """
        advice = self.commands.completed(advice)
        if self.as_json:
            fields: dict[str, object] = {"what": what, "advice": advice, "exit_code": exit_code}
            if traceback:
                fields["traceback"] = traceback
            self._line("error", "error", f"{what}. {advice}".rstrip(), fields=fields)
            return
        for line in [*traceback.splitlines(), f"{PROGRAM}: {what}."]:
            self._line("error", "error", line)
        if advice:
            self._line("error", "error", f"{' ' * len(PROGRAM)}  {advice}")

    def record(self, record: logging.LogRecord) -> None:
        """Write a record of the standard ``logging``: of a request, a remark of ours, or a library's warning."""
        request: dict[str, object] | None = getattr(record, "request", None)
        level, text = record.levelname.lower(), record.getMessage()
        if request is not None:
            time = _iso(datetime.fromtimestamp(record.created, UTC))
            self._line(level, "request", text, f"{time} {text}", {**request, "time": time})
        elif record.name.startswith(_OURS):
            self._line(level, "remark", text)
        else:
            self._line(level, "library", text, f"{record.name}: {text}", {"logger": record.name})

    def _line(
        self, level: str, event: str, message: str, text: str = "", fields: Mapping[str, object] | None = None
    ) -> None:
        from analyzer.model.redaction import redacted

        if not self.as_json:
            _print_error(visible(redacted(text or message)))
            return
        import json

        line = {"time": _iso(datetime.now(UTC)), "level": level, "event": event, "message": message, **(fields or {})}
        masked = {name: redacted(value) if isinstance(value, str) else value for name, value in line.items()}
        _print_error(json.dumps(masked))  # in ASCII, whatever stderr's code page is


@contextlib.contextmanager
def records_to(log: Log, *, requests: bool) -> Iterator[None]:
    """Write records of the standard ``logging`` and Python's warnings to ``log`` inside the context.

    Args:
        log: writes them.
        requests: whether to write each request.
    """
    handler = _Handler(log)
    last_resort, logging.lastResort = logging.lastResort, handler
    for name in _SILENT:
        logging.getLogger(name).addHandler(_SILENCE)
    try:
        with _requests_to(handler) if requests else contextlib.nullcontext(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    finally:
        logging.lastResort = last_resort


def visible(text: str) -> str:
    """Replace characters of a log or the tenant that could control the terminal; a no-break space becomes a space."""
    return text if text.isprintable() else _MAYBE_INVISIBLE.sub(lambda found: "".join(map(_visible, found[0])), text)


def discard_output() -> None:
    """Discard further output to stdout, also what Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_error(line: str) -> None:
    """Print a line to stderr. A closed pipe or a full disk doesn't end the command or change its exit code."""
    try:
        # With one call, as several threads may write.
        print(f"{line}\n", end="", file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@contextlib.contextmanager
def _requests_to(handler: logging.Handler) -> Iterator[None]:
    tenant = logging.getLogger("analyzer.tenant")  # its requests and connections
    level = tenant.level
    tenant.addHandler(handler)
    tenant.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        tenant.setLevel(level)
        tenant.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.record(record)


def _show_warning(message: Warning | str, category: type[Warning], *_where: object, **_further: object) -> None:
    logging.getLogger("warnings").warning("%s: %s", category.__name__, message)


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"


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
