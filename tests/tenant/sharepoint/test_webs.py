"""Files of a subweb: the web is asked for only where the top one gives nothing, and once a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from analyzer.errors import RefusedError, SignInError, UnreachableError
from analyzer.tenant.http.answer import Answer
from analyzer.tenant.model import RemoteFile
from analyzer.tenant.sharepoint.download import download
from analyzer.tenant.sharepoint.files import list_folder, upload
from analyzer.tenant.sharepoint.webs import Webs, another_web
from tests.conftest import Bytes, Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.http.session import Session
    from tests.conftest import LoopbackTenant, Seen

SUBWEB = "/sites/hr/import logs"
LIBRARY = f"{SUBWEB}/Shared Documents"
LOGS = f"{LIBRARY}/hr-Logs"
_CALL = "/_api/SP.Web.GetWebUrlFromPageUrl"


def _subweb(loopback: LoopbackTenant, status: int = 404, told: str = "{}" + SUBWEB) -> None:
    """The top web gives nothing of the subweb, and the tenant tells which web that is."""

    def fault(seen: Seen) -> Given | None:
        if seen.path.endswith(_CALL):
            return Given(body=json.dumps({"value": told.format(loopback.origin)}).encode())
        if "/Files/add" in seen.path and seen.path.startswith("/sites/hr/import%20logs/"):
            return Given(body=b'{"Name": "new.json"}')
        return Given(status) if seen.path.startswith("/sites/hr/_api/web") else None

    loopback.faults = fault


def _asked(loopback: LoopbackTenant) -> list[bytes]:
    return [seen.body for seen in loopback.seen if seen.path.endswith(_CALL)]


def _file(loopback: LoopbackTenant, path: str) -> RemoteFile:
    return RemoteFile(loopback.origin + path, path, path.rpartition("/")[2], None, "", "")


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("told", ["{}" + SUBWEB, "{}" + SUBWEB.replace(" ", "%20"), "{}" + SUBWEB.upper()])
def test_a_folder_of_a_subweb_is_listed_by_that_web(loopback: LoopbackTenant, status: int, told: str) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    _subweb(loopback, status, told)
    listed = list_folder(loopback.session(), loopback.origin, LOGS)
    assert listed is not None
    assert [file.path for file in listed] == [f"{LOGS}/a.log"]
    assert _asked(loopback) == [json.dumps({"pageFullUrl": loopback.origin + LOGS}).encode()]


def test_a_web_is_asked_for_once_for_all_that_lies_in_it(loopback: LoopbackTenant) -> None:
    _subweb(loopback)
    for name in ("a.log", "b.log"):
        loopback.files[f"{LOGS}/{name}"] = name.encode()
    loopback.files[f"{LIBRARY}/hr.json"] = b"{}"
    session = loopback.session()
    list_folder(session, loopback.origin, LOGS)
    for path, content in loopback.files.items():
        into = Bytes()
        assert download(session, _file(loopback, path), into) is not None
        assert into.content == content
    assert len(_asked(loopback)) == 1
    assert len(loopback.seen) == 6


def test_a_file_goes_up_into_a_subweb(loopback: LoopbackTenant) -> None:
    _subweb(loopback)
    assert upload(loopback.session(), loopback.origin, LIBRARY, "new.json", b"{}") == (
        f"{loopback.origin}{LIBRARY}/new.json"
    )
    assert loopback.seen[-1].body == b"{}"


def test_what_the_top_web_gives_asks_for_no_web(loopback: LoopbackTenant) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    assert list_folder(loopback.session(), loopback.origin, LOGS) is not None
    assert len(loopback.seen) == 1


@pytest.mark.parametrize(
    "told",
    [
        "{}/sites/hr",
        "{}/SITES/HR",
        "https://elsewhere.example.com" + SUBWEB,
        "{}/sites/hr/import",
        "{}",
        "",
        "/",
        "None",
        "{}//",
    ],
)
def test_a_web_that_cannot_hold_the_folder_is_not_gone_to(loopback: LoopbackTenant, told: str) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    _subweb(loopback, told=told)
    session = loopback.session()
    assert list_folder(session, loopback.origin, LOGS) is None
    assert list_folder(session, loopback.origin, LOGS) is None
    assert len(_asked(loopback)) == 1
    assert len(loopback.seen) == 3


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"value": {}}', b'{"d": {}}'])
def test_an_answer_that_names_no_web_leaves_what_was_said_first(loopback: LoopbackTenant, body: bytes) -> None:
    _subweb(loopback, 403)
    refused = loopback.faults
    loopback.faults = lambda seen: Given(body=body) if seen.path.endswith(_CALL) else refused(seen)
    with pytest.raises(RefusedError, match=r"denied access to .*/sites/hr/_api/web/getFolder"):
        list_folder(loopback.session(), loopback.origin, LOGS)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, SignInError), (429, UnreachableError), (403, None), (404, None), (500, None)]
)
def test_a_question_for_the_web_that_fails_is_an_error_only_where_it_concerns_all(
    loopback: LoopbackTenant, status: int, kind: type[Exception] | None
) -> None:
    _subweb(loopback)
    refused = loopback.faults
    asked_later = Given(status, headers={"Retry-After": "86400"})
    loopback.faults = lambda seen: asked_later if seen.path.endswith(_CALL) else refused(seen)
    call: Callable[[], object] = lambda: list_folder(loopback.session(), loopback.origin, LOGS)  # noqa: E731
    if kind is None:
        assert call() is None
    else:
        with pytest.raises(kind):
            call()


def test_the_deepest_web_that_is_known_is_asked() -> None:
    webs = Webs()
    origin = "https://contoso.sharepoint.com"
    assert webs.of(origin, LOGS) == "/sites/hr"
    webs.learn(origin, SUBWEB)
    webs.learn(origin, f"{SUBWEB}/old")
    assert webs.of(origin, LOGS.upper()) == SUBWEB
    assert webs.of(origin, f"{SUBWEB}/old/Docs") == f"{SUBWEB}/old"
    assert webs.of(origin, f"{SUBWEB}er/Docs") == "/sites/hr"
    assert webs.of("https://contoso-my.sharepoint.com", LOGS) == "/sites/hr"
    assert webs.of(origin, "/Shared Documents") == ""


def test_a_folder_is_asked_for_once_however_it_is_spelled_and_each_host_has_its_own() -> None:
    webs = Webs()
    assert webs.is_new("https://contoso.sharepoint.com", "/sites/hr/Docs/a.log")
    assert not webs.is_new("https://contoso.sharepoint.com", "/sites/HR/docs/b.log")
    assert webs.is_new("https://contoso.sharepoint.com", "/sites/hr/Docs/Old/a.log")
    assert webs.is_new("https://contoso-my.sharepoint.com", "/sites/hr/Docs/a.log")


class _Telling:
    """A session of a host without a port; the tenant names the web with one."""

    def __init__(self) -> None:
        self.webs = Webs()

    def call(self, *_request: object) -> Answer:
        assert self.webs.asking.locked()  # so that other threads take the answer instead of asking, too
        return Answer(200, {}, json.dumps({"value": f"https://contoso.sharepoint.com:443{SUBWEB}"}).encode())


def test_one_thread_asks_and_the_default_port_is_none() -> None:
    session = cast("Session", _Telling())
    origin = "https://contoso.sharepoint.com"
    assert another_web(session, Answer(404, {}, b""), origin, LOGS, "/sites/hr") == SUBWEB
