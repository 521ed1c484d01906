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

from analyzer.errors import InputError
from analyzer.imports.record_file import RecordFile, raw_records
from analyzer.imports.side_by_side import (
    DIFFERENT,
    REACH,
    SAME,
    UNMATCHED,
    RecordTable,
    SideBySide,
    first_record,
    rest_of,
)
from analyzer.source.model import NO_ID, Spans, mark_of
from analyzer.source.reader.records import reading
from analyzer.source.reader.tolerant import read_object, unescape
from analyzer.source.strict_json import strict_members
from analyzer.storage.file_set import FileSet
from analyzer.storage.files import check_unchanged, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    import msgspec
    from numpy.typing import NDArray

    from analyzer.imports.model import ImportPlan
    from analyzer.imports.side_by_side import Reach
    from analyzer.source.reader.json_text import Buffer

_AT_ONCE = 1_000
"""Pairs of records that are read at once."""
_CHANGED = "Wait until the feed has written it, and try again."


@dataclass(frozen=True, slots=True)
class EarlierFile:
    """Our copy of a file that an earlier job read.

    Attributes:
        path: the copy.
        name: what it is called in messages: ``job 1a2b3c4d (28 Nov 02:14)``.
        not_updated: keys (``identity_key``) of its users that the job didn't update; None if they are unknown, so that
            all of them are sent.
        order_is_certain: whether all files after it in the list were certainly imported before it.
    """

    path: Path
    name: str
    not_updated: AbstractSet[str] | None = frozenset()
    order_is_certain: bool = True


@dataclass(slots=True)
class DeltaResult:
    """What a file has that is to be sent; each record counts once, in ``unchanged`` or one of the others.

    Attributes:
        unchanged: records that are left out.
        changed: records with other values.
        new: records of users who are in no earlier file.
        not_updated: records of users that the newest earlier job that had them may not have updated.
        without_id: records without an ID.
        duplicates: records of users who have several in this file, or in the newest earlier one.
        gone: users of the earlier files who aren't in this file. Nothing is sent for them, so their profiles stay.
        compared: the files that were read, the newest first; older ones weren't needed.
        remarks: sentences: why older files don't count.
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
    remarks: list[str] = field(default_factory=list)
    bytes: int = 0
    sha256: str = ""

    @property
    def sent(self) -> int:
        """The number of records in the file that was written."""
        return self.changed + self.new + self.not_updated + self.without_id + self.duplicates


def write_delta(
    source: Path, target: Path, earlier: Iterable[EarlierFile], plan: ImportPlan, reach: Reach = REACH
) -> DeltaResult:
    """Write the records of a file that earlier imports haven't written, byte for byte, in their order.

    Args:
        source: the file; ``check`` has read it as a whole.
        target: the file to write. It isn't written if there is nothing to send; it may be over the limits.
        earlier: the files of earlier jobs, the newest first. Only as many are asked for and read as it takes. One that
            can't be read is the last one.
        plan: the ID property, also of the earlier files, and the property map; without one, all properties count.
        reach: how far two files are looked at at once.

    Raises:
        InputError: the source can't be read, or changes while it is read.
        OutputError: the target can't be written.
    """
    before = state_of(source)
    result = DeltaResult()
    with reading(source) as buffer:
        comparison = _Comparison(buffer, plan, result, reach)
        if comparison.undecided.any():
            for file in earlier:
                if not comparison.can_compare(file) or not comparison.undecided.any():
                    break
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


class _Comparison:
    """Decides for each record of a file whether it is sent.

    Attributes:
        records: the file's records.
        is_sent: whether they are sent.
        undecided: whether that is still to be decided.
    """

    def __init__(self, buffer: Buffer, plan: ImportPlan, result: DeltaResult, reach: Reach) -> None:
        self._buffer, self._plan, self._result, self._reach = buffer, plan, result, reach
        self.records = rest_of(buffer, first_record(buffer), plan.id_property, Spans())
        users = self.records.users
        self._users, several = _distinct(users)
        self.is_sent = np.ones(len(users), np.bool_)
        self.undecided = users != NO_ID
        result.without_id = len(users) - int(self.undecided.sum())
        self._equal = np.zeros(len(users), np.bool_)
        self._gone = np.empty(0, np.int64)
        if len(several):
            self._send(np.flatnonzero(_is_in(users, several)), "duplicates")

    def can_compare(self, file: EarlierFile) -> bool:
        """Decide the records of users in an earlier file; return False if nothing older counts."""
        try:
            state = state_of(file.path)
            has_all_ids = self._compare(file)
            check_unchanged(file.path, state, "")
        except InputError as error:
            self._result.remarks.append(f"Nothing older than {file.name} counts: {error.what}.")
            return False
        self._result.compared.append(file.name)
        if not has_all_ids:
            reason = f"it has records without {self._plan.id_property}, so that their users are unknown"
            self._result.remarks.append(f"Nothing older than {file.name} counts: {reason}.")
            return False
        if file.order_is_certain:
            self._accept()
        return True

    def _compare(self, file: EarlierFile) -> bool:
        """Decide the records of users in a file, or find them equal; return whether all of its records have IDs."""
        with reading(file.path) as old:
            pairs = SideBySide(self._buffer, self.records, old, self._plan.id_property, self._is_same, self._reach)
            passed = pairs.pair()
            self._note_passed(passed, pairs.states)
            self._join(old, passed, pairs.states)
        found = self.undecided & (pairs.states != UNMATCHED)
        failed = found
        if file.not_updated is not None:
            marks = np.array([mark_of(key) for key in file.not_updated], np.int64)
            failed = found & _is_in(self.records.users, np.unique(marks))
        self._send(np.flatnonzero(failed), "not_updated")
        found &= ~failed
        self._send(np.flatnonzero(found & (pairs.states == DIFFERENT)), "changed")
        self._equal |= found & (pairs.states == SAME)
        paired = self.records.users[pairs.states != UNMATCHED]
        return bool(passed.users.all() and paired.all())

    def _note_passed(self, passed: RecordTable, states: NDArray[np.int8]) -> None:
        """Send the users with several records in an earlier file, and count those who are gone."""
        distinct, several = _distinct(passed.users)
        paired = self.records.users[states != UNMATCHED]
        several = np.union1d(several, paired[_is_in(paired, distinct)])
        self._send(np.flatnonzero(self.undecided & _is_in(self.records.users, several)), "duplicates")
        self._gone = np.union1d(self._gone, distinct[~_is_in(distinct, self._users)])

    def _join(self, old: Buffer, passed: RecordTable, states: NDArray[np.int8]) -> None:
        """Pair the records that weren't where they were before."""
        if not len(passed):
            return
        order = np.argsort(passed.users)
        users = passed.users[order]
        unmatched = np.flatnonzero(self.undecided & (states == UNMATCHED))
        for block in range(0, len(unmatched), _AT_ONCE):  # there may be as many as in the whole file
            new = unmatched[block : block + _AT_ONCE]
            at = np.minimum(users.searchsorted(self.records.users[new]), len(users) - 1)
            is_found = users[at] == self.records.users[new]
            new, at = new[is_found], order[at[is_found]]
            pairs = zip(
                raw_records(self._buffer, self.records.starts[new], self.records.ends[new]),
                raw_records(old, passed.starts[at], passed.ends[at]),
                strict=True,
            )
            states[new] = [SAME if now == then or self._is_same(now, then) else DIFFERENT for now, then in pairs]

    def _send(self, records: NDArray[np.int64], reason: str) -> None:
        """Decide that records are sent."""
        self.undecided[records] = False
        setattr(self._result, reason, getattr(self._result, reason) + len(records))

    def _accept(self) -> None:
        """Leave out the records that are equal in all of the newest files that have their users."""
        equal = self.undecided & self._equal
        self.undecided[equal] = self.is_sent[equal] = False
        self._result.unchanged += int(equal.sum())

    def _is_same(self, now: bytes, then: bytes) -> bool:
        id_property, names = self._plan.id_property, self._plan.property_map
        return has_same_values(now, then, lambda name: name != id_property and (names is None or name in names))

    def finish(self) -> None:
        """Count what is known only after the last file."""
        # Equal in a newer file, but not known in an older one that may have been imported later.
        self._send(np.flatnonzero(self.undecided & self._equal), "not_updated")
        self._result.new = int(self.undecided.sum())
        self._result.gone = len(self._gone)


def _distinct(users: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the users without ``NO_ID`` in order, and those of them who occur several times."""
    users = np.sort(users)
    users = users[users != NO_ID]
    is_again = users[1:] == users[:-1]
    if not is_again.any():
        return users, users[:0]
    return np.unique(users), np.unique(users[1:][is_again])


def _is_in(users: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which users are among others, which are in order; ``np.isin`` takes ten times as long."""
    if not len(others):
        return np.zeros(len(users), np.bool_)
    found: NDArray[np.bool_] = others[np.minimum(others.searchsorted(users), len(others) - 1)] == users
    return found


def has_same_values(now: bytes, then: bytes, is_compared: Callable[[str], bool]) -> bool:
    """Return whether two records certainly have the same values.

    Args:
        now: a record that the tolerant reader accepts.
        then: another one.
        is_compared: whether a property counts.
    """
    one, other = _members(now), _members(then)
    for name, token in one.items():
        if is_compared(name) and (name not in other or not _are_equal(token, other[name])):
            return False
    return one.keys() == other.keys() or not any(map(is_compared, other.keys() - one.keys()))


def _members(raw: bytes) -> dict[str, msgspec.Raw] | dict[str, bytes]:
    members = strict_members(raw)
    return read_object(raw, 0).members if members is None else members


def _are_equal(one: msgspec.Raw | bytes, other: msgspec.Raw | bytes) -> bool:
    if one == other:
        return True
    texts = [_text(bytes(token)) for token in (one, other)]
    return texts[0] == texts[1] is not None


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
