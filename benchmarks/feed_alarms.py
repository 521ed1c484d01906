"""How often a healthy feed is called missing, late, small, or slow, and how soon a broken one is: by simulation.

Each shape of feed is simulated for 400 days from several seeds, and judged at the pull of every fifth morning. Then
its runs stop, or lose half of their users.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
from collections import Counter
from datetime import timedelta

from analyzer.history.feeds import Health
from tests.history.simulated_feeds import SHAPES, Shape, judged, runs_of

DAYS, SEEDS, EVERY = 400, 3, 5
ALARMS = (Health.missing, Health.late, Health.small, Health.slow)
STOPPED = 196
"""The day from which no runs come, a Wednesday."""


def false_alarms(shape: Shape) -> tuple[int, int, Counter[Health]]:
    """Count the runs and days of healthy feeds, and the days with a finding, by its kind."""
    runs = days = 0
    found: Counter[Health] = Counter()
    for seed in range(SEEDS):
        all_runs = runs_of(shape, seed, DAYS)
        runs += len(all_runs)
        for _, health in judged(shape, all_runs, DAYS, begin=seed, every=EVERY):
            days += 1
            found.update({finding.health for finding in health.findings} & {*ALARMS})
    return runs, days, found


def silence_noticed(shape: Shape) -> str:
    """After how many days a feed that stopped is late or missing."""
    found = []
    for seed in range(SEEDS):
        runs = runs_of(shape, seed, STOPPED)
        for at, health in judged(shape, runs, STOPPED + 90, STOPPED - 10):
            if at > runs[-1].ended and {Health.missing, Health.late} & {one.health for one in health.findings}:
                found.append((at - runs[-1].ended) / timedelta(days=1))
                break
    return f"{statistics.median(found):.1f} days" if len(found) == SEEDS else "-"


def loss_noticed(shape: Shape) -> str:
    """In how many of the seeds the first run with half of the users is small."""
    found = 0
    for seed in range(SEEDS):
        runs = runs_of(shape, seed, STOPPED + 10)
        runs[-1] = dataclasses.replace(runs[-1], users=runs[-1].users // 2)
        *_, (_, health) = judged(shape, runs, STOPPED + 12, STOPPED + 11)
        found += Health.small in {one.health for one in health.findings}
    return f"{found} of {SEEDS}"


def main() -> int:
    """Print the table; 1 if a shape has more than one false alarm in a hundred days."""
    worst = 0.0
    print("| feed | runs | false alarms in 100 days | missing, late, small, slow | stopped: after | half: noticed |")
    print("| --- | --- | --- | --- | --- | --- |")
    for shape in SHAPES:
        runs, days, found = false_alarms(shape)
        share = 100 * sum(found.values()) / days
        worst = max(worst, share)
        kinds = ", ".join(str(found[kind]) for kind in ALARMS)
        print(
            f"| {shape.name} | {runs // SEEDS} | {share:.2f} | {kinds} | {silence_noticed(shape)}"
            f" | {loss_noticed(shape)} |",
            flush=True,
        )
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())
