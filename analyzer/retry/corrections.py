"""The types of corrected IDs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.directory.model import Resolution
    from analyzer.model.identity import InferredIdType


@dataclass(frozen=True, slots=True)
class IdCorrections:
    """The IDs that are written otherwise than in the source, as a directory export proves that the user is the same.

    Attributes:
        by: name of the export.
        by_key: what to write, by key of the ID in the source.
        left: proven, but not written, because another record of this file, or of a later one, is the same user's.
        id_type: to queue the file with; None to infer it from the forms of the IDs.
    """

    by: str = ""
    by_key: Mapping[str, Resolution] = field(default_factory=dict)
    left: tuple[Resolution, ...] = ()
    id_type: InferredIdType | None = None


NO_CORRECTIONS = IdCorrections()


@dataclass(frozen=True, slots=True)
class CorrectedId:
    """An ID that was written otherwise than in the source.

    Attributes:
        record: its position in the source, from 1.
        before: in the source.
        after: in the retry file.
        proof: as ``Resolution.proof``.
    """

    record: int
    before: str
    after: str
    proof: str
