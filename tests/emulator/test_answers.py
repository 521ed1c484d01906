"""The shapes of SharePoint's answers."""

from __future__ import annotations

import json

import pytest

from analyzer.emulator.answers import Shape, error_answer, shape_of, written
from analyzer.emulator.content import Collection, Entity, Int64, Primitive
from analyzer.emulator.model import bad_request

API = "https://localhost/sites/hr/_api/"
_ROW = Entity({"Name": "hr.json", "Length": Int64(5)})
_TOLD = {"Name": "hr.json", "Length": "5"}
_NAMED = Entity({"Name": "hr.json"}, kind="SP.File", link="Web/x", related={"Author": lambda: _ROW})
_ADDRESS = f"{API}Web/x"


@pytest.mark.parametrize(
    ("content", "verbose", "plain"),
    [
        (_ROW, {"d": _TOLD}, _TOLD),
        (Entity(_ROW.fields, "Fn"), {"d": {"Fn": _TOLD}}, _TOLD),
        (Collection([_ROW]), {"d": {"results": [_TOLD]}}, {"value": [_TOLD]}),
        (Collection([], "Fn"), {"d": {"Fn": {"results": []}}}, {"value": []}),
        (Primitive("Fn", value=True), {"d": {"Fn": True}}, {"value": True}),
        (Primitive("Fn", value=None), {"d": {"Fn": None}}, {"odata.null": True}),
        (
            Collection([_ROW], next_link="https://localhost/x"),
            {"d": {"results": [_TOLD], "__next": "https://localhost/x"}},
            {"value": [_TOLD], "odata.nextLink": "https://localhost/x"},
        ),
        (
            Entity({"Files": Collection([_ROW]), "ParentFolder": _ROW}),
            {"d": {"Files": {"results": [_TOLD]}, "ParentFolder": _TOLD}},
            {"Files": [_TOLD], "ParentFolder": _TOLD},
        ),
    ],
    ids=["entity", "function's entity", "collection", "function's", "primitive", "nothing", "page", "expanded"],
)
def test_the_shape_goes_by_what_is_asked_for(
    content: Entity | Collection | Primitive, verbose: dict[str, object], plain: dict[str, object]
) -> None:
    assert written(content, Shape.VERBOSE, API) == verbose
    assert written(content, Shape.PLAIN, API) == plain
    minimal = written(content, Shape.MINIMAL, API)
    assert str(minimal.pop("odata.metadata")).startswith(f"{API}$metadata")
    assert minimal == plain


def test_metadata_tells_type_and_address() -> None:
    assert written(_NAMED, Shape.VERBOSE, API)["d"] == {
        "__metadata": {"id": _ADDRESS, "uri": _ADDRESS, "type": "SP.File"},
        "Author": {"__deferred": {"uri": f"{_ADDRESS}/Author"}},
        "Name": "hr.json",
    }
    assert written(Collection([_NAMED]), Shape.MINIMAL, API) == {
        "odata.metadata": f"{API}$metadata#SP.File",
        "value": [{"odata.type": "SP.File", "odata.id": _ADDRESS, "odata.editLink": "Web/x", "Name": "hr.json"}],
    }
    assert written(_NAMED, Shape.PLAIN, API) == {"Name": "hr.json"}


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json;odata=verbose", Shape.VERBOSE),
        ("application/json; OData=Verbose", Shape.VERBOSE),
        ("application/json", Shape.MINIMAL),
        ("application/json;odata=minimalmetadata", Shape.MINIMAL),
        ("application/json;odata=nometadata", Shape.PLAIN),
        ("*/*", Shape.MINIMAL),
        ("", Shape.MINIMAL),
    ],
)
def test_the_header_accept_names_the_shape(accept: str, expected: Shape) -> None:
    assert shape_of(accept) is expected


@pytest.mark.parametrize(
    ("shape", "name"), [(Shape.VERBOSE, "error"), (Shape.MINIMAL, "odata.error"), (Shape.PLAIN, "odata.error")]
)
def test_an_error_stands_under_the_name_of_its_shape(shape: Shape, name: str) -> None:
    answer = error_answer(bad_request("No."), shape)
    assert isinstance(answer.content, bytes)
    assert (answer.status, answer.headers["Content-Type"]) == (400, shape.value)
    assert json.loads(answer.content) == {
        name: {
            "code": "-1, Microsoft.SharePoint.Client.InvalidClientQueryException",
            "message": {"lang": "en-US", "value": "No."},
        }
    }
