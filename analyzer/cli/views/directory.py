"""What IDs are among the users of a directory export, for the terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.directory.look_up import LookUp


def print_look_up(terminal: Terminal, found: LookUp) -> None:
    """Print how many IDs are what, and what to do; what the export can't tell is a remark."""
    for remark in found.remarks:
        terminal.say(remark)
    if not found.by_identity:
        terminal.say("The log has no IDs that couldn't be resolved, so none was looked up.")
        return
    terminal.show()
    terminal.show(f"IDs that couldn't be resolved, looked up in {found.directory.name}:")
    for sentence in found.sentences:
        terminal.prose(f"  {sentence}", indent="    ")


def look_up_json(found: LookUp | None) -> dict[str, Any] | None:
    """Return the export and what it says in sum; None if no export was specified."""
    if found is None:
        return None
    return {
        "file": found.directory.name,
        "users": len(found.directory.users),
        "sentences": list(found.sentences),
        "remarks": list(found.remarks),
    }


def resolution_json(found: LookUp | None, identity: str) -> dict[str, Any] | None:
    """Return what one ID is; None if it wasn't looked up."""
    one = found.by_identity.get(identity) if found else None
    if one is None:
        return None
    return {
        "match": one.match.value,
        "proof": one.proof,
        "corrected": one.corrected or None,
        "suggestion": one.suggestion or None,
    }
