from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.errors import FaultError, UnreachableError
from analyzer.imports.job_plan import JobPlan
from analyzer.imports.model import ImportPlan
from analyzer.imports.read_back import ReadBack
from analyzer.imports.updated_users import UpdatedUsers
from analyzer.imports.verify import record_of
from analyzer.imports.verify_model import UserState
from analyzer.model.service import IdType
from analyzer.tenant.sharepoint.profiles import Profile
from tests.conftest import NOW
from tests.emulator.client import source

if TYPE_CHECKING:
    from pathlib import Path

USERS = tuple(f"user{number}@contoso.com" for number in range(30))
PLAN = JobPlan(ImportPlan(IdType.PrincipalName, "IdName", {"City": "City"}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hr.json"
    path.write_bytes(source(*USERS, City="Oslo"))
    return path


class Answers:
    """Profiles, each with the city Oslo; ``faults`` are raised instead, by the number of the call from 1."""

    def __init__(self, faults: dict[int, BaseException]) -> None:
        self.asked: list[str] = []
        self._faults = faults

    def __call__(self, account: str) -> Profile:
        self.asked.append(account)
        if fault := self._faults.get(len(self.asked)):
            raise fault
        return Profile(("City",), {"city": "Oslo"})


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), UnreachableError("the tenant kept asking to wait")])
def test_what_was_read_before_an_interruption_stays(file: Path, fault: UnreachableError | KeyboardInterrupt) -> None:
    result = ReadBack(PLAN, Answers({8: fault})).run(UpdatedUsers.of(file, "IdName", ()), None, 1)
    assert (result.fault, len(result.checks), result.sample) == (fault, 7, 30)
    kept = record_of(result, NOW)
    assert (kept.interrupted, kept.checked, kept.sample) == (True, 7, 30)
    assert kept.at_most is not None
    assert kept.at_most > 5


def test_one_profile_that_cannot_be_read_does_not_end_the_work(file: Path) -> None:
    fault = FaultError("the tenant answered 500")
    result = ReadBack(PLAN, Answers(dict.fromkeys((2, 3, 9), fault))).run(UpdatedUsers.of(file, "IdName", ()), 10, 1)
    assert (result.fault, result.counts) == (None, {UserState.same: 7, UserState.not_found: 3})


def test_three_in_a_row_end_it(file: Path) -> None:
    fault = FaultError("the tenant answered 500")
    answers = Answers(dict.fromkeys((2, 3, 4), fault))
    result = ReadBack(PLAN, answers).run(UpdatedUsers.of(file, "IdName", ()), 10, 1)
    assert (result.fault, len(answers.asked)) == (fault, 4)


def test_the_order_is_random_so_that_its_beginning_is_a_sample_too(file: Path) -> None:
    answers = Answers({})
    ReadBack(PLAN, answers).run(UpdatedUsers.of(file, "IdName", ()), None, 1)
    assert sorted(answers.asked) == sorted(USERS) != answers.asked


def test_who_failed_and_who_has_several_records_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "hr.json"
    path.write_bytes(
        source("ada@contoso.com", "Bob@contoso.com", "eve@contoso.com", "", "ADA@contoso.com", City="Oslo")
    )
    updated = UpdatedUsers.of(path, "IdName", ["bob@contoso.com"])
    assert (len(updated), updated.duplicates) == (1, 1)
    ((identity, values),) = ((one.identity, one.values) for one in updated.sample(None, 1))
    assert (identity, values) == ("eve@contoso.com", {"IdName": "eve@contoso.com", "City": "Oslo"})


def test_a_null_changes_nothing_and_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "hr.json"
    path.write_bytes(b'{"value": [{"IdName": "ada@contoso.com", "City": null}]}')
    result = ReadBack(PLAN, Answers({})).run(UpdatedUsers.of(path, "IdName", ()), None, 1)
    assert result.counts == {UserState.unclear: 1}
