"""What a check costs, and whether it foretells what the service does: ``check.py [--folder DIR] [PART …]``.

The loads are those of ``retry_file.py`` (``make_source.py``): they are made in DIR the first time, and kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import make_directory
from make_source import ID_PROPERTY, make
from pulling import row
from timing import PROGRAM, anonymous_megabytes, costs

from tests.imports.faulty_files import case_of
from tests.imports.foretelling import checked, foretold_of, run_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parent
MAP = {
    "legal": ("AboutMe", "Skills", "Projects", "Interests"),
    "stress": (
        *("FirstName", "LastName", "Department", "Office", "Floor", "WorkPhone", "CostCenter", "Manager"),
        *("AboutMe", "Page"),
    ),
}
"""The properties of each load."""
TIMES, MEGABYTES = 3, 400


def large(folder: Path) -> None:
    """Measure ``check`` of 2 GB, beside one pass of msgspec over the same records."""
    for load, names in MAP.items():
        source, log = make(folder, load)
        with tempfile.TemporaryDirectory(dir=folder) as out:
            peer = [sys.executable, HERE / "peers" / "msgspec_raw.py", source, log, ID_PROPERTY, Path(out) / "out.json"]
            options = ["--id-property", ID_PROPERTY, "--id-type", "PrincipalName", "--fail-on", "never", "--json"]
            ours = [PROGRAM, "check", source, *options, *(f"--map={name}" for name in names)]
            found = costs({"ours": list(map(str, ours)), "msgspec": list(map(str, peer))}, runs=3)
        took, theirs = found["ours"], found["msgspec"]
        reached = f"{took.seconds / theirs.seconds:.2f} ({took.seconds:.1f}, {theirs.seconds:.1f} s)"
        row(f"{load}: in times of msgspec", reached, "at most 3", met=took.seconds <= TIMES * theirs.seconds)
        megabytes = anonymous_megabytes(list(map(str, ours)))
        row(f"{load}: anonymous memory, MB", f"{megabytes:,.0f}", "at most 400", met=megabytes <= MEGABYTES)


_MOST_SECONDS, _MOST_MEGABYTES = 10, 1_000


def directory(folder: Path) -> None:
    """Measure ``check --directory`` of 500,000 users against exports of as many."""
    entra, admin, feed = make_directory.make(folder)
    for name, export in (("Entra", entra), ("Microsoft 365", admin)):
        ours = [PROGRAM, "check", feed, "--map", "Office", "--id-property", "IdName", "--id-type", "PrincipalName"]
        command = list(map(str, [*ours, "--directory", export, "--fail-on", "never", "-o", folder / "found.parquet"]))
        took = costs({"ours": command}, runs=3)["ours"]
        shown = f"{took.seconds:.1f} ({took.processor:.1f} of processor time)"
        row(f"{name}: seconds", shown, "at most 10", met=took.seconds <= _MOST_SECONDS)
        row(f"{name}: memory, MB", f"{took.megabytes:,.0f}", "at most 1,000", met=took.megabytes <= _MOST_MEGABYTES)


_FILES = 1_000


def foretold(folder: Path) -> None:
    """Compare what ``check`` foretells of generated files with what the emulator's imports do."""
    path, agree = folder / "generated.json", 0
    endings: Counter[str] = Counter()
    for seed in range(_FILES):
        case = case_of(Random(seed))
        expected = foretold_of(checked(case, path), case)
        found = run_of(case, path)
        agree += expected == found
        endings[found.ending] += 1
    path.unlink()
    shown = ", ".join(f"{number:,} {ending}" for ending, number in sorted(endings.items()))
    row("files whose import was foretold", f"{agree:,} of {_FILES:,} ({shown})", "identical", met=agree == _FILES)


PARTS: dict[str, Callable[[Path], None]] = {"large": large, "directory": directory, "foretold": foretold}


def main(words: Sequence[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all if left out")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "upa-analyzer-sources")
    chosen = parser.parse_args(words)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for name in chosen.parts or PARTS:
        print(name)
        PARTS[name](chosen.folder)


if __name__ == "__main__":
    main(sys.argv[1:])
