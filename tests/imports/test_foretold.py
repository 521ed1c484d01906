"""What ``check`` foretells is what the import then does, both ways."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.catalogue.check_findings import (
    DUPLICATE_ID,
    EMPTY_ID,
    MISSING_ID,
    NOT_JSON,
    NULL_RECORD,
    TOO_BIG,
    TOO_MANY_VALUES,
    UNMAPPED_PROPERTY,
)
from analyzer.catalogue.schema_findings import EMPTY_DATE, NESTED_VALUE, TOO_LONG, UNKNOWN_PROPERTY, USER_EDITABLE
from analyzer.emulator.profiles import User
from analyzer.imports.findings import Findings
from analyzer.imports.foretold import Ending, Foretold, foretold
from analyzer.model.service import IdType, JobError
from tests.imports.faulty_files import ID, Case, case_of
from tests.imports.foretelling import checked, foretold_of, run_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analyzer.catalogue.finding_kind import FindingKind


@pytest.mark.parametrize("tens", range(20))
def test_what_is_foretold_of_a_file_is_what_its_import_does(tmp_path: Path, tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        case = case_of(Random(seed))
        path = tmp_path / f"{seed}.json"
        assert foretold_of(checked(case, path), case) == run_of(case, path), f"seed {seed}: {case.about}"


def records(*members: dict[str, str]) -> bytes:
    return json.dumps({"value": members}).encode()


def test_a_file_with_too_many_values_is_foretold_as_too_big(tmp_path: Path) -> None:
    number = 500_001
    half = {f"p{index}": "" for index in range(number // 2)}
    rest = {f"p{index}": "" for index in range(number - len(half))}
    source = records({ID: "ada@contoso.com"} | half, {ID: "bo@contoso.com"} | rest)
    users = [User("ada@contoso.com", "", ""), User("bo@contoso.com", "", "")]
    case = Case(source, IdType.Email, dict.fromkeys(half | rest, "City"), users)
    path = tmp_path / "hr.json"
    outcome = foretold_of(checked(case, path), case)
    assert outcome == run_of(case, path)
    assert outcome.error is JobError.DataFileTooBig


def add(kind: FindingKind, record: int | None = None, identity: str | None = None, name: str = "") -> Any:  # noqa: ANN401 - a step of a test
    return lambda findings: findings.add(kind, "x", record=record, identity=identity, property_name=name)


@pytest.mark.parametrize(
    ("steps", "ending", "error", "entries"),
    [
        ([], Ending.succeeded, JobError.NoError, []),
        ([add(NULL_RECORD, 1), add(EMPTY_DATE, 2, "a", "Born")], Ending.succeeded, JobError.NoError, []),
        (
            [add(USER_EDITABLE, None, None, "AboutMe"), add(UNKNOWN_PROPERTY, None, None, "X"), add(NOT_JSON, 1)],
            Ending.refused,
            None,
            [("QueueImportProfileProperties/unknown-property", None, "X")],
        ),
        (
            [add(UNMAPPED_PROPERTY, 1, "a", "Floor"), add(NESTED_VALUE, 5, "b", "City"), add(NOT_JSON, 7)],
            Ending.aborted,
            JobError.InvalidDataFile,
            [("DataFileNotJson", None, None)],
        ),
        ([add(TOO_BIG), add(DUPLICATE_ID, 1, "a")], Ending.aborted, JobError.DataFileTooBig, []),
        ([add(TOO_MANY_VALUES), add(MISSING_ID, 1)], Ending.aborted, JobError.DataFileTooBig, []),
        (
            [add(MISSING_ID, 2), add(UNMAPPED_PROPERTY, 1, "a", "Floor"), add(DUPLICATE_ID, 1, "a")],
            Ending.aborted,
            JobError.InvalidDataFile,
            [("MissingIdentity", None, None), ("InvalidProperty", "a", "Floor")],
        ),
        (
            [
                add(EMPTY_ID, 1, ""),
                add(TOO_LONG, 1, "", "City"),
                add(DUPLICATE_ID, 2, "a"),
                add(DUPLICATE_ID, 3, "A"),
                add(TOO_LONG, 3, "A", "City"),
                add(TOO_LONG, 4, "b", "City"),
            ],
            Ending.partial,
            JobError.ImportCompleteWithError,
            [("IdentityNotResolvable", "", None), ("GenericError", "a", None), ("GenericError", "b", None)],
        ),
    ],
)
def test_only_the_first_stage_that_finds_something_is_seen(
    steps: list[Callable[[Findings], None]], ending: Ending, error: JobError | None, entries: list[tuple[str, ...]]
) -> None:
    findings = Findings()
    for step in steps:
        step(findings)
    expected: Foretold = foretold(findings)
    assert (expected.ending, expected.error, expected.entries.rows()) == (ending, error, entries)
    assert expected.failing_users == (len(entries) if ending is Ending.partial else 0)


USERS = [User("ada@contoso.com", "", "ada.x@contoso.com"), User("zoë@contoso.com", "", "zoë.x@contoso.com")]


@pytest.mark.parametrize(
    ("source", "ending"),
    [
        (b'{"value":[{"IdName":"i:0#.f|membership| "}]}', Ending.partial),
        (b'{"value":[{"IdName":"i:0#.f|membership| ada@contoso.com"},{"IdName":"ADA@contoso.com"}]}', Ending.partial),
        (b'{"value":[{"IdName":"ada@contoso.com","Office":0361100,"Floor":0x1F}]}', Ending.succeeded),
        (b'{"value":[{"IdName":"ada@contoso.com","Boss":"bo.x@contoso.com"}]}', Ending.partial),
        ('{"value":[{"IdName":"zoë@contoso.com"}]}'.encode("cp1252"), Ending.partial),
        ('{"value":[{"IdName":"ada@contoso.com","Boss":"zoë.x@contoso.com"}]}'.encode("cp1252"), Ending.partial),
        ('{"value":[{"IdName":"ada@contoso.com"}]}'.encode("utf-16-le"), Ending.aborted),
        (b'{"value":[null]}', Ending.succeeded),
        *[
            (b'{"value":[{"IdName":"ada@contoso.com","Office":%b}]}' % refused, Ending.aborted)
            for refused in (b"09", b"+1", b"01.5", b"1e309", b"-1e999", b"0xFFFFFFFFFFFFFFFFF", b"9" * 381)
        ],
        *[
            (b'{"value":[{"IdName":"ada@contoso.com","Floor":%b}]}' % taken, Ending.succeeded)
            for taken in (b"1.", b"1e-999", b"07", b"0" * 400 + b"7")
        ],
        (b'{"value":[{"IdName":09}]}', Ending.aborted),
        (b'{"value":null}', Ending.aborted),
        (b"[]", Ending.aborted),
        (b"{}", Ending.aborted),
        (b'{"value":[{"IdName":"ada@contoso.com","Ci\\ty":"x"}]}', Ending.aborted),
        (b'{"value":[{"IdName":["ada@contoso.com"]}]}', Ending.aborted),
        (b'{"value":[{"IdName":"ada@contoso.com"},{"IdName":"ada@contoso.com"},{"IdName":]}', Ending.aborted),
    ],
)
def test_what_once_differed_is_foretold(tmp_path: Path, source: bytes, ending: Ending) -> None:
    mapped = {"Office": "OfficeCode", "Floor": "Floor", "Boss": "Manager"}
    case = Case(source, IdType.Email, mapped, USERS, [] if source.isascii() else ["letters"])
    path = tmp_path / "hr.json"
    outcome = foretold_of(checked(case, path), case)
    assert outcome == run_of(case, path)
    assert outcome.ending is ending
