"""A tenant of a page on the loopback, for faults that a real one shows rarely, and the command, called in-process."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import trustme

from analyzer.cli.main import main
from analyzer.library.mirror import Library
from analyzer.library.pull.pull import pull
from analyzer.model.redaction import forget_all
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import ClientPolicy, Clock, TenantAddress
from analyzer.tenant.sharepoint.site import Tenant
from analyzer.tenant.signin import ReadyToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from analyzer.library.model import Choice, PullResult

TOKEN = "made-up-token"
FOLDER = "/sites/hr/Shared Documents"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
_NAMED = re.compile(r"/_api/web/get(?P<kind>File|Folder)ByServerRelativePath\(decodedUrl='(?P<path>.*?)'\)(?P<call>.*)")


class FastClock(Clock):
    """A clock on which a wait takes no time.

    Attributes:
        waited: the seconds of each wait.
        at: the time, UTC; None for the system's.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self.waited: list[float] = []
        self.at = at

    def now(self) -> datetime:
        return (self.at or super().now()) + timedelta(seconds=sum(self.waited))

    def monotonic(self) -> float:
        return sum(self.waited)

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        if not stopped.is_set():
            self.waited.append(seconds)


class Bytes:
    """Takes what is downloaded into memory; notes where it began anew."""

    def __init__(self) -> None:
        self.content = b""
        self.restarts = 0

    @property
    def received(self) -> int:
        return len(self.content)

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def restart(self) -> None:
        self.restarts += bool(self.content)
        self.content = b""


@dataclass(frozen=True)
class Seen:
    """A request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Given:
    """An answer to give; ``cut`` sends only so many bytes of the body and hangs up."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class LoopbackTenant:
    """Answers the calls that a pull makes from ``jobs`` and ``files``; ``faults`` come first, by request.

    Attributes:
        jobs: the job list, as the service words it.
        files: server-relative paths to bytes.
        modified: when a file was written, ISO 8601, by path; of those that are not in it nothing is said.
        seen: the requests, in their order.
        faults: asked with each request; what it gives is the answer, unless None.
        clock: its sessions' clock.
        notices: what its sessions notices.
    """

    def __init__(self, ca: trustme.CA, ca_file: Path) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.modified: dict[str, str] = {}
        self.seen: list[Seen] = []
        self.faults: Callable[[Seen], Given | None] = lambda _seen: None
        self.clock = FastClock(NOW)
        self.notices: list[str] = []
        self.ca_file = ca_file
        tenant = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._give(tenant.answer(Seen(self.command, self.path, headers, self.rfile.read(length))))

            do_POST = do_GET  # noqa: N815 - the base class's name

            def _give(self, given: Given) -> None:
                self.send_response_only(given.status)
                own = {"Date": format_datetime(tenant.clock.now(), usegmt=True), "Content-Length": str(len(given.body))}
                for name, value in {**own, **given.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(given.body[: given.cut])

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_job(self, number: int, state: int = 5, error: int = 30, *, name: str = "feed.json", **further: str) -> str:
        """Adds a job of the source file ``name``; returns its id, which begins with ``number``."""
        job_id = f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c"
        job = {
            "JobId": job_id,
            "State": state,
            "Error": error,
            "ErrorMessage": "",
            "SourceUri": f"{self.origin}{FOLDER}/{name}",
            "LogFolderUri": f"{self.origin}{log_folder(job_id, name)}" if error == 30 else "",
            **further,
        }
        self.jobs.append(job)
        return job_id

    def add_log(
        self, job_id: str, content: bytes, *, name: str = "feed.json", time: str = "20261123-020000-000"
    ) -> str:
        """Puts a log file into a job's folder; returns its path."""
        path = f"{log_folder(job_id, name)}/ImportProfileProperties-{job_id}-{time}-000.log"
        self.files[path] = content
        return path

    def fail(self, where: str, *answers: Given | int, then: bool = False) -> None:
        """Gives these answers to requests whose decoded path has ``where`` in it, the last again and again.

        Args:
            where: a part of the path.
            answers: statuses alone, or whole answers.
            then: whether the request is answered as usual once all were given.
        """
        left = [Given(answer) if isinstance(answer, int) else answer for answer in answers]

        def fault(seen: Seen) -> Given | None:
            if where not in unquote(seen.path) or not left:
                return None
            return left.pop(0) if then or len(left) > 1 else left[0]

        self.faults = fault

    def answer(self, seen: Seen) -> Given:  # noqa: PLR0911 - a call each
        """What is answered to a request."""
        self.seen.append(seen)
        fault = self.faults(seen)
        if fault is not None:
            return fault
        if seen.path.endswith("Office365Tenant/GetImportProfilePropertyJobs"):
            return Given(body=json.dumps({"value": self.jobs}).encode())
        if seen.path.endswith("Office365Tenant/GetImportProfilePropertyJob"):
            asked = json.loads(seen.body)["jobId"]
            job = next((job for job in self.jobs if job["JobId"] == asked), None)
            return Given(404, b"{}") if job is None else Given(body=json.dumps(job).encode())
        called = _NAMED.search(seen.path)
        if called is None:
            return Given(404, b"{}")
        path = unquote(called["path"]).replace("''", "'")
        if called["kind"] == "File" and path in self.files:
            return self._file(path, called["call"], seen)
        names = sorted(name for name in self.files if name.rpartition("/")[0] == path.rstrip("/"))
        if called["kind"] == "Folder" and names:
            return Given(body=json.dumps({"value": [self._listed(name) for name in names]}).encode())
        # As recorded from the service: a missing file and a missing folder have different codes.
        code = "-2130575338, Microsoft.SharePoint.SPException"
        message = f"The file {path} does not exist."
        if called["kind"] == "Folder":
            code, message = "-2147024894, System.IO.FileNotFoundException", "File Not Found."
        return Given(404, json.dumps({"odata.error": {"code": code, "message": {"value": message}}}).encode())

    def _file(self, path: str, call: str, seen: Seen) -> Given:
        if call != "/$value":
            return Given(body=json.dumps(self._listed(path)).encode())
        content = self.files[path]
        first = int(seen.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if not first or seen.headers.get("if-range") != etag(content):
            return Given(body=content, headers={"ETag": etag(content)})
        part = f"bytes {first}-{len(content) - 1}/{len(content)}"
        return Given(206, content[first:], {"ETag": etag(content), "Content-Range": part})

    def _listed(self, path: str) -> dict[str, str]:
        content = self.files[path]
        listed = {"Name": path.rpartition("/")[2], "Length": str(len(content)), "ETag": etag(content)}
        return listed | ({"TimeLastModified": self.modified[path]} if path in self.modified else {})

    def session(self, *hosts: str, patience: float = 900) -> Session:
        """A session that knows the token, on a clock that began at ``NOW``."""
        address = TenantAddress(self.origin, hosts, self.ca_file)
        tokens = ReadyToken({"TOKEN": TOKEN}, self.origin, "TOKEN")
        return Session(address, tokens, ClientPolicy(patience=patience, notify=self.notices.append, clock=self.clock))

    def tenant(self) -> Tenant:
        """The tenant as a pull sees it."""
        return Tenant(self.session())

    def pull_into(self, root: Path, *, now: datetime = NOW, choice: Choice | None = None) -> PullResult:
        """One pull over the socket."""
        return pull(self.tenant(), Library(root), now=now, choice=choice)


def log_folder(job_id: str, name: str = "feed.json") -> str:
    """The log folder of a job, beside its source file."""
    return f"{FOLDER}/{name.rpartition('.')[0]}-{job_id}-Logs"


def etag(content: bytes) -> str:
    """An ETag that changes with the content."""
    return f'"{hash(content)}"'


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command wrote
        """Stdout read as JSON."""
        return json.loads(self.out)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Lets the list of what our client sends be made anew."""
    parser.addoption("--record", action="store_true", help="write tests/wire/requests.json anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many of the calls that other people's clients were asked to make work, client by client."""
    asked: Counter[str] = Counter()
    worked: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            client = report.nodeid.partition("::")[0]
            if client.startswith("tests/foreign/") and (report.when == "call" or outcome == "error"):
                asked[client] += 1
                worked[client] += outcome == "passed"
    for client, count in asked.items():
        terminalreporter.write_line(f"{client}: {worked[client]} of {count} calls work")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """A certificate authority of our own, and its certificate as a file."""
    ca = trustme.CA()
    ca_file = tmp_path_factory.mktemp("authority") / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    return ca, ca_file


@pytest.fixture
def loopback(authority: tuple[trustme.CA, Path]) -> Iterator[LoopbackTenant]:
    """A tenant without jobs."""
    tenant = LoopbackTenant(*authority)
    yield tenant
    tenant.close()


@pytest.fixture
def other_loopback(authority: tuple[trustme.CA, Path]) -> Iterator[LoopbackTenant]:
    """Another server: what leads to it leads out of the tenant."""
    tenant = LoopbackTenant(*authority)
    yield tenant
    tenant.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> FastClock:
    """The clock of every session that has none of its own: nobody waits."""
    clock = FastClock()
    monkeypatch.setattr("analyzer.tenant.model.Clock", lambda: clock)
    return clock


@pytest.fixture
def upa(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Calls the command in a folder of its own, with no configuration but the one that the test writes there."""
    monkeypatch.chdir(tmp_path)
    for home in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(home, str(tmp_path_factory.mktemp(home)))
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Ran(left.value.code, captured.out, captured.err)

    return call


@pytest.fixture(autouse=True)
def no_secrets() -> Iterator[None]:
    """What one test was given as a secret, no other masks."""
    yield
    forget_all()


@pytest.fixture
def given() -> type[Given]:
    """What the loopback's tenant can be notices to answer."""
    return Given


@pytest.fixture
def at_four() -> datetime:
    """The time at which the tests' pulls are made."""
    return NOW
