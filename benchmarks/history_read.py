"""Commands that read while ``run`` writes: never an error, and each job as it was before the run or as it is after it.

Part ``read`` of ``history.py``. ``jobs``, ``show`` and ``report -o`` start again and again until ``run`` has ended.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any

import history_killed
import make_history
from pulling import none, row
from timing import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

    from history_killed import Stage

ROUNDS = 12
COUNTS = ("job_id", "state", "outcome", "entries", "named_users", "source_bytes")
"""What a run says of a job for ever, whatever runs later."""


def measure(folder: Path) -> None:
    """Read during runs, and print the figures."""
    found: Counter[str] = Counter()
    with history_killed.stages(folder) as (_, stage):
        final = _final(stage, folder / "final")
        for number in range(ROUNDS):
            found += _round(stage, folder / f"round-{number}", final)
    print(f"reading during {ROUNDS} runs of {found['jobs']} jobs, {found['show']} shows, and {found['report']} reports")
    none("commands that failed", found["failed"])
    none("jobs that are neither as before nor as after", found["half"])
    none("jobs whose users aren't those of its row", found["torn"])


def _final(stage: Stage, data: Path) -> dict[str, dict[str, Any]]:
    """Return the rows of the jobs by ID after the run."""
    configuration = stage.prepare(data)
    _, failed = history_killed.run(stage, configuration)
    if failed:
        sys.exit(failed)
    code, jobs = _ask(configuration, "jobs")
    if code:
        sys.exit("jobs failed")
    shutil.rmtree(data)
    return {job["job_id"]: job for job in jobs["jobs"]}


def _round(stage: Stage, data: Path, final: dict[str, dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    configuration = stage.prepare(data)
    job_ids = [job.job_id for job in make_history.nightly(history_killed.BEFORE)]
    with history_killed.start(stage, configuration) as writer:
        for turn, kind in enumerate(cycle(("jobs", "show", "jobs", "report"))):
            if writer.poll() is not None:
                break
            more = {"show": [job_ids[turn % len(job_ids)]], "report": ["-o", str(data / "read")]}.get(kind, [])
            code, read = _ask(configuration, kind, *more)
            found[kind] += 1
            found["failed"] += code != 0
            rows = read.get("jobs", [read] if "entries" in read else [])
            found["half"] += sum(1 for job in rows if _counts(job) != _counts(final[job["job_id"]]))
            found["torn"] += kind == "show" and len(read.get("users", ())) != read.get("named_users", 0)
        writer.communicate()
    shutil.rmtree(data)
    return found


def _counts(job: dict[str, Any]) -> list[object]:
    return [job[name] for name in COUNTS]


def _ask(configuration: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a command; return its exit code and its JSON, empty if it failed."""
    command: list[str | Path] = [PROGRAM, "--config", configuration, "--json", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        row(f"failed: {words[0]}", ran.stderr.strip()[:200])
    return ran.returncode, json.loads(ran.stdout) if ran.returncode == 0 else {}
