from __future__ import annotations

import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import FaultError
from analyzer.library.pull import parallel as module
from analyzer.library.pull.parallel import FaultCounter, in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future


def _nothing() -> None:
    pass


def test_results_have_their_index_and_nothing_is_stopped() -> None:
    stopped = threading.Event()
    results = in_parallel(lambda number: number * 2, [5, 6, 7], threads=2, stop=stopped.set)
    assert sorted(results) == [(0, 10), (1, 12), (2, 14)]
    assert not stopped.is_set()


def test_of_nothing_there_is_nothing() -> None:
    assert list(in_parallel(str, [], threads=3, stop=_nothing)) == []


def test_as_many_are_at_work_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(4)
    assert len(list(in_parallel(lambda _: together.wait(), range(8), threads=4, stop=_nothing))) == 8


def test_an_error_stops_what_runs_and_begins_nothing_more() -> None:
    stopped = threading.Event()
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise KeyError(number)
        stopped.wait()

    with pytest.raises(KeyError):
        list(in_parallel(work, range(100), threads=2, stop=stopped.set))
    assert sorted(begun)[:2] == [0, 1]
    assert len(begun) < 5


def _fails_beside_another(release: threading.Event) -> tuple[Callable[[int], bool], threading.Event]:
    """Work that fails at the first item, once the second is under way, which lasts until it is released."""
    begun, ended = threading.Event(), threading.Event()

    def work(number: int) -> bool:
        if number == 0:
            begun.wait()
            raise KeyError(number)
        begun.set()
        release.wait()
        ended.set()
        return True

    return work, ended


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Set by the test; else late, so that nothing hangs where the code is wrong."""
    event = threading.Event()
    late = threading.Timer(20, event.set)
    late.start()
    yield event
    late.cancel()
    event.set()


def test_what_still_runs_after_an_error_is_given_some_time(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    work, ended = _fails_beside_another(release)

    def waits(futures: list[Future[bool]], seconds: float) -> None:
        release.set()
        wait(futures, seconds)

    monkeypatch.setattr(module, "wait", waits)
    with pytest.raises(KeyError):
        list(in_parallel(work, range(2), threads=2, stop=_nothing, grace=600.0))
    assert ended.is_set()


def test_what_does_not_end_after_an_error_is_abandoned(release: threading.Event) -> None:
    work, ended = _fails_beside_another(release)
    with pytest.raises(KeyError):
        list(in_parallel(work, range(2), threads=2, stop=_nothing, grace=0.0))
    assert not ended.is_set()


def test_who_takes_no_more_results_stops_what_runs() -> None:
    stopped = threading.Event()

    def work(number: int) -> int:
        return number if number == 0 else stopped.wait()

    results = in_parallel(work, range(50), threads=2, stop=stopped.set)
    assert next(results) == (0, 0)
    results.close()  # type: ignore[attr-defined]
    assert stopped.is_set()


def test_faults_in_a_row_end_the_work_and_one_now_and_then_does_not() -> None:
    fault = FaultError("the tenant answered 500")
    faults = FaultCounter()
    for each in [fault, fault, fault, None] * 3:
        faults.count(each)
    for _ in range(3):
        faults.count(fault)
    with pytest.raises(FaultError):
        faults.count(fault)
