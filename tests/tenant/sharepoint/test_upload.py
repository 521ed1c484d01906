"""Uploads to the emulator: whole and in chunks, resumed, refused; what the tenant has is compared byte for byte."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.errors import AnalyzerError, FaultError, InputError, OutputError, RefusedError, UsageError
from analyzer.tenant.http.answer import Answer
from analyzer.tenant.model import ClientPolicy, RemoteFile, TenantAddress
from analyzer.tenant.sharepoint.upload import UploadState, UploadTarget, upload_file
from analyzer.tenant.sharepoint.upload_errors import upload_error
from analyzer.tenant.sharepoint.webs import Webs
from analyzer.tenant.signin import ReadyToken
from tests.conftest import FastClock
from tests.emulator.client import FOLDER, StandingClock
from tests.tenant.sharepoint.uploading_session import DeathError, UploadingSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.emulator import RunningEmulator

CHUNK = 10
NAME = "hr-feed-20261129-021500-1a2b3c4d.json"
CONTENT = bytes(range(35))
CHUNKS = ["startUpload 0", "continueUpload 10", "continueUpload 20", "finishUpload 30"]
DAY = 86_400.0


@dataclass
class Uploading:
    """One file on its way to a tenant, and what is stored of it."""

    emulator: RunningEmulator
    clock: StandingClock
    path: Path
    target: UploadTarget
    state: UploadState = field(default_factory=UploadState)
    progress: list[int] = field(default_factory=list)

    def session(self) -> UploadingSession:
        ready = self.emulator.ready
        address = TenantAddress(ready["admin_url"], ca_file=Path(ready["ca_file"]))
        tokens = ReadyToken({"token": ready["token"]}, ready["admin_url"], "token")
        return UploadingSession(address, tokens, ClientPolicy(clock=FastClock()))

    def upload(self, session: UploadingSession | None = None, content: bytes | None = None) -> RemoteFile:
        """Upload, or resume; ``content`` is what the file is expected to have if it has changed."""
        digest = hashlib.sha256(self.path.read_bytes() if content is None else content).hexdigest()
        return upload_file(
            Webs(session or self.session()),
            self.target,
            self.path,
            digest,
            keep=self._keep,
            state=self.state,
            progress=lambda sent, _size: self.progress.append(sent),
            chunk=CHUNK,
        )

    def arrived(self) -> bytes | None:
        place = self.emulator.storage.place(self.target.path)
        return None if place is None else place.read_bytes()

    def _keep(self, upload_id: str, sent: int) -> None:
        self.state = UploadState(upload_id, sent)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningEmulator, StandingClock]]:
    library = tmp_path_factory.mktemp("tenant")
    (library / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    clock = StandingClock()
    with start(library, clock=clock) as emulator:
        yield emulator, clock


@pytest.fixture
def begin(
    running: tuple[RunningEmulator, StandingClock], tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Uploading]:
    """Prepare the upload of a file into a folder of its own."""
    emulator, clock = running
    folder = f"{FOLDER}/{abs(hash(request.node.name))}"
    emulator.storage.make_folder(folder)

    def prepare(content: bytes = CONTENT, name: str = NAME) -> Uploading:
        path = tmp_path / "feed.json"
        path.write_bytes(content)
        return Uploading(emulator, clock, path, UploadTarget(emulator.ready["admin_url"], folder, name))

    return prepare


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 19, 20, 21, 30, 35])
def test_what_arrives_is_the_file(begin: Callable[..., Uploading], size: int) -> None:
    uploading = begin(CONTENT[:size])
    uploaded = uploading.upload()
    assert uploading.arrived() == CONTENT[:size]
    assert (uploaded.length, uploaded.uri) == (size, uploading.target.origin + uploading.target.path)
    assert uploaded.etag


@pytest.mark.parametrize("size", [5, 35])
def test_any_name_that_sharepoint_allows_can_be_uploaded(begin: Callable[..., Uploading], size: int) -> None:
    uploading = begin(CONTENT[:size], "Müller's 100% + #1.json")
    assert uploading.upload().name == "Müller's 100% + #1.json"
    assert uploading.arrived() == CONTENT[:size]


def test_each_chunk_is_sent_once_and_kept(begin: Callable[..., Uploading]) -> None:
    uploading, session = begin(), begin().session()
    uploading.upload(session)
    assert session.chunk_calls == CHUNKS
    assert uploading.progress == [0, 10, 20, 30, 35]
    assert uploading.state.sent == 30


def test_nothing_is_sent_before_its_id_is_kept(begin: Callable[..., Uploading]) -> None:
    for size in (5, 35):
        uploading = begin(CONTENT[:size])
        webs, digest = Webs(uploading.session()), _sha256(CONTENT[:size])

        def fail(_upload_id: str, _sent: int) -> None:
            raise DeathError

        with pytest.raises(DeathError):
            upload_file(webs, uploading.target, uploading.path, digest, keep=fail, chunk=CHUNK)
        assert uploading.arrived() is None


@pytest.mark.parametrize("before", [True, False], ids=["before a request", "after a request"])
@pytest.mark.parametrize("size", [5, 20, 35])
def test_a_death_at_any_request_is_resumed_without_sending_a_chunk_twice(
    begin: Callable[..., Uploading], size: int, *, before: bool
) -> None:
    once = begin(CONTENT[:size], "once.json")
    counting = once.session()
    once.upload(counting)
    for number in range(1, len(counting.sent) + (not before)):
        uploading = begin(CONTENT[:size], f"{number}.json")
        dying, resumed = uploading.session(), uploading.session()
        dying.dies, dying.before = number, before
        with pytest.raises(DeathError):
            uploading.upload(dying)
        uploading.upload(resumed)
        assert uploading.arrived() == CONTENT[:size]
        assert dying.chunk_calls + resumed.chunk_calls == counting.chunk_calls


@pytest.mark.parametrize("lost", ["addUsingPath", *CHUNKS])
def test_after_a_lost_answer_no_chunk_is_sent_again(begin: Callable[..., Uploading], lost: str) -> None:
    uploading = begin()
    session = uploading.session()
    session.lost = {lost}
    uploading.upload(session)
    assert uploading.arrived() == CONTENT
    assert session.chunk_calls == CHUNKS


def test_a_lost_answer_to_a_whole_file_sends_nothing_again(begin: Callable[..., Uploading]) -> None:
    uploading = begin(CONTENT[:5])
    session = uploading.session()
    session.lost = {"addUsingPath"}
    uploading.upload(session)
    assert (uploading.arrived(), session.sent.count("addUsingPath")) == (CONTENT[:5], 1)


@pytest.mark.parametrize("status", [404, 405, 400])
@pytest.mark.parametrize("lost", ["addUsingPath", *CHUNKS])
def test_where_the_status_is_unknown_only_the_doubtful_chunk_is_sent_again(
    begin: Callable[..., Uploading], lost: str, status: int
) -> None:
    uploading = begin()
    session = uploading.session()
    session.lost = {lost}
    session.instead = _without_status(status)
    uploading.upload(session)
    assert uploading.arrived() == CONTENT
    assert sorted(set(session.chunk_calls)) == sorted(CHUNKS)
    again = {chunk for chunk in session.chunk_calls if session.chunk_calls.count(chunk) > 1}
    assert again == {lost} - {"addUsingPath", CHUNKS[-1]}


def test_where_the_status_is_unknown_a_death_is_resumed(begin: Callable[..., Uploading]) -> None:
    for number in range(1, 11):
        uploading = begin(name=f"{number}.json")
        dying, resumed = uploading.session(), uploading.session()
        dying.dies, dying.before = number, False
        dying.instead = resumed.instead = _without_status(404)
        with pytest.raises(DeathError):
            uploading.upload(dying)
        uploading.upload(resumed)
        assert uploading.arrived() == CONTENT
        assert len(dying.chunk_calls + resumed.chunk_calls) <= len(CHUNKS) + 1


def test_an_upload_that_the_tenant_has_removed_is_started_anew(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    before = uploading.state.upload_id
    uploading.clock.now += DAY + 1
    uploading.upload()
    assert uploading.arrived() == CONTENT
    assert uploading.state.upload_id != before


def test_a_dropped_upload_whose_empty_file_stays_is_started_anew(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    uploading.state = UploadState("00000000-0000-0000-0000-000000000001", 20)
    uploading.clock.now += 901
    uploading.upload()
    assert uploading.arrived() == CONTENT


def test_an_upload_continues_after_an_hour(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    uploading.clock.now += 3600
    session = uploading.session()
    uploading.upload(session)
    assert (uploading.arrived(), session.chunk_calls) == (CONTENT, CHUNKS[2:])


def test_a_tenant_that_takes_a_part_of_a_chunk_gets_the_rest(begin: Callable[..., Uploading]) -> None:
    """The answer is made up: the emulator has all ten bytes, and refuses the rest at that offset."""
    uploading = begin()
    session = uploading.session()
    parts = iter([Answer(200, {}, b'{"value": "4"}')])
    session.instead = lambda call, answer: next(parts, answer) if call == CHUNKS[0] else answer
    uploading.upload(session)
    assert session.chunk_calls[1] == "continueUpload 4"
    assert uploading.arrived() == CONTENT


@pytest.mark.parametrize("value", ["0", "11", "99999999999999999999"])
def test_an_impossible_number_of_bytes_is_an_error(begin: Callable[..., Uploading], value: str) -> None:
    uploading = begin()
    session = uploading.session()
    session.instead = lambda call, answer: (
        Answer(200, {}, json.dumps({"value": value}).encode()) if call == CHUNKS[0] else answer
    )
    with pytest.raises(FaultError, match="confirmed"):
        uploading.upload(session)


@pytest.mark.parametrize("size", [5, 20, 35])
@pytest.mark.parametrize("other", [b"", b"other", bytes(35), bytes(70)], ids=len)
def test_a_file_that_changed_is_not_uploaded(begin: Callable[..., Uploading], size: int, other: bytes) -> None:
    uploading = begin(other)
    with pytest.raises(InputError, match="changed after it was checked"):
        uploading.upload(content=CONTENT[:size])
    assert uploading.arrived() is None


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
@pytest.mark.parametrize("other", [b"", CONTENT[:5], CONTENT[:25], bytes(35), CONTENT + b"x"], ids=len)
def test_a_file_that_changed_before_an_upload_is_resumed_is_not_uploaded(
    begin: Callable[..., Uploading], other: bytes, chunks: int
) -> None:
    uploading = _broken_off(begin(), chunks)
    uploading.path.write_bytes(other)
    with pytest.raises(InputError, match="changed after it was checked"):
        uploading.upload(content=CONTENT)
    assert uploading.arrived() is None


def test_a_file_that_changes_while_it_is_sent_is_not_uploaded(begin: Callable[..., Uploading]) -> None:
    uploading = begin(bytes(3_000_000))
    target, path = uploading.target, uploading.path

    def shorten(sent: int, _size: int) -> None:
        if sent == 1_000_000:
            path.write_bytes(bytes(1_500_000))

    with pytest.raises(InputError, match="changed"):
        upload_file(
            Webs(uploading.session()),
            target,
            path,
            _sha256(bytes(3_000_000)),
            keep=lambda _id, _sent: None,
            progress=shorten,
            chunk=1_000_000,
        )
    assert uploading.arrived() is None


def test_a_file_that_is_missing_is_an_error(begin: Callable[..., Uploading]) -> None:
    uploading = begin()
    uploading.path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        uploading.upload(content=CONTENT)


@pytest.mark.parametrize("size", [5, 35])
@pytest.mark.parametrize("there", [b"", b"old", CONTENT[:5], CONTENT])
def test_a_name_that_is_taken_is_refused_and_the_file_stays(
    begin: Callable[..., Uploading], size: int, there: bytes
) -> None:
    begin(there, "taken.json").upload()
    uploading = begin(CONTENT[:size], "taken.json")
    with pytest.raises(OutputError, match=r"already has the file taken\.json, which isn't replaced"):
        uploading.upload()
    assert uploading.arrived() == there


def test_a_name_that_was_taken_meanwhile_is_refused(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    uploading.emulator.storage.place(uploading.target.path).write_bytes(b"old")  # type: ignore[union-attr]
    with pytest.raises(OutputError, match="already has the file"):
        uploading.upload()
    assert uploading.arrived() == b"old"


@pytest.mark.parametrize("size", [5, 35])
def test_a_folder_that_is_missing_is_named(begin: Callable[..., Uploading], size: int) -> None:
    uploading = begin(CONTENT[:size])
    target = UploadTarget(uploading.target.origin, f"{FOLDER}/none", NAME)
    with pytest.raises(UsageError, match=r"there is no folder https://.*/none\."):
        upload_file(
            Webs(uploading.session()),
            target,
            uploading.path,
            _sha256(CONTENT[:size]),
            keep=lambda _id, _sent: None,
            chunk=CHUNK,
        )


def test_a_lock_is_named_and_the_upload_continues_when_it_has_ended(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    uploading.emulator.lock(uploading.target.path, "Ada")
    with pytest.raises(RefusedError, match=r"is locked\. SharePoint says: .* by Ada"):
        uploading.upload()
    uploading.emulator.unlock(uploading.target.path)
    session = uploading.session()
    uploading.upload(session)
    assert (uploading.arrived(), session.chunk_calls) == (CONTENT, CHUNKS[2:])


def test_a_file_that_somebody_has_checked_out_is_refused_with_the_name(begin: Callable[..., Uploading]) -> None:
    uploading = _broken_off(begin())
    uploading.emulator.check_out(uploading.target.path, "Ada")
    with pytest.raises(RefusedError, match=r"is checked out\. SharePoint says: .* by Ada"):
        uploading.upload()


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "expected"),
    [
        (423, "-2147018894, Microsoft.SharePoint.SPFileLockException", "locked by Ada.", RefusedError, "is locked"),
        (423, "", "", RefusedError, "is locked"),
        (500, "-2130575306, Microsoft.SharePoint.SPException", "by Ada", RefusedError, "is checked out"),
        (507, "", "", RefusedError, "no space left"),
        (500, "-2147023080, Microsoft.SharePoint.SPException", "storage", RefusedError, "no space left"),
        (500, "-1, X", "The site has exceeded its maximum file storage limit.", RefusedError, "no space left"),
        (413, "", "", RefusedError, "too big"),
        (400, "-1, X", "The request message is too big. The server", RefusedError, "too big"),
        (404, "-2147024894, System.IO.FileNotFoundException", "File Not Found.", UsageError, "there is no folder"),
        (400, "-2130575257, Microsoft.SharePoint.SPException", "exists", OutputError, "already has the file"),
        (403, "-2147024891, System.UnauthorizedAccessException", "Access denied.", RefusedError, "denied access"),
        (500, "-2146232060, X", "anything", FaultError, "answered 500"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(
    status: int, code: str, message: str, kind: type[AnalyzerError], expected: str
) -> None:
    body = json.dumps({"odata.error": {"code": code, "message": {"value": message}}}).encode() if message else b""
    uri = "https://contoso.sharepoint.com/sites/hr/Shared Documents/a.json"
    error = upload_error(Answer(status, {}, body), "https://contoso.sharepoint.com/_api", uri)
    assert type(error) is kind
    assert expected in error.what
    assert message.rstrip(".") in error.what
    assert error.advice


def _broken_off(uploading: Uploading, chunks: int = 2) -> Uploading:
    """The upload after some chunks."""
    dying = uploading.session()
    dying.dies = 5 + chunks
    with pytest.raises(DeathError):
        uploading.upload(dying)
    assert dying.chunk_calls == CHUNKS[:chunks]
    assert uploading.state.sent == chunks * CHUNK
    return uploading


def _without_status(status: int) -> Callable[[str, Answer], Answer]:
    unknown = Answer(status, {}, b'{"odata.error": {"code": "-1, X", "message": {"value": "Cannot find resource"}}}')
    return lambda call, answer: unknown if call == "getUploadStatus" else answer


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
