"""How a long piece of work reports how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Shows how far some work is."""

    def __call__(self, done: int, total: int, doing: str) -> None:
        """Show that ``done`` of ``total`` items are finished; ``doing`` names the next one."""
        ...
