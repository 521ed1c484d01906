"""The web server: sockets on the loopback, a certificate authority of its own, uvicorn in a thread."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import trustme
import uvicorn

from analyzer.emulator.model import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from analyzer.emulator.app import App

_GRACE = 5
_NAMES = ("localhost", "127.0.0.1", "::1")


@contextmanager
def bind(port: int) -> Iterator[list[socket.socket]]:
    """Sockets on 127.0.0.1 and, where the machine has it, on ::1, with the same port; closed at the end.

    Clients try either address for ``localhost``, and on Windows one that does not answer costs them seconds.

    Raises:
        EmulatorError: the port is in use, or not allowed.
    """
    sockets = [_bound(socket.AF_INET, "127.0.0.1", port)]
    try:
        # Where there is no IPv6, or the port is another's there, 127.0.0.1 will do.
        with suppress(EmulatorError):
            sockets.append(_bound(socket.AF_INET6, "::1", sockets[0].getsockname()[1]))
        yield sockets
    finally:
        for bound in sockets:
            bound.close()


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    opened = None
    try:
        # asyncio sets TCP_NODELAY only on sockets that say they are TCP; without it each answer waits some 40 ms.
        opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if os.name == "posix":
            # A port that was closed a moment ago may be taken again; on Windows this would share a port in use.
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except (OSError, OverflowError) as error:
        if opened is not None:
            opened.close()
        reason = str(getattr(error, "strerror", None) or error).lower()
        raise EmulatorError(
            f"port {port} cannot be used ({reason}); choose another, or 0 for any that is free"
        ) from error
    return opened


class Server:
    """Answers over HTTPS while the context lasts; ``ca.pem`` in ``home`` is the authority to trust."""

    def __init__(self, app: App, home: Path, sockets: Sequence[socket.socket]) -> None:
        """Makes the certificates; nothing answers yet."""
        authority = trustme.CA(organization_name="upa-analyzer emulator")
        certificate = authority.issue_cert(*_NAMES)
        authority.cert_pem.write_to_path(str(home / "ca.pem"))
        # The folder is its owner's alone: a reader of its key could read the tokens, too.
        certificate.private_key_and_cert_chain_pem.write_to_path(str(home / "server.pem"))
        config = uvicorn.Config(
            app,
            ssl_certfile=str(home / "server.pem"),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = _Uvicorn(config)
        self._sockets = list(sockets)
        self._thread = threading.Thread(target=self._run, name="upa-emulator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.answering.wait()
        if not self._server.started:
            self._thread.join()
            raise EmulatorError("the web server of the emulator did not start; run it again with --verbose")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        try:
            self._server.run(self._sockets)
        finally:
            self._server.answering.set()


class _Uvicorn(uvicorn.Server):
    """A server that tells when it answers, and does not wait for clients when it ends."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answering.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A TLS connection that is closed waits for the client's goodbye, which a client that keeps its connections
        # for later does not send before it is asked again.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)
