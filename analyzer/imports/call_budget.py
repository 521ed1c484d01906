"""Stay within a share of the calls on profiles that SharePoint accepts from a whole tenant.

Other programs use the same calls, so only half of the smallest limit is used. What was sent recently is remembered in a
file, because a second command within five minutes shares the limit with the first.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import InputError
from analyzer.model.service import PROFILE_CALL_SECONDS, PROFILE_CALLS
from analyzer.model.text import duration
from analyzer.storage.files import json_bytes, read_json, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from analyzer.tenant.model import Clock

SHARE = PROFILE_CALLS // 2
"""Calls that one tenant's commands send in ``PROFILE_CALL_SECONDS``."""
_BLOCK = 50
"""Calls that are noted at once, before they are sent."""
_NOTICEABLE = 3.0


class _Recent(msgspec.Struct):
    """The calls of earlier commands.

    Attributes:
        sent: pairs of a time (seconds since 1970) by which calls had been sent, and their number; the oldest first.
        begun: calls of a block that may have been sent after the file was written.
    """

    sent: list[tuple[float, int]] = []
    begun: int = 0


class CallBudget:
    """Counts requests before they are sent, and waits so that no five minutes have more than the share.

    It is a context: at its end the calls are noted exactly. After a death the calls that may have been sent count as
    sent when the next command begins.
    """

    def __init__(
        self, path: Path, clock: Clock, notify: Callable[[str], None] = lambda _: None, share: int = SHARE
    ) -> None:
        """Read what was sent recently.

        Args:
            path: the file that remembers it; only one command may use it at a time.
            clock: the time.
            notify: shows a sentence about a wait that a user would notice.
            share: calls in ``PROFILE_CALL_SECONDS``.
        """
        self._path, self._clock, self._notify, self._share = path, clock, notify, share
        self._stopped = threading.Event()
        self._block = min(_BLOCK, share)
        self._reserved = 0
        self._sent: deque[tuple[float, int]] = deque(self._earlier())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write(begun=0)

    def take(self) -> None:
        """Return when one more request may be sent.

        Raises:
            OutputError: it can't be noted.
        """
        while (wait := self._wait()) > 0:
            if wait >= _NOTICEABLE:
                limit = f"{self._share:,} profiles are read in {duration(PROFILE_CALL_SECONDS)}"
                self._notify(f"At most {limit}, as other programs share the limit. Continuing in {duration(wait)}")
            self._clock.wait(wait, self._stopped)
        if not self._reserved:
            self._write(begun=self._block)
            self._reserved = self._block
        self._reserved -= 1
        self._sent.append((self._clock.monotonic(), 1))

    def _wait(self) -> float:
        """Return the seconds until one more request may be sent."""
        now = self._clock.monotonic()
        while self._sent and self._sent[0][0] + PROFILE_CALL_SECONDS <= now:
            self._sent.popleft()
        excess = sum(number for _, number in self._sent) + 1 - self._share
        for time, number in self._sent:
            if excess <= 0:
                break
            excess -= number
            if excess <= 0:
                return max(time + PROFILE_CALL_SECONDS - now, 0.001)
        return 0.0

    def _earlier(self) -> list[tuple[float, int]]:
        """Return what earlier commands sent, in the seconds of the monotonic clock.

        Without a readable file, all of the share may have been sent just now.
        """
        now, today = self._clock.monotonic(), self._clock.now().timestamp()
        try:
            recent = read_json(self._path, _Recent, _Recent(), "")
        except InputError:
            return [(now, self._share)]
        # A time in the future is that of a clock that was set back.
        sent = [(now - max(0.0, today - time), number) for time, number in recent.sent]
        return sorted([*sent, (now, recent.begun)] if recent.begun else sent)

    def _write(self, *, begun: int) -> None:
        offset = self._clock.now().timestamp() - self._clock.monotonic()
        since = self._clock.monotonic() - PROFILE_CALL_SECONDS
        sent: dict[float, int] = {}
        for time, number in self._sent:
            if time > since:
                # To the next second, so that no call is forgotten early.
                second = float(int(time + offset) + 1)
                sent[second] = sent.get(second, 0) + number
        write_bytes(self._path, json_bytes(_Recent(sorted(sent.items()), begun)))
