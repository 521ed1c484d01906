"""How a reply is written down: the shape goes by ``Accept``.

Seen of clients in production: with ``odata=verbose`` everything stands under ``d``, a collection under ``results`` (and
under its function's name); without it a collection stands under ``value``, an entity plainly. Each client breaks on the
other's shape. Errors stand under ``error`` in the verbose shape, else under ``odata.error`` (seen in what people post).
https://learn.microsoft.com/openspecs/windows_protocols/ms-odatajson
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING

from analyzer.emulator.content import Collection, Entity, Int64, Primitive, Texts
from analyzer.emulator.model import Answer, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.emulator.model import ServiceError


class Shape(Enum):
    """The JSON that is asked for, and how it is named in ``Content-Type``."""

    VERBOSE = "application/json;odata=verbose;charset=utf-8"
    MINIMAL = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"
    PLAIN = "application/json;odata=nometadata;streaming=true;charset=utf-8"


def shape_of(accept: str) -> Shape:
    """The shape that an ``Accept`` header asks for; what names none gets the minimal metadata."""
    asked = accept.lower().replace(" ", "")
    if "odata=verbose" in asked:
        return Shape.VERBOSE
    return Shape.PLAIN if "odata=nometadata" in asked else Shape.MINIMAL


def written(content: Entity | Collection | Primitive, shape: Shape, api: str) -> dict[str, object]:
    """The JSON object that a reply's content is sent as; ``api`` is the address of the web's ``/_api/``."""
    if shape is Shape.VERBOSE:
        inner = _primitive(content.value) if isinstance(content, Primitive) else _verbose(content, api)
        return {"d": {content.function: inner} if content.function else inner}
    context: dict[str, object] = {"odata.metadata": f"{api}$metadata{_context(content)}"}
    if shape is Shape.PLAIN:
        context = {}
    if isinstance(content, Primitive):
        return context | ({"odata.null": True} if content.value is None else {"value": _primitive(content.value)})
    if isinstance(content, Entity):
        return context | _light(content, shape, api)
    link = {"odata.nextLink": content.next_link} if content.next_link else {}
    return {**context, "value": [_light(entity, shape, api) for entity in content.entities], **link}


def error_answer(error: ServiceError, shape: Shape) -> Answer:
    """What an error is sent as."""
    if isinstance(error, TokenRefusedError):
        return json_answer({"error_description": error.message}, error.status, error.headers, shape)
    name = "error" if shape is Shape.VERBOSE else "odata.error"
    content = {name: {"code": error.code, "message": {"lang": "en-US", "value": error.message}}}
    return json_answer(content, error.status, error.headers, shape)


def json_answer(content: Mapping[str, object], status: int, headers: Mapping[str, str], shape: Shape) -> Answer:
    """JSON on its way."""
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Answer(status, body, {**headers, "Content-Type": shape.value})


def _verbose(content: Entity | Collection, api: str) -> dict[str, object]:
    if isinstance(content, Collection):
        link = {"__next": content.next_link} if content.next_link else {}
        return {"results": [_verbose(entity, api) for entity in content.entities], **link}
    uri = api + content.link
    address = {"id": uri, "uri": uri} if content.link else {}
    metadata = {"__metadata": {**address, "type": content.kind}} if content.kind else {}
    deferred = {name: {"__deferred": {"uri": f"{uri}/{name}"}} for name in content.related}
    return {**metadata, **deferred, **{name: _verbose_value(value, api) for name, value in content.fields.items()}}


def _verbose_value(value: object, api: str) -> object:
    if isinstance(value, Texts):
        return {"__metadata": {"type": "Collection(Edm.String)"}, "results": value}
    return _verbose(value, api) if isinstance(value, (Entity, Collection)) else _primitive(value)


def _light(content: Entity, shape: Shape, api: str) -> dict[str, object]:
    about = {"odata.type": content.kind, "odata.id": api + content.link, "odata.editLink": content.link}
    metadata = about if shape is Shape.MINIMAL and content.link else {}
    return {**metadata, **{name: _light_value(value, shape, api) for name, value in content.fields.items()}}


def _light_value(value: object, shape: Shape, api: str) -> object:
    if isinstance(value, Collection):
        return [_light(entity, shape, api) for entity in value.entities]
    return _light(value, shape, api) if isinstance(value, Entity) else _primitive(value)


def _primitive(value: object) -> object:
    return str(value) if isinstance(value, Int64) else value


def _context(content: Entity | Collection | Primitive) -> str:
    if isinstance(content, Primitive):
        return "#Edm.Boolean" if isinstance(content.value, bool) else "#Edm.String"
    first = content if isinstance(content, Entity) else next(iter(content.entities), Entity({}))
    return f"#{first.kind}" if first.kind else ""
