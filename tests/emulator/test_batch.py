"""Batches over the socket, as the two clients write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.emulator.client import FOLDER, LOG_NAME, LOGS, Client, argument, error_of

if TYPE_CHECKING:
    from collections.abc import Mapping

WEB = "/sites/hr/_api/web"
HR = f"{WEB}/getFileByServerRelativePath(decodedUrl='{argument(FOLDER)}/hr.json')"
NONE = f"{WEB}/getFileByServerRelativePath(decodedUrl='{argument(FOLDER)}/none')"
MIXED = {"Content-Type": "multipart/mixed; boundary=batch_1"}
_ANSWERED = re.compile(rb"HTTP/1\.1 (?P<status>\d+) [^\r\n]*(?:\r\n[^\r\n]+)*\r\n\r\n(?P<body>.*)\r\n", re.DOTALL)


def _part(client: Client, request: str, *headers: str, body: str = "", end: str = "\n") -> str:
    method, _, path = request.partition(" ")
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"{method} {client.origin}{path} HTTP/1.1",
        *headers,
        "",
        body,
        "",
    ]
    return end.join(lines)


def _batch(*parts: str, boundary: str = "batch_1", end: str = "\n") -> bytes:
    return ("".join(f"--{boundary}{end}{part}{end}" for part in parts) + f"--{boundary}--{end}").encode()


def _changeset(*parts: str) -> str:
    inner = _batch(*parts, boundary="changeset_1").decode()
    return f'Content-Type:multipart/mixed;boundary="changeset_1"\n\n{inner}'


def _answers(client: Client, body: bytes, headers: Mapping[str, str] = MIXED) -> list[tuple[int, bytes]]:
    answer = client.send("POST", "/sites/hr/_api/$batch", body=body, headers=headers)
    assert answer.status_code == 200, answer.text
    kind, _, boundary = answer.headers["Content-Type"].partition("; boundary=")
    assert (kind, boundary.partition("_")[0]) == ("multipart/mixed", "batchresponse")
    parts = answer.content.split(f"--{boundary}".encode())
    assert (parts[0], parts[-1]) == (b"", b"--\r\n")
    found = [_ANSWERED.search(part) for part in parts[1:-1]]
    return [(int(one["status"]), one["body"]) for one in found if one is not None]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_parts_are_answered_in_their_order(shared_client: Client, end: str) -> None:
    parts = [_part(shared_client, f"GET {path}", "accept:application/json", end=end) for path in (HR, NONE, WEB)]
    answers = _answers(shared_client, _batch(*parts, end=end))
    assert [status for status, _ in answers] == [200, 404, 200]
    assert b'"Name": "hr.json"' in answers[0][1]
    assert b'"odata.error"' in answers[1][1]


def test_a_changeset_is_answered_flat(client: Client) -> None:
    folder = f"{WEB}/getFolderByServerRelativePath(decodedUrl='{argument(FOLDER)}')"
    body = '{"FileLeafRef": "new.json"}'
    renamed = _part(client, f"MERGE {HR}/ListItemAllFields", "X-HTTP-Method:MERGE", "IF-MATCH:*", "", body=body)
    changes = _changeset(_part(client, f"POST {folder}/folders/add('a')"), renamed)
    answers = _answers(client, _batch(changes, _part(client, f"GET {folder}/Files"), _part(client, f"GET {HR}")))
    assert [status for status, _ in answers] == [200, 204, 200, 404]
    assert b'"new.json"' in answers[2][1]


def test_the_shape_goes_by_the_part_else_by_the_batch(shared_client: Client) -> None:
    verbose = "application/json;odata=verbose"
    parts = [_part(shared_client, f"GET {WEB}", f"Accept:{verbose}"), _part(shared_client, f"GET {WEB}")]
    bodies = [body for _, body in _answers(shared_client, _batch(*parts))]
    assert [body.startswith(b'{"d"') for body in bodies] == [True, False]
    bodies = [body for _, body in _answers(shared_client, _batch(*parts), {**MIXED, "Accept": verbose})]
    assert [body.startswith(b'{"d"') for body in bodies] == [True, True]


def test_a_part_may_say_itself_who_asks(shared_client: Client) -> None:
    token = shared_client.emulator.ready["token"]
    parts = [
        _part(shared_client, f"GET {WEB}", f"Authorization:Bearer {token}"),
        _part(shared_client, f"GET {WEB}", "Authorization: Bearer nobody"),
        _part(shared_client, f"GET {WEB}"),
    ]
    assert [status for status, _ in _answers(shared_client, _batch(*parts))] == [200, 401, 200]


def test_a_file_comes_back_byte_for_byte(client: Client) -> None:
    content = bytes(range(256)) + b"\r\n\r\n--batch_1--\r\n"
    client.upload("new.bin", content)
    path = f"{WEB}/getFileByServerRelativePath(decodedUrl='{argument(FOLDER)}/new.bin')/$value"
    assert _answers(client, _batch(_part(client, f"GET {path}")))[0] == (200, content)


def test_addresses_may_be_relative_and_names_of_any_kind(client: Client) -> None:
    name = "O'Neil #1 100% 名.json"
    client.upload(name, b"1")
    path = f"{WEB}/getFileByServerRelativePath(decodedUrl='{argument(f'{FOLDER}/{name}')}')"
    part = _part(client, f"GET {path}/$value").replace(client.origin, "")
    assert _answers(client, _batch(part)) == [(200, b"1")]


def test_the_calls_of_jobs_can_be_batched(client: Client) -> None:
    call = "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/GetImportProfilePropertyJobs"
    log = f"{WEB}/getFolderByServerRelativePath(decodedUrl='{argument(LOGS)}')/Files"
    answers = _answers(client, _batch(_changeset(_part(client, f"POST {call}")), _part(client, f"GET {log}")))
    assert b'"State": 5' in answers[0][1]
    assert LOG_NAME.encode() in answers[1][1]


def test_a_batch_cannot_hold_another_one(shared_client: Client) -> None:
    inner = _batch(_part(shared_client, f"GET {WEB}"), boundary="batch_2").decode()
    part = _part(shared_client, "POST /_api/$batch", "Content-Type: multipart/mixed; boundary=batch_2", body=inner)
    assert _answers(shared_client, _batch(part))[0][0] == 400


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed; boundary=batch_1", b""),
        ("multipart/mixed; boundary=batch_1", b"--batch_1--"),
        ("multipart/mixed; boundary=batch_1", b"--batch_1\nContent-Type: application/http\n\nGET / HTTP/1.1\n\n"),
        ("multipart/mixed; boundary=batch_1", b"--batch_1\nContent-Type: text/plain\n\nx\n--batch_1--\n"),
        ("multipart/mixed; boundary=batch_1", b"--batch_1\nContent-Type: application/http\n\nx\n--batch_1--\n"),
        (
            "multipart/mixed; boundary=batch_1",
            b"--batch_1\nContent-Type: application/http\n\nGET http://[ HTTP/1.1\n\n--batch_1--\n",
        ),
        (
            "multipart/mixed; boundary=batch_1",
            b"--batch_1\nContent-Type: multipart/mixed\n\nGET / HTTP/1.1\n\n--batch_1--\n",
        ),
        ("multipart/mixed; boundary=batch_1", b"x" * (17 << 20)),
        ("multipart/mixed", b"--batch_1--"),
        ("application/json", b"{}"),
        ("multipart/mixed; boundary=\xff", b"--batch_1--"),
    ],
    ids=[
        "empty",
        "no part",
        "no end",
        "no request",
        "no line",
        "no address",
        "no boundary within",
        "long",
        "no boundary",
        "json",
        "odd",
    ],
)
def test_a_body_that_is_no_batch_is_a_bad_request(shared_client: Client, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type}
    assert error_of(shared_client.send("POST", "/_api/$batch", body=body, headers=headers))[0] == 400


def test_a_batch_is_posted(shared_client: Client) -> None:
    assert error_of(shared_client.send("GET", "/_api/$batch"))[0] == 405
