# ruff: noqa: RUF001, RUF003 - letters that look like others are what this is about
"""Find values that an import writes without an error, and that are wrong: what generators did to them.

A job that succeeds leaves no log, so such values show in people's profiles alone. Seen in public threads: letters lost
without a byte order mark (pnp/powershell 1501 and 4204, pnp/script-samples 878), UTF-8 that was read as another
encoding (wobba/SPO-Trigger-Reindex 11), backslashes doubled again with each user (pnp/powershell 1692), and names of
types in the place of values (pnp/powershell 4062).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from analyzer.model.text import count, listed_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analyzer.source.reader.tolerant import Record

_NAMED = 5
"""Properties."""
_SHOWN = 60
"""Characters of an example."""


class DamageKind(StrEnum):
    """What happened to values."""

    no_mark = auto()
    """They have letters beyond ASCII, and the file has no byte order mark."""
    garbled = auto()
    """They are UTF-8 that was read as Windows-1252 or iso-8859-1, once or several times."""
    lost = auto()
    """They have U+FFFD in the place of letters."""
    backslashes = auto()
    """Their backslashes were doubled again."""
    type_name = auto()
    """They are the name of a .NET type, or an object as PowerShell prints it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Damaged values of one property.

    Attributes:
        kind: what happened to them.
        property: as the source file spells it.
        records: how many records have such a value.
        record: the first of them, its place in the source from 1.
        example: its value, cut.
        identity: its ID; empty where that is unknown.
    """

    kind: DamageKind
    property: str
    records: int
    record: int
    example: str
    identity: str = ""


# What bytes from 0x80 to 0xBF are in Windows-1252, and in iso-8859-1, as a class of characters
_BYTES = bytes(range(0x80, 0xC0))
_REST = "".join(sorted({*_BYTES.decode("cp1252", "ignore"), *_BYTES.decode("latin-1")}))
# Those of them that are beside a letter in good text as well
_PUNCTUATION = "‘’“”‚„…–—‹›«»™©®\u00a0\u00ad·ºª°´"
_LETTERS = "šžœŠŽŒŸ"
_CERTAIN = "".join(character for character in _REST if character not in _PUNCTUATION + _LETTERS)
_OPENING = "‘“‚„‹«"
_GARBLED = re.compile(
    "|".join(
        (
            # ü, Ö, °: no language has Â or Ã before such a sign, nor within a word before a quotation mark or a dash.
            rf"[ÂÃ][{re.escape(_CERTAIN)}]|Ã[{_LETTERS}]",
            rf"[a-zß-ÿ][ÂÃÄÅÈÉ][{re.escape(_PUNCTUATION)}]",
            rf"[ÂÃÄÅÈÉ][{re.escape(_PUNCTUATION + _LETTERS)}][a-z]",
            rf"[ÂÃ][{_OPENING}]\w",
            r"(?<![^\W\d_])Â[°·ºª\u00a0\u00ad]",
            # Vietnamese, as ế
            rf"á[º»][{re.escape(_REST)}][a-z]",
            # š, ł, İ, ș
            rf"[ÄÅÈ][{re.escape(_CERTAIN)}]",
            rf"[a-z][ÄÅÈ][{_LETTERS}]",
            # ’, €, ™, →, and those of an emoji
            rf"â[€‚„†‡ˆ‰\x80\x82\x84\x86][{re.escape(_REST)}]",
            rf"ð[{re.escape(_REST)}]{{3}}",
            "ï»¿",
            # Words of other scripts: one sequence alone may be a letter before a sign.
            *(rf"(?:[{lead}][{re.escape(_REST)}]){{2}}" for lead in ("ÎÏ", "ÐÑÒÓ", "ÔÕÖ", "×", "ØÙÚÛ")),
            rf"(?:[à-ï][{re.escape(_REST)}]{{2}}){{2}}",
        )
    )
)
# The same in UTF-8, roughly: it sorts out most values with letters beyond ASCII without decoding them.
_MAY_BE_GARBLED = re.compile(rb"\xc3[\x82-\xb4](?:\xc2|\xc5|\xc6|\xcb|\xe2[\x80\x82\x84]|\\u)")
_LOST = "\ufffd".encode()
_MAY_BE_ESCAPED = re.compile(rb"\\u(?:00[c-fC-F][0-9A-Fa-f](?:\\u|[\x80-\xff])|[fF]{3}[dD])")

# \\server\share and \\?\C:\ begin with two: within a word, before a sign and at the end there is one.
_DOUBLED = re.compile(r"\\{4}|(?<=\w)\\{2}|\\{2}(?=[^\w?.]|$)")
_MAY_BE_DOUBLED = b"\\" * 4

_TYPE_NAME = re.compile(
    r"System\.(?:Object|String|Byte|Char|U?Int\d\d|DateTime|Guid)\[\]"
    r"|System\.(?:Object|String|Collections(?:\.\w+)*\.\w+|(?:Management|DirectoryServices|Data|Xml)(?:\.\w+)+)"
    r"(?:`\d+)?(?:\[.*\])?"
    r"|Microsoft(?:\.[A-Z]\w*){2,}(?:`\d+)?(?:\[.*\])?"
    r"|@\{\w+=.*\}",
    re.DOTALL,
)


def _may_be_damaged(raw: bytes) -> bool:
    """Whether a value of a record has to be decoded, by a cheap look, a missing byte order mark aside."""
    # A single byte is looked for much faster than several, and most files have no backslash.
    if b"\\" in raw and (_MAY_BE_DOUBLED in raw or _MAY_BE_ESCAPED.search(raw)):
        return True
    if not raw.isascii() and (_LOST in raw or _MAY_BE_GARBLED.search(raw)):
        return True
    # One by one: a loop would take as long as all of them.
    return b'"System.' in raw or b'"Microsoft.' in raw or b'"@{' in raw


class DamageFinder:
    """Find damaged values in the records of one source file, which come one by one."""

    def __init__(self, *, marked: bool, id_property: str = "") -> None:
        """Begin without records.

        Args:
            marked: whether the file has a byte order mark.
            id_property: the name of the ID property; empty where it is unknown.
        """
        self._marked = marked
        self.id_property = id_property
        self._first: dict[tuple[DamageKind, str], tuple[int, str, str]] = {}
        self._records: dict[tuple[DamageKind, str], int] = {}

    def suspects(self, raw: bytes) -> bool:
        """Whether one of some records has to be looked at, by a cheap look."""
        return not (self._marked or raw.isascii()) or _may_be_damaged(raw)

    def look(self, record: Record) -> None:
        """Look at a record that is suspected; at most one value of each property and kind counts."""
        for name, token in record.members.items():
            self._value(record, name, bytes(token))

    def look_at_all(self, records: Sequence[Record], joined: bytes) -> None:
        """Look at some records that are suspected, and are valid JSON.

        Args:
            records: which.
            joined: their bytes, with anything in ASCII between two of them.
        """
        if _may_be_damaged(joined):
            for record in records:
                if self.suspects(record.raw):
                    self.look(record)
            return
        # In a file without a mark these are most records: the values of a property are looked at together.
        shapes: dict[tuple[str, ...], list[Record]] = {}
        for record in records:
            shapes.setdefault(tuple(record.members), []).append(record)
        for names, alike in shapes.items():
            for name, tokens in zip(
                names, zip(*(record.members.values() for record in alike), strict=True), strict=True
            ):
                if not b"".join(tokens).isascii():
                    for record, token in zip(alike, tokens, strict=True):
                        if not bytes(token).isascii():
                            self._note(DamageKind.no_mark, record, name)

    @property
    def found(self) -> tuple[Damage, ...]:
        """What was found so far, the most records of each kind first."""
        order = list(DamageKind)
        rows = sorted(self._records.items(), key=lambda row: (order.index(row[0][0]), -row[1]))
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

    def _note(self, kind: DamageKind, record: Record, name: str) -> None:
        key = kind, name
        if key not in self._records:
            text = record.text(name) or ""
            identity = record.text(self.id_property) if self.id_property else None
            self._first[key] = record.position + 1, text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…", identity or ""
            self._records[key] = 0
        self._records[key] += 1


_WORDS = {
    DamageKind.no_mark: (
        "letters beyond ASCII",
        "without a byte order mark in the source file, the service may damage them",
        "Have the feed write UTF-8 with the mark.",
    ),
    DamageKind.garbled: (
        "garbled letters",
        "UTF-8 was read as another encoding",
        "Have the feed read its data as UTF-8.",
    ),
    DamageKind.lost: (
        "lost letters",
        "\ufffd is in their place",
        "Have the feed read its data in the encoding that they have.",
    ),
    DamageKind.backslashes: (
        "doubled backslashes",
        "they were escaped more than once",
        "Have the feed escape each backslash once.",
    ),
    DamageKind.type_name: (
        "names of types",
        "an object was written in place of its value",
        "Have the feed write the value, and join a list into one text.",
    ),
}


def damage_json(damage: Sequence[Damage]) -> list[dict[str, object]]:
    """Return damage for machines."""
    return [{**asdict(one), "kind": one.kind.value} for one in damage]


def warnings_of(damage: Sequence[Damage]) -> Iterator[str]:
    """Say which values are damaged and what to do about it, a few sentences for each kind."""
    for kind in DamageKind:
        of_kind = [one for one in damage if one.kind is kind]
        if not of_kind:
            continue
        what, why, advice = _WORDS[kind]
        properties = [f"{one.property} ({count(one.records, 'record')})" for one in of_kind]
        where = listed_first(properties, _NAMED, more="more properties")
        one = of_kind[0]
        whose = f" ({one.identity})" if one.identity else ""
        yield f"Warning: {what} in {where}; {why}. First in record {one.record:,}{whose}: {one.example}. {advice}"


def damage_in(text: str) -> list[DamageKind]:
    """Return what is wrong with a value, a missing byte order mark aside.

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
    if text[:1] in "SM@" and _TYPE_NAME.fullmatch(text.strip()):
        kinds.append(DamageKind.type_name)
    return kinds
