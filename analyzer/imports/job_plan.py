"""Find out what a job was queued with: by our record of the import, else options or the configuration, or inferred.

The service tells neither the ID type, nor the ID property, nor the property map of a job.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.errors import InputError, UsageError
from analyzer.imports.model import ImportPlan
from analyzer.model.service import IdType
from analyzer.source.id_property import infer_id_property
from analyzer.storage.files import sha256_of
from analyzer.storage.import_record import all_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
    from analyzer.model.job import Job
    from analyzer.storage.import_record import ImportPart

_NOT_READ = "Only the file that the job read says what the profiles should have."


@dataclass(frozen=True)
class JobPlans:
    """What is known of the imports of a tenant.

    Attributes:
        library: the library.
        tables: its history.
        imports: the folder with what this program queued (``Workspace.imports``).
        configured: returns what options and the configuration say of a feed, by its name.
    """

    library: Library
    tables: Tables
    imports: Path
    configured: Callable[[str], ImportPlan]

    def of(self, job: Job, source: Path | None) -> JobPlan:
        """Return what a job was queued with; a part that stays unknown is empty.

        Args:
            job: the job.
            source: what it read, by which the ID property is inferred; None to infer nothing.

        Raises:
            UsageError: several properties may be the ID property.
            InputError: the source file can't be read.
        """
        plan = self.configured(self.tables.job(job.job_id)["feed"] or "")
        if ours := self.tables.queued.get(job.job_id):
            plan = ImportPlan(IdType[ours.id_type], ours.id_property, dict(ours.property_map))
        if plan.id_property or source is None:
            return JobPlan(plan)
        found = infer_id_property(source, self.failed_keys(job))
        return JobPlan(dataclasses.replace(plan, id_property=found.name), found.because)

    def source_of(self, job: Job) -> Path:
        """Return our copy of what a job read.

        Raises:
            InputError: there is none, or it isn't certain that the job read it.
        """
        source, later = self.library.source_file(job), self.tables.source_later.get(job.job_id, "")
        if part := self._parts.get(job.job_id):
            # What was sent is what was read, unless somebody replaced it in the tenant.
            folder, sent = part
            for copy in filter(None, (source, folder / sent.file if sent.file else None)):
                if copy.is_file() and copy.stat().st_size == sent.bytes and sha256_of(copy) == sent.sha256:
                    return copy
        if source is None:
            problem = self.tables.source_problems.get(job.job_id, "")
            raise InputError(problem or "the source file of the job isn't in the library", "Run upa-analyzer pull.")
        changed = self.library.source_state(job).changed
        if later or changed:
            raise InputError(f"{source} {later or f'is not what the job read: {changed}'}", _NOT_READ)
        if not self.tables.has_certain_source(job.job_id):
            raise InputError(f"it isn't certain that the job read {source}", _NOT_READ)
        return source

    def failed_keys(self, job: Job) -> frozenset[str]:
        """Return the keys of the users that a job's log names."""
        return frozenset(self.tables.scan_users_of(job.job_id).select("key").collect()["key"])

    @functools.cached_property
    def _parts(self) -> dict[str, tuple[Path, ImportPart]]:
        """The folder and part of each job that this program queued, by job ID."""
        records = all_imports(self.imports)
        return {part.job_id: (path.parent, part) for path, record in records for part in record.parts if part.job_id}


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What a job was queued with.

    Attributes:
        plan: as far as it is known.
        id_property_because: why the ID property is taken, a clause, if it is inferred; else empty.
    """

    plan: ImportPlan
    id_property_because: str = ""

    def check_complete(self, source: Path) -> None:
        """Check that the ID property is known.

        Raises:
            UsageError: it isn't.
        """
        if not self.plan.id_property:
            raise UsageError(f"the ID property of {source} is unknown", "Specify it with --id-property NAME.")

    @property
    def remarks(self) -> Iterator[str]:
        """What is inferred, sentences."""
        if self.id_property_because:
            yield f"Using {self.plan.id_property} as the ID property ({self.id_property_because})."
        if self.plan.property_map is None:
            yield (
                "The property map is unknown: each property is compared with the profile's property of the same name."
                " Specify --map SOURCE=PROFILE, or add the feed's properties to the configuration."
            )

    def profile_property(self, name: str) -> str | None:
        """Return the profile's property for one of the source file; None if it isn't imported."""
        known = self.plan.property_map
        if known is not None:
            return known.get(name)
        return None if name == self.plan.id_property else name
