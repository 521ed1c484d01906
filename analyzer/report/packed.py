"""Pack data for a page's script: a page is opened from disk, where a browser reads no other file."""

from __future__ import annotations

import base64
import gzip

import msgspec

_LEVEL = 6


def packed(content: object) -> str:
    """Return data as base64 of gzipped JSON, which no HTML can end; equal data are equal texts."""
    return base64.b64encode(gzip.compress(msgspec.json.encode(content), _LEVEL, mtime=0)).decode()
