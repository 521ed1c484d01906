"""The types that pass between the modules of a retry: choices, selection, request, and the files written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from analyzer.model.identity import WITHOUT_IDS, InferredIdType
from analyzer.model.service import MAX_PROPERTY_VALUES
from analyzer.model.text import listed_first
from analyzer.retry.corrections import NO_CORRECTIONS, CorrectedId, IdCorrections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.analysis.named_users import UserIds
    from analyzer.model.job import Outcome
    from analyzer.source.damaged_values import Damage
    from analyzer.source.find import MatchedRecords
    from analyzer.source.id_property import IdProperty
    from analyzer.source.model import Spans


MOST_BYTES = 2_000_000_000
"""The service's limit of 2 GB, in decimal bytes: the smaller reading."""
MOST_PLACES = 100
"""Positions of records that one row lists."""
_EXAMPLES = 5

RetryHelps = Callable[[str, str, str | None], bool | None]
"""Whether an unchanged retry can help, by code, message, and detail; None if unknown (``Catalogue.retry_helps``)."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The user's choices of users; a user has to meet all of them.

    Attributes:
        only: codes; users with an entry of one of them.
        except_: codes; users without any entry of one of them.
        users: only these IDs, by key (``identity_key``); None for no such choice.
        users_file: name of the file that lists them, for sentences.
        retryable: only users with entries that an unchanged retry can help.
        without_culprits: of an aborted import, exclude the users in its log.
        drop_properties: properties that the records are written without; chooses no users.
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
    """Return None: whether a retry helps is unknown."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The users whose records a retry file has to contain.

    Attributes:
        outcome: of the job.
        all_records: whether every record of the source is selected, except ``excluded``, ``newer``, and, if
            ``without_missing_ids``, those without an ID.
        identities: otherwise the selected IDs as in the log. An ID that isn't a user's is in no record of the source.
        without_user: number of entries that don't identify a user.
        because: why these users, a clause.
        condition: what to do before the retry file is queued, a clause; empty if nothing is known.
        doubtful: keys of selected or excluded IDs that are GUIDs and may not be a user's ID.
        lacking_id: number of entries that may be about a record without an ID: of an aborted job those with that
            code, else those that don't identify a user.
        unfinished_logs: number of incomplete logs, which may lack users.
        excluded: IDs as in the log, by key.
        without_missing_ids: see ``all_records``.
        choice_clauses: the user's choices, a clause each.
        unknown_users: IDs in the user's list that are not among those to retry, by key; none for ``all_records``.
        none_left: whether there were users to retry, and the choices leave none.
        duplicate_entries: number of entries that report several records of one user.
        newer: marks (``mark_of``) of users whose newer records are in later files; see ``all_records``.
        left_to_later: number of users left out for that.
    """

    outcome: Outcome
    all_records: bool
    identities: UserIds
    without_user: int
    because: str
    condition: str = ""
    doubtful: frozenset[str] = frozenset()
    lacking_id: int = 0
    unfinished_logs: int = 0
    excluded: dict[str, str] = field(default_factory=dict)
    without_missing_ids: bool = False
    choice_clauses: tuple[str, ...] = ()
    unknown_users: dict[str, str] = field(default_factory=dict)
    none_left: bool = False
    duplicate_entries: int = 0
    newer: frozenset[int] = frozenset()
    left_to_later: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to retry."""
        return not self.all_records and not self.identities and not self.without_user


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Options for writing a retry file.

    Attributes:
        drop_properties: properties that the records are written without.
        salvage: whether to use the readable records of a source file that isn't valid JSON.
        repair: like ``salvage``, and fix faults if that changes no value: single backslashes, duplicate records.
        max_bytes: of one file; further records go into further files.
        max_properties: values in one file, without IDs.
        hashes: whether the manifest contains the SHA-256 of the source and the logs.
        force: whether to use a source file that may be another job's or another version.
        correct_ids: name of the directory export by which IDs are corrected; empty if none are.
    """

    drop_properties: tuple[str, ...] = ()
    salvage: bool = False
    repair: bool = False
    max_bytes: int = MOST_BYTES
    max_properties: int = MAX_PROPERTY_VALUES
    hashes: bool = True
    force: bool = False
    correct_ids: str = ""

    @property
    def reads_around_faults(self) -> bool:
        """Whether a source file that isn't valid JSON is read around its faults."""
        return self.salvage or self.repair


DEFAULT_OPTIONS = RetryOptions()
"""All properties, no repairs, the service's limits."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A retry file to write.

    Attributes:
        source: the source file of the job.
        logs: its log files.
        job_id: None for bare files.
        id_property: the property that contains the IDs.
        selection: the users whose records to write.
        target: path of the retry file.
        options: how to write it.
        named: keys of the IDs in the log, for a check that source and log belong together; empty for no check.
        source_sha256: of the source file; empty if unknown.
        found: the selection's records; None if they are still to be found.
        source_later: the evidence that the job read an earlier source file, a clause without its subject; may be empty.
        all_spans: all records of the source file; None if they are still to be found.
        given_id_property: as the user specified it; empty if it was inferred.
        error: name of the job's error; empty for bare files.
        source_uri: of the source file, as in the job list; empty for bare files.
        corrections: of IDs.
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
    all_spans: Spans | None = None
    given_id_property: str = ""
    error: str = ""
    source_uri: str = ""
    corrections: IdCorrections = NO_CORRECTIONS


class Reason(StrEnum):
    """Why a record, a user, or a value is in the list of mismatches."""

    not_in_source = "failed, but no record in the source file has this ID"
    not_left_out = "excluded, but no record in the source file has this ID"
    not_to_retry = "in the list of users, but not among the users to retry"
    doubtful_id = "a GUID in a GenericError that may not be a user's ID; no record in the source file has it"
    without_id = "the record has no ID, so the service may abort the import"
    not_importable = "the record has no ID, so the service can't import it"
    duplicate = "several records have this ID, so their import fails; the file contains none of them"
    possible_duplicate = (
        "several records have this ID, so their import fails; this may explain an entry that doesn't identify a user"
    )
    no_record = "the value in the list isn't a record, so it contains no user"
    multi_value = "the value is a list or an object, which can't be imported; the file still contains it"
    unreadable = "the record can't be read"
    uncertain = "the record has a value that can't be written as JSON with certainty"


IDENTICAL = "they are identical"
"""The detail of records of one user that are equal byte for byte."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that the retry file can't contain, or that will fail again.

    Attributes:
        identity: as in the log or the source; may be empty.
        reason: why it is listed.
        records: positions in the source, from 1, separated by commas.
        detail: what is wrong with the record; may be empty.
        count: number of records or users.
        property: of the records; may be empty.
    """

    identity: str
    reason: Reason
    records: str = ""
    detail: str = ""
    count: int = 1
    property: str = ""


def shown_places(positions: Sequence[int], number: int | None = None) -> str:
    """Format positions (from 0) for people (from 1): the first ones, and how many more there are."""
    shown = [str(position + 1) for position in positions[:MOST_PLACES]]
    more = (number or len(positions)) - len(shown)
    return ", ".join([*shown, *([f"and {more:,} more"] if more else [])])


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that is written differently from the source.

    Attributes:
        record: its position in the source, from 1; None outside of records.
        identity: as in the source; may be empty.
        kind: what was wrong, in a few words.
        before: the token in the source.
        after: the token in the retry file; empty if it was removed.
    """

    record: int | None
    identity: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """Files of an earlier retry under the names of this one.

    Attributes:
        removed: files that were unaltered by their manifest.
        remaining: the rest, which must not be queued instead of this retry.
        copies: of altered files that were replaced.
    """

    removed: tuple[Path, ...] = ()
    remaining: tuple[Path, ...] = ()
    copies: tuple[Path, ...] = ()

    @property
    def sentences(self) -> Iterator[str]:
        """What happened to them."""
        if self.removed:
            yield f"Removed what an earlier retry made: {_names(self.removed)}."
        if self.remaining:
            yield f"Not part of this retry: {_names(self.remaining)}. Don't queue it; remove it."
        if self.copies:
            copies = _names(self.copies)
            yield f"Replaced a file that was changed after it was made. Its copy is {copies}; don't queue it."


NO_EARLIER_FILES = EarlierFiles()


def _names(paths: Sequence[Path]) -> str:
    return listed_first([path.name for path in paths], _EXAMPLES)


@dataclass(frozen=True, slots=True)
class RetryFiles:
    """The files of a retry that were written.

    Attributes:
        paths: the retry file, or its parts; empty if no record can be written.
        manifest: its path.
        unmatched_file: path of the list of mismatches, a CSV.
        records: in all parts.
        users: distinct users among them.
        unmatched: what is missing, or will fail again.
        without_user: number of log entries that don't identify a user, and that no record explains.
        recoded: the source's encoding if the records had to be converted to UTF-8; else empty.
        unfinished_logs: number of logs that may lack users.
        source_later: as in the request.
        property_values: number of values, without IDs.
        respelled: number of records that weren't valid JSON.
        repairs: what was repaired; empty without ``repair``.
        repairs_file: path of their list, a CSV; None without ``repair``.
        earlier: files of an earlier retry under the same names.
        properties: of the records except the IDs, in the order of their first occurrence.
        id_type: to queue the file with.
        damage: wrong values that are imported without an error.
        corrections: of IDs, as in the request.
        corrected: the IDs that were written otherwise than in the source.
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
    corrections: IdCorrections = NO_CORRECTIONS
    corrected: tuple[CorrectedId, ...] = ()

    @property
    def path(self) -> Path:
        """The retry file, or its first part."""
        return self.paths[0]

    @property
    def complete(self) -> bool:
        """Whether it contains every user who was not updated and has an ID, each once."""
        lacking = any(one.reason is not Reason.not_importable for one in self.unmatched)
        return not (lacking or self.without_user or self.unfinished_logs or self.source_later)
