"""The command ``upa-analyzer``: the global options, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from analyzer.cli.terminal.log import Log, discard_output
from analyzer.errors import AnalyzerError
from analyzer.model.next_step import PROGRAM
from analyzer.storage.files import plain_words

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
_USAGE = 2
_UNEXPECTED = 5
_GLOBAL_FLAGS = frozenset({"--verbose", "--quiet", "--json", "--no-color", "--version"})
_GLOBAL_OPTIONS = frozenset({"--config", "--tenant", "--log-format"})


def entry() -> NoReturn:
    """The installed command: ``main``, and an end without taking apart the objects, of which there may be millions."""
    code: object = _UNEXPECTED
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    atexit._run_exitfuncs()  # noqa: SLF001 - what libraries clean up at the end; nothing public does it
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else _UNEXPECTED)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """Whoever ends us from outside, as a service manager does, is heeded as Ctrl-C is: nothing half done is left."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits with the code of the contract (``docs/commands.md``)."""
    # Tables and libraries are many objects that stay until the end; looking through them for garbage costs a tenth.
    gc.set_threshold(100_000)
    # What numpy has for matrices would start threads, which is half of what loading it costs; we have no matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = globals_first(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    _tolerant_streams()
    try:
        sys.exit(_run(words))
    except KeyboardInterrupt:
        # While our own modules were loading; nothing has been begun.
        sys.exit(INTERRUPTED)


def globals_first(words: Sequence[str]) -> list[str]:
    """The arguments with the global options before the command, wherever the user wrote them.

    >>> globals_first(["jobs", "--json"])
    ['--json', 'jobs']
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest.extend([word, *remaining])
        elif word in _GLOBAL_FLAGS or (word.split("=", 1)[0] in _GLOBAL_OPTIONS and "=" in word):
            front.append(word)
        elif word in _GLOBAL_OPTIONS:
            value = next(remaining, None)
            if value is None:
                return [*front, word]  # alone, so that this is what is complained of
            front.extend([word, value])
        else:
            rest.append(word)
    return front + rest


def command_in(words: Sequence[str]) -> str:
    """The command among arguments that begin with the global options; empty where there is none."""
    values = (before in _GLOBAL_OPTIONS for before in ("", *words))
    return next((word for word, is_value in zip(words, values, strict=False) if word[:1] != "-" and not is_value), "")


def _wants(flag: str, words: list[str]) -> bool:
    front = words[: words.index("--")] if "--" in words else words
    return flag in front


def _version() -> None:
    from importlib.metadata import version

    print(f"{PROGRAM} {version(PROGRAM)}", flush=True)  # noqa: T201


def _run(words: list[str]) -> int:
    log, verbose = Log.of(words), _wants("--verbose", words)
    try:
        if _wants("--version", words):
            _version()
            return 0
        from analyzer.cli.app import app_for
        from analyzer.cli.terminal.log import records_to
        from analyzer.model.secrets import remember_environment

        remember_environment(os.environ)
        with records_to(log, requests=verbose and not _wants("--quiet", words)):
            app = app_for(command_in(words))
            code = app(args=words, prog_name=PROGRAM, standalone_mode=False, obj=log.commands)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still to be flushed at our end goes nowhere.
        discard_output()
        return 0
    except SystemExit:
        return 0  # typer met the same broken pipe
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: nobody sees a traceback unasked
        return _failed(error, log, verbose=verbose)
    if code == INTERRUPTED:
        return _failed(KeyboardInterrupt(), log, verbose=False)  # typer makes a number of Ctrl-C, and says nothing
    return code if isinstance(code, int) else 0


def _failed(error: BaseException, log: Log, *, verbose: bool) -> int:
    """Says what was wrong and what to do; returns the exit code."""
    traceback = ""
    if verbose:
        from traceback import format_exception

        traceback = "".join(format_exception(error))
    what, advice, code = _told(error)
    log.error(what, advice, code, traceback)
    return code


def _told(error: BaseException) -> tuple[str, str, int]:
    """What was wrong, what to do, and the exit code."""
    from typer.exceptions import Abort, TyperException

    if isinstance(error, AnalyzerError):
        return error.what, error.advice, error.exit_code
    if isinstance(error, TyperException):
        from analyzer.cli.app import told

        return *told(error), _USAGE
    if isinstance(error, (KeyboardInterrupt, Abort)):
        return "interrupted", "What was there before is still there; run the same command again.", INTERRUPTED
    if isinstance(error, OSError):
        what = f"{error.filename} cannot be used" if error.filename else "the output cannot be written"
        return f"{what}: {plain_words(error)}", "Choose another place, or free some space.", _UNEXPECTED
    what = f"something unexpected happened ({type(error).__name__}: {error})"
    return what, "--verbose shows where; please report it.", _UNEXPECTED


def _tolerant_streams() -> None:
    """Names beyond the console's code page become escapes instead of errors, as on Windows in a pipe."""
    # A scheduler may start us with its streams closed.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
