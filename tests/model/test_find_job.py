from __future__ import annotations

import pytest

from analyzer.errors import InputError
from analyzer.model.job import Job, find_job

_JOBS = [Job(job_id, 4, 0) for job_id in ("5f05e38c-bd0e", "5f05e38c-ffff", "a81b2f90-0000", "a81b2f90-0000-1")]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("5f05e38c-b", "5f05e38c-bd0e"),
        (" {5F05E38C-FFFF} ", "5f05e38c-ffff"),
        ("a81b2f90-0000", "a81b2f90-0000"),
    ],
)
def test_a_job_is_found_by_as_much_of_its_id_as_is_its_alone(wanted: str, found: str) -> None:
    assert find_job(_JOBS, wanted).job_id == found


def test_an_id_that_is_short_for_several_lists_them() -> None:
    with pytest.raises(InputError) as error:
        find_job(_JOBS, "5f05e38c")
    assert "short for 2 jobs" in error.value.what
    assert "5f05e38c-bd0e, 5f05e38c-ffff" in error.value.advice


def test_an_unknown_id_names_the_nearest_and_who_was_asked() -> None:
    with pytest.raises(InputError) as error:
        find_job(_JOBS, "a81c2f90", holder="the tenant")
    assert error.value.what == "the tenant has no job 'a81c2f90'"
    assert "a81b2f90" in error.value.advice


@pytest.mark.parametrize("wanted", ["zzzzzzzz", "", "{}", "84f78c59", "84f78c59-1fd4-4db7-9a26-35e6a4d0b201"])
def test_where_nothing_is_near_the_advice_is_the_list(wanted: str) -> None:
    with pytest.raises(InputError, match="has no job") as error:
        find_job(_JOBS, wanted)
    assert "upa-analyzer jobs" in error.value.advice
