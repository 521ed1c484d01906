"""Decide what to do about a job, and summarize its outcome, for the terminal, the report, and retry files.

``headline`` returns how a job ended for its users. ``advise`` returns an ordered tuple of advice from a job's facts.
Advice from the job's data comes first, with a reason. General remedies follow for codes that the data doesn't explain.
Advice that cannot help is omitted: no retry file without records, no "wait a day" if every user failed, no reading of a
log that doesn't exist. Remedies of the configuration (``[codes.NAME]``) replace all built-in advice for that name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from analyzer.catalogue.job_errors import SUPPORT
from analyzer.catalogue.lookup import OURS, Catalogue
from analyzer.catalogue.model import DUPLICATES, OWNER, VENDOR, Advice
from analyzer.catalogue.rules import WAYS_AROUND, advice_for, some, source_advice
from analyzer.model.identity import id_advice
from analyzer.model.job import FAILED, NotUpdatedCount, Outcome
from analyzer.model.service import JobError, LogCode
from analyzer.model.text import capitalised, count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from analyzer.catalogue.model import JobFacts


_SETTLED = frozenset(
    {
        LogCode.IdentityNotResolvable,
        LogCode.MissingIdentity,
        LogCode.InvalidProperty,
        *DUPLICATES,
        JobError.DataFileNotExist.name,
        JobError.DataFileTooBig.name,
    }
)
"""Names for which advice from the data makes general remedies redundant."""

_SUPPORT = "Open a support request with the job ID."

_OTHERWISE, _A_DAY, _HOURS_A_DAY = "Otherwise ", "If a day has passed, ", 24
"""Conditions at the start of a remedy that may be met: no remedy precedes it, or the job has waited long enough."""

# Run `upa-analyzer pull` again.
_COMMAND = re.compile(r"`upa-analyzer ([^`]+)`")


def advise(facts: JobFacts, catalogue: Catalogue = OURS) -> tuple[Advice, ...]:
    """Return what to do about a job, in order; empty if there is nothing to do."""
    if facts.outcome is Outcome.succeeded:
        return ()
    if facts.users == 0:
        return (Advice(facts.error, "There is nothing to import again.", "The source file has no users.", OWNER),)
    if facts.open == 0:
        return (Advice("open", "Nothing is left to do.", "A later run or a retry updated every user."),)
    if facts.superseded_by:
        reason = "A later full run of the feed has ended: this job's records would write old values over new ones."
        text = "Look at the newest run of the feed instead."
        return (Advice("superseded", text, reason, command=("show", facts.superseded_by)),)
    if facts.due == 0:
        reason = "Each user who is still open is in a later job, too."
        command = ("show", facts.retry_in) if facts.retry_in else ()
        return (Advice("open", "Look at the later job instead.", reason, command=command),)
    names = _names(facts, catalogue)
    own = {name for name in names if catalogue.explain(name).remedies != OURS.explain(name).remedies}
    specific = [advice for name in names if name not in own for advice in advice_for(name, facts)]
    settled = _SETTLED.intersection(advice.about for advice in specific)
    configured = [advice for name in names if name in own for advice in _general(name, facts, catalogue)]
    general = [advice for name in names if name not in own | settled for advice in _general(name, facts, catalogue)]
    every: dict[str, Advice] = {}
    for advice in (*configured, *specific, *general):
        every.setdefault(advice.text, advice)
    commands = {advice.command for advice in every.values()}
    return (
        *every.values(),
        *source_advice(facts),
        *(one for one in _retry(facts, catalogue) if one.command not in commands),
    )


def retry_can_help(facts: JobFacts, catalogue: Catalogue = OURS) -> bool:
    """Return whether a retry file can be created, and whether importing it can help."""
    if facts.outcome not in FAILED or not facts.readable or facts.outdated:
        return False
    if not facts.codes:
        return facts.outcome is Outcome.unknown
    if facts.none_resolved and not id_advice(facts.failed_ids).as_it_is:
        return False  # no ID type takes these IDs
    # Corrections outside of the file make the same records valid.
    corrected = {LogCode.InvalidProperty}
    if facts.source and facts.source.importable:
        corrected.add(LogCode.MissingIdentity)
    return any(one.name in corrected or catalogue.explain(one.name).retry_helps is not False for one in facts.codes)


def _names(facts: JobFacts, catalogue: Catalogue) -> list[str]:
    """Return the names to explain: the log's codes, or the job's error or outcome if there are none."""
    if facts.codes and facts.outcome.ended:
        return [one.name for one in facts.codes]
    known = catalogue.explain_job(facts.error, facts.outcome.value, has_log=facts.log_found, message=facts.message)
    return [known.code]


def _general(name: str, facts: JobFacts, catalogue: Catalogue) -> Iterator[Advice]:
    """Yield the catalogue's remedies that apply to the facts."""
    known = catalogue.explain(name)
    own = known.remedies != OURS.explain(name).remedies
    first = True
    for remedy in known.remedies:
        if remedy == SUPPORT:
            yield Advice(name, _SUPPORT, who=VENDOR, command=("show", facts.job_id))
        elif own or not _ruled_out(remedy, facts):
            text = remedy.replace("JOB", facts.job_id)
            met_conditions = (
                _OTHERWISE if first else "",
                _A_DAY if facts.waiting and facts.waiting > _HOURS_A_DAY else "",
            )
            for condition in filter(text.startswith, filter(None, met_conditions)):
                text = text[len(condition) :]
                text = capitalised(text)
            command = _COMMAND.search(text)
            yield Advice(name, text, who=known.who, command=tuple(command[1].split()) if command else ())
            first = False


def _ruled_out(remedy: str, facts: JobFacts) -> bool:
    """Return whether a general remedy is impossible or redundant."""
    return any(phrase in remedy and applies(facts) for phrase, applies in _RULED_OUT.items())


def _without_retry(facts: JobFacts) -> bool:
    return not (facts.readable and facts.outcome in FAILED)


def _located(facts: JobFacts) -> bool:
    """Return whether a copy of the source file shows the fault more precisely than the service's message."""
    return facts.source is not None and bool(facts.source.remedy or facts.source.multi_value)


def _checked(facts: JobFacts) -> bool:
    """Return whether a copy of the source file was analyzed."""
    return facts.source is not None and (facts.source.records > 0 or facts.source.problem != "")


_RULED_OUT: Mapping[str, Callable[[JobFacts], bool]] = {
    "etry file": _without_retry,
    "upa-analyzer retry": _without_retry,
    "Read the log": lambda facts: not facts.log_found,
    "Read the message": lambda facts: not (facts.log_found or facts.message),
    "mport the whole file again": lambda facts: facts.source is not None and facts.source.encoding != "",
    "Check the source file": _checked,
    **dict.fromkeys(
        (
            "Open the file at",
            "At the named position",
            "Double the backslash in the record",
            "Look at the end of the file",
            "Correct the record at",
            "Have the feed write {",
            "Have the feed write one object",
            "Check that every property",
        ),
        _located,
    ),
}
"""Phrases of general remedies, with what makes such a remedy impossible or redundant."""


def _retry(facts: JobFacts, catalogue: Catalogue) -> Iterator[Advice]:
    if facts.outcome not in FAILED:
        return
    unreadable = any(one.name.partition("/")[0] == LogCode.DataFileNotJson for one in facts.codes)
    if unreadable and facts.source_at_hand and not (facts.source and facts.source.multi_value):
        way = facts.source.way_around if facts.source else "--repair"
        if way:
            yield Advice(LogCode.DataFileNotJson, WAYS_AROUND[way], command=("retry", facts.job_id, way))
    elif facts.source and facts.source.not_records and facts.outcome is not Outcome.partial:
        # The service read such a file if the import ran; otherwise that is unknown.
        yield Advice("no_record", WAYS_AROUND["--salvage"], command=("retry", facts.job_id, "--salvage"))
    elif unreadable and facts.source and facts.source.multi_value:
        text = f"Or create a retry file without {some(facts.source.multi_value)}."
        yield Advice(LogCode.DataFileNotJson, text, command=_without(facts, facts.source.multi_value))
    elif retry_can_help(facts, catalogue):
        few = f"the {facts.failed:,} users who failed" if facts.failed > 1 else "the user who failed"
        whose = few if facts.outcome is Outcome.partial else "all users"
        multi_value = facts.source.multi_value if facts.source else ()
        if multi_value:
            text = f"Create a retry file with {whose}, without {some(multi_value)}."
            reason = "An import takes no multi-value property. Have the feed join the values into one text."
            yield Advice(facts.error, text, reason, command=_without(facts, multi_value))
            return
        yield Advice(facts.error, f"Create a retry file with {whose}.", command=("retry", facts.job_id))
        if [one.name for one in facts.codes] == [LogCode.InvalidProperty] and facts.properties:
            text = (
                f"Or create a retry file without {some(facts.properties)}, which needs no change of the property map."
            )
            yield Advice(LogCode.InvalidProperty, text, command=_without(facts, facts.properties))


def _without(facts: JobFacts, properties: Sequence[str]) -> tuple[str, ...]:
    """Return the command for a retry file without some properties."""
    return ("retry", facts.job_id, *(word for name in properties for word in ("--drop-property", name)))


def clause_of(name: str, facts: JobFacts, catalogue: Catalogue) -> str:
    """Return the meaning of a code as the start of a sentence, with the properties that aren't mapped."""
    if name == LogCode.InvalidProperty and facts.properties:
        many = "is" if len(facts.properties) == 1 else "are"
        which = "property" if len(facts.properties) == 1 else "properties"
        return f"The {which} {some(facts.properties)} {many} not mapped"
    source = facts.source if name.partition("/")[0] == LogCode.DataFileNotJson else None
    if source and (source.misnamed or source.multi_value):
        return source.misnamed or f"A list or an object is a value of {some(source.multi_value)}"
    known = catalogue.explain(name)
    return capitalised(known.title) if known.known else "The log has an unknown code"


_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")


def support_request(job: Mapping[str, Any], *, has_log: bool, times: Sequence[tuple[str, str]] = ()) -> str:
    """Return a text for a support request, with placeholders for missing values.

    Args:
        job: a row of the table ``jobs``; uses ``tenant``, ``job_id``, ``state``, ``error``, ``error_message``,
            ``source_uri`` and ``log_folder_uri``, without user names, passwords and queries in addresses.
        has_log: whether there is a log.
        times: names and texts of the job's times, with time zones.

    Returns:
        Lines of plain text, the last with a line end.
    """
    log = _without_secrets(job.get("log_folder_uri") or "") or "yes"
    rows = [
        ("Tenant", job.get("tenant") or "[fill in]"),
        ("Job ID", job["job_id"]),
        ("State", job.get("state") or "[fill in]"),
        ("Error", job.get("error") or "[fill in]"),
        ("Error message", " ".join((job.get("error_message") or "none").split())),
        ("Source file", _without_secrets(job.get("source_uri") or "") or "[fill in]"),
        ("Log", log if has_log else "none was written"),
        *(times or [("Queued at", "[fill in: date, time, time zone]")]),
        ("Happened before", "[fill in: never, once, every run]"),
    ]
    facts = "\n".join(f"{name + ':':<17}{value}" for name, value in rows)
    return (
        "SharePoint Online: a bulk import of user profile properties (QueueImportProfileProperties) failed.\n\n"
        f"{facts}\n\n"
        "Please check on the service's side what happened to this job, whether it wrote any profiles, and whether it is"
        " safe to queue the file again.\n"
    )


def _without_secrets(uri: str) -> str:
    """Return an address without user name, password, query and fragment, percent-decoded."""
    plain = re.split(r"[?#]", uri, maxsplit=1)[0]
    scheme, separator, rest = plain.partition("://")
    if not separator:
        return unquote(plain)
    # If this isn't a host, it has a user name or password with any characters: the host follows the last "@".
    host = rest.partition("/")[0]
    return unquote(f"{scheme}://{rest if _HOST.fullmatch(host) else rest.rpartition('@')[2]}")


def headline(facts: JobFacts) -> str:
    """Return how a job ended for its users, as a clause: ``12 of 295 users not updated, 4 new``."""
    users, outcome = facts.users, facts.outcome
    not_updated = NotUpdatedCount.of(outcome, facts.not_updated, facts.failed)
    match outcome:
        case Outcome.succeeded:
            named = f", but the log names {count(facts.failed, 'user')}" if facts.failed else ""
            everyone = f"all {count(users, 'user')} updated" if users and users > 1 else "all users updated"
            text = f"{'the source file has no users' if users == 0 else everyone}{named}"
        case Outcome.aborted | Outcome.unknown | Outcome.partial if users == 0:
            text = f"the source file has no users ({facts.error})"
        case Outcome.partial if not_updated.number:
            new = "" if facts.new is None else f", {facts.new:,} new"
            text = f"{not_updated.users(users)} not updated{new}"
        case Outcome.partial:
            who = "probably those with several records" if facts.repeated else "who is unknown"
            text = f"some users not updated; {who}"
        case Outcome.aborted:
            affected = f"none of {count(users, 'user')}" if users else "no user"
            text = f"the import was aborted, {affected} updated"
        case Outcome.unknown:
            text = f"who was updated is unknown ({facts.error if facts.error != 'NoError' else facts.state})"
        case Outcome.stuck:
            text = f"the job is stuck in {facts.state}"
        case Outcome.running:
            text = f"the job is still running ({facts.state})"
    return text


def retry_clause(outcome: Outcome, users: int | None, not_updated: int | None, when: str) -> str:
    """Return the result of a retry as a clause: ``retried 28 Nov 09:10: 12 of 12 updated``.

    Args:
        outcome: the retry's outcome.
        users: number of users in its file; None if unknown.
        not_updated: number of them that were not updated; None if unknown.
        when: time of the retry as text; empty if unknown.
    """
    if not outcome.ended:
        result = f"the retry is {outcome.value}"
    elif users is None or not_updated is None or not_updated > users:
        result = f"{outcome.value}; how many were updated is unknown"
    else:
        result = f"{users - not_updated:,} of {users:,} updated"
    return f"retried{f' {when}' if when else ''}: {result}"


def still_open_clause(number: int | None) -> str:
    """Return how many users are open after retries, as a clause; ``number`` is None if unknown."""
    return "how many are still open is unknown" if number is None else f"{number:,} still open"
