"""What a job's logs tell: whom, which most retries need alone and which takes little memory; on demand the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.model.identity import identity_keys
from analyzer.model.service import DUPLICATE_RECORDS, GUID, LogCode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import polars as pl

    from analyzer.logs.names import Names

_AT_ONCE = 10_000
"""Users."""
_GUID_LENGTH = 36


class Identities(Mapping[str, str]):
    """Ids as first spelled, by their key (``identity_key``), in the order in which they were met.

    Attributes:
        marks: what ``source.find`` knows them by: 1, 2, 3, … by key.
    """

    __slots__ = ("_spelled", "marks")

    def __init__(self, spelled: Mapping[str, str] | None = None) -> None:
        """Begins with some."""
        self.marks: dict[str, int] = {}
        self._spelled: list[bytes | None] = []
        self.add(spelled or (), (spelled or {}).values())

    def add(self, keys: Iterable[str], identities: Iterable[str]) -> None:
        """Adds those that are new; an empty key is nobody's."""
        marks, spelled = self.marks, self._spelled
        for key, identity in zip(keys, identities, strict=True):
            if key and key not in marks:
                # Most ids are their own key. There may be a million; bytes take less room than a text.
                spelled.append(None if key == identity else identity.encode("utf-8", "surrogatepass"))
                marks[key] = len(spelled)

    def __getitem__(self, key: str) -> str:
        """The id as first spelled."""
        spelled = self._spelled[self.marks[key] - 1]
        return key if spelled is None else spelled.decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """The keys."""
        return iter(self.marks)

    def __len__(self) -> int:
        """How many users."""
        return len(self.marks)

    def __contains__(self, key: object) -> bool:
        """Whether this is one's key."""
        return key in self.marks


@dataclass(slots=True)
class Whom:
    """Whom a job's entries name.

    Attributes:
        identities: the ids.
        doubtful: keys of those that are Guids which need not be anybody's id.
        naming_nobody: entries with a code that name nobody.
        codes: that are in the entries.
    """

    identities: Identities = field(default_factory=Identities)
    doubtful: frozenset[str] = frozenset()
    naming_nobody: int = 0
    codes: set[str] = field(default_factory=set)

    @property
    def users(self) -> frozenset[str]:
        """The keys of those who are certainly users."""
        return frozenset(self.identities) - self.doubtful


class Counting:
    """Entries, some at a time, to whom they name: what ``analysis.naming`` does for a table, of one job's entries."""

    def __init__(self) -> None:
        """Begins without entries."""
        self._whom = Whom()
        self._doubtful: set[str] = set()
        self._guids_are_ids = False

    def add(self, names: Names) -> None:
        """Adds entries that have a code."""
        keys = identity_keys(names.identities)
        whom = self._whom
        whom.codes |= names.codes
        whom.naming_nobody += names.without + keys.count("")
        whom.identities.add(keys, names.identities)
        for number in [number for number, key in enumerate(keys) if len(key) == _GUID_LENGTH]:
            if GUID.fullmatch(keys[number]):
                if names.generic[number]:
                    self._doubtful.add(keys[number])
                else:
                    self._guids_are_ids = True

    def whom(self, *, guids_are_ids: bool) -> Whom:
        """All that was added.

        Args:
            guids_are_ids: whether the source file's ids can be Guids.
        """
        if not guids_are_ids and not self._guids_are_ids:
            self._whom.doubtful = frozenset(self._doubtful)
        return self._whom


def identities_in(entries: pl.DataFrame) -> Identities:
    """Whom entries name, as ``analysis.naming`` gives them."""
    users = entries.select("key", "identity").drop_nulls("key").unique("key", keep="first", maintain_order=True)
    found = Identities()
    for piece in users.iter_slices(_AT_ONCE):
        found.add(piece["key"].to_list(), piece["identity"].to_list())
    return found


def doubtful_in(entries: pl.DataFrame) -> frozenset[str]:
    """The keys of Guids in entries that need not be anybody's id."""
    return frozenset(entries.filter(~entries["names"])["key"].drop_nulls())


class Told:
    """What a job's logs tell.

    Attributes:
        whom: they name.
    """

    def __init__(self, whom: Whom, read: Callable[[], pl.DataFrame]) -> None:
        """Knows whom, and how to read the rest.

        Args:
            whom: the logs name.
            read: gives the table of the entries, as ``analysis.naming`` does.
        """
        self.whom = whom
        self._read = read

    @classmethod
    def by_table(cls, named: pl.DataFrame) -> Told:
        """The same from the table of the entries."""
        coded = named.filter(named["code"].is_not_null())
        whom = Whom(identities_in(coded), doubtful_in(coded), coded["key"].null_count(), set(coded["code"]))
        return cls(whom, lambda: named)

    @cached_property
    def named(self) -> pl.DataFrame:
        """The table of the entries, as ``analysis.naming`` gives it; read when it is first asked for."""
        return self._read()

    @cached_property
    def coded(self) -> pl.DataFrame:
        """Those of them that have a code."""
        return self.named.filter(self.named["code"].is_not_null())

    @cached_property
    def duplicates(self) -> list[str | None]:
        """The key of each entry that tells of several records of one user; the key need not be that user's."""
        if LogCode.GenericError not in self.whom.codes:
            return []
        generic = self.coded.filter(code=LogCode.GenericError)
        said = generic["message"] + generic["detail"].fill_null("")
        return generic.filter(said.str.contains(DUPLICATE_RECORDS, literal=True))["key"].to_list()

    def nameless(self, codes: Collection[str]) -> int:
        """How many entries name no user and have another code than these."""
        if self.whom.codes.isdisjoint(codes):
            return self.whom.naming_nobody
        return self.coded.filter(self.coded["key"].is_null() & ~self.coded["code"].is_in(list(codes))).height
