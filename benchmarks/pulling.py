"""What the parts of ``pull_faults.py`` share: a faulty tenant, one pull as a process, a row of the table."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from timing import PROGRAM

from tests.fault_injection.process import emulator_process
from tests.fault_injection.tenant import ORIGIN, faulty_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_injection.tenant import FaultyTenant

MOST_SECONDS = 400
_STANDS_STILL = 0.002


@dataclass(frozen=True)
class Pulled:
    """What a pull left behind.

    Attributes:
        code: its exit code.
        told: its JSON; empty where it ended otherwise.
        words: what it said on stderr.
        seconds: from its start to its end.
    """

    code: int
    told: dict[str, object]
    words: str
    seconds: float

    @property
    def left_out(self) -> int:
        """How many files or logs it says that it left out."""
        left = self.told.get("left_out", [])
        return len(left) if isinstance(left, list) else 0


@contextmanager
def tenant(library: Path, home: Path) -> Iterator[FaultyTenant]:
    """An emulator on a library, in a process of its own, and the proxy before it."""
    home.mkdir()
    with emulator_process(library, ORIGIN) as ready, faulty_tenant(ready, home) as begun:
        yield begun


def start_pull(faulty: FaultyTenant, configuration: Path) -> subprocess.Popen[str]:
    """A pull that has just begun."""
    command: list[str | Path] = [PROGRAM, "--config", configuration, "--json", "pull"]
    environment = {**os.environ, **faulty.environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pull(faulty: FaultyTenant, configuration: Path) -> Pulled:
    """A pull to its end."""
    begun = time.perf_counter()
    with start_pull(faulty, configuration) as process:
        try:
            out, words = process.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, words = process.communicate()
    took = time.perf_counter() - begun
    return Pulled(process.returncode, json.loads(out) if process.returncode == 0 else {}, words.strip(), took)


def settle(faulty: FaultyTenant) -> None:
    """Waits until nothing is on its way any more from a client that was killed."""
    while faulty.proxy.tunnels:
        time.sleep(_STANDS_STILL)


def library_of(configuration: Path) -> Path:
    """Where a configuration's pull puts its library."""
    return configuration.parent / "contoso" / "library"


def row(what: str, reached: str, asked: str = "", *, met: bool = True) -> None:
    """Prints a line of the table."""
    beside = f"asked: {asked}" if asked else ""
    print(f"  {what:<50} {reached:>22}   {beside}{'' if met else '   NOT REACHED'}", flush=True)


def none(what: str, count: int) -> None:
    """Prints a line of what there has to be none of."""
    row(what, f"{count:,}", "0", met=count == 0)
