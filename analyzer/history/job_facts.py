"""Gather the facts for a job's advice from its row, its entries, and its source file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.catalogue.advice import support_request
from analyzer.catalogue.model import CodeFacts, JobFacts, SourceFacts
from analyzer.history.source_findings import DOMAIN, KIND, PLACE, PROPERTY, examine_source
from analyzer.history.store import scanning
from analyzer.model.identity import KIND_NOUNS, IdKind, id_kinds
from analyzer.model.job import FAILED, Outcome
from analyzer.model.language import gettext as _
from analyzer.model.service import IdType, LogCode
from analyzer.model.text import grouped, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from analyzer.analysis.failures import SharedTrait
    from analyzer.history.job_log import JobLog
    from analyzer.history.load import Tables
    from analyzer.history.source_findings import SourceFindings


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


def id_type_of(
    tables: Tables, job: Mapping[str, Any], configured: Callable[[str | None], IdType | None] = lambda _: None
) -> IdType | None:
    """Return the ID type with which a job was queued; None if it is unknown, as the service doesn't say.

    Args:
        tables: the tables of the library.
        job: a row of ``tables.jobs``.
        configured: returns what the configuration says of a feed, by its name; it counts if we didn't queue the job.
    """
    queued = tables.queued.get(job["job_id"])
    return IdType[queued.id_type] if queued else configured(job["feed"])


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


def examine_job_source(job: Mapping[str, Any], tables: Tables, source: Path | None) -> SourceFindings | None:
    """Read a failed job's source file for facts that explain its failures, if we have the version that it read.

    Args:
        job: its row of ``tables.jobs``.
        tables: the tables of the library.
        source: our copy of its source file; None if there is none.

    Raises:
        InputError: the file of the job's users can't be read.
    """
    if Outcome(job["outcome"]) not in FAILED or job["source_bytes"] is None or source is None:
        return None
    some_lack_it = LogCode.MissingIdentity in set(tables.codes.filter(job_id=job["job_id"])["code"])
    with scanning():
        failed = tables.scan_users_of(job["job_id"]).select("key").collect()["key"]
    proven = tables.proven_id_property(job["job_id"])
    return examine_source(source, set(failed), proven=proven, some_lack_it=some_lack_it)


def shared_sentence(shared: SharedTrait, who: str = "", among: str = "", *, mark: str = "") -> str:
    """Return what failures have in common as a clause: ``9 of the 12 users who failed have the domain …``.

    Args:
        shared: the value and its numbers.
        who: the users who have it in common; empty for users who failed.
        among: the users with which they are compared; empty for all users.
        mark: put before and after the value, to emphasize it; a character that no value may have.
    """
    failed, all_failed = grouped(shared.failed), grouped(shared.failed_of)
    if shared.failed == shared.failed_of:
        users = _("All {failed} {users}") if who else _("All {failed} users who failed")
    else:
        users = _("{failed} of the {all_failed} {users}") if who else _("{failed} of the {all_failed} users who failed")
    compared = _("{share} of all {users}") if among else _("{share} of all users")
    share = compared.format(share=percent(shared.users, shared.users_of), users=among)
    return _("{users} {have} ({share})").format(
        users=users.format(failed=failed, all_failed=all_failed, users=who), have=_have(shared, mark), share=share
    )


def _have(shared: SharedTrait, mark: str) -> str:
    """Return what users have in common, with its verb; the value is marked."""

    def marked(text: str) -> str:
        return f"{mark}{text.replace(mark, '') if mark else text}{mark}"

    trait, value = shared.trait, shared.value
    if trait == DOMAIN:
        return _("have the domain {domain}").format(domain=marked(value)) if value else _("have an ID without a domain")
    if trait == KIND:
        return _("have IDs that are {kind}").format(kind=marked(_(KIND_NOUNS[IdKind(value)][1])))
    if trait == PLACE:
        return _("are in records {records}").format(records=marked(value))
    name = trait.removeprefix(PROPERTY)
    if not value:
        return _("have no {property}").format(property=marked(name))
    return _('have "{value}" as {property}').format(value=marked(value), property=name)


def support_text(job: Mapping[str, Any], *, has_log: bool) -> str:
    """Return a text for a support request about a job, with its times.

    Args:
        job: its row of the table ``jobs``.
        has_log: whether there is a log.
    """
    # Without a log, the end is known only from the first pull that found the job ended.
    ended = "Ended" if job["ran_from"] == "log" else "Ended by"
    times = [
        (name, f"{job[column]:%Y-%m-%d %H:%M:%S} UTC")
        for name, column in (("First seen", "first_seen"), (ended, "finished"))
        if job[column] is not None
    ]
    return support_request(job, has_log=has_log, times=times)


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
