"""The entry point of ``upa-analyzer``: run a command, and turn errors into two lines and an exit code."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from analyzer.cli.arguments import Arguments
from analyzer.cli.terminal.log import INTERRUPTED, UNEXPECTED, Log, LogFormat, discard_output, report_failure
from analyzer.model.next_step import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Sequence


def entry() -> NoReturn:
    """Run the installed command, and exit without freeing objects, which takes a sixth of the time of ``jobs``."""
    code: object = UNEXPECTED
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
    os._exit(code if isinstance(code, int) else UNEXPECTED)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """Handle a service manager's signal like Ctrl-C, so that no unfinished file remains."""
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with the code of the contract (``docs/commands.md``)."""
    # numpy's linear algebra, which isn't used, would start threads: half the time to load it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _tolerant_streams()
    try:
        sys.exit(_run(Arguments.parse((sys.argv[1:] if arguments is None else arguments) or ["--help"])))
    except KeyboardInterrupt:
        # While our own modules were loading; nothing has been started.
        sys.exit(INTERRUPTED)


def _run(arguments: Arguments) -> int:
    log = Log(LogFormat.named(arguments.values.get("--log-format", "")), arguments.commands)
    verbose, quiet = "--verbose" in arguments.flags, "--quiet" in arguments.flags
    try:
        if "--version" in arguments.flags:
            from importlib.metadata import version

            print(f"{PROGRAM} {version(PROGRAM)}", flush=True)  # noqa: T201
            return 0
        from analyzer.cli.app import COMPLETION, app_for
        from analyzer.cli.terminal.log import records_to
        from analyzer.model.redaction import remember_environment

        remember_environment(os.environ)
        with records_to(log, requests=verbose and not quiet):
            app = app_for(arguments.command)
            code = app(args=arguments.words, prog_name=PROGRAM, standalone_mode=False, obj=log.commands)
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output closed it; discard what Python flushes at exit.
        discard_output()
        return 0
    except SystemExit as ended:
        # typer exits like this after a completion, with 1 if there is none; else the reader closed its pipe.
        return ended.code if isinstance(ended.code, int) and COMPLETION in os.environ else 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: a traceback is shown only on request
        return report_failure(error, log, verbose=verbose)
    if code == INTERRUPTED:
        return report_failure(KeyboardInterrupt(), log, verbose=False)  # typer turns Ctrl-C into a silent exit code
    return code if isinstance(code, int) else 0


def _tolerant_streams() -> None:
    """Escape characters outside the console's code page instead of failing, as on Windows in a pipe."""
    # A scheduler may start us with its streams closed.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
