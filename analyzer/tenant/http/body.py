"""The bytes of an answer as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import HTTPError

from analyzer.errors import FaultError
from analyzer.model.text import size

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

CHUNK = 1 << 18
_LARGEST = 1 << 26
"""Bytes of an answer that is held in memory: a list of 100,000 jobs fits; unpacked, a small one may have no end."""


def bounded(chunks: Iterable[bytes], url: str, largest: int | None = None) -> bytes:
    """The bytes of an answer that is held in memory.

    Args:
        chunks: the bytes.
        url: what was asked, for the error.
        largest: how many bytes an answer may have; None for what a job list may.

    Raises:
        FaultError: they are more than any answer has.
    """
    largest = largest or _LARGEST
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > largest:
            raise FaultError(
                f"{url} answered with more than {size(largest)}, which was not read", "Is a proxy in between?"
            )
    return bytes(whole)


def content_of(response: requests.Response) -> Generator[bytes]:
    """Nothing first, then the bytes of an answer.

    What requests makes of them itself would lose what came of a chunk before the connection broke.
    """
    is_packed = response.headers.get("Content-Encoding", "identity") != "identity"
    with response:
        yield b""
        try:
            yield from response.raw.stream(CHUNK, decode_content=is_packed)
        except HTTPError as error:
            raise requests.ConnectionError(error) from error
