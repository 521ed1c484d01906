"""Watching jobs until they end, on a clock that passes only when the watch waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.imports.watch import Watch, interval_at
from analyzer.model.job import Job
from tests.conftest import NOW, FastClock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from analyzer.imports.watch import WatchedJob

ONE = "00000001-bd0e-49ec-8c9c-c4cfe370248c"


def test_looks_thin_out_with_the_age_of_a_state_and_begin_anew_with_the_next() -> None:
    clock = FastClock(NOW)
    seen: list[WatchedJob] = []

    def ask(job_ids: Collection[str]) -> Mapping[str, Job | None]:
        now = clock.monotonic()
        state = 1 if now < 5 * 3600 else 2 if now < 5 * 3600 + 600 else 4
        return {job_id: Job(job_id, state, 0) for job_id in job_ids}

    result = Watch(ask, clock, on_change=seen.append).run([ONE])
    assert [one.state_name for one in seen] == ["Submitted", "Processing", "Succeeded"]
    assert [(one.seen_at - NOW).total_seconds() for one in seen] == [0, 5 * 3600, 5 * 3600 + 600]
    assert [clock.waited.count(wait) for wait in (10, 30, 120, 300)] == [36, 114 + 14, 90, 12]
    assert not result.running
    assert not result.failed


def test_the_interval_never_shrinks_with_age() -> None:
    intervals = [interval_at(age) for age in range(0, 6 * 3600, 10)]
    assert intervals == sorted(intervals)
    assert set(intervals) == {10, 30, 120, 300}
