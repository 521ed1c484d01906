"""The command ``upa-analyzer``: the global options, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "upa-analyzer"
INTERRUPTED = 130
_USAGE = 2
_UNEXPECTED = 5
_GLOBAL_FLAGS = frozenset({"--verbose", "--quiet", "--json", "--no-color"})
_GLOBAL_OPTIONS = frozenset({"--config", "--tenant"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits with the code of the contract (``docs/commands.md``)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _tolerant_streams()
    if words == ["--version"]:
        from importlib.metadata import version

        print(f"{PROGRAM} {version(PROGRAM)}")  # noqa: T201
        sys.exit(0)
    sys.exit(_run(globals_first(words)))


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
            front.extend([word, *([value] if (value := next(remaining, None)) is not None else [])])
        else:
            rest.append(word)
    return front + rest


def _run(words: list[str]) -> int:
    from typer.exceptions import Abort, TyperException

    from analyzer.cli.app import app

    verbose = "--verbose" in words
    try:
        code = app(args=words, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        _tell(error.format_message().rstrip("."), f"{PROGRAM} --help lists what there is.", verbose=verbose)
        return _USAGE
    except AnalyzerError as error:
        _tell(error.what, error.advice, verbose=verbose)
        return error.exit_code
    except (KeyboardInterrupt, Abort):
        _tell("interrupted", "What was there before is still there; run the same command again.", verbose=verbose)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining at its end.
        sys.stdout = None
        return 0
    except Exception as error:  # noqa: BLE001 - the boundary: nobody sees a traceback who did not ask for one
        _tell(
            f"something unexpected happened ({type(error).__name__}: {error})",
            "--verbose shows where; please report it.",
            verbose=verbose,
        )
        return _UNEXPECTED
    return code if isinstance(code, int) else 0


def _tell(what: str, advice: str, *, verbose: bool) -> None:
    if verbose:
        import traceback

        traceback.print_exc()
    text = f"{PROGRAM}: {what}."
    print(f"{text}\n{' ' * len(PROGRAM)}  {advice}" if advice else text, file=sys.stderr)  # noqa: T201


def _tolerant_streams() -> None:
    """Names beyond the console's code page become escapes instead of errors, as on Windows in a pipe."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
