"""What passes between the parts of a retry: whose records, the request, what was written and what was not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.model.id_kinds import WITHOUT_IDS, InferredIdType
from analyzer.model.service import MAX_PROPERTY_VALUES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.analysis.naming import UserIds
    from analyzer.model.outcome import Outcome
    from analyzer.source.damage import Damage
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans


MOST_BYTES = 2_000_000_000
"""The service's limit of 2 GB, whichever it counts by."""
MOST_PLACES = 100
"""Places of records that one row lists."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose records a retry file has to hold.

    Attributes:
        outcome: what the selection is made for.
        everybody: every record of the source.
        identities: the ids as the log spells them, by their key (``identity_key``); what is not a user's among them
            shows when none of the source's records has it.
        without_user: entries that name no user.
        because: a clause.
        doubtful: which of the identities, and of those who are excluded, are Guids that need not be anybody's id.
        lacking_id: entries that tell, or may tell, of a record without an ID: of an aborted job those with that code,
            else those that name no user.
        unfinished_logs: logs that are not whole, so that they may lack users.
        first: what has to be done before the retry file is queued, a clause; empty where nothing is known.
        excluded: of everybody those who are left out, as the log spells them, by their key.
        without_unnamed: of everybody the records without an id are left out.
        chosen: the user's choices, a clause each.
        unknown_users: ids of the user's list that are not among those to retry, as the list spells them, by their key.
            Where everybody is to be retried only the source can tell, and there are none.
        none_left: somebody was to be retried, and the user's choices leave nobody.
        duplicate_entries: entries that tell of several records of one user.
        newer: of everybody those who are left out because later files hold their newer records, by their marks
            (``mark_of``).
        left_to_later: how many users are left out for that.
    """

    outcome: Outcome
    everybody: bool
    identities: UserIds
    without_user: int
    because: str
    first: str = ""
    doubtful: frozenset[str] = frozenset()
    lacking_id: int = 0
    unfinished_logs: int = 0
    excluded: dict[str, str] = field(default_factory=dict)
    without_unnamed: bool = False
    chosen: tuple[str, ...] = ()
    unknown_users: dict[str, str] = field(default_factory=dict)
    none_left: bool = False
    duplicate_entries: int = 0
    newer: frozenset[int] = frozenset()
    left_to_later: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to retry."""
        return not self.everybody and not self.identities and not self.without_user


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """How a retry file is to be written.

    Attributes:
        drop_properties: what the records are written without.
        salvage: of a source file that isn't valid JSON, the records that can be read.
        repair: what changes no meaning is mended: backslashes that begin no escape, and records that stand twice.
        max_bytes: of one file; more go into further ones.
        max_properties: values but the ids in one file.
        hashes: whether the manifest tells the SHA-256 of what the file was made from.
        force: a source file that may be another job's, or another version, is taken all the same.
    """

    drop_properties: tuple[str, ...] = ()
    salvage: bool = False
    repair: bool = False
    max_bytes: int = MOST_BYTES
    max_properties: int = MAX_PROPERTY_VALUES
    hashes: bool = True
    force: bool = False

    @property
    def reads_around_faults(self) -> bool:
        """Whether a source file that isn't valid JSON is read as far as it goes."""
        return self.salvage or self.repair


DEFAULT_OPTIONS = RetryOptions()
"""Nothing dropped, nothing mended, the service's limits."""


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
        options: how it is written.
        named: keys of the ids that the log names, whether their users are selected or not.
        source_sha256: of the source file, where it is known.
        found: the selection's records, where somebody has looked for them.
        source_later: what tells that the job read an earlier version of the source file, a clause without its subject.
        everybody: all records of the source file, where somebody has looked for them.
        given_id_property: the id property as the user gave it; empty where it was inferred.
        error: the job's, by name; empty for bare files.
        source_uri: of the source file, as the job has it; empty for bare files.
    """

    source: Path
    logs: Sequence[Path]
    job_id: str | None
    id_property: IdProperty
    selection: Selection
    target: Path
    options: RetryOptions = DEFAULT_OPTIONS
    named: frozenset[str] = frozenset()
    source_sha256: str = ""
    found: MatchedRecords | None = None
    source_later: str = ""
    everybody: Spans | None = None
    given_id_property: str = ""
    error: str = ""
    source_uri: str = ""


class Reason(StrEnum):
    """Why something is not right in a retry file."""

    not_in_source = "to be retried, but no record of the source has this id"
    not_left_out = "to be left out, but no record of the source has this id"
    not_to_retry = "in the list of users, but not among those to retry"
    no_user = "the Guid of a GenericError, which need not be anybody's id; no record of the source has it"
    without_id = "the record has no id; the service aborts an import for it"
    not_importable = "the record has no ID, so the service can't import it"
    twice = "more than one record has this id, which the service fails; none of them is in the file"
    possible_duplicate = (
        "more than one record has this id, which the service fails; an entry that names nobody may tell so"
    )
    no_record = "a value in the list that is no record: it holds no user"
    multi_value = "a list or an object as a value, which an import does not take; the file still holds it"
    unreadable = "the record cannot be read"
    uncertain = "the record has a value that JSON cannot spell for certain"


IDENTICAL = "they are identical"
"""The detail of a user's records that are the same byte for byte."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that the retry file cannot hold or the service will fail again.

    Attributes:
        identity: as the log or the source spells it; empty where there is none.
        reason: why.
        records: the records' places in the source, from 1, parted by commas.
        detail: what is wrong with the record; empty where the reason says all.
        count: how many records, or users, this is.
        property: of the records; empty where the reason is of none.
    """

    identity: str
    reason: Reason
    records: str = ""
    detail: str = ""
    count: int = 1
    property: str = ""


def shown_places(positions: Sequence[int], number: int | None = None) -> str:
    """Places in the source, from 1, of positions from 0; of many the first ones, and how many more there are."""
    shown = [str(position + 1) for position in positions[:MOST_PLACES]]
    more = (number or len(positions)) - len(shown)
    return ", ".join([*shown, *([f"and {more:,} more"] if more else [])])


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that is written otherwise than it stands in the source.

    Attributes:
        record: its place in the source, from 1; None where it is in no record.
        identity: as the source spells it; empty where there is none.
        kind: what was wrong, in a few words.
        before: the token as it stands in the source.
        after: as it is written; empty where it went.
    """

    record: int | None
    identity: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """What an earlier retry left in the places of this one and is no part of it.

    Attributes:
        ours: what its manifest proved to be as we made it; it is gone.
        others: the rest, which is still there; who takes it for this retry queues something else.
        kept: copies of files that were in the places of new ones and were not, or not any more, as we made them.
    """

    ours: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()


NO_EARLIER_FILES = EarlierFiles()
"""Nothing lay there."""


@dataclass(frozen=True, slots=True)
class RetryFiles:
    """A retry file that was written.

    Attributes:
        paths: the retry file; several where it was split, none where no record can be in it.
        manifest: beside it.
        unmatched_file: beside it, a CSV.
        repairs_file: beside it, a CSV; None where no repairs were wanted.
        records: records in it.
        users: distinct users among them.
        property_values: values but the ids.
        unmatched: what it does not hold though the log speaks of it, or what the service will fail again.
        without_user: entries of the log that name no user, or a record that is not found.
        unfinished_logs: logs that may lack users at their end.
        source_later: as of the request.
        recoded: the source's encoding, where its records had to be written in another; empty else.
        respelled: records in which something is spelled otherwise than in the source, as that was no JSON.
        repairs: what was repaired, where that was wanted.
        earlier: what lay in its places.
        properties: the properties in its records but the ids, in the order in which they first occur.
        id_type: what its ids are by their shape.
        damage: values of its records that an import writes without an error, and that are wrong.
    """

    paths: tuple[Path, ...]
    manifest: Path
    unmatched_file: Path
    records: int
    users: int
    unmatched: tuple[Mismatch, ...]
    without_user: int
    recoded: str = ""
    unfinished_logs: int = 0
    source_later: str = ""
    property_values: int = 0
    respelled: int = 0
    repairs: tuple[Repair, ...] = ()
    repairs_file: Path | None = None
    earlier: EarlierFiles = NO_EARLIER_FILES
    properties: tuple[str, ...] = ()
    id_type: InferredIdType = WITHOUT_IDS
    damage: tuple[Damage, ...] = ()

    @property
    def path(self) -> Path:
        """The retry file; the first one where it was split."""
        return self.paths[0]

    @property
    def complete(self) -> bool:
        """Whether the file has everybody in it who was not updated and has an ID, and each of them once."""
        lacking = any(one.reason is not Reason.not_importable for one in self.unmatched)
        return not (lacking or self.without_user or self.unfinished_logs or self.source_later)
