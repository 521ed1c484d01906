"""An answer that comes too slowly is given up, its headers as well as its body, and a slow line is not."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import socketserver
import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import requests

from analyzer.errors import FaultError
from analyzer.tenant.http.session import Session
from analyzer.tenant.http.transport import PacedReader, Transport
from analyzer.tenant.http.unreachable import TooSlowError, unreachable
from analyzer.tenant.model import ClientPolicy, Limits, RemoteFile, TenantAddress
from analyzer.tenant.sharepoint.files import download
from analyzer.tenant.sharepoint.jobs import list_jobs
from analyzer.tenant.sharepoint.webs import Webs
from analyzer.tenant.signin import ReadyToken
from analyzer.tenant.signin.tokens import SignInTransport
from tests.conftest import NOW, Bytes, FastClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme

    from tests.conftest import Given, LoopbackTenant

_STARTS = {
    "status": b"HTTP/1.1 200 ",
    "headers": b"HTTP/1.1 200 OK\r\nX-A: ",
    "body": b'HTTP/1.1 200 OK\r\nETag: "1"\r\nConnection: close\r\n\r\n',
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
}
_REPETITIONS = 4
_TOO_FEW = Limits(least=1 << 40)


class Ticking(FastClock):
    """A clock on which each look takes some seconds.

    Attributes:
        step: how many.
    """

    def __init__(self, step: float) -> None:
        super().__init__(NOW)
        self.step, self.ticks = step, 0

    def monotonic(self) -> float:
        self.ticks += 1
        return super().monotonic() + self.ticks * self.step


class _Drip(io.RawIOBase):
    """Gives the same number of bytes each time, for ever."""

    def __init__(self, size: int, reads: int) -> None:
        self._size, self._reads = size, reads

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: object) -> int:
        self._reads -= 1
        return self._size if self._reads >= 0 else 0


@pytest.mark.parametrize(
    ("size", "seconds", "is_cut"),
    [
        (1, 1, True),
        (100, 1, True),
        (499, 1, True),
        (500, 1, False),
        (8_000, 1, False),
        (60_000, 100, False),
        (59_999, 119, False),
        (10_000, 119, True),
    ],
    ids=str,
)
def test_what_comes_is_held_against_the_time_that_it_takes(size: int, seconds: float, is_cut: bool) -> None:
    reader = PacedReader(_Drip(size, 2_000), Limits(), Ticking(seconds).monotonic)
    buffer = bytearray(100_000)
    try:
        while reader.readinto(buffer):
            pass
    except TooSlowError:
        assert is_cut
    else:
        assert not is_cut


def test_the_time_in_which_the_service_works_does_not_count() -> None:
    clock = iter([0.0, 500.0, 500.0])
    reader = PacedReader(_Drip(10, 2), Limits(), clock.__next__)
    assert [reader.readinto(bytearray(10)) for _ in range(2)] == [10, 10]


def test_the_time_between_two_reads_does_not_count() -> None:
    clock = iter([0.0, 900.0, 900.0, 1800.0, 1800.0])
    reader = PacedReader(_Drip(10, 3), Limits(), clock.__next__)
    assert [reader.readinto(bytearray(10)) for _ in range(3)] == [10, 10, 10]


def _rest_of(asked: bytes) -> bytes:
    """How an answer begins that goes on where another broke off; empty where all is asked for."""
    found = re.search(rb"Range: bytes=(\d+)-", asked)
    if found is None:
        return b""
    part = b"Content-Range: bytes %b-999999999999/1000000000000" % found[1]
    return b'HTTP/1.1 206 Partial Content\r\nETag: "1"\r\nConnection: close\r\n' + part + b"\r\n\r\n"


@pytest.fixture(params=_STARTS)
def dripping(request: pytest.FixtureRequest, authority: tuple[trustme.CA, Path]) -> Iterator[str]:
    """The origin of a server whose answers have no end, in one of their parts."""
    piece = b"1\r\n \r\n" * 400 if request.param == "chunks" else b" " * 1_000
    with _serving(authority[0], _STARTS[request.param], piece) as origin:
        yield origin


@contextlib.contextmanager
def _serving(ca: trustme.CA, start: bytes, piece: bytes) -> Iterator[str]:
    """The origin of a server whose answers begin so, and go on with a piece for ever."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                with context.wrap_socket(self.connection, server_side=True) as connection:
                    asked = connection.recv(1 << 16)
                    connection.sendall(_rest_of(asked) or start)
                    while True:
                        connection.sendall(piece)
            except OSError:
                pass  # the client has hung up

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        address_family = socket.AF_INET

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def session(dripping: str, authority: tuple[trustme.CA, Path]) -> Session:
    """A session with that server, on a clock that is fast."""
    address = TenantAddress(dripping, (), authority[1])
    policy = ClientPolicy(clock=Ticking(60), limits=_TOO_FEW, patience=1e9)
    return Session(address, ReadyToken({"T": "made-up"}, dripping, "T"), policy)


def _count(waits: list[str]) -> None:
    """Note a wait before another try, and end what would go on for ever."""
    waits.append("another try")
    assert len(waits) <= 2 * _REPETITIONS


def test_a_call_whose_answer_has_no_end_is_given_up(session: Session) -> None:
    with pytest.raises(FaultError, match="its answer comes too slowly"):
        list_jobs(session)


def test_a_download_whose_bytes_come_too_slowly_is_given_up_though_some_come(session: Session) -> None:
    origin = session.hosts.admin_origin
    file = RemoteFile(f"{origin}/a.json", "/a.json", "a.json", None, '"1"', "")
    sent: list[str] = []
    session.policy.clock.wait = lambda *_arguments: _count(sent)  # type: ignore[method-assign]
    with pytest.raises(FaultError):
        download(Webs(session), file, Bytes())
    assert len(sent) == _REPETITIONS


def test_an_authority_whose_answer_has_no_end_is_given_up(dripping: str, authority: tuple[trustme.CA, Path]) -> None:
    policy = ClientPolicy(clock=Ticking(60), limits=_TOO_FEW)
    with pytest.raises(requests.RequestException) as raised:
        SignInTransport(authority[1], policy).get(f"{dripping}/x")
    assert "its answer comes too slowly" in str(unreachable(raised.value, dripping))


def test_an_answer_that_is_read_at_once_has_a_largest_size(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.faults = lambda _seen: given(body=b" " * 5_000_000)
    with pytest.raises(FaultError, match=r"more than 4\.2 MB, which was not read"):
        Transport(loopback.ca_file).get(f"{loopback.origin}/a")


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X-A: b\r\n" * 100),
    ],
    ids=["100 Continue again and again", "trailers"],
)
def test_lines_without_an_end_are_given_up_however_fast_they_come(
    authority: tuple[trustme.CA, Path], start: bytes, piece: bytes
) -> None:
    with _serving(authority[0], start, piece) as origin:
        policy = ClientPolicy(clock=FastClock(NOW))
        session = Session(TenantAddress(origin, (), authority[1]), ReadyToken({"T": "made-up"}, origin, "T"), policy)
        with pytest.raises(FaultError, match="can't be reached"):
            list_jobs(session)
