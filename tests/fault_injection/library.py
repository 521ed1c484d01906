"""A tenant's library of any size, its addresses and names spelled in all the ways that clients meet."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.fault_injection.tenant import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_SOURCES = ("/sites/hr/Shared Documents", "/sites/hr/Shared Documents/imports", "/sites/Köln/Freigegebene Dokumente")
_LOGS_ELSEWHERE = "/sites/import-logs/Shared Documents"
_STEMS = ("feed {}", "feed #{}", "50% of {}", "O'Neil {}", "a+b {}", "100%25 {}", "Zugänge {}", "#%'+ {}")
_LINE = b"IdentityNotResolvable\tuser%d@contoso.com\tUser identity cannot be resolved (%s)\r\n"

SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "absolute": lambda path: ORIGIN + path,
    "absolute, encoded": lambda path: ORIGIN + quote(path),
    "absolute, all encoded but slashes": lambda path: ORIGIN + "".join(map(_escaped, path)),
    "server-relative": lambda path: path,
    "server-relative, encoded": quote,
    "none": lambda _path: "",
}
"""How a log folder may be told; of none, the log lies beside the source file."""


@dataclass(frozen=True)
class Made:
    """A library that was made.

    Attributes:
        root: what the emulator is started on.
        truth: SHA-256 of each file, by server-relative path.
        log_folders: how many there are.
        sources: how many source files there are.
    """

    root: Path
    truth: Mapping[str, str]
    log_folders: int
    sources: int

    @property
    def least(self) -> int:
        """The fewest requests that bring it all: the job list, each log folder's listing, each file."""
        return 1 + self.log_folders + len(self.truth)

    def wrong(self, library: Path, *, missing: bool = True) -> list[str]:
        """The paths of files that a pulled library has otherwise, or (unless told not to look) not at all."""
        places = {path: library / path[1:] for path in self.truth}
        return [
            path
            for path, place in places.items()
            if (hashlib.sha256(place.read_bytes()).hexdigest() != self.truth[path] if place.is_file() else missing)
        ]

    def whole(self, library: Path) -> set[str]:
        """The paths of the files that a pulled library has."""
        return {path for path in self.truth if (library / path[1:]).is_file()} - set(self.wrong(library, missing=False))

    def foreign(self, library: Path) -> list[str]:
        """What a pulled library holds beside them and the job list and our own files."""
        files = (path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file())
        return [name for name in files if f"/{name}" not in self.truth and not _is_ours(name)]


def make_library(root: Path, jobs: int, logs: int, *, size: Callable[[Random], int], seed: int = 11) -> Made:
    """Makes a library.

    Args:
        root: where; it need not exist.
        jobs: how many.
        logs: how many log files in all, shared evenly.
        size: bytes of a file.
        seed: of names and contents.
    """
    random = Random(seed)
    listed: list[dict[str, object]] = []
    truth: dict[str, str] = {}
    for number in range(jobs):
        job, files = _job(random, number, range(logs * number // jobs, logs * (number + 1) // jobs), size)
        listed.append(job)
        for path, content in files.items():
            place = root / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            truth[path] = hashlib.sha256(content).hexdigest()
    (root / "jobs.json").write_text(json.dumps({"value": listed}), encoding="utf-8")
    (root / "emulator.json").write_text('{"users": []}', encoding="utf-8")
    return Made(root, truth, jobs, jobs)


def _job(
    random: Random, number: int, logs: range, size: Callable[[Random], int]
) -> tuple[dict[str, object], dict[str, bytes]]:
    """A job as the service lists it, and its files by path."""
    job_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
    stem = _STEMS[number % len(_STEMS)].format(number)
    spelling = list(SPELLINGS)[number % len(SPELLINGS)]
    source = f"{_SOURCES[number % len(_SOURCES)]}/{stem}.json"
    beside = _LOGS_ELSEWHERE if spelling != "none" and number % 5 == 0 else source.rpartition("/")[0]
    folder = f"{beside}/{stem}-{job_id}-Logs"
    files = {source: json.dumps({"value": [{"IdName": f"user{number}@contoso.com"}]}).encode()}
    files |= {f"{folder}/{_log_name(job_id, log)}": _text(random, size(random)) for log in logs}
    told = SPELLINGS[spelling](folder)
    source_uri = SPELLINGS[["absolute", "absolute, encoded", "server-relative"][number % 3]](source)
    error = 30 if told else 23
    job = {"JobId": job_id, "State": 5, "Error": error, "ErrorMessage": ""}
    return job | {"SourceUri": source_uri, "LogFolderUri": told}, files


def _log_name(job_id: str, number: int) -> str:
    """As the service names them; one in ten as somebody may have renamed it."""
    time = f"202611{1 + number % 20:02}-02{number // 60 % 60:02}{number % 60:02}-{number % 1000:03}"
    return f"ImportProfileProperties-{job_id}-{time}.log" if number % 10 else f"#{number} 100% 'old'+new.log"


def _text(random: Random, size: int) -> bytes:
    """So many bytes of lines that no other file has."""
    line = _LINE % (random.randrange(10**6), random.randbytes(8).hex().encode())
    return (line * (size // len(line) + 1))[:size]


def _escaped(character: str) -> str:
    return character if character.isalnum() and character.isascii() else quote(character)


def _is_ours(name: str) -> bool:
    return name == "jobs.json" or (name.startswith(".upa/") and name.endswith((".json", ".jsonl", ".lock")))
