"""The facts of a job that advice rests on: from its row, its entries and its source file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.analysis.failures import Traits, by_code, by_pattern, by_property, without_user
from analyzer.catalogue import SAYS_NOTHING, first_match
from analyzer.catalogue.model import CodeFacts, JobFacts, SourceFacts
from analyzer.errors import InputError, UsageError
from analyzer.history.feeds import new_in
from analyzer.model.identity import KIND_NOUNS, IdKind, IdKinds, id_kinds, identity_key, kind_of
from analyzer.model.job import FAILED, Outcome
from analyzer.model.service import ABORTING_CODES, LogCode
from analyzer.model.text import percent
from analyzer.source.id_property import infer_id_property
from analyzer.source.model import GrammarError, Trouble
from analyzer.source.reader.fault import BACKSLASH_AT_END, way_around
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, recoded_from
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from analyzer.analysis.failures import SharedTrait
    from analyzer.catalogue import Catalogue
    from analyzer.history.load import Tables
    from analyzer.library.mirror import Library
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
"""Faults for which the service's message names another one: what is wrong, and what to do."""

MOST_RECORDS = 100_000
"""Records of a source file that are read, which takes a second or two."""

_PLACES = 10
"""Parts of the source file in which failures are counted, by bytes."""

_FEWEST_FAILED = 3
_NUMBERS_KEPT = 20
_LONGEST_VALUE = 80
_DOMAIN, _KIND, _PLACE, _PROPERTY = "domain", "kind of ID", "place", "property "


@dataclass(frozen=True, slots=True)
class PatternCount:
    """How many entries match a pattern (None: no pattern), and how many users they name."""

    name: str | None
    entries: int
    users: int


@dataclass(frozen=True, slots=True)
class SourceLook:
    """The facts of a source file, and what the users who failed have in common."""

    facts: SourceFacts
    shared: tuple[SharedTrait, ...] = ()


def patterns_in(entries: pl.DataFrame, catalogue: Catalogue) -> dict[str, list[PatternCount]]:
    """Count the patterns that the entries of each code match, those that name most users first.

    Codes of which the catalogue knows no patterns are left out.
    """
    codes = entries["code"].drop_nulls().unique()
    known = {code: patterns for code in codes if (patterns := catalogue.patterns_of(code))}

    def pattern_of(code: str, message: str, detail: str) -> str | None:
        found = first_match(known[code], message, detail)
        return found.code if found else None

    found: dict[str, list[PatternCount]] = {}
    parted = by_pattern(entries.filter(pl.col("code").is_in(list(known))), pattern_of, SAYS_NOTHING)
    for code, *counted in parted.rows():
        found.setdefault(code, []).append(PatternCount(*counted))
    return found


def ranked_codes(outcome: Outcome, entries: pl.DataFrame) -> list[tuple[str, int, int]]:
    """Code, entries and named users of a job's log: what aborted it first, then by users and entries."""
    aborting = ABORTING_CODES if outcome is Outcome.aborted else frozenset[str]()
    rows = by_code(entries).select("code", "entries", "users").rows()
    return sorted(rows, key=lambda row: (row[0] not in aborting, -row[2], -row[1], row[0]))


def facts_of(
    job: Mapping[str, Any],
    tables: Tables,
    entries: pl.DataFrame,
    patterns: Mapping[str, Sequence[PatternCount]],
    look: SourceLook | None = None,
) -> JobFacts:
    """Gather the facts of one job.

    Args:
        job: its row of ``tables.jobs``, with ``short``: as much of its ID as is its alone; ``superseded_by`` and
            ``retry_in``: the same of the job that the functions of these names give, or None.
        tables: as ``load`` gives them.
        entries: the job's own.
        patterns: that they match, as ``patterns_in`` gives them.
        look: into its source file; None where it was not read.
    """
    job_id, outcome = job["job_id"], Outcome(job["outcome"])
    unresolved = entries.filter("names", pl.col("code") == LogCode.IdentityNotResolvable).unique(
        "key", maintain_order=True
    )
    nameless = without_user(entries)["code"].value_counts()
    at_hand = job["source_bytes"] is not None
    source = look.facts if look else None
    if source is None and at_hand and job_id in tables.source_problems:
        source = SourceFacts(problem=tables.source_problems[job_id])
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
        new=new_in(tables.users.filter(pl.col("job_id") == job_id)),
        codes=tuple(_code_facts(outcome, entries, patterns)),
        properties=tuple(by_property(entries).filter(code=LogCode.InvalidProperty)["property"]),
        failed_ids=id_kinds(unresolved["identity"]),
        nameless=dict(nameless.rows()),
        source_at_hand=at_hand,
        source=source,
        shared=look.shared if look else (),
        waiting=_hours_waiting(job, tables) if not outcome.ended else None,
        retry_of=job["retry_of"],
        superseded_by=job["superseded_by"],
        open=job["open"],
        due=found.due if (found := tables.open_users.get(job_id)) else None,
        retry_in=job["retry_in"],
    )


def superseded_by(tables: Tables, job_id: str, short: Mapping[str, str]) -> str | None:
    """Name the later full run of the feed by its short ID; None where there is none."""
    later = tables.superseded_by(job_id)
    return short.get(later, later) if later else None


def retry_in(tables: Tables, job_id: str, short: Mapping[str, str]) -> str | None:
    """Name, by its short ID, the later job to retry in place of one whose open users are all in later jobs.

    That is the newest job of the feed that needs a retry and names one of these users, else the newest that needs one.
    None where the job has no such users, or no later job needs a retry.
    """
    found = tables.open_users.get(job_id)
    if found is None or found.superseded_by or found.due != 0 or found.open == 0:
        return None
    of_feed = pl.col("feed").eq_missing(pl.lit(tables.job(job_id)["feed"], pl.String))
    others = tables.jobs.filter(of_feed, pl.col("outcome").is_in(FAILED), pl.col("job_id") != job_id)
    needed = [other for other in others["job_id"] if (theirs := tables.open_users.get(other)) and theirs.needs_retry]
    still = tables.users.filter(pl.col("open").fill_null(value=True), job_id=job_id)
    named = set(tables.users.filter(pl.col("key").is_in(still["key"].implode()))["job_id"])
    best = [other for other in needed if other in named] or needed
    return short.get(best[-1], best[-1]) if best else None


def look_into(
    source: Path, failed: AbstractSet[str], *, some_lack_it: bool = False, most: int = MOST_RECORDS
) -> SourceLook:
    """Read a source file for what explains a job's failures.

    Args:
        source: the file.
        failed: keys (``identity_key``) of the users that the log names.
        some_lack_it: the log tells of records without an ID.
        most: records that are looked at; of a longer file the rest isn't.
    """
    try:
        id_property = infer_id_property(source, failed, some_lack_it=some_lack_it)
        return _looked(source, id_property, failed, most)
    except UsageError:  # two properties hold the log's IDs; which one counts is unknown
        return SourceLook(SourceFacts())
    except InputError as error:
        return SourceLook(_unreadable(error, source))


def _unreadable(error: InputError, source: Path) -> SourceFacts:
    """Say what is wrong with a file that can't be read, what to do, and what makes a retry file of it."""
    problem, fault = error.what.replace(str(source), source.name), error.__cause__
    if isinstance(error, NotImportFormatError):
        return SourceFacts(problem=problem, remedy=error.advice or "", way_around=way_around(error))
    if isinstance(error, NotJsonError) and isinstance(fault, GrammarError):
        misnamed, remedy = _OFTEN_MISNAMED.get(error.problem) or _OFTEN_MISNAMED.get(fault.trouble) or ("", "")
        return SourceFacts(problem=problem, remedy=remedy, misnamed=misnamed, way_around=way_around(error))
    return SourceFacts(problem=problem)


def look_for(job: Mapping[str, Any], tables: Tables, source: Path | None) -> SourceLook | None:
    """Read a job's source file where that can explain something: of a job that failed, in the version that it read.

    Args:
        job: its row of ``tables.jobs``.
        tables: as ``load`` gives them.
        source: our copy of its source file; None where there is none.
    """
    if Outcome(job["outcome"]) not in FAILED or job["source_bytes"] is None or source is None:
        return None
    of_job = pl.col("job_id") == job["job_id"]
    some_lack_it = LogCode.MissingIdentity in set(tables.entries.filter(of_job)["code"])
    return look_into(source, set(tables.users.filter(of_job)["key"]), some_lack_it=some_lack_it)


def looks_by_job(library: Library, tables: Tables, job_ids: AbstractSet[str]) -> dict[str, SourceLook]:
    """Read the source files of some jobs for what explains their failures, by job ID."""
    rows = {row["job_id"]: row for row in tables.jobs.iter_rows(named=True) if row["job_id"] in job_ids}
    found = (
        (job.job_id, look_for(rows[job.job_id], tables, library.source_file(job)))
        for job in library.jobs()
        if job.job_id in rows
    )
    return {job_id: look for job_id, look in found if look}


def shared_sentence(one: SharedTrait) -> str:
    """Say what failures have in common, as a clause: ``9 of the 12 users who failed have the domain …``."""
    if one.trait == _DOMAIN:
        what = f"have the domain {one.value}" if one.value else "have an ID without a domain"
    elif one.trait == _KIND:
        what = f"have IDs that are {KIND_NOUNS[IdKind(one.value)][1]}"
    elif one.trait == _PLACE:
        what = f"are in records {one.value}"
    else:
        name = one.trait.removeprefix(_PROPERTY)
        what = f'have "{one.value}" as {name}' if one.value else f"have no {name}"
    who = f"All {one.failed:,}" if one.failed == one.failed_of else f"{one.failed:,} of the {one.failed_of:,}"
    return f"{who} users who failed {what} (of all users {percent(one.users, one.users_of)})"


def _code_facts(
    outcome: Outcome, entries: pl.DataFrame, patterns: Mapping[str, Sequence[PatternCount]]
) -> Iterator[CodeFacts]:
    for code, lines, users in ranked_codes(outcome, entries):
        parted = patterns.get(code, [])
        if any(one.name for one in parted):
            yield from (CodeFacts(one.name or code, one.entries, one.users) for one in parted)
        else:
            yield CodeFacts(code, lines, users)


def _hours_waiting(job: Mapping[str, Any], tables: Tables) -> float | None:
    if tables.as_of is None or job["first_seen"] is None:
        return None
    return float((tables.as_of - job["first_seen"]).total_seconds()) / 3600


def _looked(source: Path, known: IdProperty, failed: AbstractSet[str], most: int) -> SourceLook:
    size = max(1, source.stat().st_size)
    id_property = known.name
    facts = _Facts()
    traits = Traits()
    places: dict[str, tuple[int, int]] = {}
    records = read_records(source)
    for record in islice(records, most):
        text = record.text(id_property) if id_property else None
        key = identity_key(text) if text else ""
        facts.add(record, key, text or "", id_property)
        if key and len(failed) >= _FEWEST_FAILED:
            place = str(record.offset * _PLACES // size)
            places[place] = (places.get(place, (record.position + 1, 0))[0], record.position + 1)
            traits.add(_traits(record, key, text or "", id_property, place), failed=key in failed)
    whole = next(records, None) is None
    shared = tuple(
        dataclasses.replace(one, value="{:,} to {:,}".format(*places[one.value])) if one.trait == _PLACE else one
        for one in traits.shared()
    )
    found = facts.facts(known, encoding=recoded_from(source), whole=whole)
    if whole and id_property:
        found = dataclasses.replace(found, strangers=tuple(sorted(failed - facts.keys)))
    return SourceLook(found, shared)


def _traits(record: Record, key: str, text: str, id_property: str, place: str) -> dict[str, str]:
    traits = {
        _PROPERTY + name: (record.text(name) or "")[:_LONGEST_VALUE] for name in record.members if name != id_property
    }
    return {
        _DOMAIN: key.rpartition("@")[2] if "@" in key else "",
        _KIND: kind_of(text.strip() or text),
        _PLACE: place,
        **traits,
    }


class _Facts:
    """Counts of a source file's records, as they are read."""

    def __init__(self) -> None:
        self._records = self._without_id = 0
        self._numbers: list[int] = []
        self._kinds: dict[IdKind, int] = {}
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
        kind = kind_of(text.strip())
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        first = self._first.setdefault(key, number)
        if first != number and len(self._duplicates) < _NUMBERS_KEPT:
            self._duplicates.append((first, number))

    @property
    def keys(self) -> AbstractSet[str]:
        """Keys of the IDs that were read."""
        return self._first.keys()

    def facts(self, known: IdProperty, *, encoding: str, whole: bool) -> SourceFacts:
        kinds = dict(sorted(self._kinds.items(), key=lambda pair: -pair[1]))
        return SourceFacts(
            encoding=encoding,
            id_property=known.name,
            missing=known.missing,
            records=self._records,
            without_id=tuple(self._numbers),
            without_id_count=self._without_id,
            ids=IdKinds(kinds),
            duplicates=tuple(self._duplicates),
            multi_value=tuple(self._multi_value),
            not_records=tuple(self._not_records[:_NUMBERS_KEPT]),
            properties=tuple(self._properties),
            whole=whole,
        )
