"""What SharePoint refuses has its status and its error; 2,000 requests gone wrong leave it serving."""

from __future__ import annotations

import io
import random
import socket
import ssl

import pytest

from analyzer.model.service import TENANT_API
from tests.emulator.client import FOLDER, Client, error_of, source
from tests.emulator.wire_requests import HR, LIBRARY, REQUESTS, UPLOAD, WEB, Sent, mutated

_SEED, _MUTATIONS = 20261102, 2000
_CLIENT_QUERY = "-1, Microsoft.SharePoint.Client.InvalidClientQueryException"
_NOT_FOUND = "-1, Microsoft.SharePoint.Client.ResourceNotFoundException"


@pytest.mark.parametrize("accept", ["application/json", "application/json;odata=verbose"])
@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (
            Sent("POST", f"{LIBRARY}/folders/add('x')", "X-RequestDigest: 0x00,x"),
            403,
            "-2130575251, Microsoft.SharePoint",
        ),
        (Sent("DELETE", WEB), 405, _CLIENT_QUERY),
        (Sent("GET", f"{HR}/startUpload(uploadId=guid'{UPLOAD}')"), 405, _CLIENT_QUERY),
        (
            Sent("GET", f"{WEB}/getFileByServerRelativePath(decodedUrl='/sites/other/x')"),
            400,
            "-2147024809, System.Arg",
        ),
        (
            Sent("GET", f"{WEB}/getFileByServerRelativePath(decodedUrl='/sites/hr/..')"),
            400,
            "-2130575245, Microsoft.SP",
        ),
        (Sent("GET", f"{WEB}/../../etc"), 404, _NOT_FOUND),
        (Sent("POST", f"{WEB}/folders", "", b"no JSON"), 400, _CLIENT_QUERY),
        (Sent("POST", f"{TENANT_API}GetImportProfilePropertyJob", "", b'{"jobId": "none"}'), 400, _CLIENT_QUERY),
        (
            Sent("POST", f"{TENANT_API}GetImportProfilePropertyJob", "", b'{"jobId": "%s"}' % UPLOAD.encode()),
            404,
            "-1",
        ),
        (Sent("GET", f"{WEB}/getFileById('{UPLOAD}')"), 404, "-2147024894, System.IO.FileNotFoundException"),
        (Sent("GET", f"{HR}/$value", "Authorization: Basic bm9ib2R5"), 401, "-2147024891, System.Unauthorized"),
    ],
)
def test_a_refusal_has_the_services_status_and_code(
    shared_client: Client, sent: Sent, status: int, code: str, accept: str
) -> None:
    name, _, value = sent.headers.partition(": ")
    headers: dict[str, str | None] = {"Accept": accept, **({name: value} if name else {})}
    answer = shared_client.send(sent.verb, sent.path, body=sent.body, headers=headers)
    assert error_of(answer)[0] == status
    error = answer.json()["error" if "verbose" in accept else "odata.error"]
    assert error["code"].startswith(code.replace("Microsoft.SP", "Microsoft.SharePoint.SP"))


def _status(client: Client, sent: Sent) -> int:
    """What the request is answered with, sent as it is: other clients tidy addresses up."""
    host = client.origin.removeprefix("https://")
    headers = [
        f"Host: {host}",
        f"Content-Length: {len(sent.body)}",
        f"Authorization: Bearer {client.emulator.ready['token']}",
        "Connection: close",
        *([sent.headers] if sent.headers else []),
    ]
    head = "\r\n".join([f"{sent.verb} {sent.path} HTTP/1.1", *headers, "", ""])
    trust = ssl.create_default_context(cafile=client.emulator.ready["ca_file"])
    name, _, port = host.partition(":")
    with (
        socket.create_connection((name, int(port)), 60) as opened,
        trust.wrap_socket(opened, server_hostname=name) as wire,
    ):
        wire.sendall(head.encode("latin-1") + sent.body)
        came = b""
        while chunk := wire.recv(1 << 16):
            came += chunk
    assert came.startswith(b"HTTP/1.1 "), (sent, came)
    return int(came[9:12])


def test_requests_gone_wrong_are_answered_and_leave_it_serving(client: Client) -> None:
    chance = random.Random(_SEED)
    statuses = []
    for number in range(_MUTATIONS):
        if number % len(REQUESTS) == 0:  # what an earlier one moved or deleted
            client.emulator.storage.make_folder(FOLDER)
            client.emulator.storage.add(FOLDER, "hr.json", io.BytesIO(source("ada@contoso.com")), overwrite=True)
        sent = mutated(REQUESTS[number % len(REQUESTS)], chance)
        status = _status(client, sent)
        assert status < 500, (number, sent)
        statuses.append(status)
    assert _status(client, Sent("GET", WEB)) == 200
    assert set(statuses) > {200, 400, 403, 404, 405}


def test_the_requests_that_go_wrong_are_right_at_first(client: Client) -> None:
    """Else the test above would wear out what is refused anyway."""
    refused = [sent for sent in REQUESTS if _status(client, sent) >= 400]
    assert len(refused) < len(REQUESTS) / 2, refused
