"""Which property of the source file holds the users' ids, when nobody told us.

The service does not say with which id property a job was queued, so it is inferred from the source file and the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from analyzer.errors import UsageError
from analyzer.source.find import find_records
from analyzer.source.identity.looks import SAMPLE, IdProperty, by_looks, columns_of, may_hold, missing_everywhere
from analyzer.source.model import marks_of
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import read_records
from analyzer.source.scan import CHUNK, border_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.source.find import MatchedRecords
    from analyzer.source.identity.looks import Column
    from analyzer.source.reader.json_text import Buffer
    from analyzer.source.reader.records import Record

__all__ = ["IdProperty", "Inferred", "infer", "infer_from", "infer_id_property"]

_PLACES = 50
"""Places of a large file in which properties are looked for that its first records do not have."""
_objects = msgspec.json.Decoder(list[dict[str, object]])


@dataclass(frozen=True, slots=True)
class Inferred:
    """An id property that was inferred.

    Attributes:
        id_property: with an empty name where nothing speaks for any.
        found: the records with the ids that were looked for, where they were.
    """

    id_property: IdProperty
    found: MatchedRecords | None


def infer_id_property(source: Path, identities: AbstractSet[str], *, some_lack_it: bool = False) -> IdProperty:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    As ``infer``, of which it gives the property alone.
    """
    return infer(source, marks_of(identities), some_lack_it=some_lack_it).id_property


def infer(source: Path, wanted: Mapping[str, int], *, some_lack_it: bool = False) -> Inferred:
    """Finds the property in which the log's ids stand, else one whose values look like ids and do not repeat.

    Args:
        source: the source file.
        wanted: marks of the ids that the log names, as ``marks_of`` gives them; may be empty.
        some_lack_it: the log tells of records without the id, so a property that all records have is not it.

    Raises:
        UsageError: two properties hold different users under the log's ids.
        InputError: the source file cannot be read.
        NotJsonError: it isn't valid JSON.
    """
    records = read_records(source)
    columns, number = columns_of(records if some_lack_it else islice(records, SAMPLE), wanted.keys())
    found: dict[str, MatchedRecords] = {}
    if wanted:
        names = [name for name, column in columns.items() if may_hold(column)]
        names += [name for name in _names_further_on(source) if name not in columns]
        found = {name: one for name in names or columns if len((one := find_records(source, name, wanted)).spans)}
    if not found:
        return Inferred(_by_looks(columns, number, some_lack_it=some_lack_it), None)
    users = {name: len(set(one.spans.marks)) for name, one in found.items()}
    best = _best(source, users, {name: one.spans.positions for name, one in found.items()})
    return Inferred(_known(best, users[best], len(wanted)), found[best])


def infer_from(
    source: Path, records: Iterable[Record], identities: AbstractSet[str], *, some_lack_it: bool = False
) -> IdProperty:
    """As ``infer_id_property``, from records that somebody has read of a source file."""
    columns, number = columns_of(records, identities)
    named = {name: column for name, column in columns.items() if column.named}
    if not named:
        return _by_looks(columns, number, some_lack_it=some_lack_it)
    users = {name: len(column.named) for name, column in named.items()}
    best = _best(source, users, {name: column.named_at for name, column in named.items()})
    return _known(best, users[best], len(identities))


def _by_looks(columns: dict[str, Column], records: int, *, some_lack_it: bool) -> IdProperty:
    """As ``looks.by_looks``; where no property that some records lack looks like the IDs, all of them lack it."""
    found = by_looks(columns, records, some_lack_it=some_lack_it)
    if some_lack_it and records and not (found.name and columns[found.name].like_ids):
        return missing_everywhere(columns, records)
    return found


def _best(source: Path, users: Mapping[str, int], places: Mapping[str, object]) -> str:
    """The property that holds the most of the users; of several those have to hold them in the same places."""
    best = max(users, key=users.__getitem__)
    rivals = [name for name in users if users[name] == users[best] and places[name] != places[best]]
    if rivals:
        raise UsageError(
            f"{source} has the log's ids in more than one property: {', '.join([best, *rivals])}",
            "Say which one the job was queued with: --id-property NAME.",
        )
    return best


def _known(name: str, users: int, wanted: int) -> IdProperty:
    if wanted == 1:
        because = "matches the one ID in the log"
    elif users == wanted:
        because = f"matches all {wanted:,} IDs in the log"
    else:
        because = f"matches {users:,} of the {wanted:,} IDs in the log"
    return IdProperty(name, because, certain=True)


def _names_further_on(source: Path) -> list[str]:
    """Names of properties with texts that look like ids, here and there in a file."""
    with opened(source) as buffer:
        return list(dict.fromkeys(_names_in(buffer)))


def _names_in(buffer: Buffer) -> Iterator[str]:
    for place in range(_PLACES):
        first = border_from(buffer, len(buffer) * place // _PLACES)
        last = border_from(buffer, first.start + CHUNK) if first else None
        if first is None or last is None:
            continue
        try:
            records = _objects.decode(b"[%b]" % buffer[first.start : last.end])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue  # no more than a sample
        for record in records:
            yield from (name for name, text in record.items() if isinstance(text, str) and "@" in text)
