"""The hash that an answer tells of its own content, where it tells one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA_256 = re.compile(r"sha-256=:?(?P<value>[A-Za-z0-9+/]+=*):?", re.IGNORECASE)


class Checksum:
    """Hashes what is received and compares it with what was told.

    Read are ``Repr-Digest`` (RFC 9530), ``Digest`` (RFC 3230) and ``Content-MD5`` (RFC 1864). That SharePoint sends
    none of them is inferred; Azure's storage sends the last.
    """

    def __init__(self, algorithm: str = "", expected: bytes = b"") -> None:
        """Takes what was told; without an algorithm everything is right."""
        self._hash = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
        self._expected = expected

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """What the headers of a whole answer tell; what cannot be read counts as not told."""
        told = _SHA_256.search(headers.get("Repr-Digest") or headers.get("Digest") or "")
        for algorithm, text in (("sha256", told["value"] if told else ""), ("md5", headers.get("Content-MD5", ""))):
            try:
                expected = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue
            if len(expected) == hashlib.new(algorithm, usedforsecurity=False).digest_size:
                return cls(algorithm, expected)
        return cls()

    def update(self, chunk: bytes) -> None:
        """Takes the next bytes."""
        if self._hash is not None:
            self._hash.update(chunk)

    def holds(self) -> bool:
        """Whether what was received is what was told."""
        return self._hash is None or self._hash.digest() == self._expected
