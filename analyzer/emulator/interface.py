"""What passes between the emulator's parts: its two errors, a call that came in, a reply that goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.emulator.address import Segment

_MOST_JSON_BYTES = 2 * 1024**2
CLIENT_QUERY = "-1, Microsoft.SharePoint.Client.InvalidClientQueryException"


class EmulatorError(Exception):
    """The emulator cannot start; its text is one plain sentence: what, where, what to do."""


class ServiceError(Exception):
    """An answer that is an error, in SharePoint's words.

    Attributes:
        status: HTTP status.
        code: ``HRESULT, TYPE`` (seen: clients in production read it so).
        message: the text.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class TokenRefusedError(ServiceError):
    """401 for a token that SharePoint does not take: its body says why in a field of its own (seen)."""

    def __init__(self, told: str, headers: Mapping[str, str]) -> None:
        super().__init__(401, "-2147024891, System.UnauthorizedAccessException", told, headers)


def bad_request(message: str) -> ServiceError:
    """What a request that cannot be understood is answered with (status and type seen, the text inferred)."""
    return ServiceError(400, CLIENT_QUERY, message)


def no_resource(name: str) -> ServiceError:
    """What an address that leads nowhere is answered with."""
    return ServiceError(
        404,
        "-1, Microsoft.SharePoint.Client.ResourceNotFoundException",
        f"Cannot find resource for the request {name}.",
    )


def no_file(path: str) -> ServiceError:
    """What a file or folder that is not there is answered with (code seen)."""
    return ServiceError(404, "-2147024894, System.IO.FileNotFoundException", f"The file {path} does not exist.")


def wrong_verb(verb: str, name: str) -> ServiceError:
    """What a known address is answered with when it is asked with another verb than its own."""
    return ServiceError(
        405,
        CLIENT_QUERY,
        f"The HTTP method '{verb}' cannot be used to access the resource '{name}'. Please use correct HTTP method"
        " to invoke the resource.",
    )


@dataclass(frozen=True, slots=True)
class Call:
    """A request under ``/_api``.

    Attributes:
        verb: the method, or what ``X-HTTP-Method`` puts in its place; GET for HEAD.
        origin: ``https://HOST:PORT`` as it was asked.
        site: server-relative path of the web that was asked; empty for the root.
        segments: what follows ``/_api/``.
        query: options, their names in lower case.
        target: the address without its query, as it was sent.
        body: at its beginning.
    """

    verb: str
    origin: str
    site: str
    segments: tuple[Segment, ...]
    query: Mapping[str, str]
    target: str
    body: BinaryIO

    def json(self) -> dict[str, object]:
        """The body's JSON object.

        Raises:
            ServiceError: 400, the body is something else, or longer than 2 MB.
        """
        text = self.body.read(_MOST_JSON_BYTES + 1)
        try:
            content = json.loads(text) if len(text) <= _MOST_JSON_BYTES else None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise bad_request("Invalid JSON. The body of the request has to be a JSON object.")
        return content


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity; ``function`` names the function that returned it where the verbose shape wraps it."""

    fields: Mapping[str, object]
    function: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """Entities; ``next_link`` is the address of the next page, empty on the last."""

    entities: list[dict[str, object]]
    function: str = ""
    next_link: str = ""


@dataclass(frozen=True, slots=True)
class Primitive:
    """A string or a truth value that a function returned."""

    function: str
    value: str | bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered with: JSON of some shape, the bytes of a file, or nothing."""

    content: Entity | Collection | Primitive | Path | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
