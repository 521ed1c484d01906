"""What an import of 500,000 records costs the emulator: from queueing to the job's end, whole process.

As many records as the service takes properties, one property each; every tenth id is nobody's, so a log is left, too.
The service's clock runs fast enough to count for nothing. Memory is anonymous memory of the emulator's process.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from retry_file import asked
from timing import PROGRAM, family_anonymous_kilobytes

from analyzer.model.service import TENANT_API

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = 500_000
FOLDER = "/sites/hr/Shared Documents"
SPEED = 1_000_000
SECONDS = 20
BETWEEN_LOOKS = 0.05
MOST_LOOKS = 4000


def main() -> None:
    """Imports a feed three times and prints the figures."""
    with tempfile.TemporaryDirectory(prefix="upa-bench-") as folder:
        library = make_library(Path(folder))
        with emulator(library) as (ready, process), peak_of(process) as peak, client(ready) as session:
            before = peak[0]
            for _ in range(3):
                seconds, job = imported(session, ready)
                print(f"{RECORDS:,} records: {seconds:.1f} s, error {job['Error']}")
                asked("queueing to the job's end", seconds, SECONDS, "s")
            print(f"  anonymous memory with {RECORDS:,} users known, and no import: {before:,.0f} MiB")
            print(
                f"  at the peak {max(peak):,.0f} MiB; a file has no more values than these, so it does not grow further"
            )


def make_library(root: Path) -> Path:
    """A library whose users stand in one source file, and a feed of which every tenth id is nobody's."""
    folder = root / FOLDER[1:]
    folder.mkdir(parents=True)
    users = [{"IdName": f"user{number}@contoso.com", "City": "Oslo"} for number in range(RECORDS)]
    (folder / "users.json").write_text(json.dumps({"value": users}), encoding="utf-8")
    for number in range(0, RECORDS, 10):
        users[number]["IdName"] = f"nobody{number}@contoso.com"
    # Its users are not the tenant's: that it is no .json while the emulator starts keeps it from being read.
    (folder / "feed.part").write_text(json.dumps({"value": users}), encoding="utf-8")
    (root / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    return root


@contextlib.contextmanager
def emulator(library: Path) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """The emulator's command, and what it says when it is ready."""
    command: list[str | Path] = [PROGRAM, "emulator", library, "--speed", str(SPEED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            process.terminate()


@contextlib.contextmanager
def peak_of(process: subprocess.Popen[str]) -> Iterator[list[float]]:
    """Samples of a process's memory in MiB, until the end."""
    samples = [family_anonymous_kilobytes(process.pid) / 1024]
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(BETWEEN_LOOKS):
            samples.append(family_anonymous_kilobytes(process.pid) / 1024)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def client(ready: dict[str, str]) -> Iterator[requests.Session]:
    """A session that is signed in."""
    with requests.Session() as session:
        session.trust_env = False  # it would put its own certificates before these
        session.verify = ready["ca_file"]
        session.headers["Authorization"] = f"Bearer {ready['token']}"
        session.headers["Accept"] = "application/json"
        yield session


def imported(session: requests.Session, ready: dict[str, str]) -> tuple[float, dict[str, object]]:
    """Seconds from queueing to the job's end, and the job."""
    call = f"{ready['admin_url']}{TENANT_API}"
    begun = time.perf_counter()
    queued = session.post(
        f"{call}QueueImportProfileProperties",
        json={
            "idType": 1,
            "sourceDataIdProperty": "IdName",
            "propertyMap": {"City": "City"},
            "sourceUri": f"{ready['site_url']}/Shared Documents/feed.part",
        },
    )
    queued.raise_for_status()
    for _ in range(MOST_LOOKS):
        answer = session.post(f"{call}GetImportProfilePropertyJob", json={"jobId": queued.json()["value"]})
        answer.raise_for_status()
        job: dict[str, object] = answer.json()
        if job["State"] in {4, 5}:
            return time.perf_counter() - begun, job
        time.sleep(BETWEEN_LOOKS)
    raise TimeoutError


if __name__ == "__main__":
    main()
