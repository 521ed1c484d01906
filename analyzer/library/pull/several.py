"""Several things at once, in threads: their results as they come, to whoever called."""

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
_LOOK_UP = 0.2
"""Seconds after which Ctrl-C is looked for, as Windows does not interrupt a wait."""
_GRACE = 2.0
"""Seconds that what still runs is given after an error; what does not end then is left behind."""


class Faults:
    """Notices when the tenant fails at one thing after the other, so that nothing more is asked for in vain."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def count(self, fault: FaultError | None) -> None:
        """Takes how one thing ended.

        Raises:
            FaultError: this one and those before it all failed.
        """
        self._in_a_row = self._in_a_row + 1 if fault is not None else 0
        if fault is not None and self._in_a_row > _FAULTS_IN_A_ROW:
            raise fault


def in_parallel(
    work: Callable[[_T], _R], items: Sequence[_T], *, threads: int, stop: Callable[[], None]
) -> Iterator[tuple[int, _R]]:
    """Does the work on each item; yields an item's index and its result as it is done, in no order.

    Args:
        work: called in a thread.
        items: begun in this order.
        threads: at most so many.
        stop: has what runs end early; called when one fails, or when whoever takes the results does.

    Raises:
        BaseException: whatever the work on one item raised; none is begun after it.
    """
    done: queue.SimpleQueue[tuple[int, Future[_R]]] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pull")
    futures: list[Future[_R]] = []
    with contextlib.ExitStack() as unless_all_is_done:
        unless_all_is_done.callback(_abandon, pool, futures, stop)
        for index, item in enumerate(items):
            futures.append(future := pool.submit(work, item))
            future.add_done_callback(functools.partial(_put, done, index))
        for _ in items:
            index, ended = _next(done)
            yield index, ended.result()
        unless_all_is_done.pop_all()
    pool.shutdown()


def _abandon(pool: ThreadPoolExecutor, futures: list[Future[_R]], stop: Callable[[], None]) -> None:
    stop()
    pool.shutdown(wait=False, cancel_futures=True)
    wait([future for future in futures if not future.cancelled()], _GRACE)


def _put(done: queue.SimpleQueue[tuple[int, Future[_R]]], index: int, ended: Future[_R]) -> None:
    done.put((index, ended))


def _next(done: queue.SimpleQueue[tuple[int, Future[_R]]]) -> tuple[int, Future[_R]]:
    while True:
        try:
            return done.get(timeout=_LOOK_UP)
        except queue.Empty:
            continue
