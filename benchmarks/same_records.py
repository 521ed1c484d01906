"""Whether retry files hold the same records in the same order: ``same_records.py OURS OTHER …``.

Values are compared, not bytes. Of a file in the tolerated grammar the comments that ``make_source.py`` wrote are taken
out, and the commas too many.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from make_source import COMMENTS


def records_of(path: Path) -> list[dict[str, object]]:
    """A retry file's records."""
    text = path.read_text(encoding="utf-8-sig")
    for comment in COMMENTS:
        text = text.replace(comment, "")
    found: list[dict[str, object]] = json.loads(text.replace(",}", "}"))["value"]
    return found


def main() -> int:
    """Prints what each file is beside the first; 1 where one differs."""
    first, *others = map(Path, sys.argv[1:])
    ours = records_of(first)
    same = {path.name: records_of(path) == ours for path in others}
    print(
        f"  {len(ours):,} records; the same as in " + ", ".join(f"{name}: {is_same}" for name, is_same in same.items())
    )
    return 0 if ours and all(same.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
