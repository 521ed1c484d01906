"""Run requests in threads and yield their results in the caller's thread as they arrive."""

from __future__ import annotations

import contextlib
import queue
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from analyzer.errors import FaultError

_T = TypeVar("_T")
_R = TypeVar("_R")
_FAULTS_IN_A_ROW = 3
_POLL = 0.2
"""Seconds between checks for Ctrl-C, because Windows does not interrupt a wait."""


class FaultCounter:
    """Stops a pull when several requests in a row fail."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def count(self, fault: FaultError | None) -> None:
        """Count one request; ``fault`` is set if it failed.

        Raises:
            FaultError: too many requests in a row failed.
        """
        self._in_a_row = self._in_a_row + 1 if fault is not None else 0
        if fault is not None and self._in_a_row > _FAULTS_IN_A_ROW:
            raise fault


def in_parallel(
    work: Callable[[_T], _R], items: Sequence[_T], *, threads: int, stop: Callable[[], None], grace: float = 2.0
) -> Iterator[tuple[int, _R]]:
    """Call ``work`` for each item; yield each item's index and result as soon as it is done, in any order.

    Args:
        work: called in a thread.
        items: begun in this order.
        threads: maximum number.
        stop: ends running work early; called when an item fails, or when the caller stops taking results.
        grace: seconds that running work may then take.

    Raises:
        BaseException: the exception of ``work`` for one item; no item is begun after it.
    """
    done: queue.SimpleQueue[Future[_R]] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pull")
    futures: dict[Future[_R], int] = {}
    with contextlib.ExitStack() as on_failure:
        on_failure.callback(_abandon, pool, futures, stop, grace)
        for index, item in enumerate(items):
            futures[future := pool.submit(work, item)] = index
            future.add_done_callback(done.put)
        for _ in items:
            future = _next(done)
            yield futures[future], future.result()
        on_failure.pop_all()
    pool.shutdown()


def _abandon(pool: ThreadPoolExecutor, futures: Iterable[Future[_R]], stop: Callable[[], None], grace: float) -> None:
    stop()
    pool.shutdown(wait=False, cancel_futures=True)
    wait([future for future in futures if not future.cancelled()], grace)


def _next(done: queue.SimpleQueue[Future[_R]]) -> Future[_R]:
    while True:
        try:
            return done.get(timeout=_POLL)
        except queue.Empty:
            continue
