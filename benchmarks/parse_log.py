"""What it costs to parse logs, beside DuckDB, a plain loop and the machine's own limit: ``parse_log.py [FOLDER]``.

The loads are made in FOLDER (``benchmarks/loads`` unless told) the first time: 17 GB in all; with ``--small`` 1 GB,
without the ten-fold and the longest file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from make_log import make, make_many, repeat
from timing import PROGRAM, Cost, costs

HERE = Path(__file__).parent
LINES = 8_100_000
SMALL_LOGS = 5_000
LINES_OF_A_SMALL_LOG = 190
"""20 KB."""

MILLION = 1_000_000


def loads(folder: Path, *, small: bool) -> dict[str, Path]:
    """Makes the loads that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ["large", "million", "same", "tiny", *([] if small else ["tenfold", "longest"])]
    found = {name: folder / f"{name}.log" for name in names} | {"many": folder / "many"}
    makers = {
        "large": lambda path: make(path, LINES),
        "million": lambda path: make(path, MILLION),
        "tiny": lambda path: make(path, 95),
        "tenfold": lambda path: repeat(path, found["large"], 10),
        "longest": lambda path: repeat(path, found["million"], 64),
        "many": lambda path: make_many(path, SMALL_LOGS * LINES_OF_A_SMALL_LOG, SMALL_LOGS),
        "same": lambda path: make(path, SMALL_LOGS * LINES_OF_A_SMALL_LOG),
    }
    for name, path in found.items():
        if not path.exists():
            makers[name](path)
    return found


def parse(log: Path, folder: Path) -> list[str]:
    """The command that is measured."""
    return [str(PROGRAM), "parse", str(log), "-o", str(folder / "ours.parquet")]


def peer(name: str, *words: object) -> list[str]:
    """A peer's command."""
    return [sys.executable, str(HERE / "peers" / name), *map(str, words)]


def against_peers(load: dict[str, Path], folder: Path) -> Cost:
    """Times and memory on the large log."""
    log = load["large"]
    commands = {
        "parse -o ours.parquet": parse(log, folder),
        "parse --check": [*parse(log, folder), "--check"],
        "DuckDB COPY": peer("duckdb_copy.py", log, folder / "duckdb.parquet"),
        "DuckDB COPY, no line numbers": peer("duckdb_copy.py", log, folder / "less.parquet", "no-lines"),
        "cat": ["cat", str(log)],
        "polars, bare scan of lines": peer("bare_scan.py", log),
    }
    found = costs(commands, runs=5) | costs({"a loop with re": peer("re_loop.py", log, folder / "re.parquet")}, runs=1)
    ours = found["parse -o ours.parquet"]
    print(f"{log.stat().st_size / MILLION:,.0f} MB, {LINES:,} lines")
    for name, took in found.items():
        ratio = ours.seconds / took.seconds
        print(f"  {name:<30} {took.seconds:7.2f} s   {took.megabytes:7,.0f} MB   parse takes {ratio:5.2f} times that")
    # In a process of its own: what a process has taken counts for those that it starts.
    tables = [folder / name for name in ("ours.parquet", "duckdb.parquet", "re.parquet")]
    subprocess.run(peer("compare.py", *tables), check=True)
    return ours


def memory(load: dict[str, Path], folder: Path, ours: Cost) -> None:
    """Resident memory on a file ten times as large."""
    (tenfold,) = costs({"": parse(load["tenfold"], folder)}, runs=1).values()
    times = tenfold.megabytes / ours.megabytes
    print(f"ten times as large: {tenfold.seconds:.1f} s, {tenfold.megabytes:,.0f} MB, {times:.2f} times")


def one_small_log(load: dict[str, Path]) -> None:
    """A log of 10 KB to a table on the terminal, beside the import of polars."""
    commands = {
        "parse": [str(PROGRAM), "parse", str(load["tiny"])],
        "import polars": [sys.executable, "-c", "import polars"],
    }
    found = costs(commands)
    ours, polars = found["parse"].seconds, found["import polars"].seconds
    size = load["tiny"].stat().st_size
    print(f"one log of {size:,} bytes: {ours:.2f} s, {ours / polars:.2f} times the import of polars")


def many_small_logs(load: dict[str, Path], folder: Path) -> None:
    """A folder of small logs, beside one log of the same size."""
    found = costs({"many": parse(load["many"], folder), "one": parse(load["same"], folder)}, runs=5)
    size = sum(path.stat().st_size for path in load["many"].iterdir()) / MILLION
    many, one = found["many"].seconds, found["one"].seconds
    print(
        f"{SMALL_LOGS:,} logs, {size:.0f} MB: {many:.2f} s, one log of that size: {one:.2f} s, {many / one:.2f} times"
    )


def flatness(load: dict[str, Path], folder: Path) -> None:
    """Nanoseconds a line, what it costs to start left out."""
    lines = {"million": 1, "large": LINES / MILLION, "longest": 64}
    start = costs({"": parse(load["tiny"], folder)}, runs=5)[""].seconds
    for name, millions in lines.items():
        took = costs({"": parse(load[name], folder)}, runs=1 if name == "longest" else 5)[""].seconds
        beyond = (took - start) * 1000 / millions
        print(f"{millions:5.1f} million lines: {took:6.2f} s, {beyond:.0f} ns a line beyond the start")


def main() -> None:
    """Makes the loads and prints the figures."""
    words = [word for word in sys.argv[1:] if word != "--small"]
    folder = Path(words[0]) if words else HERE / "loads"
    small = "--small" in sys.argv
    load = loads(folder, small=small)
    ours = against_peers(load, folder)
    one_small_log(load)
    many_small_logs(load, folder)
    if not small:
        memory(load, folder, ours)
        flatness(load, folder)


if __name__ == "__main__":
    main()
