import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.jsonnet.numbers import as_text, begins_number, too_long


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0123", "0123"),
        (True, "True"),
        (False, "False"),
        (0, "0"),
        (-12, "-12"),
        (2**70, "1180591620717411303424"),
        (1.0, "1"),
        (1.5, "1.5"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (1e20, "1E+20"),
        (1e-7, "1E-07"),
        (123456789012345.0, "123456789012345"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
    ids=repr,
)
def test_a_value_becomes_the_text_that_dotnet_makes_of_it(value: str | float, text: str) -> None:
    assert as_text(value) == text


@given(st.floats(-1e300, 1e300, allow_subnormal=False))
def test_a_number_as_text_is_the_number_to_fifteen_digits(value: float) -> None:
    assert float(as_text(value)) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("character", "0-.٣Ⅷ½")
def test_digits_of_any_script_a_sign_and_a_point_begin_a_number(character: str) -> None:
    assert begins_number(character)


@pytest.mark.parametrize("character", "+aX\U0001d7d8_")
def test_a_plus_letters_and_what_is_two_units_long_begin_none(character: str) -> None:
    assert not begins_number(character)


@pytest.mark.parametrize(
    ("value", "refused"),
    [(10**380 - 1, False), (10**380, True), (-(10**379) + 1, False), (-(10**379), True), (1e300, False), ("9", False)],
)
def test_json_net_reads_integers_of_380_characters(value: str | float, refused: bool) -> None:
    assert too_long(value) is refused
