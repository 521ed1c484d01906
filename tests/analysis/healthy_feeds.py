"""Simulated feeds: users who fail keep failing for a while, and others begin to, more of them on some nights."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analyzer.analysis.failure_rate import Night, bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

RHYTHMS = ("even", "Mondays", "varying", "drifting", "wandering", "sizes", "all of it")
"""Every night alike; twice as many new failures on Mondays; a rate that varies from night to night by 30 %; one that
doubles or halves in 150 nights; one that changes by 3 % from night to night; files of half to twice the size; Mondays,
varying, and wandering together."""


@dataclass(frozen=True)
class Shape:
    """A healthy feed.

    Attributes:
        users: in each source file.
        rate: the share of users who fail.
        persistence: the probability that a user who fails does so again in the next run; with 0, each run is a
            new draw.
        rhythm: one of ``RHYTHMS``.
    """

    users: int
    rate: float
    persistence: float
    rhythm: str


class Jump(NamedTuple):
    """A rate of ``times`` the usual one, plus ``more``."""

    times: float = 1
    more: float = 0


@dataclass(frozen=True)
class Feeds:
    """Simulated feeds of one shape: the users, failures, and new failures by night and feed."""

    users: NDArray[np.int64]
    failed: NDArray[np.int64]
    new: NDArray[np.int64]

    def jumps(self) -> NDArray[np.int8]:
        """Return by night and feed whether the run was called a jump (1) or not (0); -1 without a judgement."""
        found = np.full(self.new.shape, -1, np.int8)
        for feed in range(self.new.shape[1]):
            columns = (self.failed[:, feed].tolist(), self.new[:, feed].tolist(), self.users[:, feed].tolist())
            rows = enumerate(zip(*columns, strict=True))
            # The feed's first run has nothing to be compared with.
            nights = [Night(failed, new if night else None, users, night % 7) for night, (failed, new, users) in rows]
            for night, band in enumerate(bands(nights)):
                if band is not None:
                    found[night, feed] = band.jump
        return found


def simulate(shape: Shape, nights: int, feeds: int, draw: Generator, jump: Jump | None = None) -> Feeds:
    """Simulate feeds.

    Args:
        shape: of all feeds.
        nights: number.
        feeds: number.
        draw: random numbers.
        jump: of the rate in the last night; None for healthy feeds.
    """
    rate, stay = shape.rate, shape.persistence
    begin = rate * (1 - stay) / (1 - rate) if stay else rate
    failed = draw.binomial(shape.users, rate, feeds)
    monday, slope = draw.integers(0, 7, feeds), draw.choice([-1, 1], feeds) * np.log(2) / 150
    level = np.zeros(feeds)
    rows = []
    for night in range(nights):
        factor = np.ones(feeds)
        if shape.rhythm in {"Mondays", "all of it"}:
            factor *= np.where((night + monday) % 7 == 0, 2, 1) * 7 / 8
        if shape.rhythm in {"varying", "all of it"}:
            factor *= draw.gamma(1 / 0.09, 0.09, feeds)
        if shape.rhythm == "drifting":
            factor *= np.exp(np.clip(slope * night, -2, 2))
        if shape.rhythm in {"wandering", "all of it"}:
            level = np.clip(level + draw.normal(0, 0.03, feeds), -1, 1)
            factor *= np.exp(level)
        users = np.full(feeds, shape.users)
        if shape.rhythm == "sizes":
            users = np.maximum(1, users * 2 ** draw.uniform(-1, 1, feeds)).astype(np.int64)
        chance = np.clip(begin * factor, 0, 0.9)
        # Users who are not in a smaller file can't fail again.
        again = draw.binomial(np.minimum(failed, users), stay or chance)
        new = draw.binomial(np.maximum(users - failed, 0), chance)
        if jump and night == nights - 1:
            others = np.maximum(users - again - new, 1)
            added = draw.binomial(others, np.clip(((jump.times - 1) * rate + jump.more) / (1 - rate), 0, 0.95))
            added_again = draw.binomial(added, np.clip((failed - again) / others, 0, 1))
            again, new = again + added_again, new + added - added_again
        failed = again + new
        rows.append((users, failed, new))
    return Feeds(*(np.array(column) for column in zip(*rows, strict=True)))


def shapes(
    users: Sequence[int], rates: Sequence[float], persistences: Sequence[float], rhythms: Sequence[str] = RHYTHMS
) -> list[Shape]:
    """Return all combinations."""
    return [Shape(*one) for one in itertools.product(users, rates, persistences, rhythms)]
