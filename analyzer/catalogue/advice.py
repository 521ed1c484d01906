"""What to do about a job: one decision for the terminal, the report and retry files.

``advise`` goes from the facts of a job to an ordered tuple of advice. What the job's own data calls for comes first,
with the reason; the catalogue's general remedies come after it, for codes of which the data says nothing more. Advice
that can't help with these facts isn't given: no retry file without records to put in, no "wait a day" where every user
failed, no look at a log that there isn't. A configuration's own remedies (``[codes.NAME]``) take the place of all that
we know of that name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from analyzer.catalogue.job_errors import SUPPORT
from analyzer.catalogue.lookup import OURS, Catalogue
from analyzer.model.id_kinds import IdKinds, MissingId, id_advice, missing_id_advice
from analyzer.model.outcome import FAILED, Outcome
from analyzer.model.service import MAX_PROPERTY_VALUES, JobError, LogCode
from analyzer.model.text import listed, listed_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from analyzer.analysis.in_common import Shared

_NAMED = 5
"""Properties, records or domains named in a sentence."""

_FEW = 0.1
"""Of the users: more new accounts than that at once are rather another fault."""

_FEW_USERS = 20
"""The same where the number of users is unknown."""

_TWICE = (LogCode.GenericError, "GenericError/duplicate-record-id", "GenericError/duplicate-key")

_SETTLED = frozenset(
    {
        LogCode.IdentityNotResolvable,
        LogCode.MissingIdentity,
        LogCode.InvalidProperty,
        *_TWICE[1:],
        JobError.DataFileNotExist.name,
        JobError.DataFileTooBig.name,
    }
)
"""Of these the general remedies add nothing to what the data says."""

_SAID_BETTER = (
    "Open the file at",
    "Where the message says",
    "Double the backslash in the record",
    "Look at the end of the file",
    "Correct the record at",
    "Have the feed write {",
    "Have the feed write one object",
    "Check that every property",
)
"""How general remedies for a source file that can't be read begin where they say less than our copy of it does."""

_ADMINISTRATOR, _OWNER, _VENDOR = "administrator", "feed owner", "vendor"
_SUPPORT = "Open a support request with the job ID."
_WHOLE_FILE = "Import the whole file again. Importing a value twice does no harm."

_WAYS_AROUND = {
    "--repair": "Or create a retry file in which that is repaired, where it is certain; each repair is listed.",
    "--salvage": "Or create a retry file with the records that can be read; the others are listed.",
}
"""What ``retry`` makes of a source file that can't be read, by its option."""

_OTHERWISE, _A_DAY, _HOURS_A_DAY = "Otherwise ", "If a day has passed, ", 24
"""Conditions at the front of a remedy that are met: there is nothing before it, or it is known how long a job waits."""

# Run `upa-analyzer pull` again.
_COMMAND = re.compile(r"`upa-analyzer ([^`]+)`")


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
        strangers: keys of users that the log names and no record has; of a file that was read to its end.
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
    shared: tuple[Shared, ...] = ()
    waiting: float | None = None
    retry_of: str | None = None
    superseded_by: str | None = None
    open: int | None = None
    due: int | None = None
    retry_in: str | None = None

    @property
    def repeated(self) -> bool:
        """Whether every entry that identifies no user is explained by users who have several records."""
        told = sum(one.entries - one.users for one in self.codes if one.name in _TWICE[1:])
        return bool(self.source and self.source.duplicates and 0 < sum(self.nameless.values()) <= told)

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
    who: str = _ADMINISTRATOR
    command: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The advice and its reason."""
        return f"{self.text} {self.reason}".rstrip()


def advise(facts: JobFacts, catalogue: Catalogue = OURS) -> tuple[Advice, ...]:
    """Decide what to do about a job, the first thing to try first; nothing where there is nothing to do."""
    if facts.outcome is Outcome.succeeded:
        return ()
    if facts.users == 0:
        return (Advice(facts.error, "There is nothing to import again.", "The source file has no users.", _OWNER),)
    if facts.open == 0:
        return (Advice("open", "Nothing is left to do.", "A later run or a retry updated every user."),)
    if facts.superseded_by:
        reason = "A later full run of the feed has ended: this job's records would write old values over new ones."
        return (
            Advice(
                "superseded",
                "Look at the newest run of the feed instead.",
                reason,
                command=("show", facts.superseded_by),
            ),
        )
    if facts.due == 0:
        reason = "Each user who is still open is in a later job, too."
        command = ("show", facts.retry_in) if facts.retry_in else ()
        return (Advice("open", "Look at the later job instead.", reason, command=command),)
    names = _names(facts, catalogue)
    own = {name for name in names if catalogue.explain(name).remedies != OURS.explain(name).remedies}
    fitting = [advice for name in names if name not in own for advice in _fitting(name, facts)]
    settled = _SETTLED.intersection(advice.about for advice in fitting)
    configured = [advice for name in names if name in own for advice in _general(name, facts, catalogue)]
    general = [advice for name in names if name not in own | settled for advice in _general(name, facts, catalogue)]
    every: dict[str, Advice] = {}
    for advice in (*configured, *fitting, *general):
        every.setdefault(advice.text, advice)
    commands = {advice.command for advice in every.values()}
    return (
        *every.values(),
        *_not_records(facts),
        *_unreadable_copy(facts),
        *(one for one in _retry(facts, catalogue) if one.command not in commands),
    )


def retry_can_help(facts: JobFacts, catalogue: Catalogue = OURS) -> bool:
    """Whether a file with the records of those who weren't updated can be made, and importing it can help."""
    if facts.outcome not in FAILED or not facts.readable or facts.outdated:
        return False
    if not facts.codes:
        return facts.outcome is Outcome.unknown
    if facts.none_resolved and not id_advice(facts.failed_ids).as_it_is:
        return False  # no ID type takes these IDs
    # What is corrected outside of the file makes the same records right.
    corrected = {LogCode.InvalidProperty} | (
        {LogCode.MissingIdentity} if facts.source and facts.source.importable else set()
    )
    return any(one.name in corrected or catalogue.explain(one.name).retry_helps is not False for one in facts.codes)


def _names(facts: JobFacts, catalogue: Catalogue) -> list[str]:
    """What is to be explained: the log's codes, or the job as a whole where there are none."""
    if facts.codes and facts.outcome.ended:
        return [one.name for one in facts.codes]
    known = catalogue.explain_job(facts.error, facts.outcome.value, has_log=facts.log_found, message=facts.message)
    return [known.code]


def _general(name: str, facts: JobFacts, catalogue: Catalogue) -> Iterator[Advice]:
    """The catalogue's remedies, without those that the facts rule out."""
    known = catalogue.explain(name)
    own = known.remedies != OURS.explain(name).remedies
    first = True
    for remedy in known.remedies:
        if remedy == SUPPORT:
            yield Advice(name, _SUPPORT, who=_VENDOR, command=("show", facts.job_id))
        elif own or not _ruled_out(remedy, facts):
            text = remedy.replace("JOB", facts.job_id)
            met = (_OTHERWISE if first else "", _A_DAY if facts.waiting and facts.waiting > _HOURS_A_DAY else "")
            for condition in filter(text.startswith, filter(None, met)):
                text = text[len(condition) :]
                text = f"{text[:1].upper()}{text[1:]}"
            command = _COMMAND.search(text)
            yield Advice(name, text, who=known.who, command=tuple(command[1].split()) if command else ())
            first = False


def _ruled_out(remedy: str, facts: JobFacts) -> bool:
    """Whether a general remedy needs what there isn't, or asks for what is known."""
    checked = facts.source is not None and (facts.source.records > 0 or facts.source.problem != "")
    retry = facts.readable and facts.outcome in FAILED
    return (
        (("etry file" in remedy or "upa-analyzer retry" in remedy) and not retry)
        or ("Read the log" in remedy and not facts.log_found)
        or (remedy.startswith(_SAID_BETTER) and _located(facts.source))
        or ("ead the message" in remedy and not (facts.log_found or facts.message))
        or (remedy.startswith("Check the source file") and checked)
        or ("mport the whole file again" in remedy and facts.source is not None and facts.source.encoding != "")
    )


def _located(source: SourceFacts | None) -> bool:
    """Whether our copy says more of what the service couldn't read than its message."""
    return source is not None and bool(source.remedy or source.multi_value)


def _fitting(name: str, facts: JobFacts) -> Iterator[Advice]:
    """What the job's data calls for about a code or a job's error; nothing where it says no more than the name."""
    rule = _unreadable if name.partition("/")[0] == LogCode.DataFileNotJson else _RULES.get(name)
    if rule is not None:
        yield from rule(facts)


def _unresolvable(facts: JobFacts) -> Iterator[Advice]:
    source = facts.source
    nameless = facts.nameless.get(LogCode.IdentityNotResolvable, 0)
    if nameless and source and source.without_id_count:
        yield _leave_out(LogCode.IdentityNotResolvable, source)
    if facts.none_resolved:
        advice = id_advice(facts.failed_ids)
        yield Advice(
            LogCode.IdentityNotResolvable,
            f"{advice.action[:1].upper()}{advice.action[1:]}.",
            f"All {facts.failed:,} users failed, and {advice.finding}.",
            _ADMINISTRATOR if advice.as_it_is else _OWNER,
        )
        return
    if not facts.failed:
        return
    yield from _one_kind(facts)
    yield from _one_domain(facts)
    yield Advice(
        LogCode.IdentityNotResolvable, "Look each ID up in Entra ID; correct it in the feed, or remove it.", who=_OWNER
    )
    few = facts.failed <= (_FEW_USERS if facts.users is None else max(1, _FEW * facts.users))
    if few and facts.new != 0 and facts.readable:
        reason = "" if facts.new is None else f"{facts.new:,} of the {facts.failed:,} users who failed are new."
        yield Advice(
            LogCode.IdentityNotResolvable,
            "For an account that is new, wait a day, then import the retry file.",
            reason,
            _OWNER,
        )


def _one_kind(facts: JobFacts) -> Iterator[Advice]:
    """Every ID of one kind failed, and those of another kind didn't: a job takes one ID type for all."""
    kind = facts.failed_ids.most
    if kind is None or facts.source is None or facts.failed < 2:  # noqa: PLR2004 - a single ID is no kind
        return
    of_kind, total = facts.source.ids.counts.get(kind, 0), facts.source.ids.total
    if of_kind == facts.failed_ids.counts[kind] < total:
        finding = id_advice(facts.failed_ids).finding
        yield Advice(
            LogCode.IdentityNotResolvable,
            "Have the feed write the same kind of ID for everyone.",
            f"Of the {of_kind:,} users with this kind of ID all failed ({finding}); the other {total - of_kind:,} have"
            " another kind.",
            _OWNER,
        )


def _one_domain(facts: JobFacts) -> Iterator[Advice]:
    domain = next((one for one in facts.shared if one.trait == "domain"), None)
    if domain and domain.value:
        yield Advice(
            LogCode.IdentityNotResolvable,
            f"Look at the domain {domain.value} in the Microsoft 365 admin center: have its users moved, or is it no"
            " longer verified?",
            f"{domain.failed:,} of the {domain.failed_of:,} users who failed have it; of all users"
            f" {percent(domain.users, domain.users_of)}.",
        )


def _without_id(facts: JobFacts) -> Iterator[Advice]:
    source = facts.source
    if source is None or source.problem or not source.records:
        return
    if source.missing is not None:
        yield _missing(source.missing, source)
    elif source.without_id_count == source.records:
        yield Advice(
            LogCode.MissingIdentity,
            "Have the feed write an ID for everyone.",
            "No record of the source file has one.",
            _OWNER,
        )
    elif source.without_id_count:
        yield _leave_out(LogCode.MissingIdentity, source)
        if facts.source_at_hand:
            text = "Create a retry file without the records that have no ID."
            yield Advice(LogCode.MissingIdentity, text, command=("retry", facts.job_id, "--without-culprits"))
    elif source.id_property:
        yield _missing(MissingId.other_name, source)


def _missing(missing: MissingId, source: SourceFacts) -> Advice:
    advice = missing_id_advice(missing, source.id_property, source.ids)
    action, finding = (f"{clause[:1].upper()}{clause[1:]}." for clause in (advice.action, advice.finding))
    return Advice(LogCode.MissingIdentity, action, finding, _ADMINISTRATOR if advice.as_it_is else _OWNER)


def _leave_out(about: str, source: SourceFacts) -> Advice:
    where = listed_first([f"{record:,}" for record in source.without_id], _NAMED, source.without_id_count)
    which = "record" if source.without_id_count == 1 else "records"
    name = f" in {source.id_property}" if source.id_property else ""
    return Advice(
        about,
        "Have the feed leave out people without an ID, or give them one.",
        f"There is no ID{name} in {which} {where}.",
        _OWNER,
    )


def _unmapped(facts: JobFacts) -> Iterator[Advice]:
    if facts.properties:
        them = "it" if len(facts.properties) == 1 else "them"
        yield Advice(
            LogCode.InvalidProperty,
            f"Map {_some(facts.properties)} or remove {them} from the feed before you import again.",
            "A single property that isn't mapped aborts the whole import.",
        )


def _duplicates(name: str, facts: JobFacts) -> Iterator[Advice]:
    if facts.source and facts.source.duplicates:
        pairs = listed(f"{first:,} and {second:,}" for first, second in facts.source.duplicates[:_NAMED])
        yield Advice(
            name,
            "Have the feed write each user once: keep one record of each.",
            f"The same ID is in more than one record: {pairs}.",
            _OWNER,
        )


def _too_big(facts: JobFacts) -> Iterator[Advice]:
    if not facts.readable:
        return
    values = facts.property_values
    over = values is not None and values > MAX_PROPERTY_VALUES
    reason = f"It has {values:,} property values, and the service takes {MAX_PROPERTY_VALUES:,}." if over else ""
    yield Advice(
        JobError.DataFileTooBig.name,
        "Split the file, and queue the parts one after the other.",
        reason,
        command=("retry", facts.job_id),
    )
    yield Advice(JobError.DataFileTooBig.name, "Have the feed send only what changed.", who=_OWNER)


def _rejected(name: str, facts: JobFacts) -> Iterator[Advice]:
    """What our copy of the source file says where the service says nothing."""
    source = facts.source
    if source is None:
        return
    if source.problem:
        yield Advice(name, "Correct the source file, then import it again.", f"{source.problem}.", _OWNER)
        if source.way_around and facts.source_at_hand:
            yield Advice(name, _WAYS_AROUND[source.way_around], command=("retry", facts.job_id, source.way_around))
    elif source.encoding:
        text = "Have the feed write the file as UTF-8. Until then, queue a retry file, which is UTF-8."
        yield Advice(name, text, f"The file is {source.encoding}.", _OWNER, ("retry", facts.job_id))
    elif source.without_id_count:
        yield _leave_out(name, source)
    elif source.id_property and name.startswith(JobError.InvalidDataFile.name):
        yield Advice(
            name,
            f"Compare the property map with the file's properties: {_some(source.properties)}.",
            f"The file is valid JSON and every record has {source.id_property}, so a property that isn't mapped is the"
            " likeliest cause.",
        )
    elif source.id_property:
        reason = f"The file is valid JSON, and every record has {source.id_property}: nothing in it explains the error."
        yield Advice(name, _WHOLE_FILE, reason)


def _unreadable(facts: JobFacts) -> Iterator[Advice]:
    """What our copy of a source file that can't be read calls for."""
    source = facts.source
    if source and source.remedy:
        yield Advice(LogCode.DataFileNotJson, source.remedy, who=_OWNER)
    elif source and source.multi_value:
        text = f"Have the feed write one text in {_some(source.multi_value)}, not a list or an object."
        yield Advice(LogCode.DataFileNotJson, text, "An import takes no multi-value property.", _OWNER)


def _unreadable_copy(facts: JobFacts) -> Iterator[Advice]:
    """A source file that the service read and we can't: what differs, and the way to a retry file."""
    source = facts.source
    if facts.outcome is not Outcome.partial or source is None or not source.problem or not facts.source_at_hand:
        return
    if source.remedy:
        yield Advice("source", source.remedy, f"{source.problem}.", _OWNER)
    if source.remedy and source.way_around:
        text = "Create a retry file in which that is repaired; each repair is listed."
        yield Advice("source", text, command=("retry", facts.job_id, source.way_around))


def _not_records(facts: JobFacts) -> Iterator[Advice]:
    """Values in the list that hold no user, which the service passed over."""
    if facts.outcome is Outcome.partial and facts.source and facts.source.not_records:
        places = listed(f"{place:,}" for place in facts.source.not_records[:_NAMED])
        many = len(facts.source.not_records) > 1
        where = f"Places {places} in its list hold no record" if many else f"Place {places} in its list holds no record"
        yield Advice("no_record", "Have the feed leave out values such as null.", f"{where}.", _OWNER)


def _no_names(name: str, facts: JobFacts) -> Iterator[Advice]:
    """Of a job that failed for some users, none of which an entry names."""
    if facts.readable:
        command = ("retry", facts.job_id, "--outcome", Outcome.unknown.value)
        yield Advice(name, _WHOLE_FILE, "No log says who failed.", command=command)


def _not_there(facts: JobFacts) -> Iterator[Advice]:
    if facts.source_at_hand:
        text = "Queue the source file again, and leave it where it is until the job has ended."
        yield Advice(JobError.DataFileNotExist.name, text, "The file is there now.")


def _retry(facts: JobFacts, catalogue: Catalogue) -> Iterator[Advice]:
    if facts.outcome not in FAILED:
        return
    unreadable = any(one.name.partition("/")[0] == LogCode.DataFileNotJson for one in facts.codes)
    if unreadable and facts.source_at_hand and not (facts.source and facts.source.multi_value):
        way = facts.source.way_around if facts.source else "--repair"
        if way:
            yield Advice(LogCode.DataFileNotJson, _WAYS_AROUND[way], command=("retry", facts.job_id, way))
    elif facts.source and facts.source.not_records and facts.outcome is not Outcome.partial:
        # A job that ran shows that the service read such a file; of others that is unknown.
        yield Advice("no_record", _WAYS_AROUND["--salvage"], command=("retry", facts.job_id, "--salvage"))
    elif unreadable and facts.source and facts.source.multi_value:
        text = f"Or create a retry file without {_some(facts.source.multi_value)}."
        yield Advice(LogCode.DataFileNotJson, text, command=_without(facts, facts.source.multi_value))
    elif retry_can_help(facts, catalogue):
        few = f"the {facts.failed:,} users who failed" if facts.failed > 1 else "the user who failed"
        whose = few if facts.outcome is Outcome.partial else "all users"
        multi_value = facts.source.multi_value if facts.source else ()
        if multi_value:
            text = f"Create a retry file with {whose}, without {_some(multi_value)}."
            reason = "An import takes no multi-value property. Have the feed join the values into one text."
            yield Advice(facts.error, text, reason, command=_without(facts, multi_value))
            return
        yield Advice(facts.error, f"Create a retry file with {whose}.", command=("retry", facts.job_id))
        if [one.name for one in facts.codes] == [LogCode.InvalidProperty] and facts.properties:
            text = (
                f"Or create a retry file without {_some(facts.properties)}, which needs no change of the property map."
            )
            yield Advice(LogCode.InvalidProperty, text, command=_without(facts, facts.properties))


def _without(facts: JobFacts, properties: Sequence[str]) -> tuple[str, ...]:
    """The command that makes a retry file without some properties."""
    return ("retry", facts.job_id, *(word for name in properties for word in ("--drop-property", name)))


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return listed_first(names, _NAMED)


def clause_of(name: str, facts: JobFacts, catalogue: Catalogue) -> str:
    """Say what a code of a job means, as the beginning of a sentence; with the property that isn't mapped."""
    if name == LogCode.InvalidProperty and facts.properties:
        many = "is" if len(facts.properties) == 1 else "are"
        which = "property" if len(facts.properties) == 1 else "properties"
        return f"The {which} {_some(facts.properties)} {many} not mapped"
    if (
        name.partition("/")[0] == LogCode.DataFileNotJson
        and facts.source
        and (facts.source.misnamed or facts.source.multi_value)
    ):
        return facts.source.misnamed or f"A list or an object is a value of {_some(facts.source.multi_value)}"
    known = catalogue.explain(name)
    return f"{known.title[:1].upper()}{known.title[1:]}" if known.known else "The log has an unknown code"


def percent(part: int, whole: int) -> str:
    """Write a share as people say it: ``4%``, ``under 1%``."""
    share = 100 * part / whole if whole else 0
    return "under 1%" if 0 < share < 1 else f"{share:.0f}%"


_RULES: Mapping[str, Callable[[JobFacts], Iterator[Advice]]] = {
    LogCode.IdentityNotResolvable: _unresolvable,
    LogCode.MissingIdentity: _without_id,
    LogCode.InvalidProperty: _unmapped,
    JobError.DataFileNotExist.name: _not_there,
    JobError.DataFileTooBig.name: _too_big,
    **{name: partial(_duplicates, name) for name in _TWICE},
    **{name: partial(_rejected, name) for name in ("InvalidDataFile", "InvalidDataFile/no-log")},
    **{name: partial(_rejected, name) for name in ("InternalError", "InternalError/no-log")},
    **{name: partial(_no_names, name) for name in ("ImportCompleteWithError", "ImportCompleteWithError/no-log")},
}
