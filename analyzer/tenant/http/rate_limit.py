"""The ``RateLimit-*`` headers: how much the tenant still gives before it throttles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from analyzer.tenant.http.header_values import number_in, seconds_in

if TYPE_CHECKING:
    from collections.abc import Mapping

_COST = 2
"""Resource units of a request: SharePoint charges 1 for a file, 2 for a listing."""
_SHARE = 0.2
"""SharePoint sends the headers from four fifths of the limit on; what is sent before needs no slowing down."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What an answer tells.

    Attributes:
        limit: resource units in all; 0 where it is not told.
        remaining: of them.
        reset: seconds until all are there again.
    """

    limit: float
    remaining: float
    reset: float

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self | None:
        """What the headers tell; None where they tell nothing that can be used."""
        remaining, reset = (
            number_in(headers.get("RateLimit-Remaining", "")),
            seconds_in(headers.get("RateLimit-Reset", "")),
        )
        if remaining is None or reset is None:
            return None
        return cls(number_in(headers.get("RateLimit-Limit", "")) or 0.0, remaining, reset)

    @property
    def is_used_up(self) -> bool:
        """Whether one request more would be throttled."""
        return self.remaining < _COST

    @property
    def pace(self) -> float:
        """Seconds from one request to the next with which what remains lasts until the reset."""
        if self.is_used_up or self.remaining > self.limit * _SHARE > 0:
            return 0.0
        return self.reset * _COST / self.remaining
