"""Upload a file of 2 GB: through injected faults, and beside ``curl`` with the same chunks: ``upload.py [PART]…``.

``faults``: a proxy between the client and the emulator spoils 10 % of the answers by a seeded plan. ``speed``: no
proxy, and ``curl`` sends what we send, over one connection, from files of 10 MiB each.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import statistics
import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from pulling import none, row, tenant
from timing import Cost, anonymous_megabytes, cost

from analyzer.config.connect import connect
from analyzer.config.settings import load_settings
from analyzer.tenant.sharepoint.upload import CHUNK, UploadTarget, upload_file
from analyzer.tenant.sharepoint.webs import Webs, add_file_call, file_call, folder_call
from tests.fault_injection.faults import Plan
from tests.fault_injection.process import emulator_process
from tests.fault_injection.tenant import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fault_injection.record import Seen

BYTES = 2_000_000_000
RUNS = 3
SHARE, SEED = 0.13, 7
MOST_MEGABYTES = 150.0
OF_CURL = 0.6
FOLDER = "/Shared Documents"
_CHUNK_CALL = re.compile(r"/(?:start|continue|finish)Upload\(.*")
_PIECE = 1 << 20
_CONFIGURATION = """\
data = "."
[tenants.contoso]
admin_url = "{admin_url}"
auth = "token"
token_env = "UPA_TOKEN"
ca_file = "{ca_file}"
"""


def through_faults(folder: Path, size: int) -> None:
    """Uploads through the proxy, and prints the figures."""
    source, digest = make_source(folder / "feed.json", size)
    print(f"faults: {size:,} bytes in {-(-size // CHUNK)} chunks")
    with tenant(make_library(folder / "tenant"), folder / "home") as faulty:
        faulty.proxy.plan = Plan(SEED, SHARE)
        command = sending(faulty.configure(folder / "ours"), ORIGIN, source, digest, "feed.json")
        way = [f"{name}={value}" for name, value in faulty.environment.items()]
        megabytes = anonymous_megabytes(["env", *way, *command])
        seen = faulty.proxy.seen
        faults = sum(one.fault is not None for one in seen)
        sent = Counter(found[0] for one in seen if (found := _CHUNK_CALL.search(one.target)))
        row("faults", f"{faults} of {len(seen)}, {faults / len(seen):.1%}", "at least 10 %")
        row("chunks with an answer that was spoilt", f"{chunk_faults(seen)} of {len(sent)}")
        none("chunks sent again although they had arrived", sum(sent.values()) - len(sent))
        none("bytes that differ", size if downloaded_digest(faulty.ready, "feed.json") != digest else 0)
        row("anonymous memory at the peak", f"{megabytes:.0f} MB", "at most 150 MB", met=megabytes <= MOST_MEGABYTES)


def chunk_faults(seen: Sequence[Seen]) -> int:
    """How many answers to chunks met a fault."""
    return sum(one.fault is not None and _CHUNK_CALL.search(one.target) is not None for one in seen)


def beside_curl(folder: Path, size: int) -> None:
    """Uploads in turn with ``curl``, and prints the figures."""
    source, digest = make_source(folder / "feed.json", size)
    chunks = split(source, folder / "chunks")
    print(f"speed: {size:,} bytes, {RUNS} runs in turn")
    with emulator_process(make_library(folder / "tenant")) as ready:
        os.environ["UPA_TOKEN"] = ready["token"]
        file = folder / "upa-analyzer.toml"
        file.write_text(_CONFIGURATION.format(**ready), encoding="utf-8")
        ours: list[Cost] = []
        theirs: list[Cost] = []
        for run in range(RUNS + 1):
            for name, found in ((f"ours-{run}", ours), (f"curl-{run}", theirs)):
                os.sync()
                is_ours = found is ours
                command = (
                    sending(file, ready["admin_url"], source, digest, name)
                    if is_ours
                    else curling(ready, folder / "curl.txt", chunks, name)
                )
                took = cost(command)
                if run:
                    found.append(took)
                if downloaded_digest(ready, name) != digest:
                    raise AssertionError(name)
                delete(ready, name)
    speed = statistics.median(one.seconds for one in theirs) / statistics.median(one.seconds for one in ours)
    for name, found in (("ours", ours), ("curl", theirs)):
        row(name, ", ".join(f"{one.seconds:.1f}" for one in found) + " s")
        row("processor time", ", ".join(f"{one.processor:.1f}" for one in found) + " s")
    row("our speed, of curl's", f"{speed:.0%}", "at least 60 %", met=speed >= OF_CURL)


def make_source(path: Path, size: int) -> tuple[Path, str]:
    """A file of random bytes, and its SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for start in range(0, size, _PIECE):
            piece = os.urandom(min(_PIECE, size - start))
            digest.update(piece)
            stream.write(piece)
    return path, digest.hexdigest()


def make_library(library: Path) -> Path:
    """A tenant without jobs."""
    library.mkdir()
    (library / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    return library


def split(source: Path, folder: Path) -> list[Path]:
    """The chunks of a file, each a file."""
    folder.mkdir()
    places: list[Path] = []
    with source.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            places.append(folder / f"{len(places)}")
            places[-1].write_bytes(chunk)
    return places


def sending(configuration: Path, origin: str, source: Path, digest: str, name: str) -> list[str]:
    """This file as a process that uploads."""
    return [sys.executable, __file__, "--send", str(configuration), origin, str(source), digest, name]


def send(configuration: str, origin: str, source: str, digest: str, name: str) -> None:
    """Uploads one file."""
    settings = load_settings(Path(configuration), os.environ, [])
    session = connect(settings, settings.config.tenants["contoso"], os.environ)
    target = UploadTarget(origin, FOLDER, name)
    upload_file(Webs(session), target, Path(source), digest, keep=lambda _id, _sent: None, new_id=_fixed_id)


def _fixed_id() -> uuid.UUID:
    """The same each time, so that the same requests are spoilt."""
    return uuid.UUID(int=1)


def curling(ready: Mapping[str, str], config: Path, chunks: list[Path], name: str) -> list[str]:
    """Curl over one connection: the empty file, then each chunk."""
    at, upload = file_call("", f"{FOLDER}/{name}"), uuid.uuid4()
    calls = [(folder_call("", FOLDER, add_file_call(name)), os.devnull)]
    for number, chunk in enumerate(chunks):
        call = "startUpload" if number == 0 else "finishUpload" if chunk is chunks[-1] else "continueUpload"
        offset = f",fileOffset={number * CHUNK}" if number else ""
        calls.append((f"{at}/{call}(uploadId=guid'{upload}'{offset})", str(chunk)))
    options = f'cacert = "{ready["ca_file"]}"\nheader = "Authorization: Bearer {ready["token"]}"\nfail\nsilent\n'
    requests_ = [f'{options}url = "{ready["admin_url"]}{call}"\ndata-binary = "@{place}"\n' for call, place in calls]
    config.write_text("next\n".join(requests_), encoding="utf-8")
    return ["curl", "-K", str(config)]


def downloaded_digest(ready: Mapping[str, str], name: str) -> str:
    """The SHA-256 of what the tenant has."""
    digest = hashlib.sha256()
    with asked("GET", ready, file_call("", f"{FOLDER}/{name}", "/$value")) as answer:
        for piece in answer.iter_content(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def delete(ready: Mapping[str, str], name: str) -> None:
    """Removes a file from the tenant."""
    asked("DELETE", ready, file_call("", f"{FOLDER}/{name}")).close()


def asked(method: str, ready: Mapping[str, str], call: str) -> requests.Response:
    """The answer to a request that goes past any proxy."""
    session = requests.Session()
    session.trust_env = False
    headers = {"Authorization": f"Bearer {ready['token']}"}
    answer = session.request(
        method, ready["admin_url"] + call, headers=headers, verify=ready["ca_file"], stream=True, timeout=300
    )
    answer.raise_for_status()
    return answer


PARTS = {"faults": through_faults, "speed": beside_curl}


def main() -> None:
    """Measures the parts that are asked for, or all."""
    if sys.argv[1:2] == ["--send"]:
        send(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description="Upload a large file.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--folder", type=Path, help="where the files are made, 12 GB; removed at the end")
    parser.add_argument("--bytes", type=int, default=BYTES, help="length of the file")
    told = parser.parse_args()
    for part in told.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="upa-upload-", dir=told.folder) as folder:
            PARTS[part](Path(folder), told.bytes)


if __name__ == "__main__":
    main()
