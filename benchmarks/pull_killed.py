"""``kill -9`` of a pull at a hundred random moments, and what a second pull makes of it."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from queue import Queue
from random import Random
from typing import TYPE_CHECKING

from pulling import library_of, none, pull, row, settle, start_pull

from tests.fault_injection.library import Made, make_library
from tests.fault_injection.process import emulator_process
from tests.fault_injection.tenant import ORIGIN, faulty_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_injection.tenant import FaultyTenant

JOBS, LOGS = 30, 100
TRIALS = 100
AT_ONCE = 2
"""Trials that run at the same time, each through a proxy of its own."""
SEED = 9
DELAY = 0.005
_BIG, _BIG_ONES = 6_000_000, 0.05


def measure(folder: Path) -> None:
    """Kills and pulls again, and prints the figures."""
    made = make_library(folder / "tenant", JOBS, LOGS, size=size)
    print(f"kill -9: {JOBS} jobs, {LOGS} log files, {TRIALS} random moments; seed {SEED}")
    random = Random(SEED)
    with tenants(made.root, folder) as faulty_tenants:
        usual = usual_seconds(faulty_tenants, folder)
        moments = [random.uniform(0, usual) for _ in range(TRIALS)]
        found = sum(trials(faulty_tenants, made, folder, moments), Counter[str]())
    row(
        "repaired by the second pull", f"{found['repaired']} of {TRIALS}", "100 of 100", met=found["repaired"] == TRIALS
    )
    none("half written under a final name after the kill", found["half"])
    none("files fetched again though they were whole", found["again"])
    none("files left that the tenant does not have", found["foreign"])
    row("trials in which the pull had ended before", str(found["ended"]))
    row("files that were whole after the kill, in all", f"{found['whole']:,} of {TRIALS * len(made.truth):,}")
    row("requests that went on in the middle of a file", f"{found['resumed']:,}")
    row("requests of a second pull beyond what was lacking", f"{found['beyond'] / TRIALS:.2f} a trial")


def size(random: Random) -> int:
    """Bytes of a log: one in twenty so large that a kill may hit it."""
    return _BIG if random.random() < _BIG_ONES else int(min(random.lognormvariate(8.5, 1.2), 100_000))


@contextmanager
def tenants(library: Path, folder: Path) -> Iterator[list[FaultyTenant]]:
    """One emulator, and a proxy for each trial at a time."""
    with ExitStack() as stack:
        ready = stack.enter_context(emulator_process(library, ORIGIN))
        faulty_tenants = []
        for number in range(AT_ONCE):
            home = folder / f"home-{number}"
            home.mkdir()
            faulty_tenants.append(stack.enter_context(faulty_tenant(ready, home)))
            faulty_tenants[-1].proxy.delay = DELAY
        yield faulty_tenants


def usual_seconds(faulty_tenants: list[FaultyTenant], folder: Path) -> float:
    """What a pull takes that nobody kills, others running as in the trials."""

    def one(number: int) -> float:
        begun = faulty_tenants[number % AT_ONCE]
        return pull(begun, begun.configure(folder / f"usual-{number}")).seconds

    with ThreadPoolExecutor(AT_ONCE) as pool:
        took = statistics.median(pool.map(one, range(3 * AT_ONCE)))
    row("a pull that nobody kills", f"{took:.2f} s")
    return took


def trials(
    faulty_tenants: list[FaultyTenant], made: Made, folder: Path, moments: list[float]
) -> Iterator[Counter[str]]:
    """What was found in each trial."""
    idle: Queue[FaultyTenant] = Queue()
    for begun in faulty_tenants:
        idle.put(begun)

    def one(trial: int) -> Counter[str]:
        begun = idle.get()
        try:
            return one_trial(begun, made, folder / f"trial-{trial}", moments[trial])
        finally:
            idle.put(begun)
            shutil.rmtree(folder / f"trial-{trial}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(one, range(len(moments)))


def one_trial(faulty: FaultyTenant, made: Made, folder: Path, moment: float) -> Counter[str]:
    """Kills one pull at a moment and lets another follow; what was found."""
    configuration = faulty.configure(folder)
    library = library_of(configuration)
    found: Counter[str] = Counter()
    with start_pull(faulty, configuration) as process:
        try:
            process.communicate(timeout=moment)
            found["ended"] += 1
        except subprocess.TimeoutExpired:
            process.kill()
    settle(faulty)
    found["half"] += len(made.wrong(library, missing=False))
    whole = made.whole(library)
    found["whole"] += len(whole)
    before = len(faulty.proxy.seen)
    second = pull(faulty, configuration)
    seen = faulty.proxy.seen[before:]
    asked_for = [one for one in seen if one.is_content]
    found["again"] += len({one.path for one in asked_for} & whole)
    found["resumed"] += sum(1 for one in asked_for if one.range)
    found["beyond"] += len(seen) - (made.least - len(whole))
    foreign = made.foreign(library)
    found["foreign"] += len(foreign)
    wrong = made.wrong(library)
    found["repaired"] += second.code == 0 and not wrong and second.left_out == 0
    if second.code or wrong or foreign or {one.path for one in asked_for} & whole:
        print(f"    killed after {moment:.3f} s: exit code {second.code} {second.words[:160]}")
        print(f"      wrong: {wrong[:3]}, left: {foreign[:3]}")
        print(f"      asked for again: {sorted({one.path for one in asked_for} & whole)[:3]}")
    return found
