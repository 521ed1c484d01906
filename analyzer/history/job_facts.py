"""Gather the facts for a job's advice from its row, its entries, and its source file."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failures import Traits
from analyzer.catalogue.model import CodeFacts, JobFacts, SourceFacts
from analyzer.errors import InputError, UsageError
from analyzer.model.identity import KIND_NOUNS, IdKind, IdKinds, id_kinds, identity_key, kind_of
from analyzer.model.job import FAILED, Outcome
from analyzer.model.service import LogCode
from analyzer.model.text import percent
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.fault import BACKSLASH_AT_END, way_around
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, recoded_from
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.analysis.failures import SharedTrait
    from analyzer.history.job_log import JobLog
    from analyzer.history.load import Tables
    from analyzer.source.id_property import IdProperty
    from analyzer.source.reader.tolerant import Record

_OFTEN_MISNAMED: Mapping[str | Trouble, tuple[str, str]] = {
    BACKSLASH_AT_END: (
        "A value ends in a single backslash",
        r"Have the feed write each backslash in a value twice: Sales\\.",
    ),
    Trouble.unclosed: ('The list\'s "]" is missing', "Have the feed close the list: the file has to end with ]}."),
    Trouble.brackets: ("There are too many closing brackets", "Have the feed write ]} once, at the end of the file."),
}
"""Faults for which the service's message is misleading: what is wrong, and what to do."""

MOST_RECORDS = 100_000
"""How many records of a source file are read, which takes a second or two."""

_PARTS = 10
"""Parts of equal size of the source file in which failures are counted."""

_FEWEST_FAILED = 3
_NUMBERS_KEPT = 20
_LONGEST_VALUE = 80
_DOMAIN, _KIND, _PLACE, _PROPERTY = "domain", "kind of ID", "place", "property "


@dataclass(frozen=True, slots=True)
class SourceFindings:
    """The facts of a source file, and what the users who failed have in common."""

    facts: SourceFacts
    shared: tuple[SharedTrait, ...] = ()


def facts_of(
    job: Mapping[str, Any],
    tables: Tables,
    log: JobLog,
    findings: SourceFindings | None = None,
) -> JobFacts:
    """Gather the facts of one job.

    Args:
        job: its row of ``tables.jobs`` with ``short``, its unique short ID, and ``superseded_by`` and ``retry_in``,
            the results of the functions of these names.
        tables: the tables of the library.
        log: the job's log.
        findings: in its source file; None if it was not read.
    """
    job_id, outcome = job["job_id"], Outcome(job["outcome"])
    has_source = job["source_bytes"] is not None
    source = findings.facts if findings else None
    if source is None and has_source and job_id in tables.source_problems:
        source = SourceFacts(problem=tables.source_problems[job_id])
    users = tables.open_users.get(job_id)
    return JobFacts(
        outcome=outcome,
        job_id=job["short"],
        state=job["state"],
        error=job["error"],
        message=job["error_message"] or "",
        feed=job["feed"] or "",
        log_found=job["log_found"],
        users=job["users"],
        property_values=job["property_values"],
        not_updated=job["not_updated"],
        failed=job["named_users"],
        new=log.new,
        codes=tuple(_code_facts(outcome, log)),
        properties=tuple(log.properties_of(LogCode.InvalidProperty)),
        failed_ids=id_kinds(log.unresolved()),
        nameless=log.nameless_codes,
        source_at_hand=has_source,
        source=source,
        shared=findings.shared if findings else (),
        waiting=_hours_waiting(job, tables) if not outcome.ended else None,
        retry_of=job["retry_of"],
        superseded_by=job["superseded_by"],
        open=job["open"],
        due=users.due if users else None,
        retry_in=job["retry_in"],
    )


def superseded_by(tables: Tables, job_id: str, short: Mapping[str, str]) -> str | None:
    """Return the short ID of the later full run of the feed; None if there is none."""
    later = tables.superseded_by(job_id)
    return short.get(later, later) if later else None


def retry_in(tables: Tables, job_id: str, short: Mapping[str, str]) -> str | None:
    """Return the short ID of the later job to retry instead of a job whose open users are all in later jobs.

    That is the newest job of the feed that needs a retry and has one of these users, else the newest that needs one;
    None if the job has no such users, or no later job needs a retry.
    """
    users = tables.open_users.get(job_id)
    if users is None or users.superseded_by or users.due != 0 or users.open == 0:
        return None
    of_feed = pl.col("feed").eq_missing(pl.lit(tables.job(job_id)["feed"], pl.String))
    others = tables.jobs.filter(of_feed, pl.col("outcome").is_in(FAILED), pl.col("job_id") != job_id)
    needed = [other for other in others["job_id"] if (theirs := tables.open_users.get(other)) and theirs.needs_retry]
    if not needed:
        return None
    still_open = tables.users_of(job_id).filter(pl.col("open").fill_null(value=True))["key"].implode()
    with_users = (other for other in reversed(needed) if tables.users_of(other)["key"].is_in(still_open).any())
    best: str = next(with_users, needed[-1])
    return short.get(best, best)


def examine_source(
    source: Path, failed: AbstractSet[str], *, some_lack_it: bool = False, most: int = MOST_RECORDS
) -> SourceFindings:
    """Read a source file for facts that explain a job's failures.

    Args:
        source: the file.
        failed: keys (``identity_key``) of the users in the log.
        some_lack_it: whether the log reports records without an ID.
        most: the maximum number of records to read.
    """
    try:
        id_property = infer_id_property(source, failed, some_lack_it=some_lack_it)
        return _examine(source, id_property, failed, most)
    except UsageError:  # two properties contain the log's IDs; which one counts is unknown
        return SourceFindings(SourceFacts())
    except InputError as error:
        return SourceFindings(_unreadable(error, source))


def _unreadable(error: InputError, source: Path) -> SourceFacts:
    """Return what is wrong with a file that can't be read, what to do, and how to make a retry file anyway."""
    problem, fault = error.what.replace(str(source), source.name), error.__cause__
    if isinstance(error, NotImportFormatError):
        return SourceFacts(problem=problem, remedy=error.advice or "", way_around=way_around(error))
    if isinstance(error, NotJsonError) and isinstance(fault, GrammarError):
        misnamed, remedy = _OFTEN_MISNAMED.get(error.problem) or _OFTEN_MISNAMED.get(fault.trouble) or ("", "")
        return SourceFacts(problem=problem, remedy=remedy, misnamed=misnamed, way_around=way_around(error))
    return SourceFacts(problem=problem)


def examine_job_source(job: Mapping[str, Any], tables: Tables, source: Path | None) -> SourceFindings | None:
    """Read a failed job's source file for facts that explain its failures, if we have the version that it read.

    Args:
        job: its row of ``tables.jobs``.
        tables: the tables of the library.
        source: our copy of its source file; None if there is none.
    """
    if Outcome(job["outcome"]) not in FAILED or job["source_bytes"] is None or source is None:
        return None
    some_lack_it = LogCode.MissingIdentity in set(tables.codes.filter(job_id=job["job_id"])["code"])
    failed = tables.scan_users_of(job["job_id"]).select("key").collect()["key"]
    return examine_source(source, set(failed), some_lack_it=some_lack_it)


def shared_sentence(shared: SharedTrait, who: str = "users who failed", among: str = "users") -> str:
    """Return what failures have in common as a clause: ``9 of the 12 users who failed have the domain …``.

    Args:
        shared: the value and its numbers.
        who: the users who have it in common.
        among: the users with which they are compared.
    """
    trait, value = shared.trait, shared.value
    if trait == _DOMAIN:
        what = f"have the domain {value}" if value else "have an ID without a domain"
    elif trait == _KIND:
        what = f"have IDs that are {KIND_NOUNS[IdKind(value)][1]}"
    elif trait == _PLACE:
        what = f"are in records {value}"
    else:
        name = trait.removeprefix(_PROPERTY)
        what = f'have "{value}" as {name}' if value else f"have no {name}"
    is_all = shared.failed == shared.failed_of
    number = f"All {shared.failed:,}" if is_all else f"{shared.failed:,} of the {shared.failed_of:,}"
    return f"{number} {who} {what} ({percent(shared.users, shared.users_of)} of all {among})"


def _code_facts(outcome: Outcome, log: JobLog) -> Iterator[CodeFacts]:
    for code, number, users in log.ranked_codes(outcome):
        counts = log.patterns.get(code, [])
        if any(count.name for count in counts):
            yield from (CodeFacts(count.name or code, count.entries, count.users) for count in counts)
        else:
            yield CodeFacts(code, number, users)


def _hours_waiting(job: Mapping[str, Any], tables: Tables) -> float | None:
    if tables.as_of is None or job["first_seen"] is None:
        return None
    return float((tables.as_of - job["first_seen"]).total_seconds()) / 3600


def _examine(source: Path, id_property: IdProperty, failed: AbstractSet[str], most: int) -> SourceFindings:
    size = max(1, source.stat().st_size)
    name = id_property.name
    facts = _FactCounter()
    traits = Traits()
    places: dict[str, tuple[int, int]] = {}  # first and last record of each part of the file
    records = read_records(source)
    for record in islice(records, most):
        text = (record.text(name) or "") if name else ""
        key = identity_key(text)
        facts.add(record, key, text, name)
        if key and len(failed) >= _FEWEST_FAILED:
            place = str(record.offset * _PARTS // size)
            places[place] = (places.get(place, (record.position + 1, 0))[0], record.position + 1)
            traits.add(traits_of(record, key, text, name, place), failed=key in failed)
    is_whole = next(records, None) is None
    shared = tuple(
        dataclasses.replace(one, value="{:,} to {:,}".format(*places[one.value])) if one.trait == _PLACE else one
        for one in traits.shared()
    )
    strangers = tuple(sorted(failed - facts.keys)) if is_whole and name else ()
    return SourceFindings(facts.facts(id_property, recoded_from(source), strangers, is_whole=is_whole), shared)


def traits_of(record: Record, key: str, text: str, id_property: str, place: str) -> dict[str, str]:
    """Return the traits of a record by which failures are compared; ``place`` is its part of the file."""
    names = [name for name in record.members if name != id_property]
    return {
        **traits_of_id(key, text),
        _PLACE: place,
        **{_PROPERTY + name: (record.text(name) or "")[:_LONGEST_VALUE] for name in names},
    }


def traits_of_id(key: str, text: str) -> dict[str, str]:
    """Return the traits of an ID: of its key, and as it is spelled."""
    return {_DOMAIN: key.rpartition("@")[2] if "@" in key else "", _KIND: kind_of(text.strip() or text)}


class _FactCounter:
    """Collects the facts of a source file record by record."""

    def __init__(self) -> None:
        self._records = self._without_id = 0
        self._numbers: list[int] = []
        self._kinds: Counter[IdKind] = Counter()
        self._first: dict[str, int] = {}
        self._duplicates: list[tuple[int, int]] = []
        self._not_records: list[int] = []
        self._next = 1
        self._properties: dict[str, None] = {}
        self._multi_value: dict[str, None] = {}

    def add(self, record: Record, key: str, text: str, id_property: str) -> None:
        number = record.position + 1
        if number > self._next:
            self._not_records += range(self._next, min(number, self._next + _NUMBERS_KEPT))
        self._next = number + 1
        self._records += 1
        self._properties.update(dict.fromkeys(name for name in record.members if name != id_property))
        nested = (name for name, token in record.members.items() if bytes(token)[:1] in (b"[", b"{"))
        self._multi_value.update(dict.fromkeys(nested))
        if not key:
            self._without_id += 1
            self._numbers += [number] if len(self._numbers) < _NUMBERS_KEPT else []
            return
        self._kinds[kind_of(text.strip())] += 1
        first = self._first.setdefault(key, number)
        if first != number and len(self._duplicates) < _NUMBERS_KEPT:
            self._duplicates.append((first, number))

    @property
    def keys(self) -> AbstractSet[str]:
        """The keys of the IDs that were read."""
        return self._first.keys()

    def facts(
        self, id_property: IdProperty, encoding: str, strangers: tuple[str, ...], *, is_whole: bool
    ) -> SourceFacts:
        return SourceFacts(
            encoding=encoding,
            id_property=id_property.name,
            missing=id_property.missing,
            records=self._records,
            without_id=tuple(self._numbers),
            without_id_count=self._without_id,
            ids=IdKinds(dict(self._kinds.most_common())),
            duplicates=tuple(self._duplicates),
            multi_value=tuple(self._multi_value),
            not_records=tuple(self._not_records[:_NUMBERS_KEPT]),
            properties=tuple(self._properties),
            strangers=strangers,
            whole=is_whole,
        )
