"""Read the schema of the profile properties: their types, lengths, and which of them an import may write.

No REST or CSOM call lists it. Two sources are read: a saved answer of ``GetUserProfileSchema`` of
``/_vti_bin/userprofileservice.asmx`` ([MS-UPSDWS] 2.2.4.17 ``PropertyInfo``; it needs a cookie, so people save it in a
browser or with PowerShell), and a CSV file that people write or that ``Export-Csv`` makes of that answer.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.parsers import expat  # every document type is refused, so that no entity is expanded

from analyzer.errors import InputError
from analyzer.model.service import EMPTY_GUID
from analyzer.model.text import listed, shortened
from analyzer.storage.detect_encoding import UTF8, WINDOWS_1252, encoding_by_head

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


class ValueType(StrEnum):
    """What values of a property have to be."""

    text = auto()
    date = auto()
    integer = auto()
    number = auto()
    boolean = auto()
    person = auto()
    other = auto()
    """Any other type, or an unknown one: its values aren't checked."""


@dataclass(frozen=True, slots=True)
class ProfileProperty:
    """A property of the profile store.

    Attributes:
        name: as the store spells it.
        type: of its values.
        max_length: of a text, in UTF-16 units; None if unlimited or unknown.
        editable: whether users may edit it.
        multi_value: whether it takes several values.
        taxonomic: whether it takes terms of the term store.
    """

    name: str
    type: ValueType = ValueType.other
    max_length: int | None = None
    editable: bool = False
    multi_value: bool = False
    taxonomic: bool = False


class PropertySchema:
    """The properties of a tenant's profile store; names ignore case (inferred)."""

    def __init__(self, properties: Iterable[ProfileProperty], source: str) -> None:
        """Keep properties, the first one of each name; ``source`` is where they are from, such as a file's name."""
        self.source = source
        self._by_key: dict[str, ProfileProperty] = {}
        for known in properties:
            self._by_key.setdefault(known.name.lower(), known)

    def __len__(self) -> int:
        """Return the number of properties."""
        return len(self._by_key)

    @property
    def names(self) -> list[str]:
        """The names as the store spells them."""
        return [known.name for known in self._by_key.values()]

    def get(self, name: str) -> ProfileProperty | None:
        """Return a property; None if there is none of this name."""
        return self._by_key.get(name.strip().lower())


def shown_by_tenant(names: Sequence[str], schema: PropertySchema | None = None) -> PropertySchema:
    """Return the properties that the tenant's profiles show, with what ``schema`` knows of them."""
    details = [schema.get(name) if schema is not None else None for name in names]
    known = (one or ProfileProperty(name) for one, name in zip(details, names, strict=True))
    return PropertySchema(known, "the tenant's profiles")


def read_schema(path: Path) -> PropertySchema:
    """Read a schema file, XML or CSV, in UTF-8 or UTF-16.

    Raises:
        InputError: it can't be read, or isn't a schema.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror or error}") from error
    text = _decoded(raw)
    try:
        is_xml = text.lstrip().startswith("<")
        properties = list(map(_from_xml, _elements(text)) if is_xml else _from_csv(text))
    except _SchemaError as error:
        raise InputError(f"{path} isn't a schema of profile properties: {error}", _ADVICE) from error
    if not properties:
        raise InputError(f"{path} has no profile properties", _ADVICE)
    return PropertySchema(properties, path.name)


_ADVICE = (
    "Save the answer of GetUserProfileSchema, or write a CSV file with the columns name, type, length, editable,"
    " multi-value, taxonomy."
)


class _SchemaError(Exception):
    """What is wrong with a schema, a clause."""


def _decoded(raw: bytes) -> str:
    encoding, mark = encoding_by_head(raw) or (UTF8, 0)
    try:
        return raw[mark:].decode(encoding)
    except UnicodeDecodeError:
        return raw[mark:].decode(WINDOWS_1252 if encoding == UTF8 else encoding, "replace")


_SHOWN = 40
_SPACING = re.compile(r"[^a-z0-9]")

_TYPES: Mapping[str, ValueType] = MappingProxyType(
    {
        **dict.fromkeys(
            ("string", "stringsinglevalue", "stringmultivalue", "text", "html", "email", "url", "multivalue"),
            ValueType.text,
        ),
        **dict.fromkeys(("taxonomic", "taxonomy", "managedmetadata"), ValueType.text),
        **dict.fromkeys(("date", "datetime", "datenoyear"), ValueType.date),
        **dict.fromkeys(("integer", "int", "int32", "int64", "long", "biginteger"), ValueType.integer),
        **dict.fromkeys(("float", "double", "decimal", "number"), ValueType.number),
        **dict.fromkeys(("boolean", "bool", "yesno"), ValueType.boolean),
        **dict.fromkeys(("person", "user"), ValueType.person),
    }
)
"""The store's ``PropertyDataType`` and usual names, without blanks and brackets."""
_SEVERAL = frozenset({"stringmultivalue", "multivalue"})
_TERMS = frozenset({"taxonomic", "taxonomy", "managedmetadata"})

_YES = frozenset({"true", "yes", "y", "1", "x"})
_NO = frozenset({"false", "no", "n", "0", "", "-"})


def _from_cells(cells: Mapping[str, str], where: str) -> ProfileProperty:
    """Return the property that cells describe, by the names of ``_HEADINGS``; ``where`` is named in errors."""
    key = _key(cells.get("type", ""))
    value_type = _TYPES.get(key, ValueType.other)
    length = cells.get("length", "").strip()
    if not re.fullmatch(r"\d{0,9}", length):
        raise _SchemaError(f"{where} has the length {_quoted(length)}, which isn't a number")
    terms = cells.get("taxonomy", "").strip()
    return ProfileProperty(
        name=cells["name"].strip(),
        type=value_type,
        # Of the other types, the store gives the length in bytes.
        max_length=(int(length or 0) or None) if value_type is ValueType.text else None,
        editable=_is_yes(cells.get("editable", ""), where),
        multi_value=key in _SEVERAL or _is_yes(cells.get("multi", ""), where),
        taxonomic=key in _TERMS or _is_term_set(terms) or _is_yes("" if "-" in terms else terms, where),
    )


def _is_term_set(text: str) -> bool:
    return len(text) >= len(EMPTY_GUID) and text.strip("{}") != EMPTY_GUID


def _is_yes(text: str, where: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise _SchemaError(f"{where} has {_quoted(text)} instead of yes or no")
    return word in _YES


def _quoted(text: str) -> str:
    return f'"{shortened(text, _SHOWN)}"'


def _key(text: str) -> str:
    return _SPACING.sub("", text.lower())


_ELEMENT = "PropertyInfo"
_FIELDS = MappingProxyType(
    {
        "Name": "name",
        "Type": "type",
        "Length": "length",
        "IsUserEditable": "editable",
        "IsMultiValue": "multi",
        "TermSetId": "taxonomy",
    }
)


def _from_xml(element: Mapping[str, str]) -> ProfileProperty:
    cells = {column: element.get(field, "") for field, column in _FIELDS.items()}
    if not cells["name"].strip():
        raise _SchemaError(f"a {_ELEMENT} has no Name")
    return _from_cells(cells, cells["name"].strip())


def _elements(text: str) -> Iterator[dict[str, str]]:
    """Return the texts of the children of each ``PropertyInfo``, by local name, in any namespace."""
    found: list[dict[str, str]] = []
    opened: list[str] = []

    def start(name: str, _attributes: object) -> None:
        local = name.rpartition(":")[2]
        if local == _ELEMENT:
            found.append({})
        opened.append(local)

    def end(_name: str) -> None:
        opened.pop()

    def characters(data: str) -> None:
        if found and opened[-2:-1] == [_ELEMENT]:
            found[-1][opened[-1]] = found[-1].get(opened[-1], "") + data

    # The text is decoded already: what the declaration says of the encoding doesn't count.
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise _SchemaError(f"it isn't valid XML: {expat.ErrorString(error.code)}, line {error.lineno}") from error
    if not found:
        raise _SchemaError(f"it is XML without a {_ELEMENT}")
    return iter(found)


def _refuse_doctype(*_: object) -> None:
    raise _SchemaError("it has a document type, which an answer of the service doesn't have")


_HEADINGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "name": frozenset({"name", "propertyname", "property", "internalname"}),
        "type": frozenset({"type", "propertytype", "datatype"}),
        "length": frozenset({"length", "maxlength", "maximumlength"}),
        "editable": frozenset({"editable", "usereditable", "isusereditable", "editablebyuser", "editablebyusers"}),
        "multi": frozenset({"multivalue", "multivalued", "ismultivalue", "ismultivalued"}),
        "taxonomy": frozenset({"taxonomy", "taxonomic", "istaxonomic", "termset", "termsetid"}),
    }
)
"""The columns of a CSV file in their usual spellings, without blanks, hyphens, and case."""


def _from_csv(text: str) -> Iterator[ProfileProperty]:
    # Windows PowerShell puts a line #TYPE first.
    text = re.sub(r"\A#TYPE[^\n]*\n", "", text)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        columns = _columns(next(rows, []))
        for row in rows:
            cells = {column: row[at] for column, at in columns.items() if at < len(row)}
            if cells.get("name", "").strip():
                yield _from_cells(cells, f"line {rows.line_num}")
            elif any(cell.strip() for cell in row):
                raise _SchemaError(f"line {rows.line_num} has no name")
    except csv.Error as error:
        raise _SchemaError(f"it isn't valid CSV: {error}, line {rows.line_num}") from error


def _columns(headings: list[str]) -> dict[str, int]:
    """Return the position of each known column."""
    keys = [_key(heading) for heading in headings]
    columns = {
        column: next(at for at, key in enumerate(keys) if key in spellings)
        for column, spellings in _HEADINGS.items()
        if not spellings.isdisjoint(keys)
    }
    missing = [column for column in ("name", "type") if column not in columns]
    if missing:
        shown = shortened(", ".join(heading.strip() for heading in headings), 2 * _SHOWN)
        raise _SchemaError(f"its first line has no column {listed(missing)} ({shown or 'it is empty'})")
    return columns
