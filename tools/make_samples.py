"""Make ``sample_logs/`` again: ``python tools/make_samples.py [FOLDER]``; the same bytes every time."""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))  # as a script it sees only its own folder

from tools.samples import library  # noqa: E402 -- the line above has to come first


def main(folder: Path) -> None:
    """Write the library into a folder and say so on stdout; files there that are none of it are named, not removed."""
    made = library.files()
    changed = [path for path, content in made.items() if _write(folder / path, content)]
    size = sum(map(len, made.values()))
    sys.stdout.write(f"{folder}: {len(made)} files, {size:,} bytes; {len(changed)} new or changed\n")
    present = {found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_file()}
    for left in sorted(present - made.keys()):
        sys.stdout.write(f"not of the samples: {left}\n")


def _write(path: Path, content: bytes) -> bool:
    """Whether there was anything to write: a file that is right keeps its time."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CHECKOUT / "sample_logs")
