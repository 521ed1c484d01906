"""What passes between the parts of a retry: whose records, the request, what was written and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.analysis.outcomes import Outcome
    from analyzer.source.identify import IdProperty


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose records a retry file has to hold.

    Attributes:
        outcome: what the selection is made for.
        everybody: every record of the source.
        identities: the ids as the log spells them, by their key (``identity_key``); what is not a user's among them
            shows when none of the source's records has it.
        naming_nobody: entries that name no user.
        because: a clause.
        doubtful: which of the identities are Guids that need not be anybody's id.
        lacking_id: entries that tell of a record without an id, in an aborted job.
        unfinished_logs: logs that are not whole, so that they may lack users.
        first: what has to be done before the retry file is queued, a clause; empty where nothing is known.
        excluded: of everybody those who are left out, as the log spells them, by their key.
        without_unnamed: of everybody the records without an id are left out.
        chosen: the user's choices, a clause each.
        unknown_users: ids of the user's list that are not among those to retry, as the list spells them, by their key.
            Where everybody is to be retried only the source can tell, and there are none.
        left_nobody: somebody was to be retried, and the user's choices leave nobody.
    """

    outcome: Outcome
    everybody: bool
    identities: dict[str, str]
    naming_nobody: int
    because: str
    first: str = ""
    doubtful: frozenset[str] = frozenset()
    lacking_id: int = 0
    unfinished_logs: int = 0
    excluded: dict[str, str] = field(default_factory=dict)
    without_unnamed: bool = False
    chosen: tuple[str, ...] = ()
    unknown_users: dict[str, str] = field(default_factory=dict)
    left_nobody: bool = False

    @property
    def nobody(self) -> bool:
        """Whether there is nothing to retry."""
        return not self.everybody and not self.identities and not self.naming_nobody


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """What a retry file is made from.

    Attributes:
        source: the source file of the job.
        logs: its log files.
        job_id: None when made from bare files.
        id_property: which of the source's properties holds the ids.
        selection: whose records.
        target: where the retry file goes.
    """

    source: Path
    logs: Sequence[Path]
    job_id: str | None
    id_property: IdProperty
    selection: Selection
    target: Path


class Reason(StrEnum):
    """Why something is not right in a retry file."""

    not_in_source = "named in the log, but no record of the source has this id"
    nobodys = "the Guid of a GenericError, which need not be anybody's id; no record of the source has it"
    without_id = "the record has no id; the service aborts an import for it"
    twice = "more than one record has this id; the service fails the user"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Something that the retry file cannot hold or the service will fail again.

    Attributes:
        identity: as the log or the source spells it; empty where there is none.
        reason: why.
        records: the records' places in the source, from 1, parted by commas.
    """

    identity: str
    reason: Reason
    records: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry file that was written.

    Attributes:
        path: the retry file.
        manifest: beside it.
        unmatched_file: beside it, a CSV.
        records: records in it.
        users: distinct users among them.
        unmatched: what it does not hold though the log speaks of it, or what the service will fail again.
        naming_nobody: entries of the log that name no user, or a record that is not found.
        unfinished_logs: logs that may lack users at their end.
        recoded: the source's encoding, where its records had to be written in another; empty else.
    """

    path: Path
    manifest: Path
    unmatched_file: Path
    records: int
    users: int
    unmatched: tuple[Unmatched, ...]
    naming_nobody: int
    recoded: str = ""
    unfinished_logs: int = 0

    @property
    def complete(self) -> bool:
        """Whether the file is the whole truth: everybody in it who was not updated, and each of them once."""
        return not self.unmatched and not self.naming_nobody and not self.unfinished_logs
