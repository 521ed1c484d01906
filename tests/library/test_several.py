from __future__ import annotations

import threading

import pytest

from analyzer.errors import FaultError
from analyzer.library.several import Faults, in_parallel


def _nothing() -> None:
    pass


def test_each_item_s_result_comes_with_its_index() -> None:
    results = in_parallel(lambda number: number * 2, [5, 6, 7], threads=2, stop=_nothing)
    assert sorted(results) == [(0, 10), (1, 12), (2, 14)]


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
    faults = Faults()
    for each in [fault, fault, fault, None] * 3:
        faults.count(each)
    for _ in range(3):
        faults.count(fault)
    with pytest.raises(FaultError):
        faults.count(fault)
