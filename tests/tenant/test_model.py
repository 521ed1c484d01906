"""The waits of the system's clock."""

from __future__ import annotations

import threading

from analyzer.tenant.model import Clock


class _Steps(threading.Event):
    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        return len(self.waited) == 3


def test_a_long_wait_is_waited_in_steps_so_that_ctrl_c_ends_it_on_windows_too() -> None:
    stopped = _Steps()
    Clock().wait(300, stopped)
    assert stopped.waited == [0.5] * 3
