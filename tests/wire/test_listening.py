from __future__ import annotations

from typing import TYPE_CHECKING

from tests.wire.kinds import Kind, headers_of, kind_of
from tests.wire.listening import Listener, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

GUID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


def test_requests_are_heard_however_their_bytes_come() -> None:
    listener = Listener()
    tell = listener.tunnel("contoso.sharepoint.com")
    sent = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nHost: x\r\n\r\n"
    for number in range(len(sent)):
        tell(sent[number : number + 1])
    listener.tunnel("contoso-admin.sharepoint.com")(sent)
    told = [(request.host[:13], request.method, request.target, request.body) for request in listener.heard]
    first = [("POST", "/a?b=c", b"abc"), ("GET", "/d", b"")]
    assert told == [("contoso.share", *one) for one in first] + [("contoso-admin", *one) for one in first]


def _kind(target: str, body: bytes = b"", method: str = "GET", headers: Mapping[str, str] | None = None) -> Kind:
    return kind_of(Request("contoso.sharepoint.com", method, target, headers or {}, body))


def test_names_are_taken_out_of_a_kind_and_what_shapes_it_stays() -> None:
    one = _kind(f"/sites/hr/_api/web/getFileById('{GUID}')/$value?$top=5&%24select=Name")
    assert one == Kind("GET {site}{web}/_api/web/getFileById('…')/$value?$select&$top", "none")
    assert one == _kind("/teams/a/b/_api/web/getFileById('O''Neil')/$value?%24top=1&$select=Id")
    assert one == _kind("/_api/web/getFileById(%27O%27%27Neil%2F%27)/$value?%24top=1&$select=Id")
    assert one != _kind(f"/sites/hr/_api/web/getFileById('{GUID}')/$value?$top=5")
    assert one != _kind(f"/sites/hr/_api/web/getFileById('{GUID}')/$value?$top=5&$select=Id", method="POST")


def test_a_body_is_told_by_its_shape() -> None:
    assert _kind("/_api/x", headers={"content-length": "0"}).body == "empty"
    assert _kind("/_api/x", b'{"a": {"b": "c"}, "d": 1}').body == '{"a": {"b": "str"}, "d": "int"}'
    assert _kind("/_api/x", b"abc").body == "bytes"
    assert _kind("/_api/web/x", b"{}").body == "bytes"


def test_nothing_secret_stands_in_what_is_noted() -> None:
    headers = {"authorization": "Bearer made-up", "user-agent": "a/1.2.3 b/4.5", "x-requestdigest": "0x1", "host": "x"}
    told = headers_of(Request("x", "GET", "/", headers, b""))
    assert told == {"authorization": "Bearer …", "user-agent": "a/… b/…", "x-requestdigest": "…"}
    form = b"client_id=a&scope=https%3A%2F%2Fcontoso.sharepoint.com%2F.default&grant_type=client_credentials"
    kind = _kind("/x/oauth2/v2.0/token", form, headers={"content-type": "application/x-www-form-urlencoded"})
    assert (
        kind.body == 'form {"client_id": "…", "grant_type": "client_credentials", "scope": "https://{site}/.default"}'
    )
