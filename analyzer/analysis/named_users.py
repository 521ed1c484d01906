"""Identify the users of log entries, and find bounds for the records of entries without a user.

All spellings of a user's ID have one key. An entry without an identity is between the records of its neighbors, if the
log has the order of the source file.
"""

from __future__ import annotations

import bisect
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.identity import OWN_KEY, identity_keys
from analyzer.model.service import DUPLICATE_RECORDS, GUID, LogCode
from analyzer.model.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


_AT_ONCE = 10_000
"""Entries whose IDs are converted at once; Python's strings take much more memory than the table's."""

SOURCE_IDS = {"job_id": pl.String, "guid_ids": pl.Boolean}
"""Columns for ``naming``: whether the IDs of each job's source file can be GUIDs; null if unknown."""

NAMED = {name: ENTRIES[name] for name in ("job_id", "code", "identity", "property", "message", "detail")}
"""Columns of the table ``entries`` that show who failed and why."""


_GUID = pl.col("key").str.contains(f"^{GUID.pattern}$").fill_null(value=False)
_GENERIC = (pl.col("code") == LogCode.GenericError).fill_null(value=False)
_DUPLICATES = (pl.col("message") + pl.col("detail").fill_null("")).str.contains(DUPLICATE_RECORDS, literal=True)


def naming(entries: pl.DataFrame, source_ids: pl.DataFrame) -> pl.DataFrame:
    """Add the user's key to each entry, and whether the entry identifies a user.

    A GUID in a ``GenericError`` may not be a user's ID (seen). It is one only if the job's IDs are GUIDs according to
    its source file or its other entries.

    Args:
        entries: the table ``entries``, or its columns ``NAMED``.
        source_ids: columns ``SOURCE_IDS``.

    Returns:
        The table ``entries`` with two more columns: ``key`` String, equal for one user's IDs, null without an identity
        or for a claims prefix alone; and ``names`` Boolean, never null.
    """
    named = with_keys(entries)
    have_guids = [source_ids.filter("guid_ids")["job_id"], named.filter(_GUID & ~_GENERIC)["job_id"]]
    # Logs without a library may not show their job: those without one belong together.
    guids_are_ids = pl.col("job_id").is_in(pl.concat(have_guids).unique().implode(), nulls_equal=True)
    return named.with_columns(names=_names(guids_are_ids))


def with_keys(entries: pl.DataFrame) -> pl.DataFrame:
    """Add the column ``key`` as in ``naming``."""
    return entries.with_columns(key=_keys(entries["identity"]))


def has_guid_ids(entries: pl.DataFrame) -> bool:
    """Return whether entries from ``with_keys`` show that their job's IDs are GUIDs."""
    return not entries.filter(_GUID & ~_GENERIC).is_empty()


def with_names(entries: pl.DataFrame, *, guids_are_ids: bool) -> pl.DataFrame:
    """Add the column ``names`` as in ``naming`` to entries of one job from ``with_keys``.

    Args:
        entries: the entries.
        guids_are_ids: whether the IDs in the job's source file can be GUIDs, or ``has_guid_ids`` of all its entries.
    """
    return entries.with_columns(names=_names(pl.lit(guids_are_ids)))


def _names(guids_are_ids: pl.Expr) -> pl.Expr:
    return pl.col("code").is_not_null() & pl.col("key").is_not_null() & (~(_GUID & _GENERIC) | guids_are_ids)


def _keys(identities: pl.Series) -> pl.Series:
    """Return the keys of a column of IDs; null without an ID."""
    is_key = identities.str.contains(OWN_KEY).fill_null(value=False)  # as nearly all are
    others = identities.filter(~is_key)
    pieces = [others.slice(start, _AT_ONCE) for start in range(0, len(others), _AT_ONCE)]
    keys = pl.concat([pl.Series(identity_keys(piece.to_list()), dtype=pl.String) for piece in [others[:0], *pieces]])
    return identities.clone().scatter((~is_key).arg_true(), keys.set(keys == "", None))


class UserIds(Mapping[str, str]):
    """The first spelling of users' IDs by their key (``identity_key``), in the order in which they were added.

    Attributes:
        marks: numbers of the users for ``source.find``, from 1, by key.
    """

    __slots__ = ("_ends", "_spelled", "marks")

    def __init__(self, spelled: Mapping[str, str] | None = None) -> None:
        """Begin with these IDs by key."""
        self.marks: dict[str, int] = {}
        # There may be a million users, so their spellings are one text: object by object they would take twice as much.
        self._spelled = bytearray()
        self._ends = array("q", [0])
        self.add(spelled or (), (spelled or {}).values())

    def add(self, keys: Iterable[str], identities: Iterable[str]) -> None:
        """Add new users; skip empty keys."""
        marks, spelled, ends = self.marks, self._spelled, self._ends
        for key, identity in zip(keys, identities, strict=True):
            if key and key not in marks:
                marks[key] = len(ends)
                # Most IDs are equal to their key.
                if key != identity:
                    spelled += identity.encode("utf-8", "surrogatepass")
                ends.append(len(spelled))

    def __getitem__(self, key: str) -> str:
        """Return the first spelling of an ID."""
        mark = self.marks[key]
        return self._spelled[self._ends[mark - 1] : self._ends[mark]].decode("utf-8", "surrogatepass") or key

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self.marks)

    def __len__(self) -> int:
        """Return the number of users."""
        return len(self.marks)

    def __contains__(self, key: object) -> bool:
        """Return whether a user has this key."""
        return key in self.marks


@dataclass(frozen=True, slots=True)
class _FoundUsers:
    ids: UserIds
    codes: frozenset[str]
    without_user: Counter[str]
    doubtful: frozenset[str]
    duplicates: list[str | None]


class NamedUsers:
    """The users in the log of one job, and the entries without a user. The log is read when they are first used."""

    def __init__(
        self,
        frames: Callable[[], Iterable[pl.DataFrame]],
        name: Callable[[pl.DataFrame], pl.DataFrame],
        read: Callable[[], pl.DataFrame],
    ) -> None:
        """Prepare to read the entries of one job frame by frame, because a log of a million users is large.

        Args:
            frames: returns the entries, columns ``NAMED``; at least one frame. Called once.
            name: ``naming`` for the job's source file.
            read: returns all entries like ``naming``; called only for ``entries``.
        """
        self._frames, self._name, self._read = frames, name, read

    @classmethod
    def in_table(cls, entries: pl.DataFrame) -> NamedUsers:
        """Take the entries of one job from ``naming``."""
        return cls(lambda: [entries], lambda named: named, lambda: entries)

    @cached_property
    def _found(self) -> _FoundUsers:
        ids, codes, without_user = UserIds(), set[str](), Counter[str]()
        kept = []
        for frame in self._frames():
            named = self._name(frame.filter(frame["code"].is_not_null()))
            codes.update(named["code"].unique())
            without_user.update(named.filter(named["key"].is_null())["code"])
            _add_ids(ids, named)
            # Whether a Guid in a GenericError names a user depends on all frames: one other entry with a Guid decides.
            generic = named.filter(_GENERIC)
            kept += [generic.filter(_GUID | _DUPLICATES), named.filter(_GUID & ~_GENERIC).head(1)]
        generic = self._name(pl.concat(kept)).filter(_GENERIC)
        duplicates = generic.filter(_DUPLICATES)["key"].to_list()
        return _FoundUsers(ids, frozenset(codes), without_user, doubtful_in(generic), duplicates)

    @property
    def ids(self) -> UserIds:
        """The users' IDs, including doubtful ones."""
        return self._found.ids

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the entries."""
        return self._found.codes

    @property
    def doubtful(self) -> frozenset[str]:
        """The keys of GUIDs that may not be a user's ID."""
        return self._found.doubtful

    @property
    def duplicates(self) -> list[str | None]:
        """The key of each entry that reports several records of one user; it may not be that user's key."""
        return self._found.duplicates

    @cached_property
    def entries(self) -> pl.DataFrame:
        """The entries with a code, like those of ``naming``."""
        entries = self._read()
        return entries.filter(entries["code"].is_not_null())

    @property
    def certain(self) -> frozenset[str]:
        """The keys that are certainly users."""
        return frozenset(self.ids) - self.doubtful

    def without_user(self, codes: Collection[str] = ()) -> int:
        """Return the number of entries without a user and with a code other than these."""
        return sum(number for code, number in self._found.without_user.items() if code not in codes)


def ids_in(entries: pl.DataFrame) -> UserIds:
    """Return the IDs in entries from ``naming``."""
    found = UserIds()
    _add_ids(found, entries)
    return found


def _add_ids(found: UserIds, entries: pl.DataFrame) -> None:
    users = entries.select("key", "identity").drop_nulls("key")
    for piece in users.iter_slices(_AT_ONCE):
        found.add(piece["key"].to_list(), piece["identity"].to_list())


def doubtful_in(entries: pl.DataFrame) -> frozenset[str]:
    """Return the keys of Guids in entries that need not be a user's ID."""
    return frozenset(entries.filter(~entries["names"])["key"].drop_nulls())


POSITIONS = {"key": pl.String, "record": pl.UInt32}
"""The source file for ``bounds``: the key of the ID in each record (from 1); a row for each record."""

BOUNDS = {
    "log_file": pl.String,
    "line": pl.UInt32,
    "after_record": pl.UInt32,
    "after_identity": pl.String,
    "before_record": pl.UInt32,
    "before_identity": pl.String,
}
"""An entry that names no user, and the records of the named ones around it; null where there is none on that side."""

FEWEST = 5
"""Records that have to be in order for a conclusion; by chance so many are in one of 120 logs."""

MOST = 0.9
"""Share in order that is needed for a conclusion. In a shuffled log of ten, nine are in order once in 44,000 times;
half would prove nothing, as chance alone gives that to logs of six."""


@dataclass(frozen=True, slots=True)
class Order:
    """How many of a log's entries are in the order of the source's records.

    Attributes:
        compared: the number of entries with a known record: their ID is in exactly one.
        in_order: the largest number of them that are in ascending order.
        records: the number of different records of these.
    """

    compared: int
    in_order: int
    records: int

    @property
    def sure(self) -> str | None:
        """``likely`` if all are in order, ``unsure`` if most are; None without a conclusion."""
        if self.records < FEWEST or self.in_order < MOST * self.compared:
            return None
        return "likely" if self.in_order == self.compared else "unsure"


def bounds(named: pl.DataFrame, positions: pl.DataFrame) -> tuple[pl.DataFrame, Order]:
    """Return bounds for one job's entries without a user, and the order as their evidence.

    An ID in no record, or in several, shows no place and is left out. A job's log files count as one log, in the order
    of their entries in the table.

    Args:
        named: one job's entries from ``naming``.
        positions: columns ``POSITIONS``.

    Returns:
        Columns ``BOUNDS``, one row for each entry in the log's order, none without a conclusion; and the order.
    """
    alone = positions.filter(pl.len().over("key") == 1)
    coded = named.filter(pl.col("code").is_not_null()).join(alone, on="key", how="left", maintain_order="left")
    coded = coded.with_columns(record=pl.when("names").then("record"))
    records: list[int | None] = coded["record"].to_list()
    compared = [record for record in records if record is not None]
    kept = _kept(records)
    order = Order(len(compared), len(kept), len({records[at] for at in kept}))
    if order.sure is None:
        return pl.DataFrame(schema=BOUNDS), order
    anchored = coded.with_row_index("at").with_columns(anchor=pl.col("at").is_in(kept))
    anchors = pl.struct("record", "identity")
    around = anchored.with_columns(
        after=pl.when("anchor").then(anchors).forward_fill(), before=pl.when("anchor").then(anchors).backward_fill()
    )
    found = around.filter(~pl.col("names")).select(
        "log_file",
        "line",
        after_record=pl.col("after").struct.field("record"),
        after_identity=pl.col("after").struct.field("identity"),
        before_record=pl.col("before").struct.field("record"),
        before_identity=pl.col("before").struct.field("identity"),
    )
    return found.cast(BOUNDS), order  # type: ignore[arg-type]


def _kept(records: list[int | None]) -> list[int]:
    """Return the indexes of a longest non-decreasing subsequence of records; nulls are skipped."""
    lasts: list[int] = []  # the smallest last record of a subsequence of each length
    ends: list[int] = []  # and its index
    before: dict[int, int | None] = {}
    for at, record in enumerate(records):
        if record is None:
            continue
        length = bisect.bisect_right(lasts, record)
        before[at] = ends[length - 1] if length else None
        lasts[length : length + 1] = [record]
        ends[length : length + 1] = [at]
    kept: list[int] = []
    at_end = ends[-1] if ends else None
    while at_end is not None:
        kept.append(at_end)
        at_end = before[at_end]
    return kept[::-1]
