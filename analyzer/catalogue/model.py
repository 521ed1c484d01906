"""Types of this package: explanations, patterns of messages, facts of a job, and advice."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from analyzer.model.identity import IdKinds, MissingId
from analyzer.model.service import JobError, LogCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.analysis.failures import SharedTrait
    from analyzer.model.job import Outcome

ARTICLE = "Microsoft's article on the bulk user profile update API"
THREADS = "public threads (PnP PowerShell, sp-dev-docs)"
NOT_SEEN = "not seen in such a log, inferred"
NOT_KNOWN = "not known"

ADMINISTRATOR, OWNER, VENDOR = "administrator", "feed owner", "vendor"
"""Who can act on a failure."""

DUPLICATES = ("GenericError/duplicate-record-id", "GenericError/duplicate-key")
"""The patterns for users who have several records."""

MESSAGE_READ = 4_000
"""Characters of a message that are searched: its first words name the exception, and it may have 100 MB."""

DETAIL_READ = 64_000
"""Characters of a detail that are searched: the number of a SQL error follows a stack trace."""

#    at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, …)
# ClientConnectionId:26fdb134-8298-5bcb-986a-fcb349e2e056
SAYS_NOTHING = r"(?m)^(?: {3}|ClientConnectionId:).*$"
"""Lines of a detail that show where the failure occurred, not which; an expression for Python's and Rust's regex."""

_SAYS_NOTHING = re.compile(SAYS_NOTHING)


@dataclass(frozen=True, slots=True)
class Explanation:
    """An explanation of a code, or of a pattern of a code's messages.

    Attributes:
        code: the log code or job error; ``CODE/NAME`` for a pattern.
        title: what happened, as a clause.
        meaning: what happened, in a sentence or two.
        causes: possible causes, most likely first.
        remedies: what to do, in order.
        who: who can do it: ``administrator``, ``feed owner`` or ``vendor``.
        retry_helps: whether importing the same records unchanged can help; None if unknown.
        known_from: the source, and whether it was seen or inferred.
        takes: usual duration, in a sentence; empty if there is nothing to wait for.
        retry_after: how long to wait before a retry can help.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    who: str
    retry_helps: bool | None
    known_from: str
    takes: str = ""
    retry_after: timedelta = timedelta(minutes=15)

    @property
    def known(self) -> bool:
        """Whether the code is known."""
        return self.known_from != NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Pattern:
    """A group of messages of one code with the same meaning.

    Attributes:
        explanation: its explanation, named ``CODE/NAME``.
        phrases: a message matches if it contains one of them, in any case; ``*`` is any text.
    """

    explanation: Explanation
    phrases: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code of these messages."""
        return self.explanation.code.partition("/")[0]

    def matches(self, text: str) -> bool:
        """Return whether a message matches; ``text`` is its ``evidence``."""
        whole, gapped = _folded(self.phrases)
        return any(map(text.__contains__, whole)) or any(_holds(text, parts) for parts in gapped)


def evidence(message: str, detail: str | None) -> str:
    r"""Return the text for matching: the start of message and detail, without stack frames, case-folded.

    >>> evidence("TimeoutException: x", "   at System.Y()\nError Number:-2,State:0,Class:11")
    'timeoutexception: x\n\nerror number:-2,state:0,class:11'
    """
    further = _SAYS_NOTHING.sub("", (detail or "")[:DETAIL_READ])
    return f"{message[:MESSAGE_READ]}\n{further}".casefold()


def first_match(patterns: Sequence[Pattern], message: str, detail: str | None) -> Explanation | None:
    """Return the explanation of the first pattern that a message matches; None if there is none."""
    text = evidence(message, detail)
    return next((pattern.explanation for pattern in patterns if pattern.matches(text)), None)


def _holds(text: str, parts: tuple[str, ...]) -> bool:
    """Return whether a text contains the parts in order, in linear time."""
    at = 0
    for part in parts:
        start = text.find(part, at)
        if start < 0:
            return False
        at = start + len(part)
    return True


@functools.cache
def _folded(phrases: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the phrases without a gap, and the parts of the others."""
    folded = [phrase.casefold() for phrase in phrases]
    gapped = tuple(tuple(phrase.split("*")) for phrase in folded if "*" in phrase)
    return tuple(phrase for phrase in folded if "*" not in phrase), gapped


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """A code of the job's log, or one pattern of its messages.

    Attributes:
        name: ``CODE``, or ``CODE/PATTERN`` if the messages match a pattern.
        entries: number of entries.
        users: number of users that they name.
    """

    name: str
    entries: int
    users: int


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Facts about our copy of the source file.

    Attributes:
        problem: why it can't be read as JSON in the import format; empty if it can. Otherwise the rest is unknown.
        remedy: what to do about that, a sentence; empty if unknown.
        misnamed: the fault as a clause, if the service's message describes another one.
        way_around: the option of ``retry`` that can use an unreadable file; empty if there is none.
        id_property: the ID property; empty if unknown.
        records: number of records.
        without_id: first few records without an ID, from 1.
        without_id_count: number of all records without an ID.
        ids: the kinds of all IDs.
        encoding: the encoding; empty for UTF-8.
        missing: why the service found no ID in any record; None if it did.
        duplicates: first few pairs of records with the same ID, from 1.
        not_records: first few places in the list of values such as null, from 1.
        multi_value: properties with a list or an object as a value.
        strangers: keys of users named in the log without a record; only if the file was read completely.
        properties: names of the properties, except the ID property.
        whole: whether it was read completely; otherwise counts are of the records that were read.
    """

    problem: str = ""
    remedy: str = ""
    misnamed: str = ""
    way_around: str = "--repair"
    encoding: str = ""
    id_property: str = ""
    records: int = 0
    without_id: tuple[int, ...] = ()
    without_id_count: int = 0
    ids: IdKinds = field(default_factory=lambda: IdKinds({}))
    missing: MissingId | None = None
    duplicates: tuple[tuple[int, int], ...] = ()
    not_records: tuple[int, ...] = ()
    multi_value: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    whole: bool = True

    @property
    def importable(self) -> bool:
        """Whether each record has an ID under one name."""
        return self.records > 0 and not self.without_id_count and self.missing in {None, MissingId.other_name}


@dataclass(frozen=True, slots=True)
class JobFacts:
    """Facts about a job, from ``analyzer.history.job_facts``. Job IDs are shortened to a unique prefix.

    Attributes:
        outcome: the outcome.
        job_id: the job's ID.
        state: the service's name, or ``State 7``.
        error: the service's name, or ``Error 31``.
        message: the service's message; may be empty.
        feed: the source file's pattern; empty if unknown.
        log_found: whether there is a log.
        users: number of users in the source file; None if unknown.
        property_values: number of values in the source file; None if unknown.
        not_updated: number of users that were not updated; None if unknown.
        failed: number of users named in the log.
        new: how many of them are new; None without an earlier run.
        codes: codes of the log, most important first.
        properties: properties that InvalidProperty names.
        failed_ids: kinds of the IDs that could not be resolved.
        nameless: number of entries that identify no user, by code.
        source_at_hand: whether there is a copy of the source file that the job read.
        source: facts about that copy; None if it was not read.
        shared: traits shared by users who failed.
        waiting: hours since a running job was first seen; None if unknown.
        retry_of: the job whose retry file it imports; None for a run, or if unknown.
        superseded_by: the later full run of the feed; None if there is none.
        open: number of users updated neither by this run nor by a later run or retry; None if unknown.
        due: how many of them failed in no later job; None if unknown.
        retry_in: the later job to retry, if all open users are in later jobs; else None.
    """

    outcome: Outcome
    job_id: str = ""
    state: str = "Error"
    error: str = JobError.NoError.name
    message: str = ""
    feed: str = ""
    log_found: bool = True
    users: int | None = None
    property_values: int | None = None
    not_updated: int | None = None
    failed: int = 0
    new: int | None = None
    codes: tuple[CodeFacts, ...] = ()
    properties: tuple[str, ...] = ()
    failed_ids: IdKinds = field(default_factory=lambda: IdKinds({}))
    nameless: dict[str, int] = field(default_factory=dict)
    source_at_hand: bool = True
    source: SourceFacts | None = None
    shared: tuple[SharedTrait, ...] = ()
    waiting: float | None = None
    retry_of: str | None = None
    superseded_by: str | None = None
    open: int | None = None
    due: int | None = None
    retry_in: str | None = None

    @property
    def repeated(self) -> bool:
        """Whether duplicate records explain every entry that identifies no user."""
        repeats = sum(one.entries - one.users for one in self.codes if one.name in DUPLICATES)
        return bool(self.source and self.source.duplicates and 0 < sum(self.nameless.values()) <= repeats)

    @property
    def outdated(self) -> bool:
        """Whether a retry file of this job must no longer be imported."""
        return self.superseded_by is not None or self.open == 0 or self.due == 0

    @property
    def readable(self) -> bool:
        """Whether records can be copied from the source file unchanged."""
        return self.source_at_hand and not (self.source and self.source.problem)

    @property
    def none_resolved(self) -> bool:
        """Whether the service resolved none of at least two users."""
        if self.users is None:
            return False
        without_id = self.source.without_id_count if self.source else 0
        unresolved = sum(one.users for one in self.codes if one.name == LogCode.IdentityNotResolvable)
        return unresolved >= max(2, self.users - without_id)


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommended action.

    Attributes:
        about: the code, pattern or job error that it is for.
        text: the action, one or two imperative sentences.
        reason: the reason from the job's data, a sentence; empty for a general remedy.
        who: who can do it: ``administrator``, ``feed owner`` or ``vendor``.
        command: arguments of our command for the action, or for its next step; may be empty.
    """

    about: str
    text: str
    reason: str = ""
    who: str = ADMINISTRATOR
    command: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The advice and its reason."""
        return f"{self.text} {self.reason}".rstrip()
