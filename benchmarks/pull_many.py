"""2,000 logs of 20 KB where each answer takes 50 ms, beside one request after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pulling import library_of, pull, row, tenant

from tests.fault_injection.library import Made, make_library
from tests.fault_injection.tenant import ORIGIN
from tests.foreign.office365_tenant import ADMIN_HOST

if TYPE_CHECKING:
    from tests.fault_injection.tenant import FaultyTenant

JOBS, LOGS, BYTES = 400, 2000, 20_000
DELAY = 0.05
AT_LEAST = 4.0
PART = 4
"""The loop pulls the first quarter, and its time is multiplied: it is the same for each job."""
LOOP = Path(__file__).parent / "peers" / "requests_loop.py"


def measure(folder: Path) -> None:
    """Pulls with ours and with a plain loop, and prints the figures."""
    made = make_library(folder / "tenant", JOBS, LOGS, size=lambda _random: BYTES)
    print(f"many: {LOGS:,} logs of {BYTES:,} bytes in {JOBS} jobs, {DELAY * 1000:.0f} ms for each answer")
    with tenant(made.root, folder / "home") as faulty:
        faulty.proxy.delay = DELAY
        configuration = faulty.configure(folder / "ours")
        ours = pull(faulty, configuration)
        sent = len(faulty.proxy.seen)
        lacking = len(made.wrong(library_of(configuration)))
        row("ours", f"{ours.seconds:.1f} s", met=ours.code == 0 and not lacking)
        print(f"    exit code {ours.code}, {sent:,} requests, {lacking} files lacking {ours.words}")
        alone = one_after_the_other(faulty, made, folder / "loop")
    row("a loop on one connection, a quarter, times four", f"{alone:.1f} s")
    times = alone / ours.seconds
    row("ours is faster", f"{times:.1f} times", "at least 4", met=times >= AT_LEAST)


def one_after_the_other(faulty: FaultyTenant, made: Made, out: Path) -> float:
    """Seconds that the loop would take for all; what it brings has to be the truth."""
    words = [
        f"https://{ADMIN_HOST}",
        ORIGIN,
        faulty.ready["token"],
        str(faulty.home / "ca.pem"),
        str(JOBS // PART),
        str(out),
    ]
    begun = time.perf_counter()
    subprocess.run([sys.executable, LOOP, *words], env={**os.environ, **faulty.environment}, check=True)
    took = time.perf_counter() - begun
    if made.wrong(out, missing=False) or len(made.whole(out)) != len(made.truth) // PART:
        sys.exit("the loop did not bring what it was to bring")
    return took * PART
