"""Import files as programs write them, byte for byte, as far as their documentation, sources, and samples show."""

from __future__ import annotations

import json
import re
from typing import Any

Records = list[dict[str, Any]]
BOM = b"\xef\xbb\xbf"


def windows_powershell(value: object) -> str:
    """``ConvertTo-Json`` of Windows PowerShell 5.1: its indentation, two blanks after a colon, and its escapes."""

    def text(one: object) -> str:
        plain = json.dumps(one, ensure_ascii=False)
        return re.sub("['&<>]", lambda found: f"\\u{ord(found[0]):04x}", plain)

    def lines(one: object, indent: int) -> str:
        blanks = " " * (indent + 4)
        if isinstance(one, dict):
            members = []
            for name, inner in one.items():
                key = f"{blanks}{text(name)}:  "
                members.append(key + lines(inner, len(key)))
            return "{\r\n" + ",\r\n".join(members) + "\r\n" + " " * indent + "}"
        if isinstance(one, list):
            return (
                "[\r\n" + ",\r\n".join(blanks + lines(each, indent + 4) for each in one) + "\r\n" + " " * indent + "]"
            )
        return text(one)

    return lines(value, 0)


def powershell_7(value: object) -> str:
    """``ConvertTo-Json`` of PowerShell 7, on Windows."""
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\r\n")


def out_file_51(text: str) -> bytes:
    """``Out-File`` and ``>`` of Windows PowerShell 5.1."""
    return b"\xff\xfe" + f"{text}\r\n".encode("utf-16-le")


def set_content_51(text: str) -> bytes:
    """``Set-Content`` of Windows PowerShell 5.1 with a Western European code page."""
    return f"{text}\r\n".encode("cp1252", "replace")


def utf8_bom(text: str) -> bytes:
    """``Out-File -Encoding utf8`` of 5.1, ``-Encoding utf8BOM`` of 7, .NET's ``Encoding.UTF8``."""
    return BOM + text.encode()


def utf8(text: str) -> bytes:
    """UTF-8 without a mark, as most programs write it."""
    return text.encode()


def system_text_json(records: Records) -> str:
    """.NET's ``JsonSerializer`` with its default encoder."""
    plain = json.dumps({"value": records}, separators=(",", ":"))
    plain = re.sub(r"\\u[0-9a-f]{4}", lambda found: found[0][:2] + found[0][2:].upper(), plain)
    return re.sub("['&<>+`]", lambda found: f"\\u{ord(found[0]):04X}", plain)


def go_json(records: Records) -> str:
    """Go's ``json.Marshal``, which escapes for HTML."""
    plain = json.dumps({"value": records}, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[&<>\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", plain)


def php_json(records: Records) -> str:
    """PHP's ``json_encode``."""
    return json.dumps({"value": records}, separators=(",", ":")).replace("/", "\\/")


def sql_server(records: Records) -> str:
    """``FOR JSON PATH, ROOT('value')``: null is left out, a slash is escaped."""
    rows = [{name: value for name, value in record.items() if value is not None} for record in records]
    return json.dumps({"value": rows}, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def article(records: Records) -> str:
    """The vendor's sample: a comma after the last property and after the last record."""
    rows = []
    for record in records:
        members = "".join(f"\t\t{json.dumps(name)}: {json.dumps(value)},\r\n" for name, value in record.items())
        rows.append(f"\t{{\r\n{members}\t}},\r\n")
    return '{\r\n"value": [\r\n' + "".join(rows) + "\t]\r\n}"


def pnp_sync(records: Records) -> str:
    """PnP PowerShell's ``Sync-PnPSharePointUserProfilesFromAzureActiveDirectory``: nothing is escaped."""
    rows = []
    for record in records:
        members = ",".join(f'"{name}":"{"" if value is None else value}"' for name, value in record.items())
        rows.append(f"{{{members}}}")
    return f'{{ "value": [{",".join(rows)}] }}'


def by_hand(records: Records) -> str:
    """A loop in VBA or a template: quotation marks around everything, nothing escaped."""
    rows = ["{" + ", ".join(f'"{name}": "{value}"' for name, value in record.items()) + "}" for record in records]
    return '{"value":[\r\n' + ",\r\n".join(rows) + "\r\n]}"


def json_lines(records: Records) -> str:
    """A record a line, as the sink "Set of objects" of Azure Data Factory."""
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
