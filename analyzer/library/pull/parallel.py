"""Run requests in threads and hand their results to the caller's thread as they arrive."""

from __future__ import annotations

import contextlib
import functools
import queue
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from analyzer.errors import FaultError

_T = TypeVar("_T")
_R = TypeVar("_R")
_FAULTS_IN_A_ROW = 3
_POLL = 0.2
"""Seconds between looks for Ctrl-C, as Windows does not interrupt a wait."""


class FaultCounter:
    """Stops a pull when the tenant fails at one request after the other."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def count(self, fault: FaultError | None) -> None:
        """Count how one request ended.

        Raises:
            FaultError: this one and those before it all failed.
        """
        self._in_a_row = self._in_a_row + 1 if fault is not None else 0
        if fault is not None and self._in_a_row > _FAULTS_IN_A_ROW:
            raise fault


def in_parallel(
    work: Callable[[_T], _R], items: Sequence[_T], *, threads: int, stop: Callable[[], None], grace: float = 2.0
) -> Iterator[tuple[int, _R]]:
    """Do the work on each item; yield each item's index and result as soon as it is done, in any order.

    Args:
        work: called in a thread.
        items: begun in this order.
        threads: at most so many.
        stop: ends running work early; called when an item fails, or when the caller stops taking results.
        grace: seconds that running work may then take.

    Raises:
        BaseException: what the work on one item raised; no item is begun after it.
    """
    done: queue.SimpleQueue[tuple[int, Future[_R]]] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pull")
    futures: list[Future[_R]] = []
    with contextlib.ExitStack() as unless_all_is_done:
        unless_all_is_done.callback(_abandon, pool, futures, stop, grace)
        for index, item in enumerate(items):
            futures.append(future := pool.submit(work, item))
            future.add_done_callback(functools.partial(_put, done, index))
        for _ in items:
            index, ended = _next(done)
            yield index, ended.result()
        unless_all_is_done.pop_all()
    pool.shutdown()


def _abandon(pool: ThreadPoolExecutor, futures: list[Future[_R]], stop: Callable[[], None], grace: float) -> None:
    stop()
    pool.shutdown(wait=False, cancel_futures=True)
    wait([future for future in futures if not future.cancelled()], grace)


def _put(done: queue.SimpleQueue[tuple[int, Future[_R]]], index: int, ended: Future[_R]) -> None:
    done.put((index, ended))


def _next(done: queue.SimpleQueue[tuple[int, Future[_R]]]) -> tuple[int, Future[_R]]:
    while True:
        try:
            return done.get(timeout=_POLL)
        except queue.Empty:
            continue
