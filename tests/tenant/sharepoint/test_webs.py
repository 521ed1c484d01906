"""Files of a subweb: the web is asked for only where the top one gives nothing, and once a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from analyzer.errors import RefusedError, SignInError, UnreachableError
from analyzer.tenant.http.answer import Answer
from analyzer.tenant.model import RemoteFile
from analyzer.tenant.sharepoint.files import download, list_folder
from analyzer.tenant.sharepoint.webs import Webs
from tests.conftest import Bytes, Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tenant.http.session import Session
    from tests.conftest import LoopbackTenant, Seen

SUBWEB = "/sites/hr/import logs"
LIBRARY = f"{SUBWEB}/Shared Documents"
LOGS = f"{LIBRARY}/hr-Logs"
_CALL = "/_api/SP.Web.GetWebUrlFromPageUrl"


def _subweb(loopback: LoopbackTenant, status: int = 404, text: str = "{}" + SUBWEB) -> None:
    """The top web gives nothing of the subweb, and the tenant tells which web that is."""

    def fault(seen: Seen) -> Given | None:
        if seen.path.endswith(_CALL):
            return Given(body=json.dumps({"value": text.format(loopback.origin)}).encode())
        if "/Files/add" in seen.path and seen.path.startswith("/sites/hr/import%20logs/"):
            return Given(body=b'{"Name": "new.json"}')
        return Given(status) if seen.path.startswith("/sites/hr/_api/web") else None

    loopback.faults = fault


def _asked(loopback: LoopbackTenant) -> list[bytes]:
    return [seen.body for seen in loopback.seen if seen.path.endswith(_CALL)]


def _file(loopback: LoopbackTenant, path: str) -> RemoteFile:
    return RemoteFile(loopback.origin + path, path, path.rpartition("/")[2], None, "", "")


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("text", ["{}" + SUBWEB, "{}" + SUBWEB.replace(" ", "%20"), "{}" + SUBWEB.upper()])
def test_a_folder_of_a_subweb_is_listed_by_that_web(loopback: LoopbackTenant, status: int, text: str) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    _subweb(loopback, status, text)
    listed = list_folder(Webs(loopback.session()), loopback.origin, LOGS)
    assert listed is not None
    assert [file.path for file in listed] == [f"{LOGS}/a.log"]
    assert _asked(loopback) == [json.dumps({"pageFullUrl": loopback.origin + LOGS}).encode()]


def test_a_web_is_requested_once_for_all_its_files(loopback: LoopbackTenant) -> None:
    _subweb(loopback)
    for name in ("a.log", "b.log"):
        loopback.files[f"{LOGS}/{name}"] = name.encode()
    loopback.files[f"{LIBRARY}/hr.json"] = b"{}"
    webs = Webs(loopback.session())
    list_folder(webs, loopback.origin, LOGS)
    for path, content in loopback.files.items():
        into = Bytes()
        assert download(webs, _file(loopback, path), into) is not None
        assert into.content == content
    assert len(_asked(loopback)) == 1
    assert len(loopback.seen) == 6


def test_what_the_top_web_gives_asks_for_no_web(loopback: LoopbackTenant) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    assert list_folder(Webs(loopback.session()), loopback.origin, LOGS) is not None
    assert len(loopback.seen) == 1


@pytest.mark.parametrize(
    "text",
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
def test_a_web_that_cannot_hold_the_folder_is_not_gone_to(loopback: LoopbackTenant, text: str) -> None:
    loopback.files[f"{LOGS}/a.log"] = b"a"
    _subweb(loopback, text=text)
    webs = Webs(loopback.session())
    assert list_folder(webs, loopback.origin, LOGS) is None
    assert list_folder(webs, loopback.origin, LOGS) is None
    assert len(_asked(loopback)) == 1
    assert len(loopback.seen) == 3


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"value": {}}', b'{"d": {}}'])
def test_the_first_answer_counts_if_no_web_is_named(loopback: LoopbackTenant, body: bytes) -> None:
    _subweb(loopback, 403)
    refused = loopback.faults
    loopback.faults = lambda seen: Given(body=body) if seen.path.endswith(_CALL) else refused(seen)
    with pytest.raises(RefusedError, match=r"denied access to .*/sites/hr/_api/web/getFolder"):
        list_folder(Webs(loopback.session()), loopback.origin, LOGS)


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
    call: Callable[[], object] = lambda: list_folder(Webs(loopback.session()), loopback.origin, LOGS)  # noqa: E731
    if kind is None:
        assert call() is None
    else:
        with pytest.raises(kind):
            call()


class _Telling:
    """A session of hosts whose tenant names these webs, each with the default port."""

    def __init__(self, *named: str) -> None:
        self.named = list(named)
        self.webs = Webs(cast("Session", self))

    def call(self, _method: str, url: str, *_body: object) -> Answer:
        assert self.webs._asking.locked()  # so that other threads use the answer instead of asking, too
        host = url.removeprefix("https://").partition("/")[0]
        return Answer(200, {}, json.dumps({"value": f"https://{host}:443{self.named.pop(0)}"}).encode())

    def another(self, path: str, origin: str = "https://contoso.sharepoint.com") -> str | None:
        return self.webs.another(Answer(404, {}, b""), origin, path, self.webs.of(origin, path))


def test_the_deepest_web_that_is_known_is_asked() -> None:
    tenant = _Telling(SUBWEB, f"{SUBWEB}/old")
    webs = tenant.webs
    origin = "https://contoso.sharepoint.com"
    assert webs.of(origin, LOGS) == "/sites/hr"
    assert tenant.another(LOGS) == SUBWEB
    assert tenant.another(f"{SUBWEB}/old/Docs") == f"{SUBWEB}/old"
    assert webs.of(origin, LOGS.upper()) == SUBWEB
    assert webs.of(origin, f"{SUBWEB}/old/Docs") == f"{SUBWEB}/old"
    assert webs.of(origin, f"{SUBWEB}er/Docs") == "/sites/hr"
    assert webs.of("https://contoso-my.sharepoint.com", LOGS) == "/sites/hr"
    assert webs.of(origin, "/Shared Documents") == ""


def test_a_folder_is_requested_once_per_host_in_any_spelling() -> None:
    tenant = _Telling(*["/sites/hr"] * 3)
    for path, origin, left in [
        ("/sites/hr/Docs/a.log", "https://contoso.sharepoint.com", 2),
        ("/sites/HR/docs/b.log", "https://contoso.sharepoint.com", 2),
        ("/sites/hr/Docs/Old/a.log", "https://contoso.sharepoint.com", 1),
        ("/sites/hr/Docs/a.log", "https://contoso-my.sharepoint.com", 0),
    ]:
        assert tenant.another(path, origin) is None
        assert len(tenant.named) == left
