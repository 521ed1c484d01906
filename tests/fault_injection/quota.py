"""A limit as SharePoint has it: so many resource units in so many seconds, told before it is reached.

https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_TOLD_FROM = 0.8
_LISTING, _FILE = 2, 1


@dataclass(slots=True)
class Quota:
    """What the tenant gives an application.

    Attributes:
        limit: resource units of a window.
        seconds: that a window lasts.
        refused: how many requests came when too little was left.
    """

    limit: int
    seconds: float
    refused: int = 0
    _begun: float = -math.inf
    _used: int = 0

    def takes(self, target: str, now: float) -> bool:
        """Whether a request is within the limit; ``now`` in monotonic seconds."""
        if now >= self._begun + self.seconds:
            self._begun, self._used = now, 0
        cost = _FILE if "getFileBy" in target else _LISTING
        if self._used + cost > self.limit:
            self.refused += 1
            return False
        self._used += cost
        return True

    def reset(self, now: float) -> int:
        """Whole seconds until all is there again."""
        return max(1, math.ceil(self._begun + self.seconds - now))

    def headers(self, now: float) -> dict[str, str]:
        """What an answer tells of it: nothing while less than four fifths are used."""
        if self._used < self.limit * _TOLD_FROM:
            return {}
        return {
            "RateLimit_Limit": str(self.limit),
            "RateLimit_Remaining": str(self.limit - self._used),
            "RateLimit_Reset": str(self.reset(now)),
        }
