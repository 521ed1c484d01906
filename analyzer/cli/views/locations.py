"""Where the entries of a log stand that name nobody, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.text import count

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.history.locations import Whereabouts

_SHOWN = 20


def print_whereabouts(terminal: Terminal, found: Whereabouts | None) -> None:
    """Nothing where nothing is known."""
    if found is None:
        return
    sentences = [one.sentence for one in found.located if one.sentence]
    entries = list(found.by_entry().items())
    if sentences or entries:
        terminal.show()
    for sentence in sentences:
        terminal.prose(f"{sentence}.", indent="  ")
    if entries:
        terminal.prose(f"{count(len(entries), 'entry names nobody', 'entries name nobody')}. {found.order_sentence}")
    several = len({log_file for (log_file, _), _ in entries}) > 1
    for (log_file, line), words in entries[:_SHOWN]:
        place = f"{log_file.rsplit('/', 1)[-1]}, line {line:,}" if several else f"line {line:,}"
        terminal.prose(f"  {place}: {words}", indent="    ")
    if len(entries) > _SHOWN:
        terminal.show(f"  and {len(entries) - _SHOWN:,} more: --json, or the report, has them all")
