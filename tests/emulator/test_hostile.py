"""Whatever is asked, the answer is SharePoint's: never a failure of ours."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.client import FOLDER, Client, error_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_WEB = "/sites/hr/_api/web/"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/_api",
        "/_api/",
        "/_api/nothing",
        "/_api/web/nothing",
        "/_api/web/lists/getByTitle('Documents')/items",
        "/_api/web/getFolderByServerRelativePath(decodedUrl='/sites')/Files/x/y",
        "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant",
        "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/Nothing",
        "/sites/hr/Shared%20Documents/hr.json",
        "/x/v3.0/token",
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_address_that_leads_nowhere_is_a_404(shared_client: Client, verb: str, path: str) -> None:
    status, message = error_of(shared_client.send(verb, path))
    assert status == 404
    assert message.startswith("Cannot find resource for the request ")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("DELETE", "web"),
        ("PUT", "web/getFolderByServerRelativePath(decodedUrl='/sites/hr')/Files"),
        ("GET", "web/getFolderByServerRelativePath(decodedUrl='/sites/hr')/Files/add(url='x')"),
        ("POST", "web/getFileByServerRelativePath(decodedUrl='/sites/hr/x')/$value"),
        ("GET", "contextinfo"),
        ("GET", "SP.MoveCopyUtil.CopyFileByPath(overwrite=true)"),
        ("POST", "web/getFileByServerRelativePath(decodedUrl='/sites/hr/x')"),
        ("BREW", "web"),
    ],
)
def test_a_known_address_with_another_verb_is_a_405(shared_client: Client, verb: str, path: str) -> None:
    status, message = error_of(shared_client.send(verb, f"/sites/hr/_api/{path}"))
    assert (status, f"'{verb}'" in message) == (405, True)


@pytest.mark.parametrize(
    "path",
    [
        "/sites/hr/../../../../etc/passwd",
        "/sites/hr/Shared Documents/..",
        "/sites/hr/..\\..\\x",
        "/sites/hr/C:x",
        "/sites/hr/\0",
        "/sites/hr/CON",
        f"{FOLDER}/{'x' * 300}",
        f"/sites/hr{'/x' * 500}",
    ],
)
def test_a_path_that_leads_out_is_refused(shared_client: Client, path: str) -> None:
    assert error_of(shared_client.file("/$value", path=path))[0] == 400
    assert error_of(shared_client.folder("/Files", path=path))[0] == 400


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "a:b", "", "CON.json"])
def test_a_name_that_leads_out_is_not_uploaded(client: Client, name: str) -> None:
    assert error_of(client.upload(name, b"1"))[0] == 400
    assert len(client.folder("/Files").json()["value"]) == 1


@pytest.fixture(scope="module")
def wire(shared_client: Client) -> Iterator[http.client.HTTPSConnection]:
    """A connection that sends addresses as they are: other clients tidy them up."""
    trust = ssl.create_default_context(cafile=shared_client.emulator.ready["ca_file"])
    opened = http.client.HTTPSConnection(shared_client.origin.removeprefix("https://"), context=trust, timeout=60)
    yield opened
    opened.close()


def _status(wire: http.client.HTTPSConnection, client: Client, verb: str, path: str, body: bytes = b"") -> int:
    headers = {"Authorization": f"Bearer {client.emulator.ready['token']}", "Content-Length": str(len(body))}
    wire.request(verb, path, body=body, headers=headers)
    with wire.getresponse() as answer:
        answer.read()
        return answer.status


@given(tail=st.text(st.characters(min_codepoint=33, max_codepoint=126)), verb=st.sampled_from(["GET", "POST", "HEAD"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_address_is_answered_without_a_failure(
    shared_client: Client, wire: http.client.HTTPSConnection, tail: str, verb: str
) -> None:
    assert _status(wire, shared_client, verb, f"{_WEB}{tail}") in {200, 400, 403, 404, 405}


@given(
    text=st.text(), call=st.sampled_from(["getFileByServerRelativePath", "getFolderByServerRelativeUrl", "GetFileById"])
)
@settings(deadline=None)
def test_any_argument_is_answered_without_a_failure(
    shared_client: Client, wire: http.client.HTTPSConnection, text: str, call: str
) -> None:
    argument = quote(text, safe="", errors="surrogatepass")
    assert _status(wire, shared_client, "GET", f"{_WEB}{call}('{argument}')/$value") in {200, 400, 404}


@given(body=st.binary())
@settings(deadline=None)
def test_any_body_is_answered_without_a_failure(
    shared_client: Client, wire: http.client.HTTPSConnection, body: bytes
) -> None:
    assert _status(wire, shared_client, "POST", f"{_WEB}folders", body) == 400


def test_raw_bytes_in_an_address_are_a_bad_request(shared_client: Client, wire: http.client.HTTPSConnection) -> None:
    assert _status(wire, shared_client, "GET", f"{_WEB}getFileByUrl('%FF%FE')") == 400


def test_dots_in_the_raw_path_lead_nowhere(shared_client: Client, wire: http.client.HTTPSConnection) -> None:
    assert _status(wire, shared_client, "GET", "/../../etc/passwd") == 404
    assert _status(wire, shared_client, "GET", "/sites/hr/_api/../../../etc/passwd") == 404
