"""A retry file on the terminal and as JSON."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from analyzer.retry.queue_command import queue_commands, queue_remarks
from analyzer.source.damaged_values import damage_json

if TYPE_CHECKING:
    from analyzer.cli.terminal.output import Terminal
    from analyzer.retry.make import RetryResult
    from analyzer.retry.model import RetryFiles
    from analyzer.retry.queue_command import RetryToQueue

_SHOWN = 20
"""Corrected IDs that are printed."""


def print_queue(terminal: Terminal, queued: RetryToQueue) -> None:
    """Write the next step to stderr: what to check, then the lines to paste into PowerShell."""
    for remark in queue_remarks(dataclasses.replace(queued, condition="")):  # the summary contains it
        terminal.say(remark)
    terminal.say("next, in PowerShell with the module PnP.PowerShell:")
    for line in queue_commands(queued):
        terminal.say(line)


def print_corrected(terminal: Terminal, retry: RetryFiles) -> None:
    """Write each ID that is another one than in the source to stderr; many are listed in the manifest only."""
    for one in retry.corrected[:_SHOWN]:
        terminal.say(f"{one.before} \u2192 {one.after}: it is {one.proof}.")
    if len(retry.corrected) > _SHOWN:
        terminal.say(f"{len(retry.corrected) - _SHOWN:,} more corrected IDs are listed in {retry.manifest.name}.")
    for left in retry.corrections.left[:_SHOWN]:
        because = "another record, here or in a later file, is the same user's"
        terminal.say(f"{left.identity} isn't corrected to {left.corrected}, because {because}.")


def retry_json(result: RetryResult, queued: RetryToQueue | None, job_id: str | None) -> dict[str, object]:
    """Return the result of ``retry --json``."""
    retry = result.retry
    return {
        "job_id": job_id,
        "outcome": result.selection.outcome.value,
        "sentence": result.sentence,
        "file": str(retry.path) if retry and retry.paths else None,
        "files": [str(path) for path in retry.paths] if retry else [],
        "manifest": str(retry.manifest) if retry else None,
        "unmatched_file": str(retry.unmatched_file) if retry else None,
        "records": retry.records if retry else 0,
        "users": retry.users if retry else 0,
        "unmatched": len(retry.unmatched) if retry else 0,
        "entries_naming_nobody": retry.without_user if retry else result.selection.without_user,
        "respelled": retry.respelled if retry else 0,
        "repairs": len(retry.repairs) if retry else 0,
        "repairs_file": str(retry.repairs_file) if retry and retry.repairs_file else None,
        "corrected_ids": [dataclasses.asdict(one) for one in retry.corrected] if retry else [],
        "not_corrected": [left.identity for left in retry.corrections.left] if retry else [],
        "damage": damage_json(retry.damage) if retry else [],
        "chosen": list(result.selection.choice_clauses),
        "removed": [str(path) for path in result.earlier.removed],
        "stale": [str(path) for path in result.earlier.remaining],
        "kept": [str(path) for path in result.earlier.copies],
        "queue": None
        if queued is None
        else {
            "commands": list(queue_commands(queued)),
            "remarks": list(queue_remarks(queued)),
            "id_type": queued.id_type_name or None,
            "properties": list(queued.properties),
        },
        "complete": result.complete,
    }
