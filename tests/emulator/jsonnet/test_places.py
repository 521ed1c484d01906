import pytest

from analyzer.emulator.jsonnet.model import Container, Kind
from analyzer.emulator.jsonnet.places import line_and_position, path_of, units


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("City", "value[3].City"),
        ("Cost Center", "value[3]['Cost Center']"),
        ("a.b", "value[3]['a.b']"),
        ("it's", "value[3]['it\\'s']"),
        ("R\\V", "value[3]['R\\\\V']"),
        ("a\nb", "value[3]['a\\nb']"),
        ("a\u2028b", "value[3]['a\\u2028b']"),
        ("Größe", "value[3].Größe"),
        ("", "value[3]."),
        ("@odata", "value[3].@odata"),
    ],
)
def test_a_path_writes_odd_names_in_brackets(name: str, written: str) -> None:
    path = [Container(Kind.Object, name="value"), Container(Kind.Array, 3), Container(Kind.Object, name=name)]
    assert path_of(path) == written


def test_the_first_name_has_no_point_before_it_and_an_odd_one_brackets() -> None:
    assert path_of([Container(Kind.Object, name="a b")]) == "['a b']"
    assert path_of([Container(Kind.Constructor, 1)]) == "[1]"
    assert path_of([]) == ""


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("abc", 2, (1, 2)),
        ("a\nbc", 3, (2, 1)),
        ("a\r\nbc", 4, (2, 1)),
        ("a\rb\r\n\nc", 6, (4, 0)),
        ("😀😀x", 2, (1, 4)),
        ("a\r\n", 3, (3, 0)),
        ("a\n", 2, (2, 0)),
        ("a\n\r", 3, (3, 0)),
    ],
    ids=repr,
)
def test_lines_end_at_any_line_end_and_positions_count_utf_16(text: str, offset: int, place: tuple[int, int]) -> None:
    assert line_and_position(text, offset) == place


@pytest.mark.parametrize(("text", "length"), [("", 0), ("é", 1), ("a😀", 3)])
def test_a_text_is_as_long_as_dotnet_says(text: str, length: int) -> None:
    assert units(text) == length
