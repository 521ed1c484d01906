"""Starting and ending."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

import analyzer.emulator
from analyzer.emulator import EmulatorError, start
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from analyzer.model.service import JobError
from tests.emulator.client import FOLDER, Client, StandingClock, names, source

SERVE = """
import sys
from pathlib import Path
from analyzer.emulator import serve
serve(Path(sys.argv[1]), 0, 1000.0, lambda line: print(line, flush=True))
print("ended")
"""


def test_it_is_ready_with_all_that_the_contract_names(client: Client) -> None:
    ready = client.emulator.ready
    assert list(ready) == [
        "admin_url",
        "site_url",
        "library_url",
        "token",
        "ca_file",
        "tenant_id",
        "client_id",
        "authority",
    ]
    assert ready["admin_url"] == ready["authority"]
    folder = ready["library_url"].removeprefix(ready["admin_url"])
    assert names(client.folder("/Files", path=folder)) == ["hr.json"]


def test_closing_removes_the_copy_and_stops_answering(library: Path) -> None:
    running = start(library, clock=StandingClock())
    port = int(running.ready["admin_url"].rpartition(":")[2])
    home = Path(running.ready["ca_file"]).parent
    with Client(running) as client:
        client.folder("/Files")
        running.close()
        running.close()
    assert not home.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_closing_does_not_wait_for_a_client_that_keeps_its_connection(library: Path) -> None:
    threads = set(threading.enumerate())
    with start(library, clock=StandingClock()) as running:
        port = int(running.ready["admin_url"].rpartition(":")[2])
        trust = ssl.create_default_context(cafile=running.ready["ca_file"])
        raw = socket.create_connection(("127.0.0.1", port))
        idle = trust.wrap_socket(raw, server_hostname="localhost")
        idle.sendall(b"GET /_api/web HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 401"
    assert {thread for thread in threading.enumerate() if thread.name == "upa-emulator"} <= threads
    with contextlib.suppress(ConnectionError):
        while idle.recv(4096):
            pass
    idle.close()


def test_a_port_in_use_is_said_with_what_to_do(library: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=rf"port {port} cannot be used .*; choose another"):
            start(library, port=port)


def test_a_port_may_be_asked_for_and_taken_again(library: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    for _ in range(2):
        with start(library, port=port) as running:
            assert running.ready["admin_url"] == f"https://localhost:{port}"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_refused(library: Path, port: int) -> None:
    with pytest.raises(EmulatorError, match="cannot be used"):
        start(library, port=port)


def test_a_tenant_that_is_known_by_another_name_has_its_files_there(library: Path) -> None:
    clock = StandingClock()
    with start(library, clock=clock, known_as="https://fabrikam.sharepoint.com") as running, Client(running) as client:
        assert client.jobs()[0]["LogFolderUri"].startswith("https://fabrikam.sharepoint.com/sites/hr/")
        uris = [f"https://{host}.sharepoint.com{FOLDER}/hr.json" for host in ("fabrikam", "contoso")]
        queued = [client.queue(sourceUri=uri) for uri in uris]
        clock.now += PICK_UP + VALIDATION + WRITING
        errors = [client.job(job_id)["Error"] for job_id in queued]
    assert errors == [JobError.NoError, JobError.DataFileNotInTenant]


@pytest.mark.parametrize("speed", [0, -1.0, float("nan"), float("inf")])
def test_a_clock_that_does_not_go_forward_is_refused(library: Path, speed: float) -> None:
    with pytest.raises(EmulatorError, match="speed above 0"):
        start(library, speed=speed)


def test_nobody_else_can_read_the_key(client: Client) -> None:
    home = Path(client.emulator.ready["ca_file"]).parent
    if sys.platform != "win32":
        assert home.stat().st_mode & 0o077 == 0


def test_the_public_names_are_there_and_no_others() -> None:
    for name in analyzer.emulator.__all__:
        assert getattr(analyzer.emulator, name) is not None
    with pytest.raises(AttributeError, match="nothing_such"):
        analyzer.emulator.nothing_such  # noqa: B018


def test_the_import_engine_alone_loads_no_web_server() -> None:
    code = "import sys, analyzer.emulator.importing; print(*{'uvicorn', 'starlette', 'trustme'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_tells_one_json_line_when_it_answers_and_ends_on_a_signal(library: Path, number: int) -> None:
    command = [sys.executable, "-W", "error", "-c", SERVE, str(library)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        ready = json.loads(serving.stdout.readline())
        with requests.Session() as http:
            answer = http.post(
                f"{ready['admin_url']}/_api/contextinfo",
                headers={"Authorization": f"Bearer {ready['token']}"},
                verify=ready["ca_file"],
                timeout=60,
            )
            serving.send_signal(number)
            out, errors = serving.communicate(timeout=60)
    assert answer.status_code == 200
    assert (serving.returncode, out, errors) == (0, "ended\n", "")
    assert not Path(ready["ca_file"]).parent.exists()


def test_the_command_takes_scenarios(library: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "analyzer",
        "emulator",
        str(library),
        "--scenario",
        "utf-16",
        "--scenario",
        "large-library",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        ready = json.loads(serving.stdout.readline())
        listing = (
            f"{ready['site_url']}/_api/web/getFolderByServerRelativePath(decodedUrl='/sites/hr/Shared Documents')/Files"
        )
        token = {"Authorization": f"Bearer {ready['token']}"}
        with requests.Session() as http:
            answer = http.get(listing, headers=token, verify=ready["ca_file"], timeout=60)
        serving.terminate()
    assert (answer.status_code, serving.returncode) == (500, 0)


def test_a_fast_clock_ends_a_job_soon(library: Path) -> None:
    with start(library, speed=100_000.0) as running, Client(running) as client:
        client.upload("new.json", source("ada@contoso.com"))
        job_id = client.queue()
        while client.job(job_id)["State"] < 4:
            pass
        assert client.job(job_id)["State"] == 4
