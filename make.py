"""Sets the project up in ``.venv`` and does one thing there: ``python make.py demo|test|format|fuzz|bench``.

Needs Python 3.11 or later and nothing else; the Makefile calls it, and on Windows it is called directly.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

_BENCHMARKS = (
    "start",
    "pull_again",
    "pull_faults",
    "upload",
    "retry_file",
    "parse_log",
    "history",
    "emulator_import",
    "trend_alarms",
    "feed_alarms",
    "heal_killed",
    "delta",
)
TASKS: dict[str, tuple[str, list[list[str]]]] = {
    "demo": ("-e .[emulator]", [["-m", "analyzer", "demo"]]),
    "test": (
        "-e .[emulator] --group dev",
        [
            ["-m", "ruff", "check"],
            ["-m", "ruff", "format", "--check"],
            ["-m", "mypy"],
            ["-c", "from importlinter.cli import lint_imports_command as command; command()"],
            ["-m", "pytest", "-n", "auto"],
        ],
    ),
    "format": ("-e .[emulator] --group dev", [["-m", "ruff", "check", "--fix"], ["-m", "ruff", "format"]]),
    "fuzz": ("-e .[emulator] --group dev", [["-m", "tests.logs.fuzz_logs"]]),
    "bench": (
        "-e .[emulator] --group dev --group bench",
        [[f"benchmarks/{name}.py"] for name in _BENCHMARKS],
    ),
}


def install(packages: str) -> None:
    """Installs what a task needs, unless the same was installed before."""
    stamp = VENV / f"installed-{hashlib.sha256(packages.encode()).hexdigest()[:12]}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    # Dependency groups need a pip that is newer than Python 3.11's own.
    subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True, cwd=ROOT)
    subprocess.run([*pip, *packages.split()], check=True, cwd=ROOT)
    stamp.write_text(wanted, encoding="ascii")


def main() -> int:
    """Runs the task that the command line names; its further words go to the task's last command."""
    name, *further = sys.argv[1:] or [""]
    if sys.version_info < (3, 11) or name not in TASKS:
        print(f"usage: python make.py {'|'.join(TASKS)}   (Python 3.11 or later)", file=sys.stderr)
        return 2
    packages, commands = TASKS[name]
    install(packages)
    for number, command in enumerate(commands, 1):
        words = command + (further if number == len(commands) else [])
        code = subprocess.run([str(PYTHON), *words], check=False, cwd=ROOT).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
