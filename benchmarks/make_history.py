"""Make libraries as pulls leave them, for the benchmarks of the history: ``make_history.py FOLDER year|large|long``.

``year`` has three nightly feeds of 300 users and 365 nights: 1,095 jobs, 60 failed users a run, 85 % of whom failed the
night before, too. A run in thirty is aborted, another one succeeds without a log, and every tenth night a retry takes
the place of the third feed. ``large`` has 364 nights of 91,000 failed users each, 99 million entries, and no source
files. ``long`` has one job with 3 million entries (``make_log.py``). IDs are mail addresses; the same arguments give
the same bytes, except for the times at which the files were written.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import make_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ORIGIN = "https://contoso.sharepoint.com"
FIRST_NIGHT = datetime(2025, 11, 29, 2, 10, tzinfo=UTC)
NIGHTS, LARGE_NIGHTS = 365, 364
LARGE_FAILED = 91_000
LONG_LINES = 3_000_000
NEW_RUN_FAILED = 100_000

FEEDS = {
    "hr-feed": "/sites/hr/Shared Documents/imports",
    "phones-feed": "/sites/hr/Shared Documents/imports",
    "badges-feed": "/sites/facilities/Freigegebene Dokumente/Zugänge",
}
_FIRST = ("ada", "grace", "jürgen", "linus", "mary", "olaf", "zoë", "pia", "tom", "katherine")
_LAST = ("beispiel", "sample", "muster", "smith", "meier")
_OFFICES = ("Zürich", "Köln", "Berlin", "New York", "São Paulo", "Oslo")
_RECURRING = 0.85
_USERS, _FAILED = 300, 60
_ABORTED_AT, _SUCCEEDED_AT, _EVERY = 7, 17, 30
_RETRY_EVERY = 10
_DUPLICATE_EVERY = 12
_DUPLICATE = (
    "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances of the same single-value"
    " property for RecordId [1347972]\r\n"
    "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection)"
)


class Ending(NamedTuple):
    """How a job ended: the numbers and the text that the service has for it."""

    state: int
    error: int
    message: str


SUCCEEDED = Ending(4, 0, "")
PARTIAL = Ending(5, 30, "The data has been imported, but there were errors. See the log file.")
ABORTED = Ending(5, 23, "The data source file did not pass validation. See the log file for details.")


@dataclass(frozen=True)
class Import:
    """A job and its files.

    Attributes:
        job_id: made from the feed and the night.
        night: when it began (UTC).
        source: server-relative path.
        ending: how it ended.
        users: the IDs in the source file; empty for no source file.
        log: the log without its mark; None for no log.
        is_broken: whether the source file has a wrong escape.
        is_packed: whether the log is compressed, which saves disk.
    """

    job_id: str
    night: datetime
    source: str
    ending: Ending
    users: Sequence[str]
    log: bytes | None
    is_broken: bool = False
    is_packed: bool = False

    @property
    def log_folder(self) -> str:
        """The server-relative path of the log folder."""
        return f"{self.source.removesuffix('.json')}-{self.job_id}-Logs"

    def answer(self) -> dict[str, object]:
        """Return the job as the service lists it."""
        state, error, message = self.ending
        folder = f"{ORIGIN}{self.log_folder}" if self.log is not None else ""
        answer = {"JobId": self.job_id, "State": state, "Error": error, "ErrorMessage": message}
        return {**answer, "SourceUri": f"{ORIGIN}{self.source}", "LogFolderUri": folder}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield its files by server-relative path."""
        if self.users:
            yield self.source, _source(self.users, is_broken=self.is_broken)
        if self.log is not None:
            name = f"ImportProfileProperties-{self.job_id}-{self.night + timedelta(minutes=4):%Y%m%d-%H%M%S}-417.log"
            content = b"\xef\xbb\xbf" + self.log
            if self.is_packed:
                name, content = f"{name}.gz", gzip.compress(content, 1, mtime=0)
            yield f"{self.log_folder}/{name}", content


def address(number: int) -> str:
    """Return the mail address of a user."""
    return f"{_FIRST[number % 10]}.{_LAST[number // 10 % 5]}{number}@contoso.com"


def nightly(nights: int = NIGHTS, *, users: int = _USERS, failed: int = _FAILED) -> Iterator[Import]:
    """Yield the jobs of so many nights; the same job for the same night, however many follow."""
    feeds = {feed: _failing(feed, first * users, users, failed) for first, feed in enumerate(FEEDS)}
    for night in range(nights):
        ran: dict[str, Import] = {}
        for at, (feed, failing) in enumerate(feeds.items()):
            numbers = next(failing)
            if at == len(feeds) - 1 and night % _RETRY_EVERY == _RETRY_EVERY - 1:
                yield _retry(ran["hr-feed"], numbers)
                continue
            ran[feed] = _run(feed, night, range(at * users, (at + 1) * users), numbers, (night + 5 * at) % _EVERY)
            yield ran[feed]


def large(nights: int = LARGE_NIGHTS, failed: int = LARGE_FAILED) -> Iterator[Import]:
    """Yield the jobs of a large tenant: no source files, and compressed logs."""
    feeds = {feed: _failing(feed, at * 4 * failed, 4 * failed, failed) for at, feed in enumerate(FEEDS)}
    lines = [_unresolved(address(number)) for number in range(len(feeds) * 4 * failed)]
    for night in range(nights):
        for feed, failing in feeds.items():
            log = b"".join([lines[number] for number in sorted(next(failing))])
            job_id, began, source = _identity(feed, night)
            yield Import(job_id, began, source, PARTIAL, (), log, is_packed=True)


def new_run(night: int = LARGE_NIGHTS, failed: int = NEW_RUN_FAILED) -> Import:
    """Return one more run of the large tenant's first feed, with its source file."""
    rng = random.Random("new")
    *_, before = _first(_failing("hr-feed", 0, 4 * LARGE_FAILED, LARGE_FAILED), night)
    numbers = [*before[: int(failed * _RECURRING)], *range(4 * LARGE_FAILED + 10, 5 * LARGE_FAILED)][:failed]
    rng.shuffle(numbers)
    records = [address(number) for number in sorted({*numbers, *range(failed // 5)})]
    log = b"".join(_unresolved(address(number)) for number in sorted(numbers))
    job_id, began, source = _identity("hr-feed", night)
    return Import(job_id, began, source, PARTIAL, records, log)


def long(lines: int = LONG_LINES) -> Iterator[Import]:
    """Yield a job that was aborted with so many entries."""
    endless = make_log.lines(random.Random(1))
    log = "".join(f"{next(endless)}\r\n" for _ in range(lines)).encode()
    yield Import(*_identity("hr-feed", 0), ABORTED, (), log)


def write_library(root: Path, imports: Iterable[Import]) -> None:
    """Add jobs to a library, each as if a pull had brought it on the morning after it ran."""
    own = root / ".upa"
    files, notes, pull = (_noted(own / f"{name}.json") or {} for name in ("files", "notes", "pull"))
    observations = _noted(own / "observations.json") or []
    listed = (_noted(root / "jobs.json") or {"value": []})["value"]
    previous = pulled = pull.get("pulled_at")
    for job in imports:
        morning = f"{job.night:%Y-%m-%dT06:00:00Z}"
        previous, pulled = (pulled, morning) if morning != pulled else (previous, pulled)
        listed.append(job.answer())
        files |= {path: _placed(root / path[1:], content, job.night) for path, content in job.files()}
        seen = {"job_id": job.job_id, "observed_at": morning, "previous_pull_at": previous}
        observations.append(seen | {"state": job.ending.state, "error": job.ending.error})
        if not job.users:
            notes[job.job_id] = {"source_missing": "the tenant no longer has it"}
    pull = {"pulled_at": pulled, "tenant": "contoso.sharepoint.com"}
    _write(own / "pull.json", pull)
    for name, content in {"files": files, "notes": notes, "observations": observations}.items():
        _write(own / f"{name}.json", content)
    _write(root / "jobs.json", {"value": listed})


def _failing(feed: str, first: int, users: int, failed: int) -> Iterator[list[int]]:
    """Yield the numbers of the users who fail each night; most of them failed the night before, too."""
    rng = random.Random(feed)
    now = rng.sample(range(first, first + users), failed)
    while True:
        yield now
        kept = rng.sample(now, int(failed * _RECURRING))
        others = set(now)
        new: dict[int, None] = {}
        while len(kept) + len(new) < failed:
            number = first + int(rng.random() * users)
            if number not in others:
                new[number] = None
        now = [*kept, *new]


def _first(failing: Iterator[list[int]], nights: int) -> Iterator[list[int]]:
    for _ in range(nights):
        yield next(failing)


def _identity(feed: str, night: int) -> tuple[str, datetime, str]:
    """Return the job's ID, when it began, and the path of its source file."""
    began = FIRST_NIGHT + timedelta(days=night, minutes=7 * list(FEEDS).index(feed))
    job_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{feed}/{night}"))
    return job_id, began, f"{FEEDS[feed]}/{feed}-{began:%Y-%m-%d}.json"


def _run(feed: str, night: int, everybody: range, failed: Sequence[int], turn: int) -> Import:
    job_id, began, source = _identity(feed, night)
    users = [address(number) for number in everybody]
    if turn == _SUCCEEDED_AT:
        return Import(job_id, began, source, SUCCEEDED, users, None)
    if turn == _ABORTED_AT:
        message = r"Bad JSON escape sequence: \V. Path 'value[0].Office', line 2, position 52."
        return Import(job_id, began, source, ABORTED, users, f"DataFileNotJson\t\t{message}\r\n".encode(), True)
    return Import(job_id, began, source, PARTIAL, users, _log(failed, night))


def _retry(run: Import, numbers: Sequence[int]) -> Import:
    """Return a retry of a run; one in ten of its users fails again."""
    failed = [word.split("\t")[1] for word in (run.log or b"").decode().split("\r\n") if word.startswith("Identity")]
    source = f"{run.source.removesuffix('.json')}-{run.job_id}-retry.json"
    job_id = str(uuid.uuid5(uuid.NAMESPACE_URL, source))
    log = b"".join(_unresolved(identity) for identity in failed[:: len(numbers) // 6])
    return Import(job_id, run.night + timedelta(hours=2), source, PARTIAL, failed or run.users, log)


def _log(failed: Sequence[int], night: int) -> bytes:
    """Return a night's log; one night in ten, it has a failure of the profile store with its stack trace."""
    lines = [_unresolved(address(number)) for number in sorted(failed)]
    if night % _DUPLICATE_EVERY == 0:
        lines.append(f"GenericError\t{uuid.UUID(int=night)}\t{_DUPLICATE}\r\n".encode())
    return b"".join(lines)


def _unresolved(identity: str) -> bytes:
    return f"IdentityNotResolvable\t{identity}\tUser identity cannot be resolved\r\n".encode()


def _source(users: Sequence[str], *, is_broken: bool) -> bytes:
    slash = "\\V" if is_broken else "/ V"
    records = (
        f'{{"IdName":"{user}","Office":"{_OFFICES[place % 6]} {slash if place == 0 else place % 40}",'
        f'"CostCenter":"CC-{place % 900:04d}","WorkPhone":"+49 30 {place:07d}"}}'
        for place, user in enumerate(users)
    )
    return ('{"value":[\n' + ",\n".join(records) + "\n]}\n").encode()


def _placed(place: Path, content: bytes, night: datetime) -> dict[str, object]:
    """Write a file of the tenant; return our note about it."""
    _write(place, content)
    digest = hashlib.sha256(content).hexdigest()
    return {
        "etag": f'"{{{digest[:32]}}},1"',
        "length": len(content),
        "sha256": digest,
        "modified_ns": place.stat().st_mtime_ns,
        "modified": f"{night + timedelta(minutes=4 if place.suffix != '.json' else -60):%Y-%m-%dT%H:%M:%SZ}",
        "host": "contoso.sharepoint.com",
    }


def _noted(path: Path) -> Any:  # noqa: ANN401 - whatever JSON the file has
    return json.loads(path.read_bytes()) if path.exists() else None


def _write(path: Path, content: bytes | object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # another library may share the file
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1, sort_keys=True).encode())


LOADS: dict[str, Callable[[], Iterator[Import]]] = {"year": nightly, "large": large, "long": long}


def make(folder: Path, name: str) -> Path:
    """Make a load unless it is there; return its library."""
    root = folder / name / "contoso" / "library"
    if not (root / "jobs.json").exists():  # written last
        write_library(root, LOADS[name]())
    return root


if __name__ == "__main__":
    for load in sys.argv[2:]:
        print(make(Path(sys.argv[1]), load))
