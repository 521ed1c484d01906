"""Whole processes, timed in turn: each figure is the median of several runs, after one that is not counted."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNS = 11

_BETWEEN_SAMPLES = 0.003
"""Seconds."""

PROGRAM = Path(sys.executable).with_name("upa-analyzer")


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        megabytes: resident memory at its peak (of 1,000,000 bytes).
        processor: seconds of processor time, which vary less while other programs run; 0 on Windows.
    """

    seconds: float
    megabytes: float
    processor: float = 0


def cost(command: Sequence[str]) -> Cost:
    """What a command takes; what it prints is thrown away. Windows does not tell the memory: it is 0 there."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kilobytes, processor = 0, 0.0
    if sys.platform == "win32":
        process.wait()
    else:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        kilobytes = usage.ru_maxrss // 1024 if sys.platform == "darwin" else usage.ru_maxrss
        processor = usage.ru_utime + usage.ru_stime
    took = time.perf_counter() - begun
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Cost(took, kilobytes * 1024 / 1_000_000, processor)


def costs(commands: Mapping[str, Sequence[str]], runs: int = RUNS) -> dict[str, Cost]:
    """The medians of each command, the commands run in turn so that a slow moment hits them all."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            took = cost(command)
            if run:
                found[name].append(took)
    return {name: median(of) for name, of in found.items()}


def median(found: Sequence[Cost]) -> Cost:
    """Return the medians of several runs of one command."""
    values = ([one.seconds for one in found], [one.megabytes for one in found], [one.processor for one in found])
    return Cost(*map(statistics.median, values))


def on_one_core(command: Sequence[str]) -> list[str]:
    """The command kept on one core; Linux alone can."""
    return ["taskset", "-c", "0", *command]


def anonymous_megabytes(command: Sequence[str]) -> float:
    """The anonymous memory of a command and all its descendants together at its peak; 0 on systems without ``/proc``.

    It is sampled every few milliseconds: a peak between two samples is missed. Pages that a process shares with the one
    it was forked from count twice. Files that are mapped into memory do not count.
    """
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, family_anonymous_kilobytes(process.pid))
            time.sleep(_BETWEEN_SAMPLES)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return peak * 1024 / 1_000_000


def family_anonymous_kilobytes(pid: int) -> int:
    """The anonymous memory that a process and its descendants have now."""
    return sum(map(_anonymous_kilobytes, _family(pid)))


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    family = [pid]
    for member in family:  # it grows as they are found
        for thread in Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # it has ended
                family += map(int, thread.read_text().split())
    return family


def _anonymous_kilobytes(pid: int) -> int:
    with contextlib.suppress(OSError):  # it has ended, or there is no /proc
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    return 0
