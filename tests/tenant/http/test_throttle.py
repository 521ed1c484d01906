from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UnreachableError
from analyzer.tenant.http.throttle import RateLimit, Throttle
from analyzer.tenant.model import ClientPolicy, Clock
from analyzer.tenant.sharepoint.jobs import list_jobs
from tests.conftest import FastClock

if TYPE_CHECKING:
    from tests.conftest import Given, LoopbackTenant

HOST = "contoso.sharepoint.com"


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


def test_the_request_is_sent_again_after_the_wait_that_was_asked_for(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.add_job(1)
    dated = given(
        503, headers={"Retry-After": "Mon, 23 Nov 2026 04:00:30 GMT", "Date": "Mon, 23 Nov 2026 04:00:00 GMT"}
    )
    loopback.fail("GetImport", given(429, headers={"Retry-After": "7"}), dated, then=True)
    assert len(list_jobs(loopback.session())) == 1
    assert (loopback.clock.waited, len(loopback.seen)) == ([7.0, 30.0], 3)


def test_a_tenant_that_keeps_asking_to_wait_is_given_up_when_the_patience_ends(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("GetImport", given(429, headers={"Retry-After": "200"}))
    with pytest.raises(UnreachableError) as error:
        list_jobs(loopback.session())
    assert loopback.clock.waited == [200.0] * 4
    assert "the next 4 minutes are beyond the patience of 15 minutes, after 14 minutes of waiting" in error.value.what
    assert "--patience" in error.value.advice


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}, {"Retry-After": "soon"}])
def test_a_tenant_that_does_not_say_how_long_is_asked_less_and_less_often(
    loopback: LoopbackTenant, given: type[Given], headers: dict[str, str]
) -> None:
    loopback.fail("GetImport", given(503, headers=headers))
    with pytest.raises(UnreachableError, match="kept asking to wait"):
        list_jobs(loopback.session(patience=100))
    assert 5 < len(loopback.seen) < 12
    assert loopback.clock.waited[-1] > 15


def test_a_default_wait_is_a_minute_at_most_and_differs_between_clients(loopback: LoopbackTenant) -> None:
    loopback.fail("GetImport", 503)
    waits = []
    for _ in range(2):
        loopback.clock.waited.clear()
        with pytest.raises(UnreachableError):
            list_jobs(loopback.session())
        waits.append(list(loopback.clock.waited))
    assert 30 <= max(waits[0]) <= 60
    assert waits[0] != waits[1]


def test_a_wait_beyond_all_patience_is_not_waited(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetImport", given(429, headers={"Retry-After": "86400"}))
    session = loopback.session()
    for _ in range(2):
        with pytest.raises(UnreachableError, match="kept asking to wait"):
            list_jobs(session)
    assert (len(loopback.seen), loopback.clock.waited) == (1, [])


def test_whoever_asks_for_a_shorter_wait_ends_no_longer_one(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(clock=clock, patience=60))
    throttle.hold(HOST, 60)
    throttle.hold(HOST, 5)
    throttle.pass_through()
    assert clock.waited == [60]


def test_requests_are_spread_on_a_machine_that_runs_for_long(clock: FastClock) -> None:
    clock.waited.append(1_000_000)
    throttle = Throttle(ClientPolicy(clock=clock))
    throttle.heed(HOST, {"RateLimit-Limit": "100", "RateLimit-Remaining": "10", "RateLimit-Reset": "50"})
    for _ in range(3):
        throttle.pass_through()
    assert clock.waited == [1_000_000, 10, 10]


def test_an_answer_that_says_that_the_limit_is_reached_holds_the_next_request(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    notices = {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "40"}
    loopback.fail("GetImport", given(body=b'{"value": []}', headers=notices), then=True)
    session = loopback.session()
    list_jobs(session)
    list_jobs(session)
    assert loopback.clock.waited == [40]


def test_the_patience_is_one_for_the_whole_session(loopback: LoopbackTenant, given: type[Given]) -> None:
    wait = given(429, headers={"Retry-After": "500"})
    session = loopback.session()
    loopback.fail("GetImport", wait, then=True)
    list_jobs(session)
    loopback.fail("GetImport", wait, then=True)
    with pytest.raises(UnreachableError):
        list_jobs(session)
    assert loopback.clock.waited == [500.0]


def test_a_wait_is_shown(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetImport", given(429, headers={"Retry-After": "120"}), then=True)
    list_jobs(loopback.session())
    host = loopback.origin.removeprefix("https://")
    assert loopback.notices == [f"{host} asks to wait. Continuing in 2 minutes"]


def test_a_wait_requested_of_one_connection_holds_all(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(clock=clock))
    throttle.hold(HOST, 20)
    threads = [threading.Thread(target=throttle.pass_through) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.waited[0] == 20.0
    assert clock.monotonic() >= 20.0


def test_waits_that_overlap_cost_patience_once(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(patience=40, clock=clock))
    for seconds in (20, 30, 10, 30):
        throttle.hold(HOST, seconds)
    throttle.pass_through()
    throttle.hold(HOST, 10)
    with pytest.raises(UnreachableError, match="beyond the patience of 40 s, after 40 s of waiting"):
        throttle.hold(HOST, 11)
    assert clock.waited == [30.0]


def test_nothing_is_sent_after_the_patience_has_ended(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(patience=1, clock=clock))
    with pytest.raises(UnreachableError):
        throttle.hold(HOST, 2)
    with pytest.raises(UnreachableError, match="kept asking to wait"):
        throttle.pass_through()


def test_who_waits_is_woken_when_the_work_is_stopped() -> None:
    throttle = Throttle(ClientPolicy(patience=1e6, clock=Clock()))
    throttle.hold(HOST, 1e5)
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(UnreachableError, match="stopped"):
            throttle.pass_through()
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    throttle.stopped.set()
    thread.join()
    assert ended.is_set()


def test_requests_are_spread_before_the_limit_is_reached(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(clock=clock))
    throttle.heed(HOST, {"RateLimit-Limit": "1200", "RateLimit-Remaining": "100", "RateLimit-Reset": "50"})
    for _ in range(4):
        throttle.pass_through()
    assert clock.waited == [1.0] * 3


def test_a_slow_pace_is_shown_once(clock: FastClock) -> None:
    notices: list[str] = []
    throttle = Throttle(ClientPolicy(clock=clock, notify=notices.append))
    for remaining in ("10", "8", "6"):
        throttle.heed(HOST, {"RateLimit-Remaining": remaining, "RateLimit-Reset": "40"})
    assert notices == [f"{HOST} is close to its limit: one request every 8 s until the limit is reset"]


def test_a_limit_that_is_used_up_is_waited_for(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(clock=clock))
    throttle.heed(HOST, {"RateLimit-Remaining": "0", "RateLimit-Reset": "31"})
    throttle.pass_through()
    assert clock.waited == [31.0]


@pytest.mark.parametrize("remaining", ["0", "2"])
def test_a_limit_beyond_all_patience_ends_with_the_next_request(clock: FastClock, remaining: str) -> None:
    throttle = Throttle(ClientPolicy(patience=900, clock=clock))
    throttle.heed(HOST, {"RateLimit-Remaining": remaining, "RateLimit-Reset": "1000"})
    for _ in range(2):
        with pytest.raises(UnreachableError, match="the next 17 minutes are beyond the patience of 15 minutes"):
            throttle.pass_through()
    assert clock.waited == []


def test_requests_are_not_spread_any_more_when_the_limit_is_there_anew(clock: FastClock) -> None:
    throttle = Throttle(ClientPolicy(clock=clock))
    throttle.heed(HOST, {"RateLimit-Remaining": "4", "RateLimit-Reset": "6"})
    for _ in range(9):
        throttle.pass_through()
    assert sum(clock.waited) == 6.0


@pytest.mark.parametrize(
    ("headers", "pace"),
    [
        ({"RateLimit-Limit": "1000", "RateLimit-Remaining": "201", "RateLimit-Reset": "9"}, 0.0),
        ({"RateLimit-Limit": "1000", "RateLimit-Remaining": "180", "RateLimit-Reset": "9"}, 0.1),
        ({"RateLimit-Remaining": "180", "RateLimit-Reset": "9"}, 0.1),
        ({"RateLimit-Remaining": "1", "RateLimit-Reset": "9"}, 0.0),
        ({"RateLimit-Remaining": "2", "RateLimit-Reset": "9" * 400}, 31_536_000.0),
        ({"RateLimit-Remaining": "-1", "RateLimit-Reset": "9"}, None),
        ({"RateLimit-Remaining": "5"}, None),
        ({"RateLimit-Reset": "5"}, None),
        ({}, None),
    ],
)
def test_the_pace_lets_what_remains_last_until_the_reset(headers: dict[str, str], pace: float | None) -> None:
    limit = RateLimit.of(headers)
    assert (limit.pace if limit else None) == pace


def test_after_the_patience_ended_it_is_renewed_once_the_time_that_the_host_asked_for_is_over(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.add_job(1)
    loopback.fail("GetImport", given(429, headers={"Retry-After": "3600"}), then=True)
    session = loopback.session()
    with pytest.raises(UnreachableError):
        list_jobs(session)
    with pytest.raises(UnreachableError, match="kept asking to wait"):
        session.throttle.renew()
    loopback.clock.wait(3600, threading.Event())
    session.throttle.renew()
    assert len(list_jobs(session)) == 1
