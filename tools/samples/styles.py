"""How a feed writes its source file: records to bytes, in the styles that people send to the service."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Record: TypeAlias = dict[str, str]


def rows(records: Sequence[Record]) -> bytes:
    """A record a line, CRLF, with BOM."""
    lines = ",\r\n".join("  " + json.dumps(record, ensure_ascii=False) for record in records)
    return codecs.BOM_UTF8 + f'{{"value": [\r\n{lines}\r\n]}}\r\n'.encode()


def pretty(records: Sequence[Record]) -> bytes:
    """Indented, LF, with BOM."""
    return codecs.BOM_UTF8 + (json.dumps({"value": records}, ensure_ascii=False, indent=2) + "\n").encode()


def vendor(records: Sequence[Record]) -> bytes:
    """As the vendor's own example: a comma behind the last property and the last record, which strict JSON refuses."""
    written = ""
    for record in records:
        values = "".join(f"      {_text(name)}: {_text(value)},\r\n" for name, value in record.items())
        written += f"    {{\r\n{values}    }},\r\n"
    return codecs.BOM_UTF8 + f'{{\r\n  "value": [\r\n{written}  ]\r\n}}\r\n'.encode()


def ascii_rows(records: Sequence[Record]) -> bytes:
    """A record a line, LF, no BOM, everything beyond ASCII escaped."""
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    return f'{{"value":[\n{lines}\n]}}\n'.encode("ascii")


def glued(records: Sequence[Record]) -> bytes:
    r"""One line put together by a program that does not escape: ``R\V`` stands as it is, so this is no JSON."""
    text = json.dumps({"value": records}, ensure_ascii=False, separators=(",", ":"))
    return codecs.BOM_UTF8 + text.replace("\\\\", "\\").encode()


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
