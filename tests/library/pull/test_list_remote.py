"""A pull of a tenant that refuses its job list for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import FaultError, InputError, RefusedError, ThresholdError
from analyzer.library.mirror import Library
from analyzer.library.model import Choice
from analyzer.library.pull.list_remote import RemoteListing, look_for_log, look_for_source
from analyzer.model.job import job_list
from tests.conftest import Given

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.model.job import Job
    from tests.conftest import LoopbackTenant, Seen


FAULT, OTHER_FAULT = FaultError("the tenant answered 500"), FaultError("the tenant answered 502")
REFUSED, OTHER_REFUSAL = RefusedError("it is refused"), RefusedError("it is refused, too")


class Answering:
    """A tenant that gives these answers to what is asked, in their order."""

    def __init__(self, *answers: object) -> None:
        self._answers = list(answers)

    def folder(self, _uri: str, _path: str) -> Any:  # noqa: ANN401 - whatever the test gives
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    file = folder


@pytest.fixture
def job() -> Job:
    """A job whose log may lie in two places."""
    origin = "https://contoso.sharepoint.com"
    told = {"JobId": "1", "State": 5, "Error": 30, "SourceUri": f"{origin}/a.json", "LogFolderUri": f"{origin}/Logs"}
    return job_list({"value": [told]})[0]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((None, None), RemoteListing()),
        ((REFUSED, OTHER_REFUSAL), RemoteListing(refused=REFUSED.what)),
        ((FAULT, OTHER_FAULT), RemoteListing(refused=FAULT.what, fault=FAULT)),
        ((REFUSED, FAULT), RemoteListing(refused=REFUSED.what, fault=FAULT)),
        ((FAULT, REFUSED), RemoteListing(refused=FAULT.what, fault=FAULT)),
        ((FAULT, None), RemoteListing(refused=FAULT.what, fault=FAULT)),
        ((FAULT, []), RemoteListing([])),
        (([],), RemoteListing([])),
    ],
    ids=str,
)
def test_of_several_places_the_first_that_gives_something_counts_else_the_first_that_did_not(
    job: Job, answers: tuple[object, ...], found: RemoteListing
) -> None:
    assert look_for_log(Answering(*answers), job) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("uri", "answers", "found"),
    [
        ("/a.json", (None,), RemoteListing(refused="the tenant no longer has the file")),
        ("", (), RemoteListing(refused="the job has no source file")),
        ("/a.json", (REFUSED,), RemoteListing(refused=REFUSED.what)),
        ("/a.json", (FAULT,), RemoteListing(refused=FAULT.what, fault=FAULT)),
    ],
)
def test_a_missing_source_file_has_a_reason(uri: str, answers: tuple[object, ...], found: RemoteListing) -> None:
    assert look_for_source(Answering(*answers), uri) == found  # type: ignore[arg-type]


_CODE = b'{"odata.error": {"code": "-2147024860, Microsoft.SharePoint.SPQueryThrottledException"}}'
_LOG = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
_PROCESSING, _ERROR = 2, 5
RUNNING, ENDED, NEW, UNKNOWN = (f"{number:08d}-bd0e-49ec-8c9c-c4cfe370248c" for number in (1, 2, 3, 9))


@pytest.fixture
def unlisted(loopback: LoopbackTenant, tmp_path: Path) -> LoopbackTenant:
    """A tenant of which a job that runs and one that has ended were pulled; then the first ended, a third came."""
    loopback.add_job(1, _PROCESSING, 0)
    loopback.add_log(loopback.add_job(2), _LOG)
    loopback.pull_into(tmp_path)
    loopback.jobs.clear()
    for number in (1, 2, 3):
        loopback.add_log(loopback.add_job(number), _LOG)
    _refuse(loopback)
    loopback.seen.clear()
    return loopback


def _refuse(tenant: LoopbackTenant, call: str = "PropertyJobs") -> None:
    tenant.faults = lambda seen: Given(500, _CODE) if call in seen.path else None


def _asked(tenant: LoopbackTenant) -> list[str]:
    return [seen.body.decode().split('"')[3] for seen in tenant.seen if seen.path.endswith("PropertyJob")]


def _states(root: Path) -> dict[str, tuple[int, bool, int]]:
    library = Library(root)
    return {job.job_id: (job.state, job.gone, len(library.log_files(job))) for job in library.jobs()}


def test_the_jobs_that_had_not_ended_are_asked_for_and_the_pull_goes_on(
    unlisted: LoopbackTenant, tmp_path: Path
) -> None:
    pulled = unlisted.pull_into(tmp_path)
    assert (pulled.changed, pulled.new, pulled.gone, pulled.log_files) == ([RUNNING], [], [], 1)
    assert isinstance(pulled.unlisted, ThresholdError)
    assert pulled.fault is None
    assert _states(tmp_path) == {RUNNING: (_ERROR, False, 1), ENDED: (_ERROR, False, 1)}
    assert _asked(unlisted) == [RUNNING]
    assert sum(seen.path.endswith("PropertyJobs") for seen in unlisted.seen) == 1


def test_a_new_job_that_is_named_is_pulled_as_well(unlisted: LoopbackTenant, tmp_path: Path) -> None:
    pulled = unlisted.pull_into(tmp_path, choice=Choice(frozenset({NEW, ENDED[:8]})))
    assert (pulled.new, sorted(_asked(unlisted))) == ([NEW], [RUNNING, ENDED, NEW])
    assert _states(tmp_path)[NEW] == (_ERROR, False, 1)


def test_with_all_each_job_is_asked_for_and_one_that_is_not_there_is_gone(
    unlisted: LoopbackTenant, tmp_path: Path
) -> None:
    del unlisted.jobs[1]
    pulled = unlisted.pull_into(tmp_path, choice=Choice(everything=True))
    assert (pulled.gone, sorted(_asked(unlisted))) == ([ENDED], [RUNNING, ENDED])


@pytest.mark.parametrize(
    ("wanted", "words"),
    [(UNKNOWN, f"the tenant has no job '{UNKNOWN}'"), (NEW[:8], "specify the whole ID of the job")],
    ids=["nobody knows it", "a part of an ID that is new"],
)
def test_a_job_that_cannot_be_asked_for_is_an_error(
    unlisted: LoopbackTenant, tmp_path: Path, wanted: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        unlisted.pull_into(tmp_path, choice=Choice(frozenset({wanted})))


def test_library_is_unchanged_if_single_jobs_are_refused_too(unlisted: LoopbackTenant, tmp_path: Path) -> None:
    _refuse(unlisted, "PropertyJob")
    pulled = unlisted.pull_into(tmp_path)
    assert isinstance(pulled.fault, ThresholdError)
    assert _states(tmp_path) == {RUNNING: (_PROCESSING, False, 0), ENDED: (_ERROR, False, 1)}
    with pytest.raises(ThresholdError):
        unlisted.pull_into(tmp_path, choice=Choice(frozenset({NEW})))


def test_job_is_unchanged_if_its_request_fails(unlisted: LoopbackTenant, tmp_path: Path) -> None:
    def fault(seen: Seen) -> Given | None:
        if seen.path.endswith("PropertyJobs"):
            return Given(500, _CODE)
        return Given(500) if seen.path.endswith("PropertyJob") else None

    unlisted.faults = fault
    pulled = unlisted.pull_into(tmp_path)
    assert isinstance(pulled.fault, FaultError)
    assert _states(tmp_path)[RUNNING][0] == _PROCESSING


def test_without_a_job_to_ask_for_it_is_an_error(unlisted: LoopbackTenant, tmp_path: Path) -> None:
    with pytest.raises(ThresholdError, match="name each job with its whole ID"):
        unlisted.pull_into(tmp_path / "another")
    pulled = unlisted.pull_into(tmp_path / "another", choice=Choice(frozenset({NEW})))
    assert pulled.new == [NEW]
