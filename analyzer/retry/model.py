"""What passes between the parts of a retry: the choices, whose records, the request, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.model.identity import WITHOUT_IDS, InferredIdType
from analyzer.model.service import MAX_PROPERTY_VALUES
from analyzer.model.text import listed_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.naming import UserIds
    from analyzer.model.job import Outcome
    from analyzer.source.damage import Damage
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans


MOST_BYTES = 2_000_000_000
"""The service's limit of 2 GB, whichever it counts by."""
MOST_PLACES = 100
"""Places of records that one row lists."""
_EXAMPLES = 5

RetryHelps = Callable[[str, str, str | None], bool | None]
"""Whether an unchanged retry can help, by an entry's code, message, and detail; see ``Catalogue.retry_helps``."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The user's choices of whose records to take; they compose by intersection.

    Attributes:
        only: codes; users with an entry of one of them.
        except_: codes; users without any entry of one of them.
        users: only these, as first spelled by their key (``identity_key``); None for no such choice.
        users_file: the list that names them, for sentences.
        retryable: only users with entries that an unchanged retry can help.
        without_culprits: of an aborted import, without the users that its log names.
        drop_properties: what the records are written without; chooses no users.
    """

    only: tuple[str, ...] = ()
    except_: tuple[str, ...] = ()
    users: Mapping[str, str] | None = None
    users_file: str = ""
    retryable: bool = False
    without_culprits: bool = False
    drop_properties: tuple[str, ...] = ()

    @property
    def narrow(self) -> bool:
        """Whether any users are left out."""
        return self.by_log or self.users is not None

    @property
    def by_log(self) -> bool:
        """Whether the users depend on the log's entries."""
        return bool(self.only or self.except_ or self.retryable or self.without_culprits)


EVERYTHING = Choices()
"""No choice."""


def helps_unknown(_code: str, _message: str, _detail: str | None) -> None:
    """Answer that it is unknown whether a retry helps."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose records a retry file has to hold.

    Attributes:
        outcome: of the job.
        everybody: whether it is every record of the source.
        identities: the IDs as the log spells them; one that is no user's shows when no record of the source has it.
        without_user: entries that name no user.
        because: a clause.
        first: what has to be done before the retry file is queued, a clause; empty where nothing is known.
        doubtful: the keys of those identities, and of those excluded, that are Guids and need not be a user's ID.
        lacking_id: entries that may be about a record without an ID: of an aborted job those with that code, else
            those that name no user.
        unfinished_logs: logs that are incomplete, so that they may lack users.
        excluded: of everybody the users who are left out, as the log spells them, by their key.
        without_unnamed: whether of everybody the records without an ID are left out.
        chosen: the user's choices, a clause each.
        unknown_users: IDs of the user's list that are not among those to retry, as the list spells them, by their key.
            Of everybody only the source can tell, and there are none.
        none_left: whether there were users to retry, and the choices leave none.
        duplicate_entries: entries that report several records of one user.
        newer: of everybody the users who are left out because later files hold their newer records, by their marks
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
    """How a retry file is written.

    Attributes:
        drop_properties: what the records are written without.
        salvage: whether the readable records of a source file that isn't valid JSON are taken.
        repair: whether faults are corrected where that changes no value: single backslashes, duplicate records.
        max_bytes: of one file; more records go into further files.
        max_properties: values except the IDs in one file.
        hashes: whether the manifest has the SHA-256 of the source and the logs.
        force: whether a source file is taken that may be of another job, or another version.
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
"""All properties, no corrections, the service's limits."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A retry file to write.

    Attributes:
        source: the source file of the job.
        logs: its log files.
        job_id: None for bare files.
        id_property: the property with the IDs.
        selection: whose records.
        target: the retry file's place.
        options: how it is written.
        named: keys of the IDs in the log, whether their users are selected or not.
        source_sha256: of the source file, where it is known.
        found: the selection's records, where they are known.
        source_later: the evidence that the job read an earlier source file, a clause without its subject.
        everybody: all records of the source file, where they are known.
        given_id_property: as the user gave it; empty where it was inferred.
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
    """Why a record, a user, or a value is listed beside a retry file."""

    not_in_source = "failed, but no record in the source file has this ID"
    not_left_out = "excluded, but no record in the source file has this ID"
    not_to_retry = "in the list of users, but not among the users to retry"
    no_user = "a GUID in a GenericError that may not be a user's ID; no record in the source file has it"
    without_id = "the record has no ID, so the service may abort the import"
    not_importable = "the record has no ID, so the service can't import it"
    twice = "several records have this ID, so their import fails; the file contains none of them"
    possible_duplicate = (
        "several records have this ID, so their import fails; this may explain an entry that doesn't identify a user"
    )
    no_record = "the value in the list isn't a record, so it contains no user"
    multi_value = "the value is a list or an object, which can't be imported; the file still contains it"
    unreadable = "the record can't be read"
    uncertain = "the record has a value that can't be written as JSON with certainty"


IDENTICAL = "they are identical"
"""The detail of a user's records that are equal byte for byte."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that the retry file cannot hold or the service will fail again.

    Attributes:
        identity: as the log or the source spells it; may be empty.
        reason: why.
        records: the records' places in the source, from 1, separated by commas.
        detail: what is wrong with the record; may be empty.
        count: how many records, or users, this is.
        property: of the records; may be empty.
    """

    identity: str
    reason: Reason
    records: str = ""
    detail: str = ""
    count: int = 1
    property: str = ""


def shown_places(positions: Sequence[int], number: int | None = None) -> str:
    """Write positions (from 0) as places in the source (from 1): the first ones, and how many more there are."""
    shown = [str(position + 1) for position in positions[:MOST_PLACES]]
    more = (number or len(positions)) - len(shown)
    return ", ".join([*shown, *([f"and {more:,} more"] if more else [])])


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that is written differently from the source.

    Attributes:
        record: its place in the source, from 1; None outside of records.
        identity: as the source spells it; may be empty.
        kind: what was wrong, in a few words.
        before: the token in the source.
        after: the token in the retry file; empty where it was removed.
    """

    record: int | None
    identity: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """What an earlier retry left in the places of this one, and is no part of it.

    Attributes:
        ours: files that are unaltered by their manifest, and were removed.
        others: the rest, which is still there and must not be queued instead of this retry.
        kept: copies of altered files whose places were taken.
    """

    ours: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()

    @property
    def sentences(self) -> Iterator[str]:
        """What became of them."""
        if self.ours:
            yield f"Removed what an earlier retry made: {_names(self.ours)}."
        if self.others:
            yield f"Not part of this retry: {_names(self.others)}. Don't queue it; remove it."
        if self.kept:
            copies = _names(self.kept)
            yield f"Replaced a file that was changed after it was made. Its copy is {copies}; don't queue it."


NO_EARLIER_FILES = EarlierFiles()


def _names(paths: Sequence[Path]) -> str:
    return listed_first([path.name for path in paths], _EXAMPLES)


@dataclass(frozen=True, slots=True)
class RetryFiles:
    """The files of a retry that were written.

    Attributes:
        paths: the retry file, or its parts; none where no record can be in it.
        manifest: beside it.
        unmatched_file: beside it, a CSV.
        records: in all parts.
        users: distinct users among them.
        unmatched: what is missing, or what the service will fail again.
        without_user: entries of the log that name no user, or a record that is not found.
        recoded: the source's encoding, where the records had to be written in another; else empty.
        unfinished_logs: logs that may lack users.
        source_later: as in the request.
        property_values: values except the IDs.
        respelled: records that were not valid JSON.
        repairs: what was corrected, where that was wanted.
        repairs_file: beside it, a CSV; None where no repairs were wanted.
        earlier: what was in its places before.
        properties: of the records except the IDs, in the order of their first occurrence.
        id_type: with which the file can be queued.
        damage: values that an import writes without an error, and that are wrong.
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
        """The retry file, or its first part."""
        return self.paths[0]

    @property
    def complete(self) -> bool:
        """Whether it holds every user who was not updated and has an ID, and each of them once."""
        lacking = any(one.reason is not Reason.not_importable for one in self.unmatched)
        return not (lacking or self.without_user or self.unfinished_logs or self.source_later)
