"""Find the IDs of a retry that a directory export proves to be wrong, and the right ones of the same users."""

from __future__ import annotations

import dataclasses
from array import array
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from analyzer.directory.match import healthy_keys, inferred_id_type, resolution, resolve
from analyzer.directory.users import keys_of
from analyzer.errors import UsageError
from analyzer.model.identity import InferredIdType, identity_key, identity_keys
from analyzer.model.service import IdType
from analyzer.retry.corrections import IdCorrections
from analyzer.source.batches import BatchReader
from analyzer.source.model import GrammarError, mark_of
from analyzer.source.reader.json_text import opened
from analyzer.source.reader.records import records_of
from analyzer.source.reader.tolerant import Record
from analyzer.source.salvage.read import salvage_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.directory.model import Directory
    from analyzer.retry.model import RetryRequest
    from analyzer.source.batches import Batch

_SAMPLE = 10_000
"""Records from which the ID type is inferred."""
_NOUNS = {
    IdType.PrincipalName: "user principal names",
    IdType.Email: "mail addresses",
    IdType.CloudId: "object IDs",
}


def with_corrections(
    request: RetryRequest, directory: Directory, id_type: IdType | None, in_later_files: frozenset[int] = frozenset()
) -> RetryRequest:
    """Return the request with corrections of IDs.

    An ID is corrected only if the export proves that both IDs are the same user's, and if no other record of the source
    file or of a later one is that user's: its values may be newer.

    Args:
        request: the retry; its selection is complete.
        directory: the export.
        id_type: of the job; None if unknown: then it is inferred from the IDs of the source file.
        in_later_files: marks of the users in files of later runs.

    Raises:
        InputError: the source file can't be read.
        UsageError: the ID property is unknown, or the export lacks the IDs of the ID type.
    """
    if not request.id_property.name:
        raise UsageError("--correct-ids needs the ID property, which is unknown", "Specify it with --id-property.")
    because = "the configuration has it for the feed"
    if id_type is None:
        id_type = inferred_id_type(_sample(request), directory)
        because = f"most IDs of the source file are {_NOUNS[id_type]} in {directory.name}" if id_type in _NOUNS else ""
    if id_type is not None and not directory.can_look_up(id_type):
        raise UsageError(
            f"{directory.name} has no IDs of the type {id_type.name}, so none can be corrected",
            "Export all users with that property.",
        )
    odd, marks = _read(request, healthy_keys(directory, id_type))
    wrong = odd if request.selection.all_records else list(request.selection.identities.values())
    found = resolve(pl.Series("identity", list(dict.fromkeys(wrong)), pl.String), directory, id_type)
    proven = {
        identity_key(one.identity): one for one in map(resolution, found.drop_nulls("corrected").iter_rows(named=True))
    }
    twice = _in_several_records(found.drop_nulls("corrected"), directory, marks | in_later_files)
    free = {key: one for key, one in proven.items() if key not in twice}
    corrections = IdCorrections(
        directory.name,
        free,
        tuple(one for key, one in proven.items() if key in twice),
        InferredIdType(id_type.name, because) if id_type is not None else None,
    )
    return dataclasses.replace(request, corrections=corrections)


def _in_several_records(proven: pl.DataFrame, directory: Directory, marks: frozenset[int]) -> set[str]:
    """Return the keys of wrong IDs whose user has another record in the source file, under any ID.

    Args:
        proven: rows of ``RESOLUTIONS``.
        directory: the export.
        marks: of all IDs in the source file and in later ones.
    """
    wrong = proven.select("user", keys_of(proven["identity"]).alias("wrong")).unique()
    several = wrong.filter(pl.col("user").is_duplicated())["wrong"].to_list()
    others = wrong.join(directory.keys, on="user").filter(pl.col("key") != pl.col("wrong"))
    known = {key for key, other in others.select("wrong", "key").iter_rows() if mark_of(other) in marks}
    return {*known, *several}


def _sample(request: RetryRequest) -> pl.Series:
    """Return the IDs of the first records; of a file with a fault, of those before it."""
    texts: list[str] = []
    with opened(request.source) as buffer:
        try:
            for record in islice(records_of(buffer), _SAMPLE):
                texts.append(record.text(request.id_property.name) or "")  # noqa: PERF401 - kept if an error follows
        except GrammarError:
            pass
    return pl.Series("identity", texts, pl.String)


def _read(request: RetryRequest, healthy: frozenset[str]) -> tuple[list[str], frozenset[int]]:
    """Return the IDs of the source file that aren't healthy, and the marks of all."""
    odd: list[str] = []
    marks = array("q")

    def take(identities: Sequence[str | None]) -> None:
        keys = identity_keys(identities)
        marks.extend(map(mark_of, keys))
        if not healthy.issuperset(keys):
            odd.extend(one for one, key in zip(identities, keys, strict=True) if one and key and key not in healthy)

    def take_batch(batch: Batch) -> None:
        take(batch.identities)

    with opened(request.source) as buffer:
        try:
            BatchReader(buffer, request.id_property.name, take_batch).read()
        except GrammarError:
            for item in salvage_of(buffer, repair=request.options.repair):
                if isinstance(item, Record):
                    take([item.text(request.id_property.name)])
    return odd, frozenset(marks)
