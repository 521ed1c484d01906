"""The two shapes of SharePoint's answers."""

from __future__ import annotations

import pytest

from analyzer.emulator.answers import error_body, is_verbose, shaped
from analyzer.emulator.interface import Collection, Entity, Primitive, bad_request

_ROW: dict[str, object] = {"Name": "hr.json"}


@pytest.mark.parametrize(
    ("content", "verbose", "plain"),
    [
        (Entity(_ROW), {"d": _ROW}, _ROW),
        (Entity(_ROW, "Fn"), {"d": {"Fn": _ROW}}, _ROW),
        (Collection([_ROW]), {"d": {"results": [_ROW]}}, {"value": [_ROW]}),
        (Collection([], "Fn"), {"d": {"Fn": {"results": []}}}, {"value": []}),
        (Primitive("Fn", value=True), {"d": {"Fn": True}}, {"value": True}),
        (
            Collection([_ROW], next_link="https://localhost/x"),
            {"d": {"results": [_ROW], "__next": "https://localhost/x"}},
            {"value": [_ROW], "odata.nextLink": "https://localhost/x"},
        ),
    ],
    ids=["entity", "function's entity", "collection", "function's collection", "primitive", "page"],
)
def test_the_shape_goes_by_what_is_asked_for(
    content: Entity | Collection | Primitive, verbose: dict[str, object], plain: dict[str, object]
) -> None:
    assert shaped(content, verbose=True) == verbose
    assert shaped(content, verbose=False) == plain


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json;odata=verbose", True),
        ("application/json; OData=Verbose", True),
        ("application/json", False),
        ("application/json;odata=nometadata", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_only_verbose_json_gets_the_verbose_shape(accept: str, expected: bool) -> None:
    assert is_verbose(accept) is expected


def test_an_error_has_one_shape_for_all() -> None:
    assert error_body(bad_request("No.")) == {
        "error": {
            "code": "-1, Microsoft.SharePoint.Client.InvalidClientQueryException",
            "message": {"lang": "en-US", "value": "No."},
        }
    }
