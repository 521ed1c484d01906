"""No answer, for whatever reason, is one plain line and what to do; nothing in the library changes."""

from __future__ import annotations

import errno
import re
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests
import trustme
from requests.exceptions import ProxyError
from urllib3.exceptions import MaxRetryError, ProtocolError
from urllib3.exceptions import ProxyError as Urllib3ProxyError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from analyzer.tenant.http.unreachable import TunnelError, may_pass, unreachable
from analyzer.tenant.model import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant, Ran

_ORIGIN = "https://contoso-admin.sharepoint.com"
_AUTHORITY_ADVICE = (
    'If the authority is your own, or your proxy\'s, name its certificate as "ca_file" in the configuration.'
)


@pytest.fixture
def pull(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: tuple[trustme.CA, Path]
) -> Callable[..., list[str]]:
    """Pulls from an admin site that is not to be reached; gives the lines of stderr, the same of all left out."""
    monkeypatch.setenv("UPA_TOKEN", "made-up-token")
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    library = tmp_path / "upa-data" / "contoso" / "library"
    library.mkdir(parents=True)
    (library / "jobs.json").write_text('{"value": []}', encoding="utf-8")

    def call(origin: str, ca_file: Path | None = authority[1]) -> list[str]:
        trusted = f'ca_file = "{ca_file.as_posix()}"\n' if ca_file else ""
        settings = f'[tenants.contoso]\nadmin_url = "{origin}"\nauth = "token"\n{trusted}'
        (tmp_path / "upa-analyzer.toml").write_text(settings, encoding="utf-8")
        ran = upa("pull")
        assert (ran.code, ran.out) == (4, "")
        assert [path.name for path in library.iterdir()] == ["jobs.json"]
        assert (library / "jobs.json").read_text(encoding="utf-8") == '{"value": []}'
        lines = [line for line in ran.err.splitlines() if "Temporary failure of" not in line]
        return [line.removeprefix(f"upa-analyzer: {origin} can't be reached: ").replace(origin, "") for line in lines]

    return call


def test_unknown_host_name(pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_none(monkeypatch, socket.EAI_NONAME)
    assert pull(_ORIGIN) == [
        "its name is unknown.",
        "              Check the name in the configuration; if it is right, this machine has no network.",
    ]


def test_no_network_at_all(pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_none(monkeypatch, socket.EAI_AGAIN)
    assert pull(_ORIGIN) == [
        "no name server answers.",
        "              This machine seems to be offline. Check its network, then retry.",
    ]


def test_no_server_listens(pull: Callable[..., list[str]]) -> None:
    assert pull(f"https://127.0.0.1:{_free_port()}") == [
        "it refuses the connection.",
        "              Check the name in the configuration, and the firewall.",
    ]


def test_somebody_listens_and_never_answers(pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.tenant.model.Limits", lambda: Limits(connect=0.05, silence=0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert pull(f"https://127.0.0.1:{silent.getsockname()[1]}") == [
            "it did not answer in time.",
            "              Try again later, or check the network, the firewall and the proxy.",
        ]


def test_a_server_that_speaks_no_tls(pull: Callable[..., list[str]]) -> None:
    with _plain_server(lambda handler: handler.send_error(400)) as origin:
        assert pull(origin.replace("http", "https")) == [
            "no encrypted connection could be made.",
            "              Is a proxy in between that HTTPS_PROXY has to name?",
        ]


@pytest.mark.parametrize("store", ["the platform's", "another ca_file", "another bundle"])
def test_a_certificate_of_an_unknown_authority(
    pull: Callable[..., list[str]],
    loopback: LoopbackTenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "another.pem"))
    if store == "another bundle":
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "another.pem"))
    ca_file = tmp_path / "another.pem" if store == "another ca_file" else None
    assert pull(loopback.origin, ca_file) == [
        "its certificate is signed by an unknown authority.",
        f"              {_AUTHORITY_ADVICE}",
    ]
    assert loopback.seen == []


@pytest.mark.parametrize(
    ("name", "begin", "end", "reason", "advice"),
    [
        (
            *("127.0.0.1", -20, -10, "its certificate has expired."),
            "Is the clock of this machine right? Is a proxy in between?",
        ),
        ("127.0.0.1", 10, 20, "its certificate is not valid yet.", "Is the clock of this machine right?"),
        (
            *("proxy.example.com", -10, 10, "its certificate is for another name."),
            "Check the name in the configuration; a proxy or a sign-in page of the network may be in between.",
        ),
    ],
    ids=["expired", "not yet valid", "another name"],
)
def test_a_certificate_that_is_not_to_be_believed(  # noqa: PLR0913, PLR0917 - fixtures and cases
    pull: Callable[..., list[str]],
    authority: tuple[trustme.CA, Path],
    name: str,
    begin: int,
    end: int,
    reason: str,
    advice: str,
) -> None:
    now = datetime.now(UTC)
    period = {"not_before": now + timedelta(days=begin), "not_after": now + timedelta(days=end)}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert(name, **period).configure_cert(context)  # type: ignore[arg-type]
    with _plain_server(lambda handler: handler.send_error(500), context) as origin:
        assert pull(origin) == [reason, f"              {advice}"]


@pytest.mark.parametrize(
    ("status", "reason", "advice"),
    [
        (407, "asks for a password", "Set HTTPS_PROXY to http://user:password@host:port of the proxy."),
        (
            *(403, "does not connect to it (status 403)"),
            "Check the name in the configuration; if it is right, have the proxy's administrator allow it.",
        ),
    ],
)
def test_a_proxy_that_does_not_let_us_through(
    pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, status: int, reason: str, advice: str
) -> None:
    with _plain_server(lambda handler: handler.send_error(status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("://", "://ada:made-up-password@"))
        assert pull(_ORIGIN) == [f"the proxy {proxy} {reason}.", f"              {advice}"]


def test_a_proxy_that_is_not_there(pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = f"127.0.0.1:{_free_port()}"
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert pull(_ORIGIN) == [
        f"the proxy http://{proxy} can't be reached: it refuses the connection.",
        "              Check HTTPS_PROXY and the network.",
    ]


def test_an_address_that_can_be_no_host_s(pull: Callable[..., list[str]]) -> None:
    assert pull(f"https://{'a' * 64}-admin.sharepoint.com") == [
        "no answer came.",
        "              Check the name of the tenant, the network and the proxy.",
    ]


@pytest.mark.parametrize(
    "proxy",
    [
        "nonsense://proxy.example.com:8080",
        "http://",
        "http://user:made-up-password@",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://127.0.0.1 :8",
        "http=127.0.0.1:8;https=127.0.0.1:8",
        "socks5://127.0.0.1:8",
        f"http://{'a' * 64}.example.com:8080",
    ],
)
def test_a_proxy_that_is_none(pull: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert pull(_ORIGIN) == [
        "the address of the proxy is invalid.",
        "              HTTPS_PROXY looks like http://proxy.example.com:8080.",
    ]


_IN_BETWEEN = (
    "              Is a proxy, or a sign-in page of the network, in between? Open the address in a browser to see."
)
_JOBS = "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/GetImportProfilePropertyJobs"
_WEB_PAGE = f"{_JOBS} returned a web page instead of an answer"


@pytest.mark.parametrize(
    ("status", "headers", "body", "what"),
    [
        (
            200,
            {"Content-Type": "text/html; charset=utf-8"},
            b"Sign in",
            _WEB_PAGE,
        ),
        (200, {}, b"\n<!DOCTYPE html><title>Sign in", _WEB_PAGE),
        (
            *(302, {"Location": "https://portal.example.com/in?token=abc"}, b""),
            f"the tenant answered 302 at {_JOBS} and redirected to portal.example.com, which was not followed",
        ),
        (
            *(307, {"Location": "//ada:word@portal.example.com/"}, b""),
            f"the tenant answered 307 at {_JOBS} and redirected to portal.example.com, which was not followed",
        ),
    ],
    ids=["a page by its type", "a page by its text", "a redirect", "a redirect without a scheme"],
)
def test_the_sign_in_page_of_a_network(  # noqa: PLR0913, PLR0917 - fixtures and cases
    pull: Callable[..., list[str]],
    loopback: LoopbackTenant,
    given: type[Given],
    status: int,
    headers: dict[str, str],
    body: bytes,
    what: str,
) -> None:
    loopback.fail("Jobs", given(status, body, headers))
    assert pull(loopback.origin) == [f"upa-analyzer: {what}.", _IN_BETWEEN]


def test_a_redirect_on_the_same_host_is_not_a_sign_in_page(
    pull: Callable[..., list[str]], loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("Jobs", given(308, b"", {"Location": "/elsewhere"}))
    what = f"the tenant answered 308 at {_JOBS} and redirected to another page of the same host"
    assert pull(loopback.origin) == [f"upa-analyzer: {what}."]
    assert {seen.path for seen in loopback.seen} == {_JOBS}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.ConnectionError(OSError(101, "Network is unreachable")), "there is no route to it"),
        (requests.ConnectionError(ConnectionResetError(104, "reset")), "the connection was interrupted"),
        (requests.ConnectionError(ProtocolError("aborted", ConnectionError("x"))), "the connection was interrupted"),
        (requests.exceptions.ChunkedEncodingError("x"), "the connection was interrupted"),
        (requests.ConnectionError(ssl.SSLCertVerificationError()), "its certificate isn't trusted: no reason given"),
        (requests.ConnectionError(OSError(12, "Out of memory")), "out of memory"),
        (requests.ConnectionError(OSError(errno.EHOSTUNREACH, "No route to host")), "there is no route to it"),
        (requests.ConnectionError(OSError(errno.ENETDOWN, "Network is down")), "there is no route to it"),
        (requests.ConnectionError(OSError(errno.EPIPE, "Broken pipe")), "the connection was interrupted"),
        (requests.ConnectionError(OSError(errno.ECONNABORTED, "aborted")), "the connection was interrupted"),
        (requests.ConnectionError(OSError(errno.ETIMEDOUT, "timed out")), "it did not answer in time"),
        (requests.ConnectionError(TimeoutError()), "it did not answer in time"),
        (requests.Timeout(), "it did not answer in time"),
        (requests.ConnectionError(Urllib3TimeoutError()), "it did not answer in time"),
        (requests.exceptions.InvalidHeader("x"), "no answer came"),
        (
            requests.ConnectionError(Urllib3ProxyError("x", OSError(errno.ECONNREFUSED, "refused"))),
            "the proxy http://127.0.0.1:8 can't be reached: it refuses the connection",
        ),
        (ProxyError("https://ada:word@proxy"), "the proxy http://127.0.0.1:8 can't be reached: no answer came"),
    ],
    ids=str,
)
def test_rare_network_errors_are_recognized_by_their_exception(
    monkeypatch: pytest.MonkeyPatch, error: requests.RequestException, reason: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:made-up-password@127.0.0.1:8")
    raised = unreachable(error, _ORIGIN)
    assert raised.what == f"{_ORIGIN} can't be reached: {reason}"
    assert not re.search("ada|word@", str(raised))


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ((2, 18, 19, 20, 21, 0x800B0109, 0x800B010A, -67843), "its certificate is signed by an unknown authority"),
        ((62, 64, 0x800B010F, -67602), "its certificate is for another name"),
        ((10, 0x800B0101, -67818), "its certificate has expired"),
        ((9, -67819), "its certificate is not valid yet"),
        ((1,), "its certificate isn't trusted: made up"),
    ],
)
def test_certificate_errors_of_platform_stores_are_recognized_by_number(codes: tuple[int, ...], reason: str) -> None:
    for code in codes:
        error = ssl.SSLCertVerificationError()
        error.verify_code, error.verify_message = code, "made up"
        assert unreachable(requests.ConnectionError(error), _ORIGIN).what.endswith(f": {reason}"), code


@pytest.mark.parametrize("name", ["reason", "original_error", "__cause__", "__context__"])
def test_wherever_an_exception_keeps_the_one_inside_it_it_is_found(name: str) -> None:
    error = requests.ConnectionError("made up")
    setattr(error, name, socket.gaierror(socket.EAI_AGAIN, "made up"))
    assert unreachable(error, _ORIGIN).what.endswith(": no name server answers")


def _resolve_none(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail(*_arguments: object, **_options: object) -> Any:  # noqa: ANN401 - the resolver's own
        raise socket.gaierror(code, "made up")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def _plain_server(
    answer: Callable[[BaseHTTPRequestHandler], None], context: ssl.SSLContext | None = None
) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            answer(self)

        do_POST = do_GET = do_CONNECT  # noqa: N815 - the base class's names

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def get_request(self) -> Any:  # noqa: ANN401 - the base class's
            client, address = super().get_request()
            if context:
                with suppress(OSError):  # the client hangs up, as it believes no word
                    return context.wrap_socket(client, server_side=True), address
            return client, address

        def handle_error(self, *_arguments: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


_TUNNEL = TunnelError(407)
_VERIFY = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate in chain")


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (ConnectionResetError(), True),
        (requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError())), True),
        (requests.exceptions.SSLError(MaxRetryError(cast("Any", None), "/", ssl.SSLEOFError(8, "EOF"))), True),
        (requests.Timeout(), True),
        (requests.exceptions.SSLError(MaxRetryError(cast("Any", None), "/", _VERIFY)), False),
        (requests.exceptions.ProxyError(MaxRetryError(cast("Any", None), "/", ProxyError("no", _TUNNEL))), False),
        (requests.exceptions.ProxyError(TunnelError(403)), False),
        (requests.exceptions.ProxyError(TunnelError(502)), True),
        (requests.exceptions.InvalidURL("no host"), False),
        (requests.ConnectionError(socket.gaierror(socket.EAI_NONAME, "Name or service not known")), False),
        (requests.ConnectionError(socket.gaierror(socket.EAI_AGAIN, "Temporary failure")), True),
    ],
)
def test_a_line_that_broke_may_hold_the_next_time_and_a_certificate_stays_unknown(
    error: Exception, *, passing: bool
) -> None:
    assert may_pass(error) is passing
