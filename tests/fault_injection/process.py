"""The emulator in a process of its own: ``python -m tests.fault_injection.process LIBRARY ORIGIN``."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.emulator import start

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def emulator_process(library: Path, known_as: str = "") -> Iterator[dict[str, str]]:
    """An emulator, known under an origin or its own: what it says when it is ready."""
    command = [sys.executable, "-m", "tests.fault_injection.process", str(library), known_as]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def main() -> None:
    """Answers until stdin is closed."""
    with start(Path(sys.argv[1]), known_as=sys.argv[2]) as emulator:
        sys.stdout.write(json.dumps(emulator.ready) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
