"""Check the IDs of a file against a directory export: users that the job would not find, and why."""

from __future__ import annotations

import functools
from array import array
from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue.check_findings import OTHER_ID_KIND
from analyzer.catalogue.directory_findings import NOT_IN_EXPORT
from analyzer.directory.look_up import KIND_OF
from analyzer.directory.match import healthy_keys, resolve
from analyzer.directory.model import KeyKind, Match
from analyzer.imports.findings import MOST_LISTED
from analyzer.model.identity import ID_TYPES, IdKind, identity_keys, kind_of
from analyzer.model.service import IdType
from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.directory.model import Directory
    from analyzer.imports.findings import Findings
    from analyzer.source.batches import Batch

_FILTERED = 0.25
"""The share of unknown IDs from which the export may be filtered, or another tenant's."""
_FEW = 20
"""Unknown IDs that are no reason to think so."""
_PIECE = 20_000


class DirectoryCheck:
    """Looks up the ID of each record. IDs that are fine cost only a set; the others are kept and judged at the end.

    Attributes:
        looks_up: whether the export has the IDs of the ID type.
    """

    def __init__(self, directory: Directory, id_type: IdType | None) -> None:
        """Prepare to look up IDs of an ID type; None if unknown."""
        self.looks_up = directory.can_look_up(id_type)
        self._directory = directory
        self._id_type = id_type
        self._healthy = healthy_keys(directory, id_type) if self.looks_up else frozenset()
        self._with_id = 0
        self._numbers = array("I")
        self._identities: list[str] = []
        self._pieces: list[pl.Series] = []
        self._left_out = 0

    @functools.cached_property
    def accounts(self) -> frozenset[str] | None:
        """The keys of all user principal names; None if the export has none."""
        if not self._directory.can_look_up(IdType.PrincipalName):
            return None
        keys = self._directory.keys.filter(kind=int(KeyKind.principal_name))["key"]
        return frozenset(keys.to_list())

    def take(self, batch: Batch, findings: Findings) -> None:  # noqa: ARG002 - all are judged at the end
        """Look at some records."""
        if not self.looks_up:
            return
        keys = identity_keys(batch.identities)
        self._with_id += len(keys) - keys.count("")
        others = set(keys) - self._healthy
        others.discard("")
        if not others:
            return
        if len(self._numbers) > MOST_LISTED:
            self._left_out += sum(key in others for key in keys)
            return
        kept = [index for index, key in enumerate(keys) if key in others]
        self._numbers.extend([batch.numbers[index] for index in kept])
        self._identities += [batch.identities[index] or "" for index in kept]
        if len(self._identities) >= _PIECE:
            self._flush()

    def finish(self, findings: Findings) -> None:
        """Add what the IDs are that aren't fine."""
        self._flush()
        identities = pl.concat([pl.Series("identity", [], pl.String), *self._pieces])
        found = resolve(identities.unique(), self._directory, self._id_type)
        records = pl.DataFrame({"identity": identities, "record": pl.Series(self._numbers, dtype=pl.UInt32)})
        found = records.join(found, on="identity", maintain_order="left")
        unknown = found.filter(match=Match.unknown.value).height
        filtered = unknown > max(_FEW, _FILTERED * self._with_id)
        for match, kind in KIND_OF.items():
            rows = found.filter(match=match.value)
            if match in {Match.unknown, Match.misspelt} and self._id_type is not None:
                others = rows["identity"].map_elements(self._is_of_other_kind, pl.Boolean, skip_nulls=False)
                _add(findings, OTHER_ID_KIND, rows.filter(others))
                rows = rows.filter(~others)
            _add(findings, NOT_IN_EXPORT if match is Match.unknown and filtered else kind, rows)
        findings.remarks += self._remarks(unknown if filtered else 0)

    def _flush(self) -> None:
        if self._identities:
            self._pieces.append(pl.Series("identity", self._identities, pl.String))
            self._identities = []

    def _is_of_other_kind(self, identity: str) -> bool:
        kind = kind_of(identity.strip())
        return self._id_type is not None and kind is not IdKind.claims and self._id_type not in ID_TYPES[kind]

    def _remarks(self, unknown: int) -> Iterator[str]:
        """Yield what the export can't tell, sentences; ``unknown`` is the number of IDs that it may lack."""
        name = self._directory.name
        if not self.looks_up and self._id_type is not None:
            yield f"{name} doesn't have the IDs of the type {self._id_type.name}, so no ID was looked up."
            return
        if unknown:
            users = count(len(self._directory.users), "user")
            yield (
                f"{name} ({users}) lacks {unknown:,} of {count(self._with_id, 'ID')}: it may be filtered, or of another"
                " tenant. Export all users."
            )
        yield from self._directory.remarks
        if self._left_out:
            yield f"{count(self._left_out, 'further ID')} that {name} lacks weren't looked at."


def _add(findings: Findings, kind: FindingKind, rows: pl.DataFrame) -> None:
    if rows.is_empty():
        return
    instead = pl.coalesce("corrected", "suggestion")
    unsaid = instead.is_not_null() & ~pl.col("proof").str.contains(instead, literal=True)
    messages = pl.concat_str(
        pl.lit("the ID is "),
        "proof",
        pl.when(unsaid).then(pl.concat_str(pl.lit("; write "), instead)).otherwise(pl.lit("")),
    )
    shown = rows.select("record", "identity", messages.alias("message"), instead.alias("instead")).to_dict(
        as_series=False
    )
    findings.add_records(kind, shown["message"], shown["record"], shown["identity"], suggestions=shown["instead"])
