# ruff: noqa: RUF001, RUF003 - ambiguous letters are the subject of this module
"""Find values that the feed damaged, and that an import writes without an error.

A succeeded job has no log, so such values are visible only in profiles. Seen in public threads: letters lost without a
byte order mark (pnp/powershell 1501 and 4204, pnp/script-samples 878), UTF-8 that was read as another encoding
(wobba/SPO-Trigger-Reindex 11), backslashes doubled again with each user (pnp/powershell 1692), and names of types in
place of values (pnp/powershell 4062).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from analyzer.model.language import N_
from analyzer.model.language import gettext as _
from analyzer.model.text import count, grouped, listed_first, shortened
from analyzer.source.reader.tolerant import Record, is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.source.reader.tolerant import Members

_NAMED = 5
"""Limit of properties in a warning."""
_SHOWN = 60
"""Limit of characters of an example."""


class DamageKind(StrEnum):
    """The kind of damage."""

    no_mark = auto()
    """Non-ASCII letters in a file without a byte order mark."""
    garbled = auto()
    """UTF-8 that was read as Windows-1252 or ISO-8859-1, at least once."""
    lost = auto()
    """Letters replaced by U+FFFD."""
    backslashes = auto()
    """Backslashes that were doubled again."""
    type_name = auto()
    """The name of a .NET type, or PowerShell's output for an object."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Damaged values of one property.

    Attributes:
        kind: kind of damage.
        property: name as in the source file.
        records: number of records with such a value.
        record: number of the first of them, from 1.
        example: its value, shortened.
        identity: its ID; empty if unknown.
    """

    kind: DamageKind
    property: str
    records: int
    record: int
    example: str
    identity: str = ""


# Characters for bytes 0x80 to 0xBF in Windows-1252 and ISO-8859-1
_BYTES = bytes(range(0x80, 0xC0))
_REST = "".join(sorted({*_BYTES.decode("cp1252", "ignore"), *_BYTES.decode("latin-1")}))
# Those that are also next to a letter in undamaged text
_PUNCTUATION = "‘’“”‚„…–—‹›«»™©®\u00a0\u00ad·ºª°´"
_LETTERS = "šžœŠŽŒŸ"
_CERTAIN = "".join(character for character in _REST if character not in _PUNCTUATION + _LETTERS)
_OPENING = "‘“‚„‹«"
_GARBLED = re.compile(
    "|".join(
        (
            # ü, Ö, °: no language has Â or Ã before such a character, or in a word before a quotation mark or dash.
            rf"[ÂÃ][{re.escape(_CERTAIN)}]|Ã[{_LETTERS}]",
            rf"[a-zß-ÿ][ÂÃÄÅÈÉ][{re.escape(_PUNCTUATION)}]",
            rf"[ÂÃÄÅÈÉ][{re.escape(_PUNCTUATION + _LETTERS)}][a-z]",
            rf"[ÂÃ][{_OPENING}]\w",
            r"(?<![^\W\d_])Â[°·ºª\u00a0\u00ad]",
            # Vietnamese, such as ế
            rf"á[º»][{re.escape(_REST)}][a-z]",
            # š, ł, İ, ș
            rf"[ÄÅÈ][{re.escape(_CERTAIN)}]",
            rf"[a-z][ÄÅÈ][{_LETTERS}]",
            # ’, €, ™, →, and emoji
            rf"â[€‚„†‡ˆ‰\x80\x82\x84\x86][{re.escape(_REST)}]",
            rf"ð[{re.escape(_REST)}]{{3}}",
            "ï»¿",
            # Other scripts: two sequences, as one may be a letter before a punctuation mark.
            *(rf"(?:[{lead}][{re.escape(_REST)}]){{2}}" for lead in ("ÎÏ", "ÐÑÒÓ", "ÔÕÖ", "×", "ØÙÚÛ")),
            rf"(?:[à-ï][{re.escape(_REST)}]{{2}}){{2}}",
        )
    )
)
# Each of these has such a pair.
_PAIR = re.compile(rf"[À-ÿ][{re.escape(_REST)}]")
_NOT_REST = bytes({*range(256)} - {*_BYTES})
# Approximation for UTF-8 bytes, which excludes most non-ASCII values without decoding them.
_MAY_BE_GARBLED = re.compile(rb"\xc3[\x82-\xb4](?:\xc2|\xc5|\xc6|\xcb|\xe2[\x80\x82\x84]|\\u)")
_LOST = "\ufffd".encode()
# Four backslashes, or such letters as escapes
_BACKSLASHES = re.compile(rb"\\(?:\\{3}|u(?:00[c-fC-F][0-9A-Fa-f](?:\\u|[\x80-\xff])|[fF]{3}[dD]))")

# \\server\share and \\?\C:\ begin with two; within a word, before punctuation, and at the end, one is correct.
_DOUBLED = re.compile(r"\\{4}|(?<=\w)\\{2}|\\{2}(?=[^\w?.]|$)")

TYPE_NAMES_BEGIN = ("System.", "Microsoft.", "@{")
_TYPE_NAME = re.compile(
    r"System\.(?:Object|String|Byte|Char|U?Int\d\d|DateTime|Guid)\[\]"
    r"|System\.(?:Object|String|Collections(?:\.\w+)*\.\w+|(?:Management|DirectoryServices|Data|Xml)(?:\.\w+)+)"
    r"(?:`\d+)?(?:\[.*\])?"
    r"|Microsoft(?:\.[A-Z]\w*){2,}(?:`\d+)?(?:\[.*\])?"
    r"|@\{\w+=.*\}",
    re.DOTALL,
)


def may_be_damaged(raw: bytes) -> bool:
    """Return quickly whether records may have damage other than a missing byte order mark."""
    # A loop would double the time.
    return may_have_damaged_letters(raw) or b'"System.' in raw or b'"Microsoft.' in raw or b'"@{' in raw


def may_have_damaged_letters(raw: bytes) -> bool:
    """Return quickly whether records may have garbled or lost letters, or doubled backslashes."""
    # Searching for one byte is much faster than for several, and most files have no backslash.
    if b"\\" in raw and _BACKSLASHES.search(raw):
        return True
    if raw.isascii():
        return False
    # Bytes that aren't UTF-8 are read as lost letters.
    return (_LOST[:1] in raw and _LOST in raw) or _MAY_BE_GARBLED.search(raw) is not None or not is_utf8(raw)


def may_have_damage_within(text: str) -> bool:
    """Return quickly whether a text, or lines of several, may have damage other than the name of a type."""
    # Searching one sign is much faster than several.
    if "\\" in text and "\\\\" in text:
        return True
    if text.isascii():
        return False
    try:
        # Most texts have only letters of Western Europe, and none of the signs that follow the first of a pair.
        if not text.encode("latin-1").translate(None, _NOT_REST):
            return False
    except UnicodeEncodeError:
        if "\ufffd" in text:
            return True
    return _PAIR.search(text) is not None


class DamageFinder:
    """Finds damaged values in the records of a source file."""

    def __init__(self, *, marked: bool, id_property: str = "") -> None:
        """Start without records.

        Args:
            marked: whether the file has a byte order mark.
            id_property: name of the ID property; empty if unknown.
        """
        self._marked = marked
        self.id_property = id_property
        self._first: dict[tuple[DamageKind, str], tuple[int, str, str]] = {}
        self._records: dict[tuple[DamageKind, str], int] = {}

    def suspects(self, raw: bytes) -> bool:
        """Return quickly whether records may have damaged values."""
        return not (self._marked or raw.isascii()) or may_be_damaged(raw)

    def check(self, record: Record) -> None:
        """Check a record; count at most one value for each property and kind."""
        for name, token in record.members.items():
            self._value(record, name, bytes(token))

    def check_all(self, records: Sequence[Record], joined: bytes) -> None:
        """Check records that are valid JSON.

        Args:
            records: the records.
            joined: their bytes, which may be separated by ASCII text.
        """
        if may_be_damaged(joined):
            for record in records:
                if self.suspects(record.raw):
                    self.check(record)
            return
        self.check_mark([record.members for record in records], [record.position for record in records], joined)

    def check_mark(self, members: Sequence[Members], positions: Sequence[int], joined: bytes) -> None:
        """Check records that are valid JSON, and that aren't damaged apart from a missing byte order mark.

        Args:
            members: their raw values by name.
            positions: their positions.
            joined: their bytes, which may be separated by ASCII text.
        """
        if self._marked or joined.isascii():
            return
        # In a file without a mark, this applies to most records, so check the values of a property together.
        shapes: dict[tuple[str, ...], list[int]] = {}
        for number, of_record in enumerate(members):
            shapes.setdefault(tuple(of_record), []).append(number)
        for names, alike in shapes.items():
            columns = zip(*(members[number].values() for number in alike), strict=True)
            for name, tokens in zip(names, columns, strict=True):
                if b"".join(tokens).isascii():
                    continue
                beyond = [number for number, token in zip(alike, tokens, strict=True) if not bytes(token).isascii()]
                first = Record(positions[beyond[0]], 0, b"", members[beyond[0]])
                self._note(DamageKind.no_mark, first, name, len(beyond))

    @property
    def found(self) -> tuple[Damage, ...]:
        """The damage found so far, by kind, most records first."""
        order = list(DamageKind)
        rows = sorted(self._records.items(), key=lambda row: (order.index(row[0][0]), -row[1], self._first[row[0]][0]))
        return tuple(
            Damage(kind, name, records, record, example, identity)
            for (kind, name), records in rows
            for record, example, identity in [self._first[kind, name]]
        )

    def _value(self, record: Record, name: str, token: bytes) -> None:
        text = record.text(name)
        if text is None:
            return
        if not self._marked and not token.isascii():
            self._note(DamageKind.no_mark, record, name)
        for kind in damage_in(text):
            self._note(kind, record, name)

    def _note(self, kind: DamageKind, record: Record, name: str, records: int = 1) -> None:
        """Note a damaged value; ``record`` is the first of so many records."""
        key = kind, name
        if key not in self._first or record.position + 1 < self._first[key][0]:
            text = record.text(name) or ""
            identity = record.text(self.id_property) if self.id_property else None
            self._first[key] = record.position + 1, shortened(text, _SHOWN), identity or ""
        self._records[key] = self._records.get(key, 0) + records


_WORDS = {
    DamageKind.no_mark: (
        N_("letters beyond ASCII"),
        N_("without a byte order mark in the source file, the service may damage them"),
        N_("Have the feed write UTF-8 with the mark."),
    ),
    DamageKind.garbled: (
        N_("garbled letters"),
        N_("UTF-8 was read as another encoding"),
        N_("Have the feed read its data as UTF-8."),
    ),
    DamageKind.lost: (
        N_("lost letters"),
        N_("\ufffd is in their place"),
        N_("Have the feed read its data in the encoding that they have."),
    ),
    DamageKind.backslashes: (
        N_("doubled backslashes"),
        N_("they were escaped more than once"),
        N_("Have the feed escape each backslash once."),
    ),
    DamageKind.type_name: (
        N_("names of types"),
        N_("an object was written in place of its value"),
        N_("Have the feed write the value, and join a list into one text."),
    ),
}


def damage_json(damage: Sequence[Damage]) -> list[dict[str, object]]:
    """Return damage as JSON objects."""
    return [{**asdict(one), "kind": one.kind.value} for one in damage]


def warnings_of(damage: Sequence[Damage]) -> Iterator[str]:
    """Yield a warning for each kind of damage, with advice."""
    for kind in DamageKind:
        damaged = [one for one in damage if one.kind is kind]
        if not damaged:
            continue
        what, why, advice = _WORDS[kind]
        properties = [f"{one.property} ({count(one.records, 'record')})" for one in damaged]
        where = listed_first(properties, _NAMED, more=_("more properties"))
        one = damaged[0]
        record = f"{grouped(one.record)} ({one.identity})" if one.identity else grouped(one.record)
        yield _("Warning: {what} in {where}; {why}. First in record {record}: {example}. {advice}").format(
            what=_(what), where=where, why=_(why), record=record, example=one.example, advice=_(advice)
        )


def damage_in(text: str) -> list[DamageKind]:
    """Return the kinds of damage of a value, other than a missing byte order mark.

    >>> damage_in("HenkilÃ¶stÃ¶palvelut")
    [<DamageKind.garbled: 'garbled'>]
    """
    kinds = []
    if not text.isascii():
        if _GARBLED.search(text):
            kinds.append(DamageKind.garbled)
        if "\ufffd" in text:
            kinds.append(DamageKind.lost)
    if "\\\\" in text and _DOUBLED.search(text):
        kinds.append(DamageKind.backslashes)
    if text.startswith(TYPE_NAMES_BEGIN) and _TYPE_NAME.fullmatch(text.strip()):
        kinds.append(DamageKind.type_name)
    return kinds
