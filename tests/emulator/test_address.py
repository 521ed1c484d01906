"""Addresses as clients in production write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.address import is_api, parse_address, query_options
from analyzer.emulator.model import ServiceError
from tests.emulator.client import argument

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def _walk(path: str, query: str = "") -> list[tuple[str, dict[str, str]]]:
    _, segments = parse_address(path, query_options(query))
    return [(segment.key, dict(segment.arguments)) for segment in segments]


@pytest.mark.parametrize(
    ("path", "argument"),
    [
        ("/_api/web/f(decodedUrl='/sites/hr/a.json')", "/sites/hr/a.json"),
        ("/_api/web/f(decodedurl='%2Fsites%2Fhr%2Fa%20b.json')", "/sites/hr/a b.json"),
        ("/_api/Web/f(DecodedUrl='O''Neil.json')", "O'Neil.json"),
        ("/_api/web/f(decodedUrl=%27O%27%27Neil.json%27)", "O'Neil.json"),
        ("/_API/web/f(decodedUrl='a%2Bb%23c%25d+e.json')", "a+b#c%d+e.json"),
        ("/_api/web/f(decodedUrl='a(1),b=2/c.json')", "a(1),b=2/c.json"),
        ("/_api/web/f(decodedUrl='%E5%90%8D.json')", "名.json"),
    ],
    ids=["slashes raw", "slashes encoded", "quote doubled", "quotes encoded", "signs encoded", "brackets", "UTF-8"],
)
def test_an_argument_is_decoded_after_the_path_was_cut(path: str, argument: str) -> None:
    assert _walk(path) == [("web", {}), ("f", {"decodedurl": argument})]


@given(_TEXTS)
def test_any_text_comes_out_of_an_argument_as_it_went_in(text: str) -> None:
    assert _walk(f"/_api/web/f(decodedUrl='{argument(text)}')/Files")[1:] == [
        ("f", {"decodedurl": text}),
        ("files", {}),
    ]


def test_several_arguments_of_several_kinds_stand_side_by_side() -> None:
    call = "/_api/web/files/add(overwrite=true,url='a,b.json',id=guid'5f05e38c-bd0e-49ec-8c9c-c4cfe370248c')/$value"
    assert _walk(call)[2:] == [
        ("add", {"overwrite": "true", "url": "a,b.json", "id": "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"}),
        ("$value", {}),
    ]


def test_an_argument_without_a_name_answers_to_any_name() -> None:
    _, segments = parse_address("/_api/web/getFolderByServerRelativeUrl('/sites/hr')", {})
    assert segments[1].argument("serverrelativeurl") == "/sites/hr"


def test_an_alias_finds_its_value_in_the_query() -> None:
    query = "%40P1=%27https%3A%2F%2Flocalhost%2Fa%27%27b.json%27"
    assert _walk("/_api/web/getFileByUrl(@p1)", query)[1] == ("getfilebyurl", {"": "https://localhost/a'b.json"})


@pytest.mark.parametrize("query", ["%40p1=guid'x'", "@p1='x'", "@P1=x", "@p1=%7B%22DecodedUrl%22:%22x%22%7D"])
def test_the_value_of_an_alias_is_written_in_several_ways(query: str) -> None:
    assert _walk("/_api/web/f(@p1)", query)[1] == ("f", {"": "x"})


@pytest.mark.parametrize("value", ["{", "{}", "{" * 100_000, '{"DecodedUrl"}'])
def test_an_alias_that_cannot_be_read_is_a_bad_request(value: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse_address("/_api/web/f(@p1)", {"@p1": value})
    assert refused.value.status == 400


def test_an_alias_without_a_value_is_a_missing_argument() -> None:
    _, segments = parse_address("/_api/web/getFileByUrl(@p1)", {})
    with pytest.raises(ServiceError, match="fileurl of getFileByUrl is missing") as refused:
        segments[1].argument("fileurl")
    assert refused.value.status == 400


def test_what_stands_before_the_api_is_the_site() -> None:
    assert parse_address("/sites/people%20team/_api/web", {})[0] == "/sites/people team"
    assert parse_address("/_api/web", {})[0] == ""


def test_the_api_inside_an_argument_is_not_taken_for_the_site() -> None:
    assert parse_address("/_api/web/f(decodedUrl='/sites/hr/_api/x.json')", {})[0] == ""


@pytest.mark.parametrize(
    "path",
    [
        "/_api/web/f('a",
        "/_api/web/f(a'b')",
        "/_api/web/f('a'b)",
        "/_api/web/f('a')b",
        "/_api/web/f(('a'))",
        "/_api/web/f'a'",
        "/_api/web/f(decodedUrl='%FF')",
        "/_api/%ff/x",
        "/api/web",
    ],
)
def test_an_address_of_another_form_is_a_bad_request(path: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse_address(path, {})
    assert refused.value.status == 400


def test_a_hostile_address_is_refused_at_once() -> None:
    with pytest.raises(ServiceError):
        parse_address("/_api/web/f(" + "''" * 30_000 + "'", {})
    with pytest.raises(ServiceError):
        parse_address("/_api/web/f(" + "a='b'," * 10_000 + "(", {})


def test_query_options_are_read_however_they_are_encoded() -> None:
    assert query_options("%24Top=5&$select=Name%2CLength&$orderby=Name+asc&empty") == {
        "$top": "5",
        "$select": "Name,Length",
        "$orderby": "Name asc",
        "empty": "",
    }


@pytest.mark.parametrize(("path", "expected"), [("/_api", True), ("/sites/hr/_API/web", True), ("/x/_apis/web", False)])
def test_only_what_leads_to_the_api_is_taken_for_it(path: str, expected: bool) -> None:
    assert is_api(path) is expected
