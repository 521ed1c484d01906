"""One pull of 400 jobs with 2,000 log files, a fault in more than a tenth of the answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pulling import library_of, none, pull, row, tenant

from tests.fault_injection.faults import NO_FAULTS, Fault, Plan
from tests.fault_injection.library import Made, make_library
from tests.fault_injection.record import CROSSED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from random import Random

    from tests.fault_injection.record import Seen

JOBS, LOGS = 400, 2000
SHARE = 0.13
SEED = 4
LEAST_SHARE = 0.10
_SHOWN = 8
_EMPTY_ONES, _LARGE_ONES = 0.005, 0.01


def measure(folder: Path) -> None:
    """Makes the library, pulls once and prints the figures."""
    made = make_library(folder / "tenant", JOBS, LOGS, size=size)
    print(f"soak: {JOBS} jobs, {LOGS:,} log files, {sum_of(made):,} bytes; seed {SEED}")
    with tenant(made.root, folder / "home") as faulty:
        faulty.proxy.plan = Plan(SEED, SHARE)
        configuration = faulty.configure(folder / "pulled")
        pulled = pull(faulty, configuration)
        seen = list(faulty.proxy.seen)
        faulty.proxy.plan = NO_FAULTS
    row("exit code", str(pulled.code), "0", met=pulled.code == 0)
    if pulled.words:
        print("    " + pulled.words.replace("\n", "\n    "))
    row("seconds", f"{pulled.seconds:.1f}")
    faults(seen)
    none("files that are not identical to the truth", len(made.wrong(library_of(configuration))))
    none("files that the tenant does not have", len(made.foreign(library_of(configuration))))
    none("jobs or files left out", pulled.left_out)
    requests(made, seen)
    waits(seen)


def size(random: Random) -> int:
    """Bytes of a log: mostly some kilobytes, one in two hundred empty, one in a hundred some hundred kilobytes."""
    drawn = random.random()
    if drawn < _EMPTY_ONES:
        return 0
    if drawn > 1 - _LARGE_ONES:
        return random.randrange(200_000, 800_000)
    return int(min(random.lognormvariate(8.5, 1.2), 100_000))


def sum_of(made: Made) -> int:
    """Bytes of all files."""
    return sum((made.root / path[1:]).stat().st_size for path in made.truth)


def faults(seen: Iterable[Seen]) -> None:
    """Which faults were given."""
    given = Counter(one.fault for one in seen)
    answers, spoilt = given.total(), given.total() - given[None]
    share = spoilt / max(1, answers)
    row("answers with a fault", f"{spoilt:,} of {answers:,}, {share:.1%}", "at least 10 %", met=share >= LEAST_SHARE)
    for fault in Fault:
        print(f"    {given[fault]:4} {fault.value}")


def requests(made: Made, seen: list[Seen]) -> None:
    """How many requests were sent beyond the least, one more for each fault, and one for each source's metadata."""
    row("requests", f"{len(seen):,}")
    costly = sum(map(is_costly, seen))
    print(f"    {made.least:,} at the least, {made.sources:,} for the metadata of sources, {costly:,} for a fault")
    about: dict[str, list[Seen]] = {}
    for one in seen:
        about.setdefault(one.path or one.target, []).append(one)
    beyond = {path: len(sent) - sum(map(is_costly, sent)) - least_of(path) for path, sent in about.items()}
    none("requests beyond these", sum(more for more in beyond.values() if more > 0))
    for path, more in Counter(beyond).most_common(_SHOWN):
        if more > 0:
            print(f"    {more} at {path}")
            print("      " + ", ".join(map(in_short, about[path])))


def is_costly(one: Seen) -> bool:
    """Whether a request met a fault that makes another one necessary."""
    return one.fault not in {None, Fault.SLOW}


def least_of(path: str) -> int:
    """How many requests a path needs: a source's metadata and content, all else once."""
    return 2 if path.endswith(".json") else 1


def in_short(one: Seen) -> str:
    """A request and what became of it, in a few words."""
    what = "content" if one.is_content else "metadata" if "getFile" in one.target else "listing"
    fault = f" ({one.fault.value})" if one.fault else ""
    return f"{what} {one.range}→ {one.status}{fault}"


def waits(seen: Iterable[Seen]) -> None:
    """Who came while told to wait."""
    waited = [one for one in seen if one.waited_for is not None]
    early = [one for one in waited if (one.waited_for or 0.0) > CROSSED]
    none("requests sent while told to wait", len(early))
    for one in early[:_SHOWN]:
        print(f"    {one.waited_for:.3f} s after it was told to: {one.call}")
    row("requests that crossed it on the wire (50 ms)", f"{len(waited) - len(early):,}")
