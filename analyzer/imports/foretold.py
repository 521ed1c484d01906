"""Turn findings into what the service would do: the job's error, and the entries of its log.

The order is the service's: the queue call looks at the property map; the job reads the whole file and refuses it if one
record is wrong; then it writes user by user. Only the first stage that finds something is seen. The findings of the
others stay findings, as they come next.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue.check_findings import FINDING_KINDS, MISSING_ID, UNMAPPED_PROPERTY
from analyzer.catalogue.finding_kind import Severity
from analyzer.catalogue.schema_findings import QUEUE_CALL_KINDS
from analyzer.model.identity import identity_keys
from analyzer.model.service import JobError, LogCode

if TYPE_CHECKING:
    from analyzer.imports.findings import Findings


class Ending(StrEnum):
    """How an import of a file would end."""

    refused = auto()
    """The call that queues it is refused; there is no job."""
    aborted = auto()
    """The job ends before it updates a user."""
    partial = auto()
    """The job updates all users except those who fail."""
    succeeded = auto()
    """The job updates all users."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the service would do with a file, as far as findings show.

    Attributes:
        ending: how the import would end.
        error: the job's error; None without a job.
        entries: what the log, or the refusal of the queue call, names: ``code``, ``identity``, ``property``, a row per
            entry. Properties are null for users who fail.
    """

    ending: Ending
    error: JobError | None
    entries: pl.DataFrame

    @property
    def failing_users(self) -> int:
        """Number of entries about users who aren't updated although the job isn't aborted."""
        return len(self.entries) if self.ending is Ending.partial else 0


_ENTRIES = pl.Schema({"code": pl.String, "identity": pl.String, "property": pl.String})
_NOT_JSON = LogCode.DataFileNotJson.value
_FAILED = LogCode.GenericError.value


def foretold(findings: Findings) -> Foretold:
    """Return what the service would do with a file that has these findings."""
    table = findings.table()
    for kind in QUEUE_CALL_KINDS:
        if findings.count(kind):
            return Foretold(Ending.refused, None, _of_kinds(table, kind.name))
    aborting = [kind for kind in FINDING_KINDS.values() if kind.severity is Severity.aborts and findings.count(kind)]
    codes = {kind.code for kind in aborting}
    if _NOT_JSON in codes:
        entries = pl.DataFrame({"code": [_NOT_JSON]}).select("code", identity=None, property=None).cast(_ENTRIES)
        return Foretold(Ending.aborted, JobError.InvalidDataFile, entries)
    if JobError.DataFileTooBig.name in codes:
        return Foretold(Ending.aborted, JobError.DataFileTooBig, pl.DataFrame(schema=_ENTRIES))
    if aborting:
        return Foretold(
            Ending.aborted, JobError.InvalidDataFile, _of_kinds(table, MISSING_ID.name, UNMAPPED_PROPERTY.name)
        )
    entries = _failing(table)
    if entries.is_empty():
        return Foretold(Ending.succeeded, JobError.NoError, entries)
    return Foretold(Ending.partial, JobError.ImportCompleteWithError, entries)


def _of_kinds(table: pl.DataFrame, *names: str) -> pl.DataFrame:
    return table.filter(pl.col("kind").is_in(names)).select(*_ENTRIES)


def _failing(table: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of users who fail: one for each record whose user isn't found, one for each other user."""
    failing = table.filter(pl.col("record").is_not_null(), severity=Severity.fails.value).sort("record")
    unresolved = failing.filter(pl.col("code") != _FAILED).unique("record", keep="first", maintain_order=True)
    failed = failing.join(unresolved, on="record", how="anti").filter(code=_FAILED)
    keys = pl.Series("key", identity_keys(failed["identity"].to_list()), pl.String)
    users = failed.with_columns(keys).unique("key", keep="first", maintain_order=True)
    return pl.concat([unresolved, users], how="diagonal").select("code", "identity", property=None).cast(_ENTRIES)
