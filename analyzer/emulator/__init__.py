"""A tenant on the loopback that really runs import jobs: ``start`` for programs, ``serve`` for the command.

Names are loaded on first use: the import engine alone needs no web server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.emulator.model import EmulatorError
    from analyzer.emulator.running import RunningEmulator, serve, start
    from analyzer.emulator.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "EmulatorError", "RunningEmulator", "serve", "start"]

_HOMES = {
    "SCENARIOS": "analyzer.emulator.scenarios",
    "EmulatorError": "analyzer.emulator.model",
    "RunningEmulator": "analyzer.emulator.running",
    "serve": "analyzer.emulator.running",
    "start": "analyzer.emulator.running",
}


def __getattr__(name: str) -> object:
    """One of the public names, its module loaded now."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
