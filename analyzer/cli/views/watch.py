"""Watched jobs as a live table, as a line for each change, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

from analyzer.cli.terminal.log import visible
from analyzer.cli.terminal.output import Column
from analyzer.imports.watch_plan import too_long
from analyzer.model.text import count, duration, listed_first, short_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analyzer.cli.terminal.output import Terminal
    from analyzer.imports.watch import WatchedJob
    from analyzer.imports.watch_plan import JobFacts, TooLong
    from analyzer.tenant.model import Clock

COLUMNS = (
    Column("job"),
    Column("feed", fold=True),
    Column("state"),
    Column("time in state", least=1),
    Column("usual time", least=3),
    Column("note", least=2),
)
_UNKNOWN = "-"
_NAMED = 5
"""Jobs that a sentence names."""


@dataclass(slots=True)
class WatchView:
    """What a command shows of a watch.

    Attributes:
        terminal: prints.
        facts: of the jobs, by their IDs.
        zone: of times; None for UTC.
        clock: that of the watch.
        prints_changes: whether to print a line for each change.
        redraw: replaces the live table; None if there is none.
        jobs: as they were seen last.
    """

    terminal: Terminal
    facts: Mapping[str, JobFacts]
    zone: ZoneInfo | None
    clock: Clock
    prints_changes: bool = False
    redraw: Callable[[Sequence[Sequence[str]], str], None] | None = None
    jobs: dict[str, WatchedJob] = field(default_factory=dict)
    _named: set[tuple[str, str]] = field(default_factory=set)

    def on_change(self, one: WatchedJob) -> None:
        """Note how a job is now."""
        before, self.jobs[one.job_id] = self.jobs.get(one.job_id), one
        if self.prints_changes:
            self._print(f"{self.name(one)}: {self._change(before, one)}", one.seen_at)

    def on_look(self, wait: float | None, as_of: datetime | None) -> None:
        """Replace the live table, or print which jobs now take too long."""
        if self.redraw is not None:
            when = f"As of {as_of.astimezone(self.zone or UTC):%H:%M:%S}{self._utc}. " if as_of else ""
            then = f"Next look in {duration(wait)}. " if wait is not None else ""
            self.redraw(self.rows(), f"{when}{then}".rstrip() + "\nCtrl-C stops watching, not the imports.")
        for one in self.jobs.values() if self.prints_changes else ():
            found = self.too_long(one)
            if found is not None and (one.job_id, found.word) not in self._named:
                self._named.add((one.job_id, found.word))
                self._print(f"{self.name(one)}: {found.word}, {found.reason}", self.clock.now())

    def too_long(self, one: WatchedJob) -> TooLong | None:
        """Return why a job takes too long now."""
        return too_long(one, self.facts[one.job_id], self.clock.monotonic())

    def name(self, one: WatchedJob) -> str:
        """Return ``hr-feed 5f05e38c``."""
        return f"{self.facts[one.job_id].feed} {self.short[one.job_id]}"

    @property
    def short(self) -> dict[str, str]:
        """The short IDs."""
        return short_ids(self.facts)

    def rows(self) -> list[list[str]]:
        """Return the cells of ``COLUMNS``, jobs that haven't ended first."""
        short = self.short
        return [
            [
                short[one.job_id],
                self.facts[one.job_id].feed,
                one.state_name,
                "-" if one.ended else self._for(one),
                self._usually(one),
                self._note(one),
            ]
            for one in sorted(self.jobs.values(), key=lambda one: one.ended)
        ]

    def names(self, jobs: Sequence[WatchedJob]) -> str:
        """Name jobs with their states."""
        return listed_first([f"{self.name(one)} ({_state(one)})" for one in jobs], _NAMED)

    def sentence(self) -> str:
        """Return how many jobs succeeded, and name the others."""
        jobs = list(self.jobs.values())
        failed, running = (
            [one for one in jobs if one.ended and not one.succeeded],
            [one for one in jobs if not one.ended],
        )
        succeeded = len(jobs) - len(failed) - len(running)
        parts = [f"{succeeded:,} of {count(len(jobs), 'job')} succeeded"]
        parts += [f"failed: {self.names(failed)}"] if failed else []
        parts += [f"still running: {self.names(running)}"] if running else []
        return f"{'; '.join(parts)}."

    def as_json(self) -> list[dict[str, object]]:
        """Return the jobs as ``watch --json`` has them; times in ISO 8601, UTC, durations in seconds."""
        now = self.clock.monotonic()
        return [self._job_json(one, now) for one in self.jobs.values()]

    def _job_json(self, one: WatchedJob, now: float) -> dict[str, object]:
        facts, found = self.facts[one.job_id], self.too_long(one)
        return {
            "job_id": one.job_id,
            "feed": facts.feed,
            "state": one.job.state_name if one.job else None,
            "error": one.job.error_name if one.job else None,
            "error_message": one.job.error_message or None if one.job else None,
            "ended": one.ended,
            "succeeded": one.succeeded if one.ended else None,
            "no_longer_listed": one.vanished,
            "changed_at": one.seen_at.isoformat(),
            "in_state": round(now - one.since),
            "in_state_is_bound": not one.is_exact,
            "usual": round(facts.usual.median) if facts.usual else None,
            "takes_too_long": found.word if found else None,
            "reason": found.reason if found else None,
        }

    @property
    def _utc(self) -> str:
        return "" if self.zone else " UTC"

    def _print(self, text: str, at: datetime) -> None:
        local = at.astimezone(self.zone or UTC)
        self.terminal.show_now(f"{local:%Y-%m-%d %H:%M:%S}{self._utc} {visible(text)}")

    def _change(self, before: WatchedJob | None, one: WatchedJob) -> str:
        """Return the state of a job, and how long it was in the one before."""
        if before is not None and before.job is not None:
            bound = "" if before.is_exact else "at least "
            return f"{_state(one)} after {bound}{duration(one.since - before.since, down=True)} in {before.state_name}"
        lasts = self._for(one)
        return _state(one) if one.ended or lasts == _UNKNOWN else f"{_state(one)} for {lasts}"

    def _for(self, one: WatchedJob) -> str:
        """Return how long a job is in its state."""
        seconds = self.clock.monotonic() - one.since
        if one.is_exact:
            return duration(seconds, down=True)
        return f"at least {duration(seconds, down=True)}" if seconds >= 1 else _UNKNOWN

    def _usually(self, one: WatchedJob) -> str:
        usual = self.facts[one.job_id].usual
        return duration(usual.median) if usual else _UNKNOWN

    def _note(self, one: WatchedJob) -> str:
        found = self.too_long(one)
        if found is not None:
            return found.word
        return one.job.error_name if one.ended and one.job is not None and one.job.error else ""


def _state(one: WatchedJob) -> str:
    """Return ``Processing``, or ``Error: ImportCompleteWithError``."""
    if one.vanished or one.job is None or not one.job.error:
        return one.state_name
    return f"{one.state_name}: {one.job.error_name}"
