"""What it costs to find the changed records of a file, beside DuckDB: ``delta.py [--folder DIR] [--small] [LOAD …]``.

Each load is two files of 2 GB with the same users; one record in a hundred has changed. They are made in DIR the first
time, and kept there; without it, they are removed. DuckDB reads each file as it is, and a bare array of its records.
``delta.py --ours OLD NEW OUT`` is our side of it, a process of its own.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ID_PROPERTY = "IdName"
_PIECE = 5_000
_CHANGED = 100
"""One record in so many has changed."""
TIMES, MEGABYTES = 2, 1_000


@dataclass(frozen=True)
class Load:
    """Files of one kind.

    Attributes:
        records: how many there are.
        names: the properties.
        length: characters of each value.
    """

    records: int
    names: Sequence[str]
    length: int


LOADS = {
    "long": Load(500_000, ("AboutMe",), 4_000),
    "short": Load(10_000_000, ("Department", "Office", "CostCenter", "WorkPhone"), 25),
}


def pieces(load: Load, *, changed: bool) -> Iterator[str]:
    """Yield the records of a file, many at once, with what is between them."""
    rng = random.Random(1)
    words = "Human Resources, Zürich West, keeps bees, 2nd floor, speaks élève-level French; "
    texts = [(words * (load.length // len(words) + 2))[at : at + load.length] for at in range(len(words))]
    for start in range(0, load.records, _PIECE):
        records = []
        for number in range(start, min(start + _PIECE, load.records)):
            values = ",".join(f'"{name}":"{texts[int(rng.random() * len(texts))]}"' for name in load.names)
            is_changed = changed and number % _CHANGED == 0
            end = '*"}' if is_changed else '"}'
            records.append(f'{{"{ID_PROPERTY}":"user.{number}@contoso.com",{values[:-1]}{end}')
        yield (",\n" if start else "") + ",\n".join(records)


def make(folder: Path, name: str, load: Load) -> tuple[Path, Path]:
    """Make the files of a load unless they are there."""
    paths = folder / f"{name}-old.json", folder / f"{name}-new.json"
    for path in paths:
        if not path.exists():
            making = path.with_suffix(".making")
            with making.open("w", encoding="utf-8", newline="") as stream:
                stream.write('{"value":[\n')
                stream.writelines(pieces(load, changed="new" in path.name))
                stream.write("\n]}\n")
            making.replace(path)
    return paths


def array(path: Path) -> Path:
    """Cut the bare array of the records out of a file, unless it is there."""
    bare, head = path.with_suffix(".array"), len('{"value":')
    if not bare.exists():
        with path.open("rb") as whole, bare.open("wb") as part:
            whole.seek(head)
            shutil.copyfileobj(whole, part, 1 << 24)
            part.truncate(part.tell() - len("}\n"))
    return bare


def write_ours(old: str, new: str, out: str) -> None:
    """Write the changed records, in this process."""
    from analyzer.imports.delta import EarlierFile, write_delta
    from analyzer.imports.model import ImportPlan

    result = write_delta(Path(new), Path(out), [EarlierFile(Path(old), "yesterday")], ImportPlan(None, ID_PROPERTY))
    expected = -(-(result.sent + result.unchanged) // _CHANGED)
    if (result.changed, result.sent) != (expected, expected):
        raise ValueError(result)


def measure(folder: Path, name: str, load: Load) -> None:
    """Compare ours with DuckDB."""
    from pulling import row
    from timing import anonymous_megabytes, costs

    old, new = make(folder, name, load)
    out = folder / "out.json"
    ours = [sys.executable, __file__, "--ours", old, new, out]
    peer = [sys.executable, Path(__file__).parent / "peers" / "duckdb_delta.py"]
    end = [ID_PROPERTY, out, *load.names]
    given = {"ours": ours, "as it is": [*peer, old, new, *end], "array": [*peer, array(old), array(new), *end]}
    commands = {of: list(map(str, command)) for of, command in given.items()}
    found = costs(commands, runs=3)
    took = found.pop("ours")
    for of, theirs in found.items():
        for unit, one, other in (
            ("seconds", took.seconds, theirs.seconds),
            ("processor", took.processor, theirs.processor),
        ):
            reached = f"{other / one:.1f} ({one:.1f}, {other:.1f} s)"
            row(f"{name}: {unit} of DuckDB, {of}, in times of ours", reached, "at least 2", met=other >= TIMES * one)
    megabytes = anonymous_megabytes(commands["ours"])
    row(f"{name}: anonymous memory, MB", f"{megabytes:,.0f}", "at most 1,000", met=megabytes <= MEGABYTES)


def main() -> None:
    """Run what the arguments say."""
    if sys.argv[1:2] == ["--ours"]:
        write_ours(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"{', '.join(LOADS)}; all if none is given")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--small", action="store_true", help="a hundredth of each, to show that it runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.loads or LOADS:
            load = LOADS[name]
            if options.small:
                load = Load(load.records // 100, load.names, load.length)
            measure(folder, name, load)


if __name__ == "__main__":
    main()
