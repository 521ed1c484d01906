"""How often a run of a healthy feed is called a jump, and which jumps are found: ``analysis.failure_rate``, simulated.

It takes about ten minutes; ``--small`` simulates a twentieth of the feeds in half a minute.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.analysis.healthy_feeds import RHYTHMS, Jump, Shape, shapes, simulate

USERS = (10, 100, 1_000, 10_000, 100_000)
RATES = (0.0001, 0.001, 0.01, 0.05, 0.2)
PERSISTENCES = (0, 0.8, 0.9, 0.95)
AGES = {"5 to 10": (4, 10), "11 to 40": (10, 40), "41 to 1,000": (40, 1_000)}
"""Runs of a history by their place in it, and where they are in the arrays."""

HISTORIES = ((400, 40), (16, 1_000))
"""Feeds of a shape, and their nights."""

JUMPS = {"x 2": Jump(2), "x 3": Jump(3), "+5 points": Jump(more=0.05)}
FOUND_IN = ((100, 0.05), (300, 0.04), (1_000, 0.01), (10_000, 0.001), (10_000, 0.01), (100_000, 0.05))


def false_alarms(scale: int) -> None:
    """Print the share of runs called a jump, by rhythm and place in the history: of all, and in the worst shape."""
    draw = np.random.default_rng(20261129)
    print(f"{'healthy feeds':<14}" + "".join(f"{'run ' + age:>22}" for age in AGES) + f"{'all':>22}")
    every = np.zeros(2)
    for rhythm in RHYTHMS:
        rows = []
        for shape in shapes(USERS, RATES, PERSISTENCES, (rhythm,)):
            counted = np.zeros((len(AGES), 2))
            for feeds, nights in HISTORIES:
                found = simulate(shape, nights, max(1, feeds // scale), draw).jumps()
                for place, (first, last) in enumerate(AGES.values()):
                    part = found[first:last]
                    counted[place] += (part == 1).sum(), (part >= 0).sum()
            rows.append(np.vstack([counted, counted.sum(axis=0)]))
        table = np.array(rows)
        every += table[:, -1].sum(axis=0)
        shares = table[..., 0] / table[..., 1]
        means = table[..., 0].sum(axis=0) / table[..., 1].sum(axis=0)
        cells = (f"{mean:.2%}, worst {worst:.2%}" for mean, worst in zip(means, shares.max(axis=0), strict=True))
        print(f"{rhythm:<14}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"all: {every[0] / every[1]:.3%} of {every[1]:,.0f} runs")


def jumps_found(scale: int) -> None:
    """Print the share of real jumps that are found in the 11th and the 61st run."""
    draw = np.random.default_rng(20261130)
    print(
        f"\n{'jumps found':<34}"
        + "".join(f"{rhythm + ', ' + name:>22}" for rhythm in ("even", "all of it") for name in JUMPS)
    )
    for persistence in (0, 0.9):
        for users, rate in FOUND_IN:
            cells = []
            for rhythm in ("even", "all of it"):
                for jump in JUMPS.values():
                    shape = Shape(users, rate, persistence, rhythm)
                    shares = [
                        (simulate(shape, nights, 1_000 // scale, draw, jump).jumps()[-1] == 1).mean()
                        for nights in (11, 61)
                    ]
                    cells.append(", ".join(f"{share:.0%}" for share in shares))
            name = f"{users:,} users, {rate:.2%}, {persistence:.0%} again"
            print(f"{name:<34}" + "".join(f"{cell:>22}" for cell in cells))


def main() -> None:
    """Simulate, and print two tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    scale = 20 if parser.parse_args().small else 1
    false_alarms(scale)
    jumps_found(scale)


if __name__ == "__main__":
    main()
