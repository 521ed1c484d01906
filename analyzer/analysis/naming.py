"""Find the users that the entries of a log name; spellings of one user have one key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from analyzer.model.identity import identity_keys
from analyzer.model.service import DUPLICATE_RECORDS, GUID, LogCode
from analyzer.model.tables import ENTRIES

if TYPE_CHECKING:
    from collections.abc import Collection

_AT_ONCE = 10_000
"""Entries; Python's texts take much more room than the table's."""

SOURCE_IDS = {"job_id": pl.String, "guid_ids": pl.Boolean}
"""What ``naming`` takes of each job's source file: whether its IDs can be Guids; null where unknown."""


NAMED = {name: ENTRIES[name] for name in ("job_id", "code", "identity", "property", "message", "detail")}
"""Columns of the table ``entries`` that show who failed and why."""


def naming(entries: pl.DataFrame, source_ids: pl.DataFrame) -> pl.DataFrame:
    """Add to each entry its user, and whether it names one.

    A Guid in a ``GenericError`` need not be a user's ID (seen). It names a user only where the job's IDs are Guids, by
    its source file or its other entries.

    Args:
        entries: the table ``entries``, or its columns ``NAMED``.
        source_ids: columns ``SOURCE_IDS``.

    Returns:
        The table ``entries`` with two more columns: ``key`` String, equal for one user's IDs, null without an
        identity, or with a claims prefix alone; and ``names`` Boolean, never null.
    """
    named = entries.with_columns(key=_keys(entries["identity"]))
    guid = pl.col("key").str.contains(f"^{GUID.pattern}$").fill_null(value=False)
    generic = (pl.col("code") == LogCode.GenericError).fill_null(value=False)
    have_guids = [source_ids.filter("guid_ids")["job_id"], named.filter(guid & ~generic)["job_id"]]
    # Bare files may not show their job: those without one belong together.
    guids_are_ids = pl.col("job_id").is_in(pl.concat(have_guids).unique().implode(), nulls_equal=True)
    return named.with_columns(
        names=pl.col("code").is_not_null() & pl.col("key").is_not_null() & (~(guid & generic) | guids_are_ids)
    )


def _keys(identities: pl.Series) -> pl.Series:
    """Return the keys of a column of IDs; null where there is none."""
    pieces = [identities.slice(start, _AT_ONCE) for start in range(0, len(identities), _AT_ONCE)]
    keys = pl.concat(
        [pl.Series(identity_keys(piece.to_list()), dtype=pl.String) for piece in [identities[:0], *pieces]]
    )
    return keys.set(keys == "", None)


class UserIds(Mapping[str, str]):
    """Users' IDs as first spelled, by their key (``identity_key``), in the order in which they were added.

    Attributes:
        marks: what ``source.find`` knows the users by: 1, 2, 3, … by key.
    """

    __slots__ = ("_spelled", "marks")

    def __init__(self, spelled: Mapping[str, str] | None = None) -> None:
        """Begin with some."""
        self.marks: dict[str, int] = {}
        self._spelled: list[bytes | None] = []
        self.add(spelled or (), (spelled or {}).values())

    def add(self, keys: Iterable[str], identities: Iterable[str]) -> None:
        """Add those that are new; an empty key is no user's."""
        marks, spelled = self.marks, self._spelled
        for key, identity in zip(keys, identities, strict=True):
            if key and key not in marks:
                # Most IDs are their own key. There may be a million; bytes take less room than a text.
                spelled.append(None if key == identity else identity.encode("utf-8", "surrogatepass"))
                marks[key] = len(spelled)

    def __getitem__(self, key: str) -> str:
        """Return the ID as first spelled."""
        spelled = self._spelled[self.marks[key] - 1]
        return key if spelled is None else spelled.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self.marks)

    def __len__(self) -> int:
        """Count the users."""
        return len(self.marks)

    def __contains__(self, key: object) -> bool:
        """Return whether this is a user's key."""
        return key in self.marks


class NamedUsers:
    """The users that the log of one job names, and the entries that name no user.

    Attributes:
        entries: those that have a code, as ``naming`` gives them.
    """

    def __init__(self, entries: pl.DataFrame) -> None:
        """Take the entries of one job, as ``naming`` gives them."""
        self.entries = entries.filter(entries["code"].is_not_null())

    @cached_property
    def ids(self) -> UserIds:
        """The users' IDs, with those that are doubtful."""
        return ids_in(self.entries)

    @cached_property
    def doubtful(self) -> frozenset[str]:
        """The keys of Guids that need not be a user's ID."""
        return doubtful_in(self.entries)

    @property
    def certain(self) -> frozenset[str]:
        """The keys of those who are certainly users."""
        return frozenset(self.ids) - self.doubtful

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of the entries."""
        return frozenset(self.entries["code"])

    @cached_property
    def duplicates(self) -> list[str | None]:
        """The key of each entry that reports several records of one user; the key need not be that user's."""
        generic = self.entries.filter(code=LogCode.GenericError)
        text = generic["message"] + generic["detail"].fill_null("")
        return generic.filter(text.str.contains(DUPLICATE_RECORDS, literal=True))["key"].to_list()

    def without_user(self, codes: Collection[str] = ()) -> int:
        """Count the entries that name no user and have another code than these."""
        return self.entries.filter(self.entries["key"].is_null() & ~self.entries["code"].is_in(list(codes))).height


def ids_in(entries: pl.DataFrame) -> UserIds:
    """Return the IDs in entries, as ``naming`` gives them."""
    users = entries.select("key", "identity").drop_nulls("key").unique("key", keep="first", maintain_order=True)
    found = UserIds()
    for piece in users.iter_slices(_AT_ONCE):
        found.add(piece["key"].to_list(), piece["identity"].to_list())
    return found


def doubtful_in(entries: pl.DataFrame) -> frozenset[str]:
    """Return the keys of Guids in entries that need not be a user's ID."""
    return frozenset(entries.filter(~entries["names"])["key"].drop_nulls())
