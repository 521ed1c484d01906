"""Conditions on a file's ETag, over the socket."""

from __future__ import annotations

import json

import pytest

from tests.emulator.client import Client, error_of

OLD = '"{00000000-0000-0000-0000-000000000000},1"'
VERBS = [("", "DELETE"), ("/$value", "PUT")]


@pytest.mark.parametrize(("call", "verb"), VERBS)
def test_a_change_to_what_has_changed_since_is_refused(client: Client, call: str, verb: str) -> None:
    before = client.file("/$value").content
    headers = {"X-HTTP-Method": verb, "IF-MATCH": OLD}
    refused = client.file(call, method="POST", body=b"new", headers=headers)
    status, message = error_of(refused)
    assert status == 412
    assert message.startswith(f"The request ETag value '{OLD}' does not match the object's ETag value '")
    assert client.file("/$value").content == before


@pytest.mark.parametrize(("call", "verb"), VERBS)
@pytest.mark.parametrize("condition", ["*", "own", None])
def test_a_change_to_what_is_as_it_was_is_made(client: Client, call: str, verb: str, condition: str | None) -> None:
    etag = client.file().headers["ETag"]
    headers = {"X-HTTP-Method": verb, "IF-MATCH": etag if condition == "own" else condition}
    assert client.file(call, method="POST", body=b"new", headers=headers).status_code in {200, 204}
    after = client.file("/$value")
    assert (after.status_code, after.content == b"new") == ((404, False) if verb == "DELETE" else (200, True))


def test_the_condition_may_come_in_the_body(client: Client) -> None:
    def delete(etag: str) -> int:
        body = json.dumps({"parameters": {"BypassSharedLock": True, "ETagMatch": etag}}).encode()
        return client.file("/deleteWithParameters", method="POST", body=body).status_code

    assert delete(OLD) == 412
    assert delete(client.file().json()["ETag"]) == 200
    assert client.file().status_code == 404


def test_a_download_resumes_only_what_is_still_the_same(client: Client) -> None:
    content, etag = client.file("/$value").content, client.file().headers["ETag"]
    same = client.file("/$value", headers={"Range": "bytes=5-", "If-Range": etag})
    other = client.file("/$value", headers={"Range": "bytes=5-", "If-Range": OLD})
    assert (same.status_code, same.content) == (206, content[5:])
    assert (other.status_code, other.content) == (200, content)


def test_an_upload_tells_the_etag_of_what_it_made(client: Client) -> None:
    made = client.upload("new.json", b"1")
    assert made.headers["ETag"] == made.json()["ETag"]
