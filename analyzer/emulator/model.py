"""What passes between the emulator's parts: its errors, what comes in, what goes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from analyzer.emulator.content import Collection, Entity, Primitive

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

    def __init__(self, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(401, "-2147024891, System.UnauthorizedAccessException", message, headers)


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
    """Answer what SharePoint answers for a file that is missing (status, code, and text seen)."""
    return ServiceError(404, "-2130575338, Microsoft.SharePoint.SPException", f"The file {path} does not exist.")


def no_folder() -> ServiceError:
    """Answer what SharePoint answers for a folder that is missing (status, code, and text seen)."""
    return ServiceError(404, "-2147024894, System.IO.FileNotFoundException", "File Not Found.")


def over_threshold() -> ServiceError:
    """Answer what SharePoint answers for a list with more items than a view shows (status, code, and text seen)."""
    message = "The attempted operation is prohibited because it exceeds the list view threshold."
    return ServiceError(500, "-2147024860, Microsoft.SharePoint.SPQueryThrottledException", message)


def wrong_verb(verb: str, name: str) -> ServiceError:
    """What a known address is answered with when it is asked with another verb than its own."""
    return ServiceError(
        405,
        CLIENT_QUERY,
        f"The HTTP method '{verb}' cannot be used to access the resource '{name}'. Please use correct HTTP method"
        " to invoke the resource.",
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came over the wire, or as a part of a batch.

    Attributes:
        method: HTTP's, in upper case.
        origin: ``https://HOST:PORT`` as it was asked.
        raw_path: percent-encoded as it was sent, without the query.
        query: what followed ``?``, as it was sent.
        headers: their names in lower case.
        body: at its beginning.
    """

    method: str
    origin: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: BinaryIO

    @property
    def verb(self) -> str:
        """The method, or what ``X-HTTP-Method`` puts in the place of POST; GET for HEAD."""
        if self.method == "POST":
            return self.headers.get("x-http-method", "POST").upper()
        return "GET" if self.method == "HEAD" else self.method


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.

    Attributes:
        status: HTTP status.
        content: the body, or a file to send from disk, whole or in the range that was asked for.
        headers: of the answer.
        stat: a file's, taken when the answer was made, so that a file that vanishes is reported as an error.
    """

    status: int
    content: bytes | Path = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stat: os.stat_result | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of an address.

    Attributes:
        name: as written.
        arguments: in the brackets, by name in lower case; the name is empty where none was given.
    """

    name: str
    arguments: Mapping[str, str]

    @property
    def key(self) -> str:
        """The name as it is compared: SharePoint takes any casing."""
        return self.name.lower()

    def argument(self, name: str) -> str:
        """The argument of that name (in lower case), or the one without a name.

        Raises:
            ServiceError: 400, there is none.
        """
        value = self.arguments.get(name, self.arguments.get(""))
        if not value:
            raise bad_request(f"The parameter {name} of {self.name} is missing.")
        return value

    def is_set(self, name: str) -> bool:
        """Whether the argument of that name (in lower case) is ``true``, in any casing."""
        return self.arguments.get(name, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Call:
    """A request under ``/_api``, its address read.

    Attributes:
        verb: see ``Asked``.
        origin: see ``Asked``.
        site: server-relative path of the web that was asked; empty for the root.
        segments: what follows ``/_api/``.
        query: options, their names in lower case.
        target: the address without its query, as it was sent.
        headers: their names in lower case.
        body: at its beginning.
    """

    verb: str
    origin: str
    site: str
    segments: tuple[Segment, ...]
    query: Mapping[str, str]
    target: str
    headers: Mapping[str, str]
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

    def argument(self, segment: Segment, name: str) -> str:
        """A parameter of a function, by its name in lower case: from the address, or from the body (both seen).

        Raises:
            ServiceError: 400, it is in neither.
        """
        if segment.arguments:
            return segment.argument(name)
        value = {key.lower(): value for key, value in self.json().items()}.get(name)
        if not isinstance(value, str) or not value:
            raise bad_request(f"The parameter {name} of {segment.name} is missing.")
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered with: JSON of some shape, the bytes of a file, or nothing."""

    content: Entity | Collection | Primitive | Path | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
