"""Downloads whose line breaks, and files that change on the way."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import FaultError, RefusedError, UnreachableError
from analyzer.tenant.model import RemoteFile
from analyzer.tenant.sharepoint.files import download
from analyzer.tenant.sharepoint.webs import Webs
from tests.conftest import Bytes, Given, etag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Seen

PATH = "/sites/hr/Shared Documents/a.json"
CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def file(loopback: LoopbackTenant) -> RemoteFile:
    loopback.files[PATH] = CONTENT
    return RemoteFile(loopback.origin + PATH, PATH, "a.json", len(CONTENT), etag(CONTENT), "")


def _whole(**further: str) -> Given:
    return Given(body=CONTENT, headers={"ETag": etag(CONTENT), **further})


def _cut(at: int = 100_000, **further: str) -> Given:
    return Given(body=CONTENT, headers={"ETag": etag(CONTENT), **further}, cut=at)


def _after(loopback: LoopbackTenant, *answers: Given | Callable[[Seen], Given]) -> None:
    """Gives these answers to the first requests for the file's content."""
    left = list(answers)

    def fault(seen: Seen) -> Given | None:
        if not seen.path.endswith("/$value") or not left:
            return None
        answer = left.pop(0)
        return answer if isinstance(answer, Given) else answer(seen)

    loopback.faults = fault


def _ranges(loopback: LoopbackTenant) -> list[str]:
    return [seen.headers.get("range", "") for seen in loopback.seen if seen.path.endswith("/$value")]


def test_a_file_comes_in_one_request(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT
    assert [seen.headers["accept-encoding"] for seen in loopback.seen] == ["identity"]


def test_a_file_that_is_a_web_page_is_downloaded_unchanged(loopback: LoopbackTenant, file: RemoteFile) -> None:
    page = b"<html>a page of the library</html>"
    _after(loopback, Given(body=page, headers={"ETag": etag(page), "Content-Type": "text/html"}))
    into = Bytes()
    assert download(Webs(loopback.session()), replace(file, length=len(page), etag=etag(page)), into) is not None
    assert into.content == page


def test_a_file_that_was_packed_on_its_way_is_whole(loopback: LoopbackTenant, file: RemoteFile) -> None:
    packed = gzip.compress(CONTENT)
    _after(loopback, Given(body=packed, headers={"ETag": etag(CONTENT), "Content-Encoding": "gzip"}))
    into = Bytes()
    assert (download(Webs(loopback.session()), file, into), _ranges(loopback)) == (file, [""])
    assert into.content == CONTENT


def test_a_part_from_another_place_is_not_taken_though_its_length_would_fit(
    loopback: LoopbackTenant, file: RemoteFile
) -> None:
    headers = {"ETag": etag(CONTENT), "Content-Range": f"bytes 99999-{len(CONTENT) - 2}/{len(CONTENT)}"}
    _after(loopback, _cut(100_000), Given(206, CONTENT[99_999:-1], headers))
    into = Bytes()
    download(Webs(loopback.session()), file, into)
    assert into.content == CONTENT


def test_a_short_download_is_noticed_without_a_listed_length(loopback: LoopbackTenant, file: RemoteFile) -> None:
    headers = {"ETag": etag(CONTENT), "Content-Range": f"bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"}
    _after(loopback, _cut(100_000), Given(206, CONTENT[100_000:-1], headers))
    into = Bytes()
    download(Webs(loopback.session()), replace(file, length=None), into)
    assert into.content == CONTENT


def test_what_comes_anew_and_never_further_is_given_up(loopback: LoopbackTenant, file: RemoteFile) -> None:
    _after(loopback, *[_cut(100_000, ETag='W/"1"')] * 50)
    with pytest.raises(FaultError, match="was interrupted"):
        download(Webs(loopback.session()), file, Bytes())
    assert len(loopback.seen) < 12


def test_what_broke_off_is_gone_on_with(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, _cut(100_000), lambda _seen: Given(502), _cut(100_000))
    _after(loopback, _cut(100_000))
    assert download(Webs(loopback.session()), file, into) == file
    assert (into.content, into.restarts) == (CONTENT, 0)
    assert _ranges(loopback) == ["", "bytes=100000-"]
    assert loopback.seen[-1].headers["if-range"] == etag(CONTENT)


def test_a_line_that_breaks_again_and_again_is_gone_on_with_as_long_as_something_comes(
    loopback: LoopbackTenant, file: RemoteFile
) -> None:
    step = 20_000

    def part(seen: Seen) -> Given:
        first = int(seen.headers["range"][6:-1])
        actual = {"ETag": etag(CONTENT), "Content-Range": f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}"}
        return Given(206, CONTENT[first:], actual, cut=step)

    _after(loopback, _cut(step), *[part] * 11)
    into = Bytes()
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT


def test_a_line_on_which_nothing_comes_is_given_up(loopback: LoopbackTenant, file: RemoteFile) -> None:
    loopback.faults = lambda _seen: _cut(0)
    with pytest.raises(FaultError, match="was interrupted: 0 of 256,000 bytes received"):
        download(Webs(loopback.session()), file, Bytes())
    assert len(loopback.seen) == 5


def test_a_file_that_changed_while_it_came_comes_anew(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, _cut())
    loopback.files[PATH] = new = b"the next version"
    now = download(Webs(loopback.session()), file, into)
    assert (into.content, into.restarts) == (new, 1)
    assert now == replace(file, length=len(new), etag=etag(new))


@pytest.mark.parametrize("content_range", ["bytes 7-255999/256000", "bytes 0-255999/256000", "", "bytes */256000"])
def test_a_part_at_another_position_is_not_appended(
    loopback: LoopbackTenant, file: RemoteFile, content_range: str
) -> None:
    into = Bytes()
    _after(loopback, _cut(), Given(206, CONTENT, {"ETag": etag(CONTENT), "Content-Range": content_range}))
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT


def test_a_part_of_another_version_is_not_appended(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    rest = f"bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"
    _after(loopback, _cut(), Given(206, b"?" * 156_000, {"ETag": '"other"', "Content-Range": rest}))
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT


@pytest.mark.parametrize("mark", ["", 'W/"weak"'])
def test_without_a_strong_etag_a_file_comes_anew(loopback: LoopbackTenant, file: RemoteFile, mark: str) -> None:
    into = Bytes()
    _after(loopback, _cut(ETag=mark))
    download(Webs(loopback.session()), file, into)
    assert (into.content, into.restarts) == (CONTENT, 1)
    assert _ranges(loopback) == ["", ""]


def test_a_range_that_cannot_be_had_has_the_file_come_anew(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, _cut(), Given(416))
    download(Webs(loopback.session()), file, into)
    assert into.content == CONTENT


def test_a_file_shorter_than_its_listing_is_asked_for_again(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, Given(body=CONTENT[:-1], headers={"ETag": etag(CONTENT)}))
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT
    assert len(loopback.seen) == 2


def test_a_length_beyond_the_end_asks_for_nothing_more(loopback: LoopbackTenant, file: RemoteFile) -> None:
    _after(loopback, _whole(**{"Content-Length": "256009"}))
    assert download(Webs(loopback.session()), file, Bytes()) == file
    assert len(loopback.seen) == 1


def test_a_file_that_got_shorter_under_its_etag_is_what_the_tenant_says_of_it_then(
    loopback: LoopbackTenant, file: RemoteFile
) -> None:
    loopback.files[PATH] = b"short"
    into = Bytes()
    same = replace(file, etag=etag(b"short"))
    assert download(Webs(loopback.session()), same, into) == replace(same, length=5)
    assert _ranges(loopback) == [""] * 4


def test_a_page_instead_of_the_file_is_not_the_file(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, Given(body=b"<html>Sign in to the network"))
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT


def test_a_page_is_not_taken_for_a_file_of_which_nothing_is_known(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    _after(loopback, Given(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}))
    download(Webs(loopback.session()), replace(file, length=None, etag=""), into)
    assert into.content == CONTENT


def test_a_page_that_stays_is_a_fault(loopback: LoopbackTenant, file: RemoteFile) -> None:
    _after(loopback, *[Given(body=b"<html>")] * 9)
    with pytest.raises(FaultError, match="isn't as long as the tenant says"):
        download(Webs(loopback.session()), file, Bytes())


def test_a_file_that_grew_since_it_was_listed_is_the_longer_one(loopback: LoopbackTenant, file: RemoteFile) -> None:
    into = Bytes()
    listed = replace(file, length=3, etag="old")
    assert download(Webs(loopback.session()), listed, into) == replace(file, etag=etag(CONTENT))
    assert into.content == CONTENT


def test_an_etag_that_the_header_spells_otherwise_is_the_listing_s(loopback: LoopbackTenant, file: RemoteFile) -> None:
    _after(loopback, _whole(ETag='"{ANOTHER},1"'))
    assert download(Webs(loopback.session()), file, Bytes()) == file


def test_an_interrupted_refusal_of_a_download_is_an_error(loopback: LoopbackTenant, file: RemoteFile) -> None:
    loopback.faults = lambda _seen: Given(403, b"x" * 100, headers={"Content-Length": "1000"})
    with pytest.raises(UnreachableError):
        download(Webs(loopback.session()), file, Bytes())


@pytest.mark.parametrize(("status", "kind"), [(403, RefusedError), (423, RefusedError), (404, type(None))])
def test_a_file_that_is_not_given_is_an_error_and_one_that_is_not_there_is_none(
    loopback: LoopbackTenant, file: RemoteFile, status: int, kind: type
) -> None:
    loopback.fail("/$value", status)
    if kind is type(None):
        assert download(Webs(loopback.session()), file, Bytes()) is None
    else:
        with pytest.raises(kind):
            download(Webs(loopback.session()), file, Bytes())


def test_a_download_ends_when_the_work_is_stopped(loopback: LoopbackTenant, file: RemoteFile) -> None:
    session = loopback.session()

    class Stopping(Bytes):
        def write(self, chunk: bytes) -> None:
            super().write(chunk)
            session.stop()

    loopback.files[PATH] = b"x" * 3_000_000
    with pytest.raises(UnreachableError, match="stopped"):
        download(Webs(session), replace(file, length=3_000_000, etag=""), Stopping())


def test_a_range_that_no_file_has_is_another_place(loopback: LoopbackTenant, file: RemoteFile) -> None:
    odd = {"ETag": etag(CONTENT), "Content-Range": f"bytes {'9' * 5000}-9/9"}
    _after(loopback, _cut(), Given(206, CONTENT, odd))
    into = Bytes()
    assert download(Webs(loopback.session()), file, into) == file
    assert into.content == CONTENT
