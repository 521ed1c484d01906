"""A source file of 2 GB, beside ``curl`` at the same address, no proxy between."""

from __future__ import annotations

import json
import os
import statistics
import sys
from typing import TYPE_CHECKING

import requests
from pulling import row
from timing import PROGRAM, anonymous_megabytes, cost

from tests.fault_injection.process import emulator_process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BYTES = 2_000_000_000
RUNS = 3
MOST_MEGABYTES = 150.0
OF_CURL = 0.6
FOLDER = "/sites/hr/Shared Documents"
_PIECE = 1 << 20
_CONFIGURATION = """\
data = "{data}"
[tenants.contoso]
admin_url = "{admin}"
auth = "token"
token_env = "UPA_TOKEN"
ca_file = "{ca_file}"
"""


def measure(folder: Path) -> None:
    """Downloads in turn, and prints the figures."""
    library = make_tenant(folder / "tenant")
    print(f"source: {BYTES:,} bytes, {RUNS} runs in turn")
    with emulator_process(library) as ready:
        os.environ["UPA_TOKEN"] = ready["token"]
        warm(ready)
        ours, theirs = [], []
        for run in range(RUNS):
            rest()
            ours.append(cost(pulling(ready, folder, f"ours-{run}")).seconds)
            remove(folder / f"ours-{run}")
            rest()
            theirs.append(cost(curling(ready, folder / "curl.json")).seconds)
            (folder / "curl.json").unlink()
        megabytes = anonymous_megabytes(pulling(ready, folder, "memory"))
    speed = statistics.median(theirs) / statistics.median(ours)
    row("ours", ", ".join(f"{one:.2f}" for one in ours) + " s")
    row("curl", ", ".join(f"{one:.2f}" for one in theirs) + " s")
    row("our speed, of curl's", f"{speed:.0%}", "at least 60 %", met=speed >= OF_CURL)
    row("anonymous memory at the peak", f"{megabytes:.0f} MB", "at most 150 MB", met=megabytes <= MOST_MEGABYTES)


def make_tenant(library: Path) -> Path:
    """A tenant with one job that succeeded, and its source file."""
    place = library / FOLDER[1:] / "feed.json"
    place.parent.mkdir(parents=True)
    with place.open("wb") as stream:
        for _ in range(BYTES // _PIECE):
            stream.write(os.urandom(_PIECE))
        stream.write(bytes(BYTES % _PIECE))
    job = {"JobId": "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c", "State": 4, "Error": 0, "ErrorMessage": ""}
    uri = f"https://contoso.sharepoint.com{FOLDER}/feed.json"
    listed = {"value": [{**job, "SourceUri": uri, "LogFolderUri": ""}]}
    (library / "jobs.json").write_text(json.dumps(listed), encoding="utf-8")
    (library / "emulator.json").write_text('{"users": []}', encoding="utf-8")
    return library


def address(ready: Mapping[str, str], call: str = "") -> str:
    """The file's."""
    path = FOLDER.replace(" ", "%20")
    return f"{ready['admin_url']}/sites/hr/_api/web/getFileByServerRelativePath(decodedUrl='{path}/feed.json'){call}"


def warm(ready: Mapping[str, str]) -> None:
    """Has the emulator work the ETag out, which takes reading the file once."""
    headers = {"Authorization": f"Bearer {ready['token']}"}
    with requests.Session() as session:
        session.trust_env = False  # it would put its own certificates before these
        session.get(address(ready), headers=headers, verify=ready["ca_file"], timeout=60).raise_for_status()


def pulling(ready: Mapping[str, str], folder: Path, name: str) -> list[str]:
    """Our command, into a library of its own."""
    (folder / name).mkdir()
    file = folder / name / "upa-analyzer.toml"
    told = {"data": ".", "admin": ready["admin_url"], "ca_file": ready["ca_file"]}
    file.write_text(_CONFIGURATION.format(**told), encoding="utf-8")
    return [str(PROGRAM), "--config", str(file), "pull"]


def curling(ready: Mapping[str, str], target: Path) -> list[str]:
    """Curl on the same file."""
    token = f"Authorization: Bearer {ready['token']}"
    options = ["-sS", "--fail", "--cacert", ready["ca_file"], "-H", token, "-o", str(target)]
    return ["curl", *options, address(ready, "/$value")]


def rest() -> None:
    """Lets the disk come to rest, so that nobody waits for what another one wrote."""
    if sys.platform != "win32":
        os.sync()


def remove(folder: Path) -> None:
    """The library of a run; it has to hold the whole file."""
    (place,) = folder.rglob("feed.json")
    if place.stat().st_size != BYTES:
        raise AssertionError(place)
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        file.unlink()
