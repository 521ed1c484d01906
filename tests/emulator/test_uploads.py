"""Uploads in chunks over the socket, in the spellings of both clients that do it."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.emulator.client import FOLDER, Client, StandingClock, error_of

HR = f"{FOLDER}/hr.json"
VERBOSE = {"Accept": "application/json;odata=verbose"}
SPELLINGS = ["uploadId=guid'{}'", "uploadID='{}'"]


def _send(client: Client, name: str, upload: str, chunk: bytes = b"", offset: int | str | None = None) -> object:
    """The parsed answer to one of the calls; ``offset`` is left out where there is none."""
    where = "" if offset is None else f",fileOffset={offset}"
    return client.file(f"/{name}({upload}{where})", method="POST", body=chunk).json()


def _left_in_the_spool(client: Client) -> list[Path]:
    return list((Path(client.emulator.ready["ca_file"]).parent / "spool").iterdir())


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_is_made_of_chunks_at_the_offsets_that_came_back(client: Client, spelling: str) -> None:
    before = client.file("/$value").content
    upload = spelling.format(uuid4())
    chunks = [bytes([number]) * (1 << 20) for number in range(3)]
    first = client.file(f"/startUpload({upload})", method="POST", body=chunks[0]).json()["value"]
    second = client.file(f"/continueUpload({upload},fileOffset={first})", method="POST", body=chunks[1]).json()["value"]
    assert (first, second) == (str(1 << 20), str(2 << 20))
    assert client.file("/$value").content == before
    finished = client.file(f"/finishUpload({upload},fileOffset={second})", method="POST", body=chunks[2])
    assert (finished.json()["Name"], finished.json()["Length"]) == ("hr.json", str(3 << 20))
    assert finished.headers["ETag"] == client.file().json()["ETag"]
    assert client.file("/$value").content == b"".join(chunks)


def test_the_last_chunk_may_be_empty(client: Client) -> None:
    upload = SPELLINGS[0].format(uuid4())
    _send(client, "startUpload", upload, b"abc")
    _send(client, "finishUpload", upload, b"", 3)
    assert client.file("/$value").content == b"abc"
    assert _left_in_the_spool(client) == []


def test_the_verbose_shape_names_the_call_as_the_service_does(client: Client) -> None:
    upload = f"uploadID='{uuid4()}'"
    started = client.file(f"/startupload({upload})", method="POST", body=b"ab", headers=VERBOSE).json()
    went_on = client.file(f"/continueUpload({upload},fileOffset=2)", method="POST", body=b"c", headers=VERBOSE).json()
    assert (started, went_on) == ({"d": {"StartUpload": "2"}}, {"d": {"ContinueUpload": "3"}})


def test_an_upload_may_begin_anew(client: Client) -> None:
    upload = SPELLINGS[0].format(uuid4())
    _send(client, "startUpload", upload, b"abc")
    _send(client, "startUpload", upload, b"d")
    _send(client, "finishUpload", upload, b"e", 1)
    assert client.file("/$value").content == b"de"


@pytest.mark.parametrize("in_the_body", [True, False])
def test_a_cancelled_upload_is_forgotten_and_leaves_nothing(client: Client, in_the_body: bool) -> None:
    before, upload_id = client.file("/$value").content, uuid4()
    _send(client, "startUpload", f"uploadId=guid'{upload_id}'", b"abc")
    if in_the_body:
        cancelled = client.file("/cancelUpload", method="POST", body=b'{"uploadId": "%s"}' % str(upload_id).encode())
    else:
        cancelled = client.file(f"/cancelUpload(uploadId=guid'{upload_id}')", method="POST")
    assert cancelled.json()["odata.null"] is True
    assert client.file("/$value").content == before
    call = f"/continueUpload(uploadId=guid'{upload_id}',fileOffset=3)"
    assert error_of(client.file(call, method="POST", body=b"d"))[0] == 400
    assert _left_in_the_spool(client) == []


@pytest.mark.parametrize("offset", [0, 2, 4, 10**30, -1, "x", "%D9%A3", ""])
@pytest.mark.parametrize("call", ["continueUpload", "finishUpload"])
def test_a_chunk_that_is_not_the_next_one_is_refused(client: Client, call: str, offset: int | str) -> None:
    upload = SPELLINGS[1].format(uuid4())
    before = client.file("/$value").content
    _send(client, "startUpload", upload, b"abc")
    answer = client.file(f"/{call}({upload},fileOffset={offset})", method="POST", body=b"d")
    assert error_of(answer)[0] == 400
    assert client.file("/$value").content == before
    _send(client, "finishUpload", upload, b"d", 3)
    assert client.file("/$value").content == b"abcd"


@pytest.mark.parametrize(
    "arguments", ["", "()", "(uploadId='x')", "(uploadId=guid'00000000-0000-0000-0000-000000000001',fileOffset=0)"]
)
def test_an_upload_that_never_began_is_refused(client: Client, arguments: str) -> None:
    assert error_of(client.file(f"/continueUpload{arguments}", method="POST", body=b"d"))[0] == 400


def test_an_upload_is_one_files(client: Client) -> None:
    client.upload("other.json", b"other")
    upload = SPELLINGS[0].format(uuid4())
    _send(client, "startUpload", upload, b"abc")
    there = f"{FOLDER}/other.json"
    assert error_of(client.file(f"/finishUpload({upload},fileOffset=3)", path=there, method="POST"))[0] == 400
    assert client.file("/$value", path=there).content == b"other"


@pytest.mark.parametrize("in_the_body", [True, False])
def test_the_status_says_which_chunk_is_next(client: Client, in_the_body: bool) -> None:
    upload_id = str(uuid4())
    _send(client, "startUpload", f"uploadId=guid'{upload_id}'", b"abc")
    if in_the_body:
        body = b'{"uploadId": "%s"}' % upload_id.encode()
        status = client.file("/getUploadStatus", method="POST", body=body).json()
    else:
        status = client.file(f"/getUploadStatus(uploadId=guid'{upload_id}')").json()
    assert (status["ExpectedContentRange"], status["UploadId"]) == ("3-", upload_id)
    assert status["ExpirationDateTime"].endswith("Z")


def test_an_unknown_upload_has_no_status(client: Client) -> None:
    assert error_of(client.file(f"/getUploadStatus(uploadId=guid'{uuid4()}')"))[0] == 400


def test_a_file_that_an_upload_made_goes_when_it_is_canceled(client: Client) -> None:
    client.upload("new.json", b"")
    upload, path = SPELLINGS[0].format(uuid4()), f"{FOLDER}/new.json"
    client.file(f"/startUpload({upload})", path=path, method="POST", body=b"abc")
    assert client.file(path=path).json()["Length"] == "0"
    client.file(f"/cancelUpload({upload})", path=path, method="POST")
    assert client.file(path=path).status_code == 404


def test_another_upload_of_a_file_waits_for_15_minutes(client: Client, clock: StandingClock) -> None:
    first, second = (SPELLINGS[0].format(uuid4()) for _ in range(2))
    _send(client, "startUpload", first, b"abc")
    clock.now += 899.0
    assert client.file(f"/startUpload({second})", method="POST", body=b"d").status_code == 423
    clock.now += 1.0
    _send(client, "startUpload", second, b"d")
    assert error_of(client.file(f"/continueUpload({first},fileOffset=3)", method="POST", body=b"d"))[0] == 400
    _send(client, "finishUpload", second, b"e", 1)
    assert client.file("/$value").content == b"de"


def test_an_upload_that_rests_for_a_day_is_removed(client: Client, clock: StandingClock) -> None:
    client.upload("new.json", b"")
    upload, path = SPELLINGS[0].format(uuid4()), f"{FOLDER}/new.json"
    client.file(f"/startUpload({upload})", path=path, method="POST", body=b"abc")
    clock.now += 86_401.0
    assert error_of(client.file(f"/continueUpload({upload},fileOffset=3)", path=path, method="POST"))[0] == 404
    assert _left_in_the_spool(client) == []


def test_an_upload_needs_a_file(client: Client) -> None:
    answer = client.file(f"/startUpload({SPELLINGS[0].format(uuid4())})", path=f"{FOLDER}/none", method="POST")
    assert error_of(answer)[0] == 404
