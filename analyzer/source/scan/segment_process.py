"""A process that scans a part of a source file: reads a request, answers it, ends."""

from __future__ import annotations

import sys

from analyzer.source.scan.segments import answer

if __name__ == "__main__":
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
