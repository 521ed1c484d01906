"""Webs over the socket: what they say of themselves, and which one a page belongs to."""

from __future__ import annotations

import json

import pytest

from tests.emulator.client import LOG_NAME, LOGS, Client, argument, error_of


def test_a_web_names_itself_with_the_host_that_was_asked(shared_client: Client) -> None:
    by_number = shared_client.origin.replace("localhost", "127.0.0.1")
    assert shared_client.send("GET", f"{by_number}/sites/hr/_api/web").json()["Url"] == f"{by_number}/sites/hr"


def test_what_lies_above_a_web_is_not_its_own(shared_client: Client) -> None:
    assert error_of(shared_client.folder("/ParentFolder", path="/sites/hr"))[0] == 404
    assert error_of(shared_client.send("GET", "/_api/web/rootFolder/parentFolder"))[0] == 404


@pytest.mark.parametrize(
    ("page", "web"),
    [
        (f"{LOGS}/{LOG_NAME}", "/sites/hr"),
        ("/teams/O'Neil #1/Shared Documents", "/teams/O'Neil #1"),
        ("/Shared Documents/x", ""),
    ],
)
def test_a_page_tells_its_web_by_post_and_by_get(shared_client: Client, page: str, web: str) -> None:
    call = "/sites/hr/_api/SP.Web.GetWebUrlFromPageUrl"
    url = shared_client.origin + page
    posted = shared_client.send("POST", call, body=json.dumps({"pageFullUrl": url}).encode())
    got = shared_client.send("GET", f"{call.lower()}(@v)?@v='{argument(url)}'")
    assert posted.json()["value"] == got.json()["value"] == shared_client.origin + web
    verbose = shared_client.send(
        "POST",
        call,
        body=json.dumps({"pageFullUrl": url}).encode(),
        headers={"Accept": "application/json;odata=verbose"},
    )
    assert verbose.json() == {"d": {"GetWebUrlFromPageUrl": shared_client.origin + web}}


@pytest.mark.parametrize("body", [b"", b"{}", b'{"pageFullUrl": 1}', b'{"pageFullUrl": ""}'])
def test_no_page_is_a_bad_request(shared_client: Client, body: bytes) -> None:
    assert error_of(shared_client.send("POST", "/_api/SP.Web.GetWebUrlFromPageUrl", body=body))[0] == 400


@pytest.mark.parametrize("spelling", ["contextInfo", "contextinfo", "SP.Web.GetContextWebInformation"])
def test_a_digest_is_there_for_who_asks(shared_client: Client, spelling: str) -> None:
    plain = shared_client.send("POST", f"/sites/hr/_api/{spelling}").json()
    verbose = shared_client.send("POST", f"/_api/{spelling}", headers={"Accept": "application/json;odata=verbose"})
    assert plain["FormDigestValue"]
    assert verbose.json()["d"]["GetContextWebInformation"]["FormDigestTimeoutSeconds"] == 1800


@pytest.mark.parametrize("below", ["/Shared Documents", "/Shared Documents/hr.json", f"{LOGS[9:]}/{LOG_NAME}/"])
def test_the_web_answers_below_the_addresses_of_what_is_in_it(shared_client: Client, below: str) -> None:
    context = shared_client.send("POST", f"/sites/hr{below}/_api/contextinfo").json()
    assert context["WebFullUrl"] == context["SiteFullUrl"] == f"{shared_client.origin}/sites/hr"
    assert shared_client.send("GET", f"/sites/hr{below}/_api/web").json()["ServerRelativeUrl"] == "/sites/hr"
