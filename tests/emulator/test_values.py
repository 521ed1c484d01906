"""Values of the wrong type fail for their user."""

import pytest

from analyzer.catalogue import OURS
from analyzer.emulator.importing import run_import
from analyzer.emulator.profiles import ProfileStore, Property, User
from analyzer.emulator.values import is_of_type
from analyzer.model.service import IdType
from tests.emulator.test_importing import ask, lines, source
from tests.imports.test_value_types import DATES, NOT_DATES

STORE = ProfileStore([User("ada@contoso.com", "", "ada.x@contoso.com")], None)


@pytest.mark.parametrize(("text", "expected"), [*((one, True) for one in DATES), *((one, False) for one in NOT_DATES)])
def test_dates_are_read_as_in_the_united_states(text: str, expected: bool) -> None:
    assert is_of_type(text, "date", STORE) is expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        *[("boolean", "TRUE", True), ("boolean", "1", False), ("integer", "-12", True), ("integer", "1.0", False)],
        *[("integer", str(2**63), False), ("float", "1,000.5", True), ("float", "x", False)],
        *[("person", "i:0#.f|membership|Ada.X@contoso.com", True), ("person", "ada@contoso.com", False)],
        *[("string", "x", True), ("HTML", "x", True)],
    ],
)
def test_a_text_is_of_a_type(kind: str, text: str, expected: bool) -> None:
    assert is_of_type(text, kind, STORE) is expected


@pytest.mark.parametrize("kind", ["date", "boolean", "integer", "float", "person"])
def test_a_value_of_the_wrong_type_fails_with_an_error_that_is_explained(kind: str) -> None:
    store = ProfileStore([User("ada@contoso.com", "", "")], [Property("City", type=kind)])
    result = run_import(ask(), source({"IdName": "ada@contoso.com", "City": "?"}), store)
    first, *trace = lines(result)
    pattern = OURS.pattern_of("GenericError", first.split("\t")[2], "\n".join(trace))
    assert pattern is not None
    assert pattern.code == "GenericError/invalid-value"
    user = store.user(IdType.Email, "ada@contoso.com")
    assert user is not None
    assert user.values == {}
