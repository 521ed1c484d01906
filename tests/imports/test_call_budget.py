from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.imports.call_budget import SHARE, CallBudget
from analyzer.model.service import PROFILE_CALL_SECONDS, PROFILE_CALLS
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import ClientPolicy, TenantAddress
from analyzer.tenant.sharepoint.profiles import read_profile
from analyzer.tenant.signin import ReadyToken
from tests.conftest import NOW, FastClock
from tests.emulator.client import job, write_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator import RunningEmulator


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recent-calls.json"


def most_in_a_window(times: list[float]) -> int:
    """The largest number of calls in any five minutes."""
    return max(sum(start <= time < start + PROFILE_CALL_SECONDS for time in times) for start in times)


def calls(budget: CallBudget, clock: FastClock, number: int, each: float = 0.1) -> list[float]:
    """When each of some calls is sent, if it takes this long."""
    times = []
    for _ in range(number):
        budget.take()
        times.append(clock.now().timestamp())
        clock.waited.append(each)
    return times


def test_the_share_is_half_of_the_smallest_limit() -> None:
    assert SHARE == PROFILE_CALLS / 2 == 1_500


@pytest.mark.parametrize("each", [0.0, 0.1, 5.0])
def test_no_five_minutes_have_more_calls_than_the_share(file: Path, each: float) -> None:
    clock = FastClock(NOW)
    with CallBudget(file, clock, share=40) as budget:
        times = calls(budget, clock, 150, each)
    assert most_in_a_window(times) == min(40, PROFILE_CALL_SECONDS / each if each else 40)


def test_a_second_command_shares_the_limit_with_the_first(file: Path) -> None:
    clock = FastClock(NOW)
    times = []
    for number in (30, 5, 30):
        with CallBudget(file, clock, share=40) as budget:
            times += calls(budget, clock, number)
    assert most_in_a_window(times) == 40


def test_who_died_counts_as_having_sent_what_was_begun(file: Path) -> None:
    clock = FastClock(NOW)
    times = calls(CallBudget(file, clock, share=60), clock, 55)
    with CallBudget(file, clock, share=60) as budget:
        times += calls(budget, clock, 10)
    assert most_in_a_window(times) <= 60
    assert max(later - earlier for earlier, later in pairwise(times)) > PROFILE_CALL_SECONDS - 30


def test_after_five_minutes_nothing_counts_any_more(file: Path) -> None:
    clock = FastClock(NOW)
    with CallBudget(file, clock, share=40) as budget:
        calls(budget, clock, 40)
    clock.waited.append(PROFILE_CALL_SECONDS)
    with CallBudget(file, clock, share=40) as budget:
        times = calls(budget, clock, 40, 0)
    assert times[0] == times[-1]


def test_without_a_readable_file_all_may_have_been_sent(file: Path) -> None:
    file.write_bytes(b"{")
    clock, notices = FastClock(NOW), list[str]()
    with CallBudget(file, clock, notices.append, share=40) as budget:
        budget.take()
    assert clock.waited == [PROFILE_CALL_SECONDS]
    assert notices == [
        "At most 40 profiles are read in 5 minutes, as other programs share the limit. Continuing in 5 minutes"
    ]


def test_a_clock_that_was_set_back_forgets_nothing(file: Path) -> None:
    with CallBudget(file, FastClock(NOW), share=40) as budget:
        calls(budget, FastClock(NOW), 40)
    clock = FastClock(NOW.replace(year=2020))
    with CallBudget(file, clock, share=40) as budget:
        budget.take()
    assert sum(clock.waited) == PROFILE_CALL_SECONDS


class SharedClock(FastClock):
    """The client's clock, which is also the tenant's: each look at it takes a moment."""

    def monotonic(self) -> float:
        self.waited.append(0.05)
        return super().monotonic()


@pytest.mark.parametrize("other", [0, 25])
def test_the_tenant_refuses_no_call_of_two_commands(tmp_path: Path, other: int) -> None:
    """Others use the same limit: who knows nothing of them stays within half of it."""
    clock = SharedClock(NOW)
    library = write_library(tmp_path / "tenant", job())
    with start(library, clock=lambda: sum(clock.waited), people_limit=60) as running:
        for number in (70, 45):
            with CallBudget(tmp_path / "recent-calls.json", clock, share=30) as budget:
                session = session_of(running, clock, budget.take)
                for _ in range(number):
                    assert read_profile(session, "ada@contoso.com")
            for _ in range(other):
                assert read_profile(session_of(running, clock), "ada@contoso.com")
        assert sum(window.answered for window in running.people.windows()) == 115 + 2 * other
        assert sum(window.refused for window in running.people.windows()) == 0


def session_of(
    running: RunningEmulator, clock: FastClock, before_request: Callable[[], None] = lambda: None
) -> Session:
    origin = running.ready["admin_url"]
    tokens = ReadyToken({"TOKEN": running.ready["token"]}, origin, "TOKEN")
    policy = ClientPolicy(clock=clock, before_request=before_request)
    return Session(TenantAddress(origin, (), Path(running.ready["ca_file"])), tokens, policy)
