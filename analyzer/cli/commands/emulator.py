"""``upa-analyzer emulator LIBRARY``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli.context import Context
from analyzer.errors import InputError, UsageError


def command(
    context: typer.Context,
    library: Annotated[Path, typer.Argument(help="A library folder; it is never written to.", metavar="LIBRARY")],
    *,
    port: Annotated[int, typer.Option(metavar="N", help="0 for any that is free.", min=0, max=65535)] = 0,
    speed: Annotated[
        float, typer.Option(metavar="X", help="How many times as fast the service's clock runs.", min=0.001)
    ] = 1.0,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="A scenario, see docs/reference/emulator.md; can be repeated.", metavar="NAME"),
    ] = None,
) -> None:
    """Run a local test tenant that really imports. Prints one JSON line when it is ready."""
    given = context.ensure_object(Context)
    emulator = import_emulator()
    for name in scenario or ():
        if name not in emulator.SCENARIOS:
            raise UsageError(f"unknown scenario {name!r}", f"Choose from {', '.join(emulator.SCENARIOS)}.")
    try:
        emulator.serve(library, port, speed, given.terminal.show_now, scenarios=scenario or ())
    except emulator.EmulatorError as error:
        raise InputError(str(error).rstrip(".")) from error


def import_emulator() -> Any:  # noqa: ANN401 - a module
    """The emulator, which needs an extra of its own.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        import starlette  # noqa: F401
        import trustme  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the emulator is not installed ({error.name} is missing)",
            'Install it: pip install "upa-analyzer[emulator]".',
        ) from error
    import analyzer.emulator

    return analyzer.emulator
