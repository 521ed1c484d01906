"""Logs and messages as some tenants have them: in another language, without IDs, in another encoding."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from analyzer.emulator.logwriter import LINE_END

if TYPE_CHECKING:
    from collections.abc import Callable

_IDENTITY: Final = re.compile(r"^([A-Z][A-Za-z0-9]+)\t[^\t]*\t")

# That messages follow the tenant's language is inferred, and the words are ours.
_GERMAN: Final = (
    ("User identity cannot be resolved", "Die Benutzeridentität kann nicht aufgelöst werden."),
    ("The identity is missing for the user object", "Im Benutzerobjekt fehlt die Identität."),
    (
        r"Property '(.*)' is not mapped to any property in the user profile application\.",
        "Die Eigenschaft „\\1“ ist keiner Eigenschaft in der Benutzerprofilanwendung zugeordnet.",
    ),
    (
        r"Failed to import the custom properties due to an unexpected error\.",
        "Fehler beim Importieren der benutzerdefinierten Eigenschaften.",
    ),
    (r"The data source file could not be found\.", "Die Datenquelldatei wurde nicht gefunden."),
    (
        r"The data source file did not pass validation\. .*",
        "Die Datenquelldatei ist ungültig.",
    ),
    (r"The data has been imported, but there were errors\. .*", "Die Daten wurden mit Fehlern importiert."),
)


def in_german(text: str) -> str:
    """A message of a log's line or of a job; one that has no translation stays as it is."""
    for pattern, words in _GERMAN:
        text = re.sub(pattern, words, text)
    return text


def without_id(line: str) -> str:
    r"""A log's line without the identity (of ``IdentityNotResolvable`` seen).

    >>> without_id("IdentityNotResolvable\teve@contoso.com\tUser identity cannot be resolved")
    'IdentityNotResolvable\t\tUser identity cannot be resolved'
    """
    return _IDENTITY.sub("\\1\t\t", line)


def utf_16(text: str) -> bytes:
    """Little-endian, with a byte order mark."""
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


def utf_8(text: str) -> bytes:
    """With a byte order mark."""
    return codecs.BOM_UTF8 + text.encode("utf-8")


def restyled(
    log: bytes, words: Callable[[str], str], line: Callable[[str], str], encode: Callable[[str], bytes]
) -> bytes:
    """A log as ``logwriter`` made it, in other words, lines and bytes."""
    lines = log.decode("utf-8-sig").split(LINE_END)
    return encode(LINE_END.join(line(words(text)) for text in lines))
