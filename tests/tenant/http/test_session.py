from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import FaultError, RefusedError, SignInError, UnreachableError
from analyzer.tenant.http.session import Session
from analyzer.tenant.model import ClientPolicy, TenantAddress
from analyzer.tenant.sharepoint.files import list_folder
from analyzer.tenant.sharepoint.jobs import delete_job, get_job, list_jobs
from analyzer.tenant.sharepoint.webs import Webs
from analyzer.tenant.signin import ReadyToken
from tests.conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import FastClock, Given, LoopbackTenant

FOLDER = "/sites/hr/Shared Documents"


def test_a_request_carries_what_clients_in_production_send(loopback: LoopbackTenant) -> None:
    list_jobs(loopback.session())
    (seen,) = loopback.seen
    assert seen.method == "POST"
    assert seen.headers["authorization"] == "Bearer made-up-token"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["content-type"] == "application/json;charset=utf-8"
    assert seen.headers["content-length"] == "0"
    assert re.fullmatch(r"NONISV\|upa-analyzer\|upa-analyzer/\S+ Python/\S+", seen.headers["user-agent"])


def test_a_netrc_does_not_take_the_place_of_the_token(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password made-up\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    list_jobs(loopback.session())
    assert loopback.seen[0].headers["authorization"] == "Bearer made-up-token"


@pytest.mark.parametrize("lead", ["\t", " ", "\n", "//", "/\\", "\\\\", ""])
def test_a_next_page_that_only_seems_relative_is_not_followed(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, given: type[Given], lead: str
) -> None:
    link = lead + (other_loopback.origin if "/" not in lead and "\\" not in lead else other_loopback.origin[8:])
    loopback.fail("getFolder", given(body=json.dumps({"value": [], "odata.nextLink": link}).encode()))
    with pytest.raises((RefusedError, UnreachableError)):
        list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert other_loopback.seen == []


@pytest.mark.parametrize("value", [True, False])
def test_whether_a_job_was_deleted_is_what_the_service_says(
    loopback: LoopbackTenant, given: type[Given], *, value: bool
) -> None:
    loopback.fail("DeleteImport", given(body=b'{"value": %s}' % str(value).lower().encode()))
    assert delete_job(loopback.session(), "5f05e38c") is value
    assert loopback.seen[0].body == b'{"jobId": "5f05e38c"}'


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"value": {}}',
        b'{"value": [5]}',
        b'{"value": [{"State": 4}]}',
        b'{"value": [{"JobId": "a", "State": []}]}',
    ],
)
def test_an_answer_that_is_not_a_job_list_is_an_error(
    loopback: LoopbackTenant, given: type[Given], body: bytes
) -> None:
    loopback.fail("GetImport", given(body=body))
    with pytest.raises(UnreachableError):
        list_jobs(loopback.session())


def test_an_answer_that_is_not_a_job_is_an_error(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetImport", given(body=b'{"State": 4}'))
    with pytest.raises(UnreachableError, match="isn't a job"):
        get_job(loopback.session(), "a")


def test_a_long_listing_is_read_page_by_page(loopback: LoopbackTenant, given: type[Given]) -> None:
    second = f"{loopback.origin}/second-page"
    pages = [
        given(body=b'{"value": [{"Name": "a.log", "Length": "5"}], "odata.nextLink": "%s"}' % second.encode()),
        given(body=b'{"value": [{"Name": "b.log", "Length": 6, "ETag": "x"}]}'),
    ]
    loopback.faults = lambda seen: pages[seen.path == "/second-page"]
    listed = list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert listed is not None
    assert [(file.name, file.path, file.length, file.etag) for file in listed] == [
        ("a.log", f"{FOLDER}/a.log", 5, ""),
        ("b.log", f"{FOLDER}/b.log", 6, "x"),
    ]


def test_a_job_list_in_pages_is_read_to_its_end(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.add_job(1)
    loopback.add_job(2)
    first, second = (json.dumps(job) for job in loopback.jobs)
    pages = {
        "/second": given(body=f'{{"value": [{second}], "@odata.nextLink": "{loopback.origin}/third"}}'.encode()),
        "/third": given(body=b'{"value": []}'),
    }
    begin = given(body=f'{{"value": [{first}], "odata.nextLink": "{loopback.origin}/second"}}'.encode())
    loopback.faults = lambda seen: pages.get(seen.path, begin)
    assert [job.job_id[:8] for job in list_jobs(loopback.session())] == ["00000001", "00000002"]
    assert [seen.method for seen in loopback.seen] == ["POST", "GET", "GET"]


def test_a_job_listed_twice_counts_once_with_its_last_entry(loopback: LoopbackTenant) -> None:
    for state in (1, 4):
        loopback.add_job(1, state, 0)
    assert [job.state for job in list_jobs(loopback.session())] == [4]


def test_a_listing_without_end_ends(
    loopback: LoopbackTenant, given: type[Given], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analyzer.tenant.http.answer._MOST_PAGES", 3)
    page = '{"value": [], "odata.nextLink": "/page%d"}'
    loopback.faults = lambda _seen: given(body=(page % len(loopback.seen)).encode())
    with pytest.raises(UnreachableError, match="has no end: after 3 pages"):
        list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert len(loopback.seen) == 4


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"value": ' * 100_000], ids=["lists", "objects"])
def test_an_answer_nested_too_deeply_is_not_json(loopback: LoopbackTenant, given: type[Given], body: bytes) -> None:
    loopback.fail("GetImport", given(body=body))
    with pytest.raises(UnreachableError, match="did not answer with JSON"):
        list_jobs(loopback.session())


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_without_end_is_not_read_whole(
    loopback: LoopbackTenant, given: type[Given], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("analyzer.tenant.http.transport._LARGEST", 1000)
    packed = given(status, gzip.compress(b" " * 100_000), {"Content-Encoding": "gzip"})
    loopback.faults = lambda _seen: packed
    session = loopback.session()
    for ask in (
        list_jobs,
        lambda session: session.chunks(loopback.origin + "/a") if status > 200 else list_jobs(session),
    ):
        with pytest.raises(FaultError, match=r"answered with more than 1\.0 kB, which was not read"):
            ask(session)


def test_an_impossible_length_counts_as_unknown(loopback: LoopbackTenant, given: type[Given]) -> None:
    listed = {"value": [{"Name": "a.log", "Length": "9" * 5000}]}
    loopback.fail("/Files", given(body=json.dumps(listed).encode()))
    files = list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert files is not None
    assert files[0].length is None


def test_a_job_list_that_leads_to_itself_ends(loopback: LoopbackTenant, given: type[Given]) -> None:
    loop = given(body=b'{"value": [], "odata.nextLink": "%s/again"}' % loopback.origin.encode())
    loopback.faults = lambda _seen: loop
    with pytest.raises(UnreachableError, match="leads to itself"):
        list_jobs(loopback.session())
    assert len(loopback.seen) == 2


def test_a_listing_that_leads_to_a_foreign_host_is_not_followed(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, given: type[Given]
) -> None:
    link = f"{other_loopback.origin}/next".encode()
    loopback.fail("/Files", given(body=b'{"value": [], "odata.nextLink": "%s"}' % link))
    with pytest.raises(RefusedError, match="leads outside the tenant"):
        list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert other_loopback.seen == []


def test_a_listing_that_leads_to_itself_ends(loopback: LoopbackTenant, given: type[Given]) -> None:
    loop = given(body=b'{"value": [], "odata.nextLink": "%s/again"}' % loopback.origin.encode())
    loopback.faults = lambda _seen: loop
    with pytest.raises(UnreachableError, match="leads to itself"):
        list_folder(Webs(loopback.session()), loopback.origin, FOLDER)
    assert len(loopback.seen) == 2


def test_a_further_host_of_the_configuration_gets_the_token(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant
) -> None:
    other_loopback.files[f"{FOLDER}/a.log"] = b"a"
    host = other_loopback.origin.removeprefix("https://")
    listed = list_folder(Webs(loopback.session(host)), other_loopback.origin, FOLDER)
    assert listed is not None
    assert other_loopback.seen[0].headers["authorization"] == "Bearer made-up-token"


def test_a_redirect_without_a_host_stays_on_the_one_that_was_asked(
    loopback: LoopbackTenant, other_loopback: LoopbackTenant, given: type[Given]
) -> None:
    host = other_loopback.origin.removeprefix("https://")
    to = iter(["/second", "/third"])
    other_loopback.faults = lambda seen: (
        given(body=b'{"value": []}') if seen.path == "/third" else given(302, headers={"Location": next(to)})
    )
    answer = loopback.session(host).call("GET", f"{other_loopback.origin}/first")
    assert (answer.status, loopback.seen) == (200, [])
    assert [seen.path for seen in other_loopback.seen] == ["/first", "/second", "/third"]


def test_an_answer_without_content_is_not_asked_for_again(loopback: LoopbackTenant) -> None:
    loopback.fail("/a", 204)
    assert loopback.session().call("POST", f"{loopback.origin}/a", b"").status == 204
    assert len(loopback.seen) == 1


@pytest.mark.parametrize(
    "odd",
    [{}, {"JobId": None}, {"JobId": ""}, {"JobId": "{}"}, {"JobId": 7}, None, "a job"],
    ids=str,
)
def test_a_job_list_entry_without_an_id_is_skipped_and_reported(
    loopback: LoopbackTenant, given: type[Given], odd: object
) -> None:
    loopback.add_job(1)
    loopback.fail("GetImport", given(body=json.dumps({"value": [odd, *loopback.jobs, odd]}).encode()))
    assert [job.job_id[:8] for job in list_jobs(loopback.session())] == ["00000001"]
    assert loopback.notices == ["2 entries of the job list without a job ID: skipped"]
    loopback.fail("GetImport", given(body=json.dumps({"value": [odd]}).encode()))
    with pytest.raises(UnreachableError, match="something that isn't a job list"):
        list_jobs(loopback.session())


def test_a_certificate_of_an_unknown_authority_names_the_setting_at_once(
    loopback: LoopbackTenant, no_waiting: FastClock
) -> None:
    session = Session(TenantAddress(loopback.origin), ReadyToken({"T": "x"}, loopback.origin, "T"))
    with pytest.raises(UnreachableError) as error:
        list_jobs(session)
    assert "signed by an unknown authority" in error.value.what
    assert "ca_file" in error.value.advice
    assert (loopback.seen, no_waiting.waited) == ([], [])


def test_a_ca_file_wins_over_the_machine_s_own(
    loopback: LoopbackTenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(tmp_path / "another.pem"))
    assert list_jobs(loopback.session()) == []


def test_without_a_token_nothing_is_sent(loopback: LoopbackTenant) -> None:
    session = Session(
        TenantAddress(loopback.origin, ca_file=loopback.ca_file), ReadyToken({"T": " "}, loopback.origin, "T")
    )
    with pytest.raises(SignInError, match="variable T is not set"):
        list_jobs(session)
    assert loopback.seen == []


def test_the_site_gets_a_token_of_its_own() -> None:
    tokens = ReadyToken({"A": "admin", "S": "site"}, "https://contoso-admin.sharepoint.com", "A", "S")
    assert tokens.token("https://contoso-admin.sharepoint.com") == "admin"
    assert tokens.token("https://contoso.sharepoint.com") == "site"


def test_what_comes_before_each_request_also_comes_before_one_that_is_repeated(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    asked: list[int] = []
    address = TenantAddress(loopback.origin, (), loopback.ca_file)
    policy = ClientPolicy(clock=loopback.clock, before_request=lambda: asked.append(len(loopback.seen)))
    session = Session(address, ReadyToken({"TOKEN": TOKEN}, loopback.origin, "TOKEN"), policy)
    loopback.fail("GetImportProfilePropertyJobs", given(status=429, headers={"Retry-After": "3"}), then=True)
    list_jobs(session)
    assert asked == [0, 1]
