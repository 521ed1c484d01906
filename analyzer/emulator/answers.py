"""How a reply is written down: the shape goes by ``Accept``.

Seen of clients in production: with ``odata=verbose`` everything stands under ``d``, a collection under ``results`` (and
under its function's name); without it a collection stands under ``value``, an entity plainly. Each client breaks on the
other's shape. Errors have one shape for all: under ``odata.error`` the code is lost to one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.emulator.interface import Collection, Entity, Primitive, TokenRefusedError

if TYPE_CHECKING:
    from analyzer.emulator.interface import ServiceError

VERBOSE = "application/json;odata=verbose;charset=utf-8"
PLAIN = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8"


def is_verbose(accept: str) -> bool:
    """Whether an ``Accept`` header asks for the verbose shape; what is not JSON at all gets the plain one."""
    return "odata=verbose" in accept.lower().replace(" ", "")


def shaped(content: Entity | Collection | Primitive, *, verbose: bool) -> dict[str, object]:
    """The JSON object that a reply's content is sent as."""
    return _verbose(content) if verbose else _plain(content)


def error_body(error: ServiceError) -> dict[str, object]:
    """The JSON object that an error is sent as."""
    if isinstance(error, TokenRefusedError):
        return {"error_description": error.message}
    return {"error": {"code": error.code, "message": {"lang": "en-US", "value": error.message}}}


def _verbose(content: Entity | Collection | Primitive) -> dict[str, object]:
    inner: object
    if isinstance(content, Collection):
        inner = {"results": content.entities} | ({"__next": content.next_link} if content.next_link else {})
    elif isinstance(content, Entity):
        inner = dict(content.fields)
    else:
        inner = content.value
    return {"d": {content.function: inner} if content.function else inner}


def _plain(content: Entity | Collection | Primitive) -> dict[str, object]:
    if isinstance(content, Entity):
        return dict(content.fields)
    if isinstance(content, Primitive):
        return {"value": content.value}
    return {"value": content.entities} | ({"odata.nextLink": content.next_link} if content.next_link else {})
