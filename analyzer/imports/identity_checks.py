"""Check the IDs of a file: missing, empty, of another kind than the job takes, and duplicate ones."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue.check_findings import (
    DUPLICATE_ID,
    EMPTY_ID,
    MISSING_ID,
    MIXED_IDS,
    OTHER_ID_KIND,
    UNREADABLE_ID,
)
from analyzer.model.identity import ID_TYPES, KIND_NOUNS, IdKind, IdKinds, identity_key, identity_keys, kind_of
from analyzer.model.service import GUID, IdType
from analyzer.source.model import NO_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.imports.findings import Findings
    from analyzer.source.batches import Batch

_ADDRESS = r"[^\s@|#\\]++@[^\s@|#\\]++"
_MOST_REMEMBERED = 1_000
"""Records that are remembered for each kind of ID."""
_ADDRESSES = re.compile(rf"{_ADDRESS}(?:\n{_ADDRESS})*+")
_GUIDS = re.compile(rf"{GUID.pattern}(?:\n{GUID.pattern})*+")


class MissingIds:
    """Finds records without an ID and with an empty one."""

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        texts = batch.identities
        if None in texts:
            numbers = [number for number, identity in zip(batch.numbers, texts, strict=True) if identity is None]
            findings.add_records(MISSING_ID, "the record has no ID", numbers, [None] * len(numbers))
            texts = [identity for identity in texts if identity is not None]
        has_claims = "|" in "".join(texts)  # type: ignore[arg-type]  # no None is left
        if has_claims or "" in texts or any(map(str.isspace, texts)):  # type: ignore[arg-type]
            empty = {
                number: identity
                for number, identity in zip(batch.numbers, batch.identities, strict=True)
                if identity is not None and not identity_key(identity)
            }
            findings.add_records(EMPTY_ID, "the ID is empty", [*empty], empty.values())

    def finish(self, findings: Findings) -> None:
        """Nothing is left to add."""


class UnreadableIds:
    """Finds IDs with letters beyond ASCII in a file that the service can't decode."""

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        found = {
            number: identity
            for number, identity in zip(batch.numbers, batch.identities, strict=True)
            if identity is not None and not identity.isascii()
        }
        findings.add_records(UNREADABLE_ID, "the ID has letters beyond ASCII", [*found], found.values())

    def finish(self, findings: Findings) -> None:
        """Nothing is left to add."""


class DuplicateIds:
    """Finds IDs that several records have, in any spelling.

    Keeps eight bytes a record. ``records`` of the duplicates are known after ``finish``; their texts need the file
    again (``duplicates_in``).

    Attributes:
        numbers: the numbers of records whose ID another record has, too; with the number of the first such record.
    """

    def __init__(self) -> None:
        """Start without IDs."""
        self.numbers: dict[int, int] = {}
        self._marks = array("q")
        self._numbers = array("I")

    def take(self, batch: Batch, findings: Findings) -> None:  # noqa: ARG002 - all are known at the end only
        """Look at some records."""
        # As ``mark_of``, but without a call for each: the hash of an empty key is ``NO_ID``.
        self._marks.extend(map(hash, identity_keys(batch.identities)))
        self._numbers.extend(batch.numbers)

    def finish(self, findings: Findings) -> None:  # noqa: ARG002 - their IDs need the file again
        """Find the duplicates."""
        seen = pl.DataFrame(
            {"mark": pl.Series(self._marks, dtype=pl.Int64), "number": pl.Series(self._numbers, dtype=pl.UInt32)}
        )
        self._marks, self._numbers = array("q"), array("I")
        # Sorting takes a third of is_duplicated.
        marks = seen["mark"].sort()
        repeated = marks.filter((marks == marks.shift()) & (marks != NO_ID)).unique()
        seen = seen.filter(pl.col("mark").is_in(repeated.implode()))
        first = seen.select("number", first=pl.col("number").min().over("mark"))
        self.numbers = dict(first.iter_rows())


class DuplicateTexts:
    """Lists the records that ``DuplicateIds`` found, in a second pass."""

    def __init__(self, numbers: dict[int, int]) -> None:
        """Prepare to list these records."""
        self._numbers = numbers

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        for number, identity in zip(batch.numbers, batch.identities, strict=True):
            first = self._numbers.get(number)
            if first is not None:
                message = "a later record has the same ID" if first == number else f"record {first:,} has the same ID"
                findings.add(DUPLICATE_ID, message, record=number, identity=identity)

    def finish(self, findings: Findings) -> None:
        """Nothing is left to add."""


class IdKindCheck:
    """Finds IDs of another kind than the job's ID type takes; without an ID type, IDs of several kinds.

    Attributes:
        counts: number of IDs by kind, so far.
    """

    def __init__(self, id_type: IdType | None, *, listed: bool = True) -> None:
        """Check against an ID type; None if unknown. Only count if another check lists the IDs."""
        self._listed = listed
        self.counts: Counter[IdKind] = Counter()
        self._id_type = id_type
        self._remembered: dict[IdKind, list[tuple[int, str | None]]] = {}

    def take(self, batch: Batch, findings: Findings) -> None:
        """Look at some records."""
        kinds = _kinds_of(batch.identities)
        if isinstance(kinds, IdKind):
            self.counts[kinds] += len(batch.identities)
            kinds = [kinds] * len(batch.identities) if not self._takes(kinds) else []
        else:
            self.counts.update(kind for kind in kinds if kind is not None)
        if not kinds or not self._listed:
            return
        if self._id_type is None:
            self._remember(kinds, batch)
            return
        wrong = [index for index, kind in enumerate(kinds) if kind is not None and not self._takes(kind)]
        findings.add_records(
            OTHER_ID_KIND,
            [f"the ID is {KIND_NOUNS[kinds[index]][0]}, not {_TAKEN[self._id_type]}" for index in wrong],  # type: ignore[index]  # None was skipped
            [batch.numbers[index] for index in wrong],
            [batch.identities[index] for index in wrong],
        )

    def finish(self, findings: Findings) -> None:
        """Advise on the ID type that fits."""
        counts = dict(self.counts.most_common())
        counts.pop(IdKind.claims, None)  # each ID type takes them
        kinds = IdKinds(counts)
        inferred = kinds.inferred
        if self._id_type is None:
            if kinds.total and not inferred.name:
                self._add_mixed(kinds, findings)
        elif kinds.total and findings.count(OTHER_ID_KIND) == kinds.total and inferred.name:
            findings.advise(OTHER_ID_KIND, f"Queue with the ID type {inferred.name}: {inferred.because}.")

    def _remember(self, kinds: Sequence[IdKind | None], batch: Batch) -> None:
        """Remember records by the kind of their IDs; which kind is wrong is known only at the end."""
        for number, identity, kind in zip(batch.numbers, batch.identities, kinds, strict=True):
            if kind is not None and len(remembered := self._remembered.setdefault(kind, [])) < _MOST_REMEMBERED:
                remembered.append((number, identity))

    def _add_mixed(self, kinds: IdKinds, findings: Findings) -> None:
        """Add the records with an ID of another kind than nearly all others; the file if there is no such kind."""
        types = ID_TYPES[kinds.most] if kinds.most else ()
        others = [kind for kind in kinds.counts if types and not set(types).intersection(ID_TYPES[kind])]
        if not all(len(self._remembered.get(kind, ())) == kinds.counts[kind] for kind in others) or not others:
            findings.add(MIXED_IDS, kinds.inferred.because)
            return
        for kind in others:
            for number, identity in self._remembered[kind]:
                message = f"the ID is {KIND_NOUNS[kind][0]}, unlike the others"
                findings.add(MIXED_IDS, message, record=number, identity=identity)

    def _takes(self, kind: IdKind) -> bool:
        # That the service takes a name with a claims prefix was seen.
        return self._id_type is None or kind is IdKind.claims or self._id_type in ID_TYPES[kind]


_TAKEN = {
    IdType.Email: "a mail address",
    IdType.PrincipalName: "a user principal name",
    IdType.CloudId: "an object ID",
}


def _kinds_of(identities: Sequence[str | None]) -> IdKind | list[IdKind | None]:
    """Return the kind of all IDs if they have the same common one, fast; else the kind of each, None without an ID."""
    joined = "" if None in identities else "\n".join(identities)  # type: ignore[arg-type]  # checked
    if _ADDRESSES.fullmatch(joined):
        return IdKind.at_domain
    if _GUIDS.fullmatch(joined):
        return IdKind.object_id
    return [kind_of(identity.strip()) if identity and not identity.isspace() else None for identity in identities]
