"""A pull through faults, ``kill -9``, a source file of 2 GB, many small logs: ``pull_faults.py [PART]…``.

A proxy between the client and the emulator, which has a process of its own, spoils answers by a seeded plan
(``tests/fault_injection/``). All is on the loopback and bounded in requests and time: nine minutes, 10 GB of disk.
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
    parser = argparse.ArgumentParser(description="Pull through injected faults.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--folder", type=Path, help="where the loads are made, as on another disk; removed at the end")
    told = parser.parse_args()
    for part in told.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="upa-faults-", dir=told.folder) as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
