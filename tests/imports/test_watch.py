"""Watching jobs until they end, on a clock that passes only when the watch waits."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import AnalyzerError, FaultError, RefusedError, ThresholdError
from analyzer.imports.watch import Earlier, Watch, interval_at, wait_for_end
from analyzer.model.job import Job
from analyzer.model.service import State
from analyzer.tenant.sharepoint.site import Tenant
from tests.conftest import NOW, FastClock, Given

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from analyzer.imports.watch import WatchedJob
    from tests.conftest import LoopbackTenant

ONE, TWO = (f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c" for number in (1, 2))


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


class _Tenant:
    """Answers from a list of states by time; None where the tenant doesn't list the job."""

    def __init__(self, clock: FastClock, *states: tuple[float, int | AnalyzerError | None]) -> None:
        self._clock, self._states = clock, states
        self.asked: list[float] = []

    def __call__(self, job_ids: Collection[str]) -> dict[str, Job | None]:
        now = self._clock.monotonic()
        self.asked.append(now)
        assert len(self.asked) < 1000, "a watch without end"
        state = [state for since, state in self._states if since <= now][-1]
        if isinstance(state, AnalyzerError):
            raise state
        return {job_id: None if state is None else Job(job_id, state, 0) for job_id in job_ids}


@pytest.fixture
def clock() -> FastClock:
    return FastClock(NOW)


def test_a_job_that_is_missing_for_a_moment_has_not_vanished(clock: FastClock) -> None:
    result = Watch(_Tenant(clock, (0, None), (50, 1), (100, None), (150, 4)), clock).run([ONE])
    assert [one.state_name for one in result.jobs] == ["Succeeded"]


def test_a_job_that_stays_missing_has_vanished_and_counts_as_failed(clock: FastClock) -> None:
    seen: list[WatchedJob] = []
    result = Watch(_Tenant(clock, (0, 2), (100, None)), clock, on_change=seen.append).run([ONE])
    assert [(one.state_name, one.since) for one in seen] == [("Processing", 0), ("no longer listed", 100)]
    assert clock.monotonic() == 160
    assert result.failed == seen[1:]


def test_a_job_that_is_not_listed_at_the_only_look_is_no_longer_listed(clock: FastClock) -> None:
    result = Watch(_Tenant(clock, (0, None)), clock).run([ONE], once=True)
    assert [one.vanished for one in result.jobs] == [True]
    assert not clock.waited


def test_temporary_failures_are_said_once_and_end_nothing(clock: FastClock) -> None:
    said: list[str] = []
    fault = FaultError("https://contoso-admin.sharepoint.com can't be reached: no name server answers")
    tenant = _Tenant(clock, (0, fault), (120, 1), (300, fault), (900, 4))
    result = Watch(tenant, clock, said.append).run([ONE])
    assert [one.succeeded for one in result.jobs] == [True]
    assert said == [f"Temporary failure: {fault.what}. Still watching", "The tenant answers again"] * 2


def test_a_failure_at_the_only_look_is_an_error(clock: FastClock) -> None:
    with pytest.raises(FaultError):
        Watch(_Tenant(clock, (0, FaultError("no answer"))), clock).run([ONE], once=True, timeout=600)


@pytest.mark.parametrize("error", [RefusedError("no permission"), ThresholdError("refused")], ids=["403", "threshold"])
def test_a_refusal_ends_the_watch(clock: FastClock, error: AnalyzerError) -> None:
    watch = Watch(_Tenant(clock, (0, 1), (60, error)), clock)
    with pytest.raises(type(error)):
        watch.run([ONE], timeout=600)
    assert watch.jobs[ONE].state_name == "Submitted"


def test_the_time_that_is_up_ends_the_watch_after_a_last_look(clock: FastClock) -> None:
    tenant = _Tenant(clock, (0, 1))
    result = Watch(tenant, clock).run([ONE], timeout=95)
    assert tenant.asked[-2:] == [90, 95]
    assert [one.job_id for one in result.running] == [ONE]
    assert not result.failed


def test_a_stopped_session_ends_the_watch(clock: FastClock) -> None:
    stopped = threading.Event()
    watch = Watch(_Tenant(clock, (0, 1)), clock, on_look=lambda _wait, _as_of: stopped.set(), stopped=stopped)
    assert watch.run([ONE], timeout=600).running
    assert clock.monotonic() < 600


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)], ids=["back", "forward"])
def test_a_wall_clock_that_jumps_changes_only_the_times_that_are_shown(jump: timedelta) -> None:
    class Jumping(FastClock):
        def now(self) -> datetime:
            return NOW + (jump if self.monotonic() > 25 else timedelta())

    clock = Jumping()
    seen: list[WatchedJob] = []
    Watch(_Tenant(clock, (0, 1), (200, 2), (300, 4)), clock, on_change=seen.append).run([ONE], timeout=1000)
    assert [one.since for one in seen] == [0, 210, 300]
    assert [one.seen_at for one in seen] == [NOW, NOW + jump, NOW + jump]
    assert set(clock.waited) == {10, 30}


def test_what_was_known_before_counts_only_for_the_state_that_the_job_is_still_in(clock: FastClock) -> None:
    earlier = {ONE: Earlier(State.Submitted, 600, 700, is_exact=True)}
    (same,) = Watch(_Tenant(clock, (0, 1)), clock).run([ONE], earlier=earlier, once=True).jobs
    assert (same.since, same.is_exact, same.known_since, same.begun) == (-600, True, -700, None)
    (other,) = Watch(_Tenant(clock, (0, 2)), clock).run([ONE], earlier=earlier, once=True).jobs
    assert (other.since, other.is_exact, other.known_since, other.begun) == (0, False, -700, 0)


def test_jobs_that_have_ended_are_not_asked_for_again(clock: FastClock) -> None:
    asked: list[list[str]] = []

    def ask(job_ids: Collection[str]) -> Mapping[str, Job | None]:
        asked.append(list(job_ids))
        return {job_id: Job(job_id, 4 if job_id == ONE or len(asked) > 1 else 1, 0) for job_id in job_ids}

    assert not Watch(ask, clock).run([ONE, TWO]).running
    assert asked == [[ONE, TWO], [TWO]]


OVER_THRESHOLD = Given(
    500, b'{"odata.error": {"code": "-2147024860, Microsoft.SharePoint.SPQueryThrottledException", "message": {}}}'
)


def test_several_jobs_are_asked_for_with_one_call_and_one_with_its_own(loopback: LoopbackTenant) -> None:
    one, two = loopback.add_job(1, 4, 0), loopback.add_job(2, 4, 0)
    assert not wait_for_end(loopback.tenant(), [one, two], loopback.clock).failed
    assert not wait_for_end(loopback.tenant(), [one], loopback.clock).failed
    assert [seen.path.rpartition("/")[2] for seen in loopback.seen] == [
        "GetImportProfilePropertyJobs",
        "GetImportProfilePropertyJob",
    ]


def test_a_refused_list_is_replaced_by_a_call_for_each_job(loopback: LoopbackTenant) -> None:
    one, two = loopback.add_job(1, 1, 0), loopback.add_job(2, 4, 0)
    loopback.fail("GetImportProfilePropertyJobs", OVER_THRESHOLD)
    result = wait_for_end(loopback.tenant(), [one, two], loopback.clock, timeout=60)
    assert [job.state_name for job in result.jobs] == ["Submitted", "Succeeded"]
    assert sum(seen.path.endswith("Jobs") for seen in loopback.seen) == 1
    assert [sentence.endswith("each job is asked for on its own") for sentence in loopback.notices] == [True]


def test_a_tenant_that_refuses_single_jobs_too_ends_the_watch(loopback: LoopbackTenant) -> None:
    loopback.fail("GetImportProfilePropertyJob", OVER_THRESHOLD)
    with pytest.raises(ThresholdError):
        wait_for_end(loopback.tenant(), [ONE, TWO], loopback.clock, timeout=600)


def test_a_job_that_only_the_list_knows_has_not_vanished(loopback: LoopbackTenant) -> None:
    one = loopback.add_job(1, 4, 0)
    loopback.faults = lambda seen: Given(404, b"{}") if seen.path.endswith("PropertyJob") else None
    assert not wait_for_end(loopback.tenant(), [one], loopback.clock).failed


def test_a_tenant_that_asks_to_wait_longer_than_the_patience_is_asked_again_only_then(loopback: LoopbackTenant) -> None:
    one = loopback.add_job(1, 4, 0)
    loopback.fail("PropertyJob", Given(429, b"{}", {"Retry-After": "3600"}), then=True)
    tenant = Tenant(loopback.session(patience=60))
    result = wait_for_end(tenant, [one], loopback.clock, timeout=7200)
    assert [job.succeeded for job in result.jobs] == [True]
    assert len(loopback.seen) == 2
    assert 3600 <= loopback.clock.monotonic() <= 3600 + 120
