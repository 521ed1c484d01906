"""What we know of a job that this program queued, which the service doesn't say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that this program queued: an import, or one of its parts.

    Attributes:
        import_id: the import; its parts are one run of the feed.
        part: number of the part, from 1.
        parts: number of parts of the import.
        unchanged: users of the import's file that weren't sent, because their records haven't changed; None unless
            only changes were sent.
        users: number of users in the part; None if unknown.
        sha256: of the part.
        id_type: the name of the ID type with which it was queued.
        id_property: likewise.
        property_map: likewise; the profile's property by that of the file.
    """

    import_id: str
    part: int = 1
    parts: int = 1
    unchanged: int | None = None
    users: int | None = None
    sha256: str = ""
    id_type: str = ""
    id_property: str = ""
    property_map: Mapping[str, str] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """What a reader has to know of the job's numbers: ``part 2 of 3``; empty if nothing."""
        notes = [f"part {self.part} of {self.parts}"] if self.parts > 1 else []
        return "; ".join([*notes, *_changes_only(self.unchanged)])

    @property
    def words(self) -> str:
        """What it was queued with: ``PrincipalName, IDs in Upn; City to City, Town to Office``."""
        properties = [f"{name} to {of_profile}" for name, of_profile in self.property_map.items()]
        return f"{self.id_type}, IDs in {self.id_property}; {', '.join(properties)}"

    @property
    def as_json(self) -> dict[str, Any]:
        """The key ``queued`` of ``show --json``."""
        return {
            "import_id": self.import_id,
            "part": self.part,
            "parts": self.parts,
            "unchanged": self.unchanged,
            "users": self.users,
            "sha256": self.sha256,
            "id_type": self.id_type,
            "id_property": self.id_property,
            "property_map": dict(self.property_map),
        }


def part_words(known: int, parts: int, unchanged: int | None) -> str:
    """Return what a reader has to know of the numbers of a run: ``in 3 parts``, ``2 of 3 parts``; empty if nothing.

    Args:
        known: number of its parts that are known.
        parts: number of its parts.
        unchanged: as of ``QueuedJob``.
    """
    notes = [f"in {parts} parts" if known == parts else f"{known} of {parts} parts"] if parts > 1 else []
    return "; ".join([*notes, *_changes_only(unchanged)])


def _changes_only(unchanged: int | None) -> list[str]:
    if unchanged is None:
        return []
    weren_t = "wasn't" if unchanged == 1 else "weren't"
    return [f"changes only: {count(unchanged, 'unchanged user')} {weren_t} sent"]
