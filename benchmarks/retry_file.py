"""What a retry file costs, beside DuckDB, one pass of msgspec and json.load: ``retry_file.py [--only LOAD] …``.

The loads (``make_source.py``, and the bare arrays that DuckDB likes better) take 11 GB of disk: in a temporary folder,
or kept in ``--folder``. With ``--small`` they are a hundredth of that, for a look whether all of it runs.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from make_source import ID_PROPERTY, make
from timing import PROGRAM, anonymous_megabytes, costs, on_one_core

HERE = Path(__file__).parent
RUNS = 3
MILLION = 1_000_000
GIGABYTES = 12
OPTIONS = ["--outcome", "partial", "--id-property", ID_PROPERTY]


@dataclass(frozen=True)
class Bench:
    """Where the loads are, and whether they are the small ones; what is written goes to ``out``."""

    folder: Path
    out: Path
    small: bool

    def ours(self, load: str) -> list[str]:
        """Our command on a load; in one file, as the peers write it."""
        source, log = make(self.folder, load, small=self.small)
        names = ["--source", str(source), "--log", str(log), "-o", str(self.out / f"{load}-ours.json")]
        return [str(PROGRAM), "retry", *names, *OPTIONS, *without_hashes(), "--max-properties", "10000000"]

    def peer(self, load: str, name: str, source: Path | None = None) -> list[str]:
        """A peer's command on a load."""
        its, log = make(self.folder, load, small=self.small)
        target = self.out / f"{load}-{name}{'-array' if source else ''}.json"
        return [
            sys.executable,
            str(HERE / "peers" / f"{name}.py"),
            *map(str, (source or its, log, ID_PROPERTY, target)),
        ]

    def array(self, load: str) -> Path:
        """A load's records as a bare array, made unless it is there."""
        source, _ = make(self.folder, load, small=self.small)
        array = source.with_name("array.json")
        if not array.exists():
            making = array.with_suffix(".making")
            with source.open("rb") as whole, making.open("wb") as part:
                whole.seek(len(b'{"value":'))
                shutil.copyfileobj(whole, part, 1 << 24)
                part.truncate(part.tell() - len(b"}\n"))
            making.replace(array)
        return array

    def size(self, load: str) -> int:
        """Bytes of a load's source."""
        return make(self.folder, load, small=self.small)[0].stat().st_size

    def compare(self, load: str, *others: Path) -> None:
        """Holds what was written against ours; in a process of its own, as it takes much memory."""
        ours = self.out / f"{load}-ours.json"
        theirs = others or [path for path in sorted(self.out.glob(f"{load}-*_*.json")) if path != ours]
        subprocess.run([sys.executable, HERE / "same_records.py", ours, *theirs], check=True)
        for path in theirs:
            path.unlink()


@functools.cache
def without_hashes() -> list[str]:
    """The peers take no SHA-256 of what they read; ours leaves it out, where the program has an option for that."""
    told = subprocess.run([PROGRAM, "retry", "--help"], check=True, capture_output=True, text=True)
    return ["--no-hash"] if "--no-hash" in told.stdout else []


def asked(what: str, reached: float, limit: float, unit: str = "times", *, at_least: bool = False) -> None:
    """Prints a figure beside the one that is asked."""
    met = reached >= limit if at_least else reached <= limit
    words = "at least" if at_least else "at most"
    print(f"  {what:<52} {reached:8.2f} {unit}, asked: {words} {limit:g}{'' if met else '   NOT REACHED'}")


def table(bench: Bench, load: str, commands: dict[str, list[str]], runs: int = RUNS) -> dict[str, float]:
    """Prints what the commands take; their seconds."""
    print(f"{load}: {bench.size(load) / MILLION:,.0f} MB, seconds and resident memory, the mapped source included")
    found = costs(commands, runs=runs)
    for name, took in found.items():
        ratio = found["ours"].seconds / took.seconds
        print(f"  {name:<30} {took.seconds:7.2f} s   {took.megabytes:7,.0f} MB   ours takes {ratio:5.2f} times that")
    return {name: took.seconds for name, took in found.items()}


def memory(bench: Bench, load: str, limit: float) -> None:
    """Anonymous memory of ours, in MiB as it is asked."""
    reached = anonymous_megabytes(bench.ours(load)) * MILLION / (1 << 20)
    asked(f"{load}: anonymous memory of all its processes", reached, limit, "MiB")


def large(bench: Bench, load: str) -> None:
    """The load as large as the service takes, or one of many small records."""
    commands = {
        "ours": bench.ours(load),
        "msgspec": bench.peer(load, "msgspec_raw"),
        "DuckDB": bench.peer(load, "duckdb_retry"),
        "DuckDB, from the bare array": bench.peer(load, "duckdb_retry", bench.array(load)),
    }
    took = table(bench, load, commands)
    asked("DuckDB takes, of ours", took["DuckDB"] / took["ours"], 5, at_least=True)
    asked("ours takes, of msgspec", took["ours"] / took["msgspec"], 0.65)
    if load == "stress":
        whole = costs({"json.load": bench.peer(load, "json_load")}, runs=1)["json.load"]
        print(f"  json.load: {whole.seconds:.1f} s, {whole.megabytes:,.0f} MB")
        asked("json.load takes, of ours", whole.seconds / took["ours"], 12, at_least=True)
    if sys.platform == "linux":
        one = {name: on_one_core(commands[name]) for name in ("ours", "msgspec")}
        alone = {name: cost.seconds for name, cost in costs(one, runs=RUNS).items()}
        print(f"  on one core: ours {alone['ours']:.2f} s, msgspec {alone['msgspec']:.2f} s")
        asked("ours takes, of msgspec, both on one core", alone["ours"] / alone["msgspec"], 1.05)
    memory(bench, load, 128)
    bench.compare(load)


def usual(bench: Bench, load: str) -> None:
    """An everyday feed with many failed: reading the log and starting count."""
    peers = {"msgspec": "msgspec_raw", "DuckDB": "duckdb_retry", "json.load": "json_load"}
    commands = {"ours": bench.ours(load)} | {name: bench.peer(load, script) for name, script in peers.items()}
    took = table(bench, load, commands)
    asked("ours takes, of msgspec", took["ours"] / took["msgspec"], 2.5)
    asked("ours takes", took["ours"], 1, "s")
    bench.compare(load)


def tolerant(bench: Bench, load: str) -> None:
    """The same records with comments and commas too many, beside the strict ones."""
    took = table(bench, load, {"ours": bench.ours(load), "ours, strict": bench.ours("stress")})
    asked("the tolerated grammar takes, of the strict one", took["ours"] / took["ours, strict"], 4)
    memory(bench, load, 128)
    bench.compare(load, bench.out / "stress-ours.json")


def many(bench: Bench, load: str) -> None:
    """Many failed."""
    table(bench, load, {"ours": bench.ours(load), "msgspec": bench.peer(load, "msgspec_raw")})
    memory(bench, load, 256)
    bench.compare(load)


def series(bench: Bench, _: str) -> None:
    """Cost of a byte by size, what it costs to start left out; on one core, too, where no other process helps."""
    sizes = ["stress-start", "stress-20", "stress-200", "stress"]
    cost_of_a_byte(bench, "with all cores", {load: bench.ours(load) for load in sizes})
    if sys.platform == "linux":
        cost_of_a_byte(bench, "on one core", {load: on_one_core(bench.ours(load)) for load in sizes})


def cost_of_a_byte(bench: Bench, where: str, commands: dict[str, list[str]]) -> None:
    """Prints what a byte costs in each of some sizes, of which the first stands for the start."""
    took = costs(commands, runs=RUNS)
    first, *sizes = commands
    start = took[first].seconds
    print(f"cost of a byte {where}, beyond the start ({start:.2f} s, {bench.size(first):,} bytes)")
    each = {load: (took[load].seconds - start) / bench.size(load) for load in sizes}
    for load, seconds in each.items():
        print(f"  {bench.size(load) / MILLION:7,.0f} MB: {took[load].seconds:6.2f} s, {seconds * 1e9:.3f} ns a byte")
    asked("the dearest byte costs, of the cheapest", max(each.values()) / min(each.values()), 1.2)


MEASURES = {
    "legal": large,
    "usual": usual,
    "stress": large,
    "stress-tolerant": tolerant,
    "stress-many": many,
    "series": series,
}


def words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What a retry file costs.")
    parser.add_argument("--only", choices=MEASURES, help="one of the loads")
    parser.add_argument("--folder", type=Path, help="where the loads are kept; else they are removed at the end")
    parser.add_argument("--small", action="store_true", help="a hundredth of each load; ratios mean nothing then")
    return parser.parse_args()


def main() -> None:
    """Makes the loads and prints the figures."""
    told = words()
    with tempfile.TemporaryDirectory(prefix="upa-bench-") as temporary:
        folder = told.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 1e9
        there = sum(path.stat().st_size for path in folder.rglob("*.json")) / 1e9
        if not told.small and free + there < GIGABYTES:
            sys.exit(
                f"{folder} has {free:.0f} GB free; the loads take up to {GIGABYTES} GB. Name another with --folder."
            )
        with tempfile.TemporaryDirectory(dir=folder, prefix="out-") as out:
            bench = Bench(folder, Path(out), told.small)
            for load in [told.only] if told.only else MEASURES:
                MEASURES[load](bench, load)


if __name__ == "__main__":
    main()
