"""Leave out the records of a file that an import would not change, because earlier imports wrote the same values.

A user's record is left out only if the newest earlier file that has the user updated them, and has equal values. Values
are compared, not their spelling: the order of properties, white space, escapes, and the letter case of the ID don't
matter. Null, an empty text, and a missing property differ from each other, and numbers differ if they are spelled
differently: what the service makes of them was not seen. Such users are sent, which costs time, but changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analyzer.imports.record_file import RecordFile
from analyzer.source.find import find_records
from analyzer.source.model import NO_ID, mark_of
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import read_object, unescape
from analyzer.source.strict_json import strict_members
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import check_unchanged, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import msgspec
    from numpy.typing import NDArray

    from analyzer.imports.model import ImportPlan
    from analyzer.source.reader.json_text import Buffer

_CHANGED = "Wait until the feed has written it, and try again."


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """Our copy of a file that an earlier job read.

    Attributes:
        path: the copy.
        name: what it is called in messages: ``job 1a2b3c4d (28 Nov 02:14)``.
        not_updated: keys (``identity_key``) of its users whom the job didn't update; None if they are unknown, so that
            all of them are sent.
    """

    path: Path
    name: str
    not_updated: AbstractSet[str] | None = frozenset()


@dataclass(slots=True)
class DeltaResult:
    """What a file has that is to be sent; each record counts once, in ``unchanged`` or one of the others.

    Attributes:
        unchanged: records that are left out.
        changed: records with other values.
        new: records of users who are in no earlier file.
        not_updated: records of users whom the newest earlier job that had them may not have updated.
        without_id: records without an ID.
        duplicates: records of users who have several in this file, or in the newest earlier one.
        gone: users of the earlier files who aren't in this file. Nothing is sent for them, so their profiles stay.
        compared: the files that were read, the newest first; older ones weren't needed.
        bytes: length of the file that was written; 0 if nothing is to be sent, and there is no file.
        sha256: of its content; empty if there is no file.
    """

    unchanged: int = 0
    changed: int = 0
    new: int = 0
    not_updated: int = 0
    without_id: int = 0
    duplicates: int = 0
    gone: int = 0
    compared: list[str] = field(default_factory=list)
    bytes: int = 0
    sha256: str = ""

    @property
    def sent(self) -> int:
        """The number of records in the file that was written."""
        return self.changed + self.new + self.not_updated + self.without_id + self.duplicates


def write_delta(source: Path, target: Path, earlier: Sequence[EarlierFile], plan: ImportPlan) -> DeltaResult:
    """Write the records of a file that earlier imports haven't written, byte for byte, in their order.

    Args:
        source: the file; ``check`` has read it as a whole.
        target: the file to write. It isn't written if there is nothing to send; it may be over the limits.
        earlier: the files of earlier jobs, the newest first. Only as many are read as it takes.
        plan: the ID property, also of the earlier files, and the property map; without one, all properties count.

    Raises:
        InputError: a file can't be read, or changes while it is read.
        OutputError: the target can't be written.
    """
    before = state_of(source)
    result = DeltaResult()
    with reading(source) as buffer:
        comparison = _Comparison(source, buffer, plan, result)
        for file in earlier:
            if not comparison.undecided.any():
                break
            comparison.compare(file)
            result.compared.append(file.name)
        comparison.finish()
        chosen = np.flatnonzero(comparison.is_sent)
        if len(chosen):
            file_of, records = RecordFile(), comparison.records
            with FileSet() as files:
                files.write(target, file_of.writer(buffer, records.starts[chosen], records.ends[chosen]))
                check_unchanged(source, before, _CHANGED)
                files.put_in_place([target])
            result.bytes, result.sha256 = file_of.length, file_of.digest
    check_unchanged(source, before, _CHANGED)
    return result


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a file: offsets, and marks of their users."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    users: NDArray[np.int64]

    @staticmethod
    def of(path: Path, id_property: str) -> _Records:
        spans = find_records(path, id_property, None).spans
        return _Records(*(np.array(column, np.int64) for column in (spans.starts, spans.ends, spans.marks)))


class _Comparison:
    """Decides for each record of a file whether it is sent."""

    def __init__(self, source: Path, buffer: Buffer, plan: ImportPlan, result: DeltaResult) -> None:
        self._buffer, self._plan, self._result = buffer, plan, result
        self.records = _Records.of(source, plan.id_property)
        users = self.records.users
        self.is_sent = np.ones(len(users), np.bool_)
        _, at, times = np.unique(users, return_inverse=True, return_counts=True)
        without_id = users == NO_ID
        several = (times[at] > 1) & ~without_id
        self.undecided = ~without_id & ~several
        result.without_id, result.duplicates = int(without_id.sum()), int(several.sum())
        self._users = np.unique(users)
        self._gone = np.empty(0, np.int64)

    def compare(self, file: EarlierFile) -> None:
        """Decide the records of users in an earlier file."""
        state = state_of(file.path)
        old = _Records.of(file.path, self._plan.id_property)
        order = np.argsort(old.users, kind="stable")
        users = old.users[order]
        new = np.flatnonzero(self.undecided)
        first = users.searchsorted(self.records.users[new])
        found = first < users.searchsorted(self.records.users[new], "right")
        several = users.searchsorted(self.records.users[new], "right") - first > 1
        new, first, several = new[found], first[found], several[found]
        self.undecided[new] = False
        self._result.duplicates += int(several.sum())
        new, at = new[~several], order[first[~several]]
        if file.not_updated is None:
            self._result.not_updated += len(new)
        else:
            failed = np.isin(self.records.users[new], [mark_of(key) for key in file.not_updated])
            self._result.not_updated += int(failed.sum())
            self._compare_values(file.path, old, new[~failed], at[~failed])
        gone = np.setdiff1d(old.users, self._users)
        self._gone = np.union1d(self._gone, gone[gone != NO_ID])
        check_unchanged(file.path, state, _CHANGED)

    def _compare_values(self, path: Path, old: _Records, new: NDArray[np.int64], at: NDArray[np.int64]) -> None:
        is_compared = self._is_compared()
        with reading(path) as before:
            for number, index in zip(new.tolist(), at.tolist(), strict=True):
                now = bytes(self._buffer[self.records.starts[number] : self.records.ends[number]])
                then = bytes(before[old.starts[index] : old.ends[index]])
                if now == then or has_same_values(now, then, is_compared):
                    self.is_sent[number] = False
                    self._result.unchanged += 1
                else:
                    self._result.changed += 1

    def _is_compared(self) -> Callable[[str], bool]:
        id_property, names = self._plan.id_property, self._plan.property_map
        return lambda name: name != id_property and (names is None or name in names)

    def finish(self) -> None:
        """Count what is known only after the last file."""
        self._result.new = int(self.undecided.sum())
        self._result.gone = len(self._gone)


def has_same_values(now: bytes, then: bytes, is_compared: Callable[[str], bool]) -> bool:
    """Return whether two records certainly have the same values.

    Args:
        now: a record that the tolerant reader accepts.
        then: another one.
        is_compared: whether a property counts.
    """
    one, other = (
        {name: bytes(token) for name, token in _members(raw).items() if is_compared(name)} for raw in (now, then)
    )
    return one.keys() == other.keys() and all(_is_same(token, other[name]) for name, token in one.items())


def _members(raw: bytes) -> dict[str, msgspec.Raw] | dict[str, bytes]:
    members = strict_members(raw)
    return read_object(raw, 0).members if members is None else members


def _is_same(one: bytes, other: bytes) -> bool:
    if one == other:
        return True
    texts = [_text(token) for token in (one, other)]
    return None not in texts and texts[0] == texts[1]


def _text(token: bytes) -> str | None:
    """Return a text without escapes; None for other values, and if bytes or halves of pairs aren't certain."""
    if token[:1] not in (b'"', b"'"):
        return None
    try:
        text = unescape(token[1:-1].decode("utf-8"), "surrogatepass")
        text.encode("utf-8")
    except UnicodeError:
        return None
    return text
