"""A pull in bad weather, ``kill -9``, a source file of 2 GB, many small logs: ``weather.py [PART]…``.

Between the client and the emulator, which has a process of its own, stands a proxy that spoils answers by a seeded plan
(``tests/weather/``). All is on the loopback and bounded in requests and time; it takes nine minutes and 10 GB of disk.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pull_killed
import pull_many
import pull_paced
import pull_soak
import pull_source

PARTS = {
    "soak": pull_soak.measure,
    "paced": pull_paced.measure,
    "killed": pull_killed.measure,
    "source": pull_source.measure,
    "many": pull_many.measure,
}


def main() -> None:
    """Measures the parts that are asked for, or all."""
    parser = argparse.ArgumentParser(description="A pull in bad weather.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--folder", type=Path, help="where the loads are made, as on another disk; removed at the end")
    told = parser.parse_args()
    for part in told.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="upa-weather-", dir=told.folder) as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
