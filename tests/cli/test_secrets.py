"""What a secret looks like or where it comes from: no output shows it, and no file that people keep has it."""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.conftest import FOLDER, Given, log_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import LoopbackTenant, Ran

_OPAQUE = "made.up+opaque/token=0123456789"
_WORD = "Made-Up-W0rd"
_NOT_QUOTED = {("doctor", 400), ("doctor", 404), ("doctor", 500)}
"""Where the status alone is said: the admin site is none, or is busy."""
_ADMIN = "https://contoso-admin.sharepoint.com"


@pytest.fixture
def configured(loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoopbackTenant:
    """The only tenant of the configuration, which takes an opaque token."""
    _configure(tmp_path, loopback.origin, loopback.ca_file)
    monkeypatch.setenv("UPA_TOKEN", _OPAQUE)
    return loopback


def _configure(folder: Path, origin: str, ca_file: Path) -> None:
    tenant = f'[tenants.contoso]\nadmin_url = "{origin}"\nauth = "token"\nca_file = "{ca_file.as_posix()}"\n'
    (folder / "upa-analyzer.toml").write_text(tenant, encoding="utf-8")


@pytest.mark.parametrize(
    "spelled",
    [
        _OPAQUE,
        quote(_OPAQUE, safe=""),
        json.dumps(_OPAQUE)[1:-1].replace("/", "\\/"),
        base64.b64encode(_OPAQUE.encode()).decode(),
    ],
    ids=["as it is", "percent-encoded", "in JSON", "in base64"],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
@pytest.mark.parametrize("command", ["pull", "doctor"])
def test_a_ready_token_that_the_service_echoes_is_masked(
    upa: Callable[..., Ran], configured: LoopbackTenant, spelled: str, status: int, command: str
) -> None:
    said = json.dumps({"odata.error": {"code": "-1", "message": {"value": f"You sent {spelled} to us."}}})
    configured.faults = lambda _seen: Given(status, said.encode(), {"x-ms-diagnostics": f'1;reason="no {spelled}"'})
    for options in ([], ["--log-format", "json"], ["--json"]):
        ran = upa(command, "--verbose", *options)
        assert ran.code != 0
        assert not {_OPAQUE, spelled} & _parts(ran)
        assert "You sent ***" in ran.out + ran.err or (command, status) in _NOT_QUOTED


def test_a_page_that_echoes_a_token_is_quoted_without_it(upa: Callable[..., Ran], configured: LoopbackTenant) -> None:
    configured.faults = lambda _seen: Given(200, f"token {_OPAQUE}".encode())
    ran = upa("pull")
    assert "did not answer with JSON but with" in ran.err
    assert _OPAQUE[:12] not in ran.err


def _parts(ran: Ran) -> set[str]:
    """Which of the secrets of this module an output has."""
    text = ran.out + ran.err
    secrets = {_OPAQUE, quote(_OPAQUE, safe=""), base64.b64encode(_OPAQUE.encode()).decode()}
    return {secret for secret in {*secrets, json.dumps(_OPAQUE)[1:-1].replace("/", "\\/")} if secret in text}


_USERS = {
    "a user and a password": f"ada:{_WORD}",
    "a user alone": _WORD,
    "a password alone": f":{_WORD}",
    "a blank inside": f"ada:a {_WORD}",
    "a blank in the user": f"a da:{_WORD}",
    "an at sign": f"ada:a@{_WORD}",
    "a slash": f"ada:a/{_WORD}",
    "a question mark": f"ada:a?b={_WORD}",
    "a hash": f"ada:a#{_WORD}",
}


@pytest.mark.parametrize("user", _USERS.values(), ids=_USERS.keys())
def test_who_signs_in_to_an_address_of_a_job_is_kept_nowhere_but_in_the_tenant_s_own_list(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path, user: str
) -> None:
    host = configured.origin.partition("://")[2]
    job_id = configured.add_job(1, SourceUri=f"https://{user}@{host}{FOLDER}/feed.json")
    configured.jobs[0]["LogFolderUri"] = f"https://{user}@{host}{log_folder(job_id)}"
    configured.jobs[0]["ErrorMessage"] = f"No access to https://{user}@{host}{FOLDER}/feed.json"
    configured.add_job(2)
    content = [
        upa("run", "--verbose"),
        upa("pull", "--all"),
        upa("jobs"),
        upa("jobs", "--json"),
        upa("report", "--json"),
    ]
    content += [upa("show", job_id), upa("show", job_id, "--json"), upa("retry", job_id)]
    assert [ran.err for ran in content if _WORD in ran.out + ran.err] == []
    data = tmp_path / "upa-data"
    with_it = [path.name for path in data.rglob("*") if path.is_file() and _WORD.encode() in path.read_bytes()]
    assert with_it == ["jobs.json"]
    assert any(path.name == "notes.json" for path in data.rglob("*"))


@pytest.fixture
def echoing() -> Iterator[str]:
    """A proxy that says no, and what it was sent: as it came, and unpacked. HOST:PORT."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sent = b""
            while (line := self.rfile.readline()).strip():
                sent = line.partition(b"Basic ")[2].strip() or sent
            known = base64.b64decode(sent)
            self.wfile.write(b"HTTP/1.1 403 No " + sent + b" " + known + b"\r\nX-Sent: " + known + b"\r\n\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked up; each leads to this machine."""
    lookup: list[str] = []
    resolve = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the resolver's own
        lookup.append(str(host))
        return resolve("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    return lookup


@pytest.mark.parametrize("between", ["", "@", "/", "?", "#", ":", " ", "%2F", "%40", "\\", "["])
@pytest.mark.parametrize("command", ["pull", "doctor"])
def test_no_character_of_a_proxy_s_password_has_a_part_of_it_shown_or_looked_up(  # noqa: PLR0913, PLR0917 - fixtures and cases
    upa: Callable[..., Ran],
    echoing: str,
    names: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    authority: tuple[Any, Path],
    between: str,
    command: str,
) -> None:
    _configure(tmp_path, _ADMIN, authority[1])
    monkeypatch.setenv("UPA_TOKEN", _OPAQUE)
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:Left-Half{between}Right-Half@{echoing}")
    ran = upa(command, "--verbose")
    assert ran.code == 4
    assert "proxy" in ran.out + ran.err
    assert [part for part in ("Left-Half", "Right-Half", "TGVmdC") if part in ran.out + ran.err] == []
    assert set(names) <= {"127.0.0.1"}


def test_a_proxy_password_with_a_reserved_character_is_an_error_with_advice(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: tuple[Any, Path]
) -> None:
    _configure(tmp_path, _ADMIN, authority[1])
    monkeypatch.setenv("UPA_TOKEN", _OPAQUE)
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:a/b@127.0.0.1:9")
    ran = upa("pull")
    assert "the user or password in the address of the proxy has a character that ends it." in ran.err
    assert "In HTTPS_PROXY, write / as %2F" in ran.err


def test_a_short_secret_turns_no_output_into_stars(
    upa: Callable[..., Ran], configured: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.add_job(1)
    monkeypatch.setenv("SOME_TOKEN", "a")
    monkeypatch.setenv("OTHER_PASSWORD", "password")
    assert "***" not in upa("pull").out + upa("jobs").out
