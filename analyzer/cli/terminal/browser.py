"""Open a page in the browser."""

from __future__ import annotations

import webbrowser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.cli.terminal.output import Terminal


def open_page(page: Path, terminal: Terminal) -> None:
    """Open a page; if there is no browser, write where the page is."""
    try:
        is_open = webbrowser.open(page.absolute().as_uri())
    except (webbrowser.Error, OSError):
        is_open = False
    if not is_open:
        terminal.say(f"No browser was found. Open this file yourself: {page.absolute()}")
