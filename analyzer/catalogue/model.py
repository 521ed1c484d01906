"""Explanations of codes, patterns of their messages, and what advice on a job is made from."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
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
"""Who can do something about a failure."""

DUPLICATES = ("GenericError/duplicate-record-id", "GenericError/duplicate-key")
"""The patterns for users who have several records."""

MESSAGE_READ = 4_000
"""Characters of a message that count. Its first words name the exception; a log may hold 100 MB."""

DETAIL_READ = 64_000
"""The same of its detail; the number of a SQL error is below a stack trace."""

#    at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, …)
# ClientConnectionId:26fdb134-8298-5bcb-986a-fcb349e2e056
SAYS_NOTHING = r"(?m)^(?: {3}|ClientConnectionId:).*$"
"""Lines of a detail that say where something failed, not what; an expression for Python's ``re`` and for Rust's."""

_SAYS_NOTHING = re.compile(SAYS_NOTHING)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code, or one pattern of a code's messages, in plain words.

    Attributes:
        code: the log code or job error; of a pattern ``CODE/NAME``.
        title: what happened, as a clause for a sentence.
        meaning: what happened, in a sentence or two.
        causes: likely causes, the likeliest first.
        remedies: what to do, in the order in which to try it.
        who: who can do it: ``administrator``, ``feed owner`` or ``vendor``.
        retry_helps: whether importing the same records unchanged can help; None where that is not known.
        known_from: where the knowledge comes from, and whether it was seen or inferred.
        takes: how long it usually takes, in a sentence; empty where there is nothing to wait for.
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

    @property
    def known(self) -> bool:
        """Whether anything is known of the code."""
        return self.known_from != NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Pattern:
    """Messages of one code that mean the same.

    Attributes:
        explanation: of the name ``CODE/NAME``.
        phrases: the pattern matches messages that contain one of them, in any case; ``*`` is any text.
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
    r"""Return what patterns match: the beginning of message and detail, without stack frames, case-folded.

    >>> evidence("TimeoutException: x", "   at System.Y()\nError Number:-2,State:0,Class:11")
    'timeoutexception: x\n\nerror number:-2,state:0,class:11'
    """
    further = _SAYS_NOTHING.sub("", (detail or "")[:DETAIL_READ])
    return f"{message[:MESSAGE_READ]}\n{further}".casefold()


def first_match(patterns: Sequence[Pattern], message: str, detail: str | None) -> Explanation | None:
    """Return the first pattern that a message matches; None where it matches none."""
    text = evidence(message, detail)
    return next((pattern.explanation for pattern in patterns if pattern.matches(text)), None)


def _holds(text: str, parts: tuple[str, ...]) -> bool:
    """Return whether a text contains the parts one after the other; takes time linear in the text."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
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
        name: ``CODE``, or ``CODE/PATTERN`` where the messages match one.
        entries: how many entries have it.
        users: how many users they name.
    """

    name: str
    entries: int
    users: int


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What our copy of the source file holds.

    Attributes:
        problem: why it can't be read as JSON in the import format; empty where it can. Then the rest is unknown.
        remedy: what to do about that, a sentence; empty where it isn't known.
        misnamed: a clause that says what is wrong, where the service's message takes it for something else.
        way_around: the option of ``retry`` that makes a file of one that can't be read; empty where none does.
        id_property: empty where none is known.
        records: how many it has.
        without_id: the records (from 1) without an ID, the first few.
        without_id_count: how many these are in all.
        ids: the kinds of all IDs.
        encoding: where it isn't UTF-8; empty where it is.
        missing: why the service missed the ID in every record; None where it didn't.
        duplicates: records (from 1) that have the same ID, the first few pairs.
        not_records: places in the list (from 1) of values such as null, the first few.
        multi_value: properties with a list or an object as a value.
        strangers: keys of users that the log names and no record has; only for a file that was read to its end.
        properties: names of the properties, the ID property left out.
        whole: whether it was read to its end; counts are of the records that were read.
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
    """What is known of a job; ``analyzer.history.job_facts`` gathers it.

    Attributes:
        outcome: how it ended.
        job_id: as much of it as is this job's alone.
        state: the service's word, or ``State 7``.
        error: likewise.
        message: the service's own, may be empty.
        feed: the source file's pattern; empty where unknown.
        log_found: whether there is a log.
        users: in the source file; None where unknown.
        property_values: in the source file; None where unknown.
        not_updated: users that were not; None where unknown.
        failed: users that the log names.
        new: how many of them are new; None where there is no earlier run to compare with.
        codes: of the log, what matters most first.
        properties: that InvalidProperty names.
        failed_ids: kinds of the IDs of the users that the log calls unresolvable.
        nameless: entries that identify no user, by code.
        source_at_hand: whether there is a copy of the source file that the job read.
        source: what it holds; None where it was not read.
        shared: what those who failed have in common.
        waiting: hours since it was first seen, of a job that hasn't ended; None where unknown.
        retry_of: the job whose retry file it imports; None where it is a run, or that is unknown.
        superseded_by: the later full run of the feed, as much of its ID as is its alone; None where there is none.
        open: users not updated by this run, nor by a later one or a retry; None where unknown.
        due: those of them who failed in no later job; None where unknown.
        retry_in: of a job whose open users are all in later jobs, the later job to retry, as much of its ID as is its
            alone; None where there is none.
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
        """Whether every entry that identifies no user is explained by users who have several records."""
        repeats = sum(one.entries - one.users for one in self.codes if one.name in DUPLICATES)
        return bool(self.source and self.source.duplicates and 0 < sum(self.nameless.values()) <= repeats)

    @property
    def outdated(self) -> bool:
        """Whether a retry file of this job isn't the thing to import any more."""
        return self.superseded_by is not None or self.open == 0 or self.due == 0

    @property
    def readable(self) -> bool:
        """Whether a retry file can take records from the source file as it is."""
        return self.source_at_hand and not (self.source and self.source.problem)

    @property
    def none_resolved(self) -> bool:
        """Whether the service could resolve none of several users."""
        if self.users is None:
            return False
        without_id = self.source.without_id_count if self.source else 0
        unresolved = sum(one.users for one in self.codes if one.name == LogCode.IdentityNotResolvable)
        return unresolved >= max(2, self.users - without_id)


@dataclass(frozen=True, slots=True)
class Advice:
    """A thing to do.

    Attributes:
        about: the code, pattern or job error that it is about.
        text: in the imperative, one or two sentences.
        reason: what in the job's data calls for it, a sentence; empty for a general remedy.
        who: can do it: ``administrator``, ``feed owner`` or ``vendor``.
        command: of ours that does it, or the next part of it: the words after the program's name; empty for none.
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
