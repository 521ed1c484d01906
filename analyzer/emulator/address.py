"""The addresses of SharePoint's REST: ``/sites/hr/_api/web/getFolderByServerRelativePath(decodedUrl='…')/Files``.

Read from the raw path and decoded afterwards: an argument may hold slashes raw or as ``%2F``, quotes doubled, raw or as
``%27``, and a ``%`` that is part of a name (all seen from clients in production).
https://learn.microsoft.com/sharepoint/dev/sp-add-ins/determine-sharepoint-rest-service-endpoint-uris
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from analyzer.emulator.model import Segment, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_API = re.compile(r"(?P<site>.*?)/_api(?:/(?P<call>.*))?", re.IGNORECASE | re.DOTALL)
# Two quotes are one quote in a text. No end can be read in two ways, so a hostile address is refused in linear time.
_QUOTED = r"'[^']*+(?:''[^']*+)*'(?!')"
_SEGMENT = re.compile(rf"(?P<name>[^/()']*)(?:\((?P<arguments>[^'()]*+(?:{_QUOTED}[^'()]*+)*)\))?(?:/|$)")
# decodedurl='…'   overwrite=true   guid'…'   @p1   (a blank before a name was seen)
_ARGUMENT = re.compile(
    rf"(?:%20|\s)*(?:(?P<name>[A-Za-z]\w*)=)?(?:(?:guid|datetime)?(?P<quoted>{_QUOTED})|(?P<bare>[^,']*))(?:,|$)",
    re.IGNORECASE,
)


_LITERAL = re.compile(r"(?:guid|datetime)?'(?P<text>.*)'", re.IGNORECASE | re.DOTALL)


def query_options(query: str) -> dict[str, str]:
    """The options of a query string by their names in lower case; ``$`` and blanks encoded or not."""
    return {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}


def is_api(raw_path: str) -> bool:
    """Whether a path leads to SharePoint's REST, of whichever site."""
    return _API.fullmatch(raw_path) is not None


def parse_address(raw_path: str, query: Mapping[str, str]) -> tuple[str, tuple[Segment, ...]]:
    """The server-relative path that was asked below (empty for the root) and what follows ``/_api/``.

    Args:
        raw_path: percent-encoded as it was sent, without the query.
        query: where an argument ``@p1`` finds its value.

    Raises:
        ServiceError: 400, the path is not of that form.
    """
    found = _API.fullmatch(raw_path)
    if found is None:
        raise bad_request("The address is not of the form SITE/_api/….")
    call = re.sub("%27", "'", found["call"] or "").strip("/")
    return _decoded(found["site"]).rstrip("/"), tuple(_segments(call, query))


def _segments(call: str, query: Mapping[str, str]) -> Iterator[Segment]:
    at = 0
    while at < len(call):
        found = _SEGMENT.match(call, at)
        if found is None:
            raise bad_request(f"The expression {_decoded(call[at:])!r} is not valid.")
        yield Segment(_decoded(found["name"]), dict(_arguments(found["arguments"] or "", query)))
        at = found.end()


def _arguments(text: str, query: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    at = number = 0
    while at < len(text):
        found = _ARGUMENT.match(text, at)
        if found is None:
            raise bad_request(f"The arguments {_decoded(text)!r} are not valid.")
        # Without names, the second argument is ``#1``.
        yield (found["name"] or (f"#{number}" if number else "")).lower(), _value(found, query)
        number += 1
        at = found.end()


def _value(found: re.Match[str], query: Mapping[str, str]) -> str:
    if found["quoted"] is not None:
        return _decoded(found["quoted"][1:-1].replace("''", "'"))
    bare = _decoded(found["bare"]).strip()
    if not bare.startswith("@"):
        return bare
    return _literal(query.get(bare.lower(), ""))


def _literal(text: str) -> str:
    """The value of an alias: ``'…'``, ``guid'…'``, ``true``, or ``{"DecodedUrl": "…"}`` (each seen)."""
    if quoted := _LITERAL.fullmatch(text):
        return quoted["text"].replace("''", "'")
    if not text.startswith("{"):
        return text
    try:
        value = json.loads(text)["DecodedUrl"]
    except (ValueError, KeyError, RecursionError) as error:
        raise bad_request(f"The expression {text!r} is not valid.") from error
    return str(value)


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise bad_request("The address is not encoded as UTF-8.") from error
