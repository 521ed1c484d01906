"""Whole processes, timed in turn: each figure is the median of several runs, after one that is not counted."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNS = 11

PROGRAM = Path(sys.executable).with_name("upa-analyzer")


def seconds(command: Sequence[str]) -> float:
    """How long a command takes, from its start to its end; what it prints is thrown away."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def medians(commands: Mapping[str, Sequence[str]], runs: int = RUNS) -> dict[str, float]:
    """The median of each command, the commands run in turn so that a slow moment hits them all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            took = seconds(command)
            if run:
                times[name].append(took)
    return {name: statistics.median(took) for name, took in times.items()}
