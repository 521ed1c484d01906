"""What it costs to start: ``--version``, ``--help`` and ``demo``, beside ``python -c pass``."""

from __future__ import annotations

import sys
import tempfile

from timing import PROGRAM, costs


def main() -> None:
    """Measures and prints a table."""
    nothing = "python -c pass"
    small = costs(
        {
            nothing: [sys.executable, "-c", "pass"],
            "--version": [str(PROGRAM), "--version"],
            "--help": [str(PROGRAM), "--help"],
        }
    )
    for name, took in small.items():
        times = took.seconds / small[nothing].seconds
        print(f"{name:<16} {took.seconds * 1000:7.1f} ms   {times:5.1f} times python -c pass")
    with tempfile.TemporaryDirectory() as folder:
        demo = costs({"demo": [str(PROGRAM), "demo", "--out", folder]}, runs=3)
    print(f"{'demo':<16} {demo['demo'].seconds:7.2f} s")


if __name__ == "__main__":
    main()
