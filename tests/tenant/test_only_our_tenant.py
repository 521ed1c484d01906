"""Whatever the service hands us, in a real pull: no host but the tenant's sees the token, or is even asked for."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import RefusedError, UnreachableError
from analyzer.library.mirror import Library
from tests.conftest import FOLDER, TOKEN, log_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant, Seen


@dataclass
class Surroundings:
    """The tenant, and who else might see something.

    Attributes:
        tenant: whose token it is.
        other: another server, whose certificate is believed.
        plain_origin: a server without TLS.
        heard: what came in there.
        looked_up: the names that the resolver was asked for; each of them leads to this machine.
    """

    tenant: LoopbackTenant
    other: LoopbackTenant
    plain_origin: str
    heard: list[bytes] = field(default_factory=list)
    looked_up: set[str] = field(default_factory=set)

    def saw_the_token(self) -> set[str]:
        """The hosts whose requests had it, wherever in them."""
        seen = {server.origin for server in (self.tenant, self.other) if any(map(_has_token, server.seen))}
        return seen | ({self.plain_origin} if self.heard else set())


@pytest.fixture
def around(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Surroundings]:
    """The tenant with one job, whose log and source file are there."""
    heard: list[bytes] = []

    class Listener(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(self.request.recv(65536))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        around = Surroundings(loopback, other_loopback, f"http://127.0.0.1:{server.server_address[1]}", heard)
        _note_names(monkeypatch, around.looked_up)
        for tenant in (loopback, other_loopback):
            job_id = tenant.add_job(1)
            tenant.add_log(job_id, b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n")
            tenant.files[f"{FOLDER}/feed.json"] = b'{"value": []}'
        yield around
        server.shutdown()
        thread.join()


_PATH = log_folder("00000001-bd0e-49ec-8c9c-c4cfe370248c")
HOSTILE: dict[str, Callable[[str, str, str], str]] = {
    # From the tenant's, another's and a plain server's HOST:PORT to an address.
    "another host": lambda _ours, other, _plain: f"https://{other}{_PATH}",
    "another host's name": lambda _ours, other, _plain: f"https://evil.example.com:{other.partition(':')[2]}{_PATH}",
    "another port": lambda ours, _other, _plain: f"https://{ours.partition(':')[0]}:443{_PATH}",
    "no port": lambda ours, _other, _plain: f"https://{ours.partition(':')[0]}{_PATH}",
    "without TLS": lambda _ours, _other, plain: f"http://{plain}{_PATH}",
    "without TLS on the tenant": lambda ours, _other, _plain: f"http://{ours}{_PATH}",
    "the tenant as a user": lambda ours, other, _plain: f"https://{ours}@{other}{_PATH}",
    "a user on the tenant": lambda ours, _other, _plain: f"https://ada:word@{ours}{_PATH}",
    "the tenant behind a backslash": lambda ours, other, _plain: f"https://{other}\\@{ours}{_PATH}",
    "another behind a backslash": lambda ours, other, _plain: f"https://{ours}\\@{other}{_PATH}",
    "another behind a hash": lambda ours, other, _plain: f"https://{other}#@{ours}{_PATH}",
    "another behind a query": lambda ours, other, _plain: f"https://{ours}?@{other}{_PATH}",
    "the tenant's name as a part": lambda ours, _other, _plain: f"https://{ours}.evil.example.com{_PATH}",
    "a dot behind the name": lambda ours, _other, _plain: f"https://{ours.replace(':', '.:')}{_PATH}",
    "an encoded host": lambda ours, _other, _plain: f"https://{ours.replace('.', '%2e')}{_PATH}",
    "a wide digit": lambda ours, _other, _plain: f"https://{ours.replace('1', '１', 1)}{_PATH}",  # noqa: RUF001
    "an ideographic full stop": lambda ours, _other, _plain: f"https://{ours.replace('.', '。')}{_PATH}",
    "no scheme": lambda _ours, other, _plain: f"//{other}{_PATH}",
    "no scheme, and a backslash": lambda _ours, other, _plain: f"/\\{other}{_PATH}",
    "backslashes": lambda _ours, other, _plain: f"https:\\\\{other}\\sites",
    "a blank before": lambda _ours, other, _plain: f" https://{other}{_PATH}",
    "a line end within": lambda ours, other, _plain: f"https://{ours}\r\nHost: {other}{_PATH}",
    "another scheme": lambda _ours, other, _plain: f"ftp://{other}{_PATH}",
    "a file": lambda _ours, _other, _plain: f"file://{_PATH}",
    # What is no address at all, which parsers raise errors of their own about.
    "an open bracket": lambda _ours, _other, _plain: f"https://[evil{_PATH}",
    "an open bracket without a scheme": lambda _ours, _other, _plain: f"//[evil{_PATH}",
    "brackets around a name": lambda _ours, _other, _plain: f"https://[evil.example.com]{_PATH}",
    "a port that no host has": lambda ours, _other, _plain: f"https://{ours.partition(':')[0]}:99999{_PATH}",
    "a port in letters": lambda ours, _other, _plain: f"https://{ours.partition(':')[0]}:port{_PATH}",
    "the port 0": lambda ours, _other, _plain: f"https://{ours.partition(':')[0]}:0{_PATH}",
    "no host": lambda _ours, _other, _plain: f"https://{_PATH}",
    "nothing but a scheme": lambda _ours, _other, _plain: "https:",
    "blanks": lambda _ours, _other, _plain: f"https://a b.example.com{_PATH}",
    "a control character": lambda ours, _other, _plain: f"https://{ours}\x01{_PATH}",
    "a label without end": lambda _ours, _other, _plain: f"https://{'a' * 300}.example.com{_PATH}",
    "a letter that becomes a slash": lambda ours, _other, _plain: f"https://{ours}\u2100.example.com{_PATH}",
    "an IDN that cannot be": lambda _ours, _other, _plain: f"https://xn--\u00df.example.com{_PATH}",
}
_SENDABLE = [name for name in HOSTILE if name != "a line end within"]
"""What can stand in a header."""


def _hostile(around: Surroundings, name: str) -> str:
    hosts = (around.tenant.origin, around.other.origin, around.plain_origin)
    return HOSTILE[name](*(host.partition("://")[2] for host in hosts))


@pytest.mark.parametrize("key", ["LogFolderUri", "SourceUri"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_job_s_address_that_leads_elsewhere(around: Surroundings, tmp_path: Path, name: str, key: str) -> None:
    around.tenant.jobs[0][key] = _hostile(around, name)
    around.tenant.pull_into(tmp_path / "library")
    _check(around)
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.partition("/")[0] for path in kept} == {"library"}


@pytest.mark.parametrize("call", ["Jobs", "/Files"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_next_page_on_another_host(
    around: Surroundings, given: type[Given], tmp_path: Path, name: str, call: str
) -> None:
    answer = {"value": around.tenant.jobs if call == "Jobs" else [], "odata.nextLink": _hostile(around, name)}
    around.tenant.fail(call, given(body=json.dumps(answer).encode()))
    try:
        around.tenant.pull_into(tmp_path)
    except (RefusedError, UnreachableError):
        assert Library(tmp_path).jobs() == []
    _check(around)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", ["Jobs", "/Files", "/$value"])
@pytest.mark.parametrize("name", ["another host", "without TLS", "no scheme", "the tenant as a user"])
def test_a_redirect_elsewhere(  # noqa: PLR0913, PLR0917 - fixtures and cases
    around: Surroundings, given: type[Given], tmp_path: Path, name: str, call: str, status: int
) -> None:
    around.tenant.fail(call, given(status, headers={"Location": _hostile(around, name)}))
    try:
        around.tenant.pull_into(tmp_path)
    except UnreachableError as error:
        assert f"answered {status} at" in str(error)  # noqa: PT017 - where a pull goes on without, it does not raise
    _check(around)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_web_on_another_host(around: Surroundings, given: type[Given], tmp_path: Path, name: str) -> None:
    answer = json.dumps({"value": _hostile(around, name)}).encode()

    def fault(seen: Seen) -> Given | None:
        return (
            given(body=answer) if "GetWebUrlFromPageUrl" in seen.path else given(404) if "/Files" in seen.path else None
        )

    around.tenant.faults = fault
    around.tenant.pull_into(tmp_path)
    assert any("GetWebUrlFromPageUrl" in seen.path for seen in around.tenant.seen)
    _check(around)


@pytest.mark.parametrize("call", ["Jobs", "/$value"])
@pytest.mark.parametrize("name", _SENDABLE)
def test_a_redirect_to_what_may_be_no_address_at_all(
    around: Surroundings, given: type[Given], tmp_path: Path, name: str, call: str
) -> None:
    place = _hostile(around, name).encode("utf-8").decode("latin-1")  # as a server sends it that is not of this world
    around.tenant.fail(call, given(302, headers={"Location": place}))
    try:
        around.tenant.pull_into(tmp_path)
    except UnreachableError as error:
        assert re.search("answered 302 at|redirects again and again", str(error))  # noqa: PT017 - as above
    _check(around)


def _check(around: Surroundings) -> None:
    assert around.saw_the_token() == {around.tenant.origin}
    assert (around.other.seen, around.heard) == ([], [])
    assert around.looked_up <= {"127.0.0.1"}


def _has_token(seen: Seen) -> bool:
    return TOKEN in seen.path or TOKEN.encode() in seen.body or any(TOKEN in value for value in seen.headers.values())


def _note_names(monkeypatch: pytest.MonkeyPatch, names: set[str]) -> None:
    resolve = socket.getaddrinfo

    def noted(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - the resolver's own
        names.add(host.decode() if isinstance(host, bytes) else str(host))
        return resolve("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
