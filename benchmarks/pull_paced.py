"""A pull under a limit that is told before it is reached (``RateLimit-*``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulling import library_of, none, pull, row, tenant

from tests.fault_injection.library import make_library
from tests.fault_injection.quota import Quota

if TYPE_CHECKING:
    from pathlib import Path

JOBS, LOGS = 30, 100
LIMIT, SECONDS = 60, 3.0


def measure(folder: Path) -> None:
    """Pulls once and prints the figures."""
    made = make_library(folder / "tenant", JOBS, LOGS, size=lambda random: random.randrange(20_000))
    print(f"paced: {JOBS} jobs, {LOGS} log files; {LIMIT} resource units in each {SECONDS:.0f} s, told from 80 % on")
    with tenant(made.root, folder / "home") as faulty:
        faulty.proxy.quota = quota = Quota(LIMIT, SECONDS)
        configuration = faulty.configure(folder / "pulled")
        pulled = pull(faulty, configuration)
        sent = len(faulty.proxy.seen)
    lacking = len(made.wrong(library_of(configuration)))
    row("exit code", str(pulled.code), "0", met=pulled.code == 0)
    none("files that are not identical to the truth", lacking)
    row("requests, seconds", f"{sent:,}, {pulled.seconds:.1f} s")
    none("requests over the limit", quota.refused)
