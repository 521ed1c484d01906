"""Decide what a job's page offers to do: the retry file with its condition, and the commands to go on."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.catalogue.advice import retry_can_help
from analyzer.catalogue.conditions import SPLIT, spoken_condition, spoken_sentence
from analyzer.model.identity import id_kinds
from analyzer.model.job import FAILED, Outcome
from analyzer.model.language import gettext as _
from analyzer.model.service import LogCode
from analyzer.model.text import capitalised, count
from analyzer.report.job_model import Command, NextStep, Queue
from analyzer.report.model import Note, RetryButton
from analyzer.report.view import href
from analyzer.retry.queue_command import queue_commands, queue_remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.catalogue.model import JobFacts
    from analyzer.report.causes import Steps
    from analyzer.report.job_model import Cause
    from analyzer.report.view import RetryLink, Run, View


_CONDITION_END = re.compile(r", or |: | \(|; ")
"""Separates the first action of a condition from its reason and alternatives."""


def retry_button(view: View, run: Run, folder: Path) -> RetryButton | None:
    """Return the retry button for a page in ``folder``; None if the job has no retry file or needs none."""
    link = view.links.get(run.job_id)
    if link is None or run.superseded:
        return None
    sentence = f"{capitalised(spoken_sentence(link.sentence, link.users or 0)).removesuffix('.')}."
    if link.path is None:
        # If no user is open, the page's history says so.
        return None if run.open == 0 else RetryButton("", _("Retry file of {feed}").format(feed=run.feed), sentence)
    condition = condition_of(view, run, link)
    conditions = [
        *([_("first {action}").format(action=condition)] if condition else []),
        *([] if link.complete else [_("incomplete")]),
        # A retry may be running, or may have updated some of these users.
        *([_("already retried")] if view.retries.get(run.job_id) else []),
    ]
    parts = [
        Note(_("part {number} of {parts}").format(number=number, parts=link.parts), href(Path(path), folder))
        for number, path in enumerate(link.queue.paths if link.queue else (), 1)
        if number > 1
    ]
    label = _("Retry file of {feed}").format(feed=run.feed)
    if link.users:
        label = _("Retry file of {feed} ({users})").format(feed=run.feed, users=count(link.users, "user"))
    label = " \u2013 ".join(
        [
            label,
            *(["; ".join(conditions)] if conditions else []),
            *([_("part {number} of {parts}").format(number=1, parts=link.parts)] if parts else []),
        ]
    )
    return RetryButton(href(link.path, folder), label, sentence, not conditions, tuple(parts))


def condition_of(view: View, run: Run, link: RetryLink) -> str:
    """Return the action required before the file is queued, in a few words; empty if none is known."""
    # map Floor, or remove it from the feed
    return _CONDITION_END.split(_condition(view, run, link), maxsplit=1)[0]


def queue_of(view: View, run: Run) -> Queue | None:
    """Return how to queue a job's retry file; None if there is none to queue."""
    link = view.links.get(run.job_id)
    if link is None or link.path is None or link.queue is None or run.superseded:
        return None
    return Queue(queue_commands(link.queue), queue_remarks(link.queue))


def next_step(view: View, run: Run, facts: JobFacts, steps: Steps, causes: Sequence[Cause]) -> NextStep | None:
    """Return what to do next: queue the retry file if that helps, else the steps that belong to no cause.

    Returns:
        None if there is nothing to do here.
    """
    button, link = retry_button(view, run, view.out / "jobs"), view.links.get(run.job_id)
    left = steps.rest()
    if button is None or link is None or not button.href:
        note = button.sentence if button else ""
        return NextStep(note=note, steps=left) if note or left else None
    helps = retry_can_help(facts, view.catalogue) or not facts.codes
    has_steps = any(one.steps or any(pattern.steps for pattern in one.patterns) for one in causes)
    condition = _condition(view, run, link)
    is_retrying = any(not retry.outcome.ended for retry in view.retries.get(run.job_id, ()))
    return NextStep(
        text=_what_to_do(condition, is_retrying=is_retrying, has_steps=has_steps),
        note=_without_condition(button.sentence, link),
        button=button if helps else replace(button, primary=False),
        command=None if is_retrying else _queue_command(view, run, condition),
        powershell=None if is_retrying else _powershell(view, run),
        steps=left,
    )


def commands_of(view: View, run: Run, facts: JobFacts) -> tuple[Command, ...]:
    """Return the commands to go on with a job."""
    return tuple(_commands(view, run, facts))


def _what_to_do(condition: str, *, is_retrying: bool, has_steps: bool) -> str:
    if is_retrying:
        return _("Wait until the retry has ended.")
    if has_steps:
        return _("Take the steps below, then queue the retry file.")
    if condition:
        return _("First {condition}. Then queue the retry file.").format(condition=condition)
    return _("Queue the retry file.")


def _condition(view: View, run: Run, link: RetryLink) -> str:
    """Return the whole condition of a retry file; empty if there is none."""
    condition = link.queue.condition if link.queue else ""
    if not condition or (condition == SPLIT and link.parts > 1):
        return ""
    log = view.log_of(run)
    names = log.properties_of(LogCode.InvalidProperty)
    return spoken_condition(condition, names, run.named_users, id_kinds(log.unresolved()))


def _without_condition(sentence: str, link: RetryLink) -> str:
    condition = link.queue.condition if link.queue else ""
    for files in ("this file", "these files"):
        sentence = sentence.replace(f" Before you queue {files}, {condition}.", "")
    return sentence


def _queue_command(view: View, run: Run, condition: str) -> Command | None:
    """Return the command of this program that queues the retry file; None for a library of no tenant."""
    if view.commands.library:
        return None
    label = _("Queue it")
    if condition:
        label = _("Queue it; add --force when you have done that")
    return Command((view.commands.line("queue", view.short[run.job_id], "--retry"),), label)


def _powershell(view: View, run: Run) -> Queue | None:
    """Return the lines for PowerShell, without the condition, which the page has said."""
    queue = queue_of(view, run)
    retry = view.links[run.job_id].queue
    return Queue(queue.lines, queue_remarks(replace(retry, condition=""))) if queue and retry else None


def _commands(view: View, run: Run, facts: JobFacts) -> Iterator[Command]:
    job_id = view.short[run.job_id]

    def command(label: str, *words: str) -> Command:
        return Command((view.commands.line(*words),), label)

    yield command(_("Show this job in the terminal"), "show", job_id)
    if run.named_users:
        yield command(_("Write the list of its failed users"), "export", job_id, "-o", "failed.xlsx")
    is_updated = run.outcome is Outcome.succeeded or (run.outcome is Outcome.partial and facts.open == 0)
    if is_updated and not run.superseded and not view.commands.library:
        yield command(_("Read profiles back, and compare them with the file"), "verify", job_id)
    if run.outcome in {*FAILED, Outcome.stuck} and not run.superseded and facts.open != 0:
        yield command(_("Acknowledge it, so that run no longer mentions it"), "ack", job_id)
