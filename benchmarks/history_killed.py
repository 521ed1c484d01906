"""``kill -9`` of ``run`` at a hundred random moments, and what the next ``run`` makes of it.

Part ``killed`` of ``history.py``. Half of the runs are a tenant's first; the others add two nights to a history of six.
The tables of the run that follows have to equal those of a run that nothing disturbed, except for the times of pulls.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import make_history
import polars as pl
from pulling import none, row, settle
from timing import PROGRAM

from tests.fault_injection.process import emulator_process
from tests.fault_injection.tenant import ORIGIN, faulty_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_injection.tenant import FaultyTenant

TRIALS, SEED = 100, 17
BEFORE, NIGHTS = 6, 8
_MOST_SECONDS = 120
PULL_TIMES = ("first_seen", "last_changed", "finished", "observed_at", "previous_pull_at", "latest")
"""Columns that contain the time of a pull: only whether they have a value is compared."""
OF_FILES = ("record", "stamps", "version")
"""Columns of ``jobs`` that contain the times at which the library's files were written."""


@dataclass(frozen=True)
class Stage:
    """A tenant, and the data folder that a trial begins with.

    Attributes:
        name: for the output.
        tenant: the tenant.
        start: the data folder; None for none.
    """

    name: str
    tenant: FaultyTenant
    start: Path | None

    def prepare(self, folder: Path) -> Path:
        """Make a data folder; return its configuration."""
        if self.start is not None:
            shutil.copytree(self.start, folder)
        configuration = self.tenant.configure(folder)
        with configuration.open("a", encoding="utf-8") as stream:
            stream.write('keep_sources = "forever"\n')  # the run after one that removed files says so
        return configuration


def tables(data: Path) -> dict[str, pl.DataFrame]:
    """Return the tables of a tenant's history by path, without the times of pulls."""
    history = data / "contoso" / "history"
    paths = [*history.glob("*.parquet"), *history.glob("*/month=*/*.parquet")]
    found = {path.relative_to(history).as_posix(): pl.read_parquet(path) for path in paths}
    for name, table in found.items():
        present = [pl.col(column).is_not_null() for column in PULL_TIMES if column in table.columns]
        ids = [column for column in ("job_id", "code", "line", "key") if column in table.columns]
        if name == "jobs.parquet":
            present.append(pl.when(pl.col("ran_from") != "seen").then("ran"))
        found[name] = table.with_columns(present).drop(OF_FILES, strict=False).sort(ids)
    return found


def differences(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> list[str]:
    """Return the tables that are missing, and the columns that differ."""
    missing = [f"{name} is missing" for name in sorted(found.keys() ^ expected.keys())]
    pairs = {name: (found[name], expected[name]) for name in sorted(found.keys() & expected.keys())}
    if any(one.shape != other.shape for one, other in pairs.values()):
        return [*missing, *(f"{name} {one.shape} {other.shape}" for name, (one, other) in pairs.items())]
    return missing + [
        f"{name}: {column}"
        for name, (one, other) in pairs.items()
        for column in one.columns
        if not one[column].equals(other[column])
    ]


def start(stage: Stage, configuration: Path) -> subprocess.Popen[str]:
    """Start ``run``."""
    command: list[str | Path] = [PROGRAM, "--config", configuration, "--json", "run"]
    environment = {**os.environ, **stage.tenant.environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(stage: Stage, configuration: Path) -> tuple[float, str]:
    """Run to the end; return the seconds, and the error if it failed."""
    begun = time.perf_counter()
    with start(stage, configuration) as process:
        try:
            _, words = process.communicate(timeout=_MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            words = "it did not end"
    return time.perf_counter() - begun, f"exit code {process.returncode}: {words}" if process.returncode else ""


def trial(stage: Stage, folder: Path, moment: float, expected: dict[str, pl.DataFrame]) -> Counter[str]:
    """Kill one run at a moment, and let another follow; return what was found."""
    found: Counter[str] = Counter()
    configuration = stage.prepare(folder)
    with start(stage, configuration) as process:
        try:
            process.communicate(timeout=moment)
            found["ended"] += 1
        except subprocess.TimeoutExpired:
            process.kill()
    settle(stage.tenant)
    before = set((folder / "contoso" / "history").rglob("*.parquet"))
    found["with a history"] += bool(before)
    _, failed = run(stage, configuration)
    wrong = [failed] if failed else differences(tables(folder), expected)
    left = [path.name for path in (folder / "contoso").rglob("*.part")]
    found["equal"] += not wrong
    found["left"] += len(left)
    if wrong or left:
        print(f"    {stage.name}, killed after {moment:.3f} s: {wrong[:3]} {left[:3]}")
    shutil.rmtree(folder)
    return found


@contextmanager
def stages(folder: Path) -> Iterator[list[Stage]]:
    """Start the tenant on its sixth and on its eighth night."""
    with ExitStack() as stack:
        found = []
        for nights in (BEFORE, NIGHTS):
            library = folder / f"tenant-{nights}"
            make_history.write_library(library, make_history.nightly(nights))
            (library / "emulator.json").write_text('{"users": []}', encoding="utf-8")
            home = folder / f"home-{nights}"
            home.mkdir()
            ready = stack.enter_context(emulator_process(library, ORIGIN))
            found.append(stack.enter_context(faulty_tenant(ready, home)))
        earlier, later = found
        first = Stage("first run", later, None)
        start_of_second = folder / "sixth-night"
        stage = Stage("sixth night", earlier, None)
        _, failed = run(stage, stage.prepare(start_of_second))
        if failed:
            sys.exit(failed)
        yield [first, Stage("two more nights", later, start_of_second)]


def measure(folder: Path, trials: int = TRIALS) -> None:
    """Kill and run again, and print the figures."""
    print(f"kill -9 of run: {NIGHTS * 3} jobs, {trials} random moments; seed {SEED}")
    random, found = Random(SEED), Counter[str]()
    with stages(folder) as both:
        for stage in both:
            data = folder / "undisturbed"
            took = []
            for _ in range(3):
                shutil.rmtree(data, ignore_errors=True)
                seconds, failed = run(stage, stage.prepare(data))
                took.append(seconds)
                if failed:
                    sys.exit(failed)
            usual, expected = statistics.median(took), tables(data)
            if not expected:
                sys.exit("run wrote no history")
            row(f"{stage.name}, not killed", f"{usual:.2f} s")
            for number in range(trials // len(both)):
                found += trial(stage, folder / f"trial-{number}", random.uniform(0, usual), expected)
    equal = found["equal"]
    row("tables equal to those of an undisturbed run", f"{equal} of {trials}", f"{trials}", met=equal == trials)
    none("temporary files left after the second run", found["left"])
    row("trials in which the history had begun", str(found["with a history"]))
    row("trials in which the run had ended before", str(found["ended"]))
