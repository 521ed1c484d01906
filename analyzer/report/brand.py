"""Read the logo of the configuration, so that a page holds it and asks for no file."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from analyzer.errors import InputError
from analyzer.model.text import size
from analyzer.report.model import Brand
from analyzer.storage.files import read_bytes

if TYPE_CHECKING:
    from pathlib import Path

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 200_000
"""Every page has the logo in it."""
_ADVICE = "Use a PNG or SVG file of at most 200 KB."


def brand_of(title: str, logo: Path | None, contact: str) -> Brand:
    """Return what the configuration adds to each page.

    Args:
        title: of the report; may be empty.
        logo: a PNG or SVG file; None for none.
        contact: a line with the person or team to ask; may be empty.

    Raises:
        InputError: the logo can't be read, is too large, or isn't an image of these kinds.
    """
    return Brand(title, _address_of(logo) if logo else "", contact)


def _address_of(logo: Path) -> str:
    content = read_bytes(logo)
    if len(content) > _MOST_BYTES:
        raise InputError(f"the logo {logo} has {size(len(content))}", _ADVICE)
    if content.startswith(_PNG):
        kind = "image/png"
    elif b"<svg" in content[:4096]:
        kind = "image/svg+xml"  # shown as an image, it neither runs scripts nor asks for files
    else:
        raise InputError(f"the logo {logo} isn't a PNG or SVG file", _ADVICE)
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
