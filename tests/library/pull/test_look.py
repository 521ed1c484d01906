from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from analyzer.errors import FaultError, RefusedError
from analyzer.library.pull.look import Found, look_for_log, look_for_source
from analyzer.model.job import job_list

if TYPE_CHECKING:
    from analyzer.model.job import Job

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
        ((None, None), Found()),
        ((REFUSED, OTHER_REFUSAL), Found(refused=REFUSED.what)),
        ((FAULT, OTHER_FAULT), Found(refused=FAULT.what, fault=FAULT)),
        ((REFUSED, FAULT), Found(refused=REFUSED.what, fault=FAULT)),
        ((FAULT, REFUSED), Found(refused=FAULT.what, fault=FAULT)),
        ((FAULT, None), Found(refused=FAULT.what, fault=FAULT)),
        ((FAULT, []), Found([])),
        (([],), Found([])),
    ],
    ids=str,
)
def test_of_several_places_the_first_that_gives_something_counts_else_the_first_that_did_not(
    job: Job, answers: tuple[object, ...], found: Found
) -> None:
    assert look_for_log(Answering(*answers), job) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("uri", "answers", "found"),
    [
        ("/a.json", (None,), Found(refused="the tenant has no such file any more")),
        ("", (), Found(refused="the job names no source file")),
        ("/a.json", (REFUSED,), Found(refused=REFUSED.what)),
        ("/a.json", (FAULT,), Found(refused=FAULT.what, fault=FAULT)),
    ],
)
def test_why_a_source_file_is_not_to_be_had_is_told(uri: str, answers: tuple[object, ...], found: Found) -> None:
    assert look_for_source(Answering(*answers), uri) == found  # type: ignore[arg-type]
