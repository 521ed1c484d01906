"""``$batch``: many requests in one, as ``multipart/mixed``; changesets are read, but each part stands for itself.

https://learn.microsoft.com/sharepoint/dev/sp-add-ins/make-batch-requests-with-the-rest-apis
Seen of clients: line ends LF alone, no space behind a header's colon, absolute addresses, empty lines before a body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.emulator.model import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analyzer.emulator.model import Answer

MOST_BYTES = 16 << 20
"""The longest body of a batch that is read."""
_MOST_PARTS = 1000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<target>\S.*?)(?: HTTP/1\.[01])?\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch: ``raw_path`` and ``query`` as they were sent, header names in lower case."""

    method: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """The requests of a batch, those of changesets in their place.

    Raises:
        ServiceError: 400, the body is no batch.
    """
    parts = list(_parts(content_type, body, nested=False))
    if not 0 < len(parts) <= _MOST_PARTS:
        raise bad_request("The body of a batch has to hold between 1 and 1000 requests.")
    return parts


def joined(answers: Sequence[Answer], boundary: str) -> bytes:
    """The body that answers a batch: the parts flat, in the order of the requests."""
    lines = []
    for answer in answers:
        head = b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        lines.append(f"--{boundary}\r\n".encode() + head + _response(answer) + b"\r\n")
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def _parts(content_type: str, body: bytes, *, nested: bool) -> Iterator[Part]:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/mixed" or not boundary:
        raise bad_request("A batch has to be of the type multipart/mixed, with a boundary.")
    mark = re.escape(boundary.encode("utf-8", "replace"))
    delimiter = re.compile(rb"(?:^|\r?\n)--" + mark + rb"(?:--)?[ \t]*(?=\r?\n|$)")
    for section in delimiter.split(body)[1:-1]:
        head, content = _cut(section.lstrip(b"\r\n") if section.strip() else b"")
        inner = head.get("content-type", "")
        if inner.lower().startswith("multipart/mixed") and not nested:
            yield from _parts(inner, content, nested=True)
        elif inner.lower().startswith("application/http"):
            yield _part(content.lstrip(b"\r\n"))
        elif section.strip():
            raise bad_request("A part of the batch is neither a request nor a changeset.")


def _part(content: bytes) -> Part:
    first, _, rest = content.partition(b"\n")
    found = _REQUEST.fullmatch(first.decode("utf-8", "replace"))
    if found is None:
        raise bad_request("A part of the batch does not begin with a request line.")
    head, body = _cut(rest)
    try:
        target = urlsplit(found["target"])
    except ValueError as error:
        raise bad_request("The address of a part of the batch is not valid.") from error
    return Part(found["method"], target.path, target.query, head, body)


def _cut(section: bytes) -> tuple[dict[str, str], bytes]:
    """The headers of a part, and what follows the empty line behind them."""
    end = _BLANK_LINE.search(section)
    head, body = (section[: end.start()], section[end.end() :]) if end else (section, b"")
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in lines if name.strip()}, body


def _response(answer: Answer) -> bytes:
    status = HTTPStatus(answer.status)
    head = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    body = answer.content.read_bytes() if isinstance(answer.content, Path) else answer.content
    return "\r\n".join(head).encode("utf-8", "replace") + b"\r\n\r\n" + body
