"""What the history costs: ``history.py [--folder DIR] [PART …]``.

The loads (``make_history.py``) are made in DIR the first time, and kept: 3 GB in all, a folder of the system's for
temporary files unless another one is specified. Every command is a whole process; ``large`` ingests 99 million entries
the first time, which takes minutes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import make_history
from pulling import row
from timing import PROGRAM, Cost, cost, costs, median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from make_history import Import

HERE = Path(__file__).parent
IMPORT_POLARS = [sys.executable, "-c", "import polars"]
FEW, MANY = 10, 1_000
"""Earlier runs of the feed."""
_NEW_JOBS = 5


class Workspace:
    """A data folder with the library of one tenant, and the commands on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.library = root / "contoso" / "library"
        self.history = root / "contoso" / "history"
        self._configuration = root / "upa-analyzer.toml"

    def command(self, *words: str) -> list[str]:
        """Return a command on this library."""
        if not self._configuration.exists():
            self._configuration.write_text('data = "."\n', encoding="utf-8")
        return [str(PROGRAM), "--config", str(self._configuration), *words]

    def add(self, imports: Callable[[], Iterable[Import]]) -> Workspace:
        """Add jobs to the library; return the workspace.

        In another process: what this one has taken counts for those that it starts.
        """
        with ProcessPoolExecutor(1) as pool:
            pool.submit(_add, self.library, imports).result()
        return self

    def copied(self, name: str) -> Workspace:
        """Return a copy that shares the files with this one: each is written once, and replaced by another file."""
        other = self.root.with_name(name)
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.root, other, copy_function=_link)
        return Workspace(other)

    def forget_results(self) -> None:
        """Remove everything but the library."""
        for path in (self.root / "contoso").iterdir():
            if path != self.library:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _add(library: Path, imports: Callable[[], Iterable[Import]]) -> None:
    make_history.write_library(library, imports())


def made(folder: Path, name: str) -> Workspace:
    """Return the workspace of a load, with its history."""
    workspace = Workspace(folder / name)
    if not (workspace.library / "jobs.json").exists():
        workspace.add(make_history.LOADS[name])
    return workspace


def ingested(folder: Path, name: str) -> Workspace:
    """Return the workspace of a load whose history is up to date."""
    workspace = made(folder, name)
    took = cost(workspace.command("jobs"))
    print(f"  ({name}: the first command, with a history or without one, took {took.seconds:.1f} s)")
    return workspace


def year(folder: Path) -> None:
    """Measure ``jobs``, ``show``, ``retry`` and ``report`` on a year of nightly runs."""
    workspace = ingested(folder, "year")
    newest = _newest(make_history.nightly())
    found = costs(
        {
            "import polars": IMPORT_POLARS,
            "jobs": workspace.command("jobs"),
            "show JOB": workspace.command("show", newest.job_id),
            "retry JOB": workspace.command("retry", newest.job_id, "-o", str(folder / "retry.json"), "--force"),
        },
        runs=7,
    )
    start = found.pop("import polars")
    for name, most in (("jobs", 4), ("show JOB", 4), ("retry JOB", 6)):
        times = found[name].seconds / start.seconds
        processor = found[name].processor / start.processor
        reached = f"{times:.1f} (processor {processor:.1f}; {found[name].seconds:.2f} s)"
        at_most(f"{name}, in times of import polars", times, most, reached)
    _reports(workspace.copied("year-reports"))


def _reports(workspace: Workspace) -> None:
    first, nothing, one = [], [], []
    report = workspace.command("report")
    for _ in range(3):
        workspace.forget_results()
        first.append(cost(report))
        nothing.append(cost(report))
    for number in range(_NEW_JOBS):
        workspace.add(partial(_after_the_year, number))
        one.append(cost(report))
    for name, taken, most in (("first", first, 15), ("one new job", one, 2), ("nothing new", nothing, 1)):
        took = median(taken)
        at_most(f"report, {name}", took.seconds, most, _words(took))


def _after_the_year(number: int) -> Iterable[Import]:
    jobs = make_history.nightly(make_history.NIGHTS + _NEW_JOBS)
    return islice(jobs, make_history.NIGHTS * 3 + number, make_history.NIGHTS * 3 + number + 1)


def ingest(folder: Path) -> None:
    """Measure what a run costs that is ingested after few and after many earlier runs of its feed."""
    for failed in (60, 20_000):
        alone: dict[int, list[float]] = {FEW: [], MANY: []}
        shown: dict[int, list[float]] = {FEW: [], MANY: []}
        for earlier in (FEW, MANY):
            before = _with_earlier(folder, earlier, failed)
            (new,) = _one_feed(failed, earlier, earlier + 1)
            for trial in range(5):
                for measure, taken in ((_in_process, alone), (partial(_shown, new.job_id), shown)):
                    after = before.copied(f"{before.root.name}-{trial}").add(
                        partial(_one_feed, failed, earlier, earlier + 1)
                    )
                    taken[earlier].append(measure(after))
                    shutil.rmtree(after.root)
        for how, taken in (("without the start of Python", alone), ("show JOB, whole process", shown)):
            few, many = statistics.median(taken[FEW]), statistics.median(taken[MANY])
            reached = f"{many / few:.2f} ({few * 1000:.0f}, {many * 1000:.0f} ms)"
            at_most(f"{failed:,} failed, {how}: {MANY:,} earlier runs : {FEW}", many / few, 1.2, reached)


def _shown(job_id: str, workspace: Workspace) -> float:
    """Return the seconds of ``show`` for a run that was just pulled, which is ingested first."""
    return cost(workspace.command("show", job_id)).seconds


def _with_earlier(folder: Path, earlier: int, failed: int) -> Workspace:
    workspace = Workspace(folder / f"earlier-{earlier}-{failed}")
    if not (workspace.library / "jobs.json").exists():
        workspace.add(partial(_one_feed, failed, 0, earlier))
    cost(workspace.command("jobs"))
    return workspace


def _one_feed(failed: int, first: int, end: int) -> Iterable[Import]:
    nights = make_history.large(end, failed)
    return islice((job for job in nights if "/hr-feed-" in job.source), first, end)


def _in_process(workspace: Workspace) -> float:
    """Return the seconds of one call that brings the history up to date, without the start of Python."""
    words = [sys.executable, str(HERE / "ingest_once.py"), str(workspace.library), str(workspace.history)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def large(folder: Path, nights: int = make_history.LARGE_NIGHTS) -> None:
    """Measure a new run of 100,000 failed users on 99 million entries, and the bytes of an entry."""
    workspace = _large(folder, nights)
    entries = len(make_history.FEEDS) * nights * make_history.LARGE_FAILED
    of_entries, of_users = (_bytes(workspace.history / name) / entries for name in ("entries", "users"))
    at_most("bytes an entry, table entries", of_entries, 6)
    row("bytes an entry, with users", f"{of_entries + of_users:.2f}")
    cost(workspace.command("report"))  # the pages of earlier jobs are there
    before, taken = workspace.copied(f"{workspace.root.name}-before"), []
    for _ in range(3):
        taken.append(cost(workspace.add(partial(_new_run, nights)).command("report")))
        before.copied(workspace.root.name)  # back to the same path, which is in the commands of all pages
    took = median(taken)
    at_most("run after its pull, 100,000 failed", took.seconds, 4, _words(took))
    at_most("  MB", took.megabytes, 600)


def _new_run(nights: int) -> Iterable[Import]:
    return [make_history.new_run(nights)]


def _large(folder: Path, nights: int) -> Workspace:
    workspace = Workspace(folder / f"large-{nights}")
    if not (workspace.library / "jobs.json").exists():
        workspace.add(partial(make_history.large, nights))
    took = cost(workspace.command("jobs"))
    print(f"  (the first command, with a history or without one, took {took.seconds:.1f} s)")
    return workspace


def long(folder: Path) -> None:
    """Measure the first report of a job with 3 million entries, against ``parse``."""
    workspace = made(folder, "long")
    (log,) = workspace.library.rglob("*.log")
    parse = [str(PROGRAM), "parse", str(log), "-o", str(folder / "long.parquet")]
    reports, parses = [], []
    for _ in range(3):
        workspace.forget_results()
        reports.append(cost(workspace.command("report")))
        parses.append(cost(parse))
    report, parsed = median(reports), median(parses)
    times = report.seconds / parsed.seconds
    reached = f"{times:.2f} ({report.seconds:.1f}, {parsed.seconds:.1f} s)"
    at_most("report of 3 million entries, in times of parse", times, 3, reached)
    at_most("  MB", report.megabytes, 800)


def user(folder: Path, nights: int = make_history.LARGE_NIGHTS) -> None:
    """Measure all that happened to one user, against DuckDB on the same files."""
    workspace = _large(folder, nights)
    identity = make_history.address(7)
    peer = [sys.executable, str(HERE / "peers" / "duckdb_user.py"), str(workspace.history), identity]
    found = costs({"ours": workspace.command("user", identity), "DuckDB": peer}, runs=5)
    ours, duckdb = found["ours"], found["DuckDB"]
    times = ours.seconds / duckdb.seconds
    reached = f"{times:.2f} ({ours.seconds:.2f}, {duckdb.seconds:.2f} s)"
    at_most("user ID, in times of DuckDB", times, 1.5, reached)
    at_most("  MB", ours.megabytes, 300, f"{ours.megabytes:,.0f} (DuckDB {duckdb.megabytes:,.0f})")


def check(folder: Path) -> None:
    """Measure ``history check`` on a year."""
    took = costs({"": ingested(folder, "year").command("history", "check")}, runs=3)[""]
    at_most("history check on a year", took.seconds, 10, _words(took))


def killed(_folder: Path) -> None:
    """Kill ``run`` at a hundred random moments."""
    import history_killed

    with tempfile.TemporaryDirectory() as temporary:
        history_killed.measure(Path(temporary))


def read(_folder: Path) -> None:
    """Read while ``run`` writes."""
    import history_read

    with tempfile.TemporaryDirectory() as temporary:
        history_read.measure(Path(temporary))


def at_most(what: str, reached: float, most: float, words: str = "") -> None:
    """Print a row whose figure has an upper limit."""
    row(what, words or f"{reached:,.2f}", f"at most {most:g}", met=reached <= most)


def _newest(imports: Iterable[Import]) -> Import:
    *_, last = imports
    return last


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def _words(took: Cost) -> str:
    return f"{took.seconds:.2f} s ({took.processor:.2f} s of processor time)"


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


PARTS: dict[str, Callable[[Path], None]] = {
    "year": year,
    "ingest": ingest,
    "large": large,
    "long": long,
    "user": user,
    "check": check,
    "killed": killed,
    "read": read,
}


def main(words: Sequence[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if left out")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "upa-analyzer-history")
    parser.add_argument("--nights", type=int, default=make_history.LARGE_NIGHTS, help="of the large tenant")
    chosen = parser.parse_args(words)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    parts = PARTS | {name: partial(part, nights=chosen.nights) for name, part in (("large", large), ("user", user))}
    for name in chosen.parts or parts:
        begun = time.perf_counter()
        print(name)
        parts[name](chosen.folder)
        print(f"  (measured in {time.perf_counter() - begun:.0f} s)")


if __name__ == "__main__":
    main(sys.argv[1:])
