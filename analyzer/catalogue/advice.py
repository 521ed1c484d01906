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
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.service import JobError, LogCode
from analyzer.model.text import capitalised, count, grouped

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

SUPPORT_ADVICE = N_("Open a support request with the job ID.")
"""Advice that comes with the text of ``support_request``."""

_OTHERWISE, _A_DAY, _HOURS_A_DAY = N_("Otherwise "), N_("If a day has passed, "), 24
"""Conditions at the start of a remedy that may be met: no remedy precedes it, or the job has waited long enough."""

# Run `upa-analyzer pull` again.
_COMMAND = re.compile(r"`upa-analyzer ([^`]+)`")


def advise(facts: JobFacts, catalogue: Catalogue = OURS) -> tuple[Advice, ...]:
    """Return what to do about a job, in order; empty if there is nothing to do."""
    if facts.outcome is Outcome.succeeded:
        return ()
    if facts.users == 0:
        return (Advice(facts.error, _("There is nothing to import again."), _("The source file has no users."), OWNER),)
    if facts.open == 0:
        return (Advice("open", _("Nothing is left to do."), _("A later run or a retry updated every user.")),)
    if facts.superseded_by:
        reason = _("A later full run of the feed has ended: this job's records would write old values over new ones.")
        text = _("Look at the newest run of the feed instead.")
        return (Advice("superseded", text, reason, command=("show", facts.superseded_by)),)
    if facts.due == 0:
        reason = _("Each user who is still open is in a later job, too.")
        command = ("show", facts.retry_in) if facts.retry_in else ()
        return (Advice("open", _("Look at the later job instead."), reason, command=command),)
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
            yield Advice(name, _(SUPPORT_ADVICE), who=VENDOR, command=("show", facts.job_id))
        elif own or not _ruled_out(remedy, facts):
            text = _(remedy).replace("JOB", facts.job_id)
            met_conditions = (
                _(_OTHERWISE) if first else "",
                _(_A_DAY) if facts.waiting and facts.waiting > _HOURS_A_DAY else "",
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
            yield Advice(LogCode.DataFileNotJson, _(WAYS_AROUND[way]), command=("retry", facts.job_id, way))
    elif facts.source and facts.source.not_records and facts.outcome is not Outcome.partial:
        # The service read such a file if the import ran; otherwise that is unknown.
        yield Advice("no_record", _(WAYS_AROUND["--salvage"]), command=("retry", facts.job_id, "--salvage"))
    elif unreadable and facts.source and facts.source.multi_value:
        text = _("Or create a retry file without {properties}.").format(properties=some(facts.source.multi_value))
        yield Advice(LogCode.DataFileNotJson, text, command=_without(facts, facts.source.multi_value))
    elif retry_can_help(facts, catalogue):
        multi_value = facts.source.multi_value if facts.source else ()
        if multi_value:
            text = _retry_text(facts, without=some(multi_value))
            reason = _("An import takes no multi-value property. Have the feed join the values into one text.")
            yield Advice(facts.error, text, reason, command=_without(facts, multi_value))
            return
        yield Advice(facts.error, _retry_text(facts), command=("retry", facts.job_id))
        if [one.name for one in facts.codes] == [LogCode.InvalidProperty] and facts.properties:
            text = _("Or create a retry file without {properties}, which needs no change of the property map.")
            text = text.format(properties=some(facts.properties))
            yield Advice(LogCode.InvalidProperty, text, command=_without(facts, facts.properties))


def _retry_text(facts: JobFacts, without: str = "") -> str:
    """Return the advice to create a retry file; ``without`` are the properties to leave out."""
    if facts.outcome is not Outcome.partial:
        text = _("Create a retry file with all users.")
        longer = _("Create a retry file with all users, without {properties}.")
    else:
        text = ngettext(
            "Create a retry file with the user who failed.",
            "Create a retry file with the {number} users who failed.",
            max(1, facts.failed),
        )
        longer = ngettext(
            "Create a retry file with the user who failed, without {properties}.",
            "Create a retry file with the {number} users who failed, without {properties}.",
            max(1, facts.failed),
        )
    return (longer if without else text).format(number=grouped(facts.failed), properties=without)


def _without(facts: JobFacts, properties: Sequence[str]) -> tuple[str, ...]:
    """Return the command for a retry file without some properties."""
    return ("retry", facts.job_id, *(word for name in properties for word in ("--drop-property", name)))


def clause_of(name: str, facts: JobFacts, catalogue: Catalogue) -> str:
    """Return the meaning of a code as the start of a sentence, with the properties that aren't mapped."""
    if name == LogCode.InvalidProperty and facts.properties:
        text = ngettext(
            "The property {properties} is not mapped",
            "The properties {properties} are not mapped",
            len(facts.properties),
        )
        return text.format(properties=some(facts.properties))
    source = facts.source if name.partition("/")[0] == LogCode.DataFileNotJson else None
    if source and (source.misnamed or source.multi_value):
        multi_value = _("A list or an object is a value of {properties}").format(properties=some(source.multi_value))
        return source.misnamed or multi_value
    known = catalogue.explain(name)
    return capitalised(_(known.title)) if known.known else _("The log has an unknown code")


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
    match facts.outcome:
        case Outcome.succeeded:
            text = _("the source file has no users") if facts.users == 0 else _all_updated(facts.users)
            if facts.failed:
                text = _("{clause}, but the log names {users}").format(clause=text, users=count(facts.failed, "user"))
        case Outcome.aborted | Outcome.unknown | Outcome.partial if facts.users == 0:
            text = _("the source file has no users ({error})").format(error=facts.error)
        case Outcome.partial:
            text = _some_updated(facts)
        case Outcome.aborted:
            text = _none_updated(facts.users)
        case Outcome.unknown:
            error = facts.error if facts.error != JobError.NoError.name else facts.state
            text = _("who was updated is unknown ({error})").format(error=error)
        case Outcome.stuck:
            text = _("the job is stuck in {state}").format(state=facts.state)
        case Outcome.running:
            text = _("the job is still running ({state})").format(state=facts.state)
    return text


def _some_updated(facts: JobFacts) -> str:
    not_updated = NotUpdatedCount.of(facts.outcome, facts.not_updated, facts.failed)
    if not not_updated.number:
        if facts.repeated:
            return _("some users not updated; probably those with several records")
        return _("some users not updated; who is unknown")
    users = not_updated.users(facts.users)
    if facts.new is None:
        return _("{users} not updated").format(users=users)
    return _("{users} not updated, {new} new").format(users=users, new=grouped(facts.new))


def _none_updated(users: int | None) -> str:
    if not users:
        return _("the import was aborted, no user updated")
    text = ngettext(
        "the import was aborted, none of {number} user updated",
        "the import was aborted, none of {number} users updated",
        users,
    )
    return text.format(number=grouped(users))


def _all_updated(users: int | None) -> str:
    if users is None or users <= 1:
        return _("all users updated")
    return ngettext("all {number} user updated", "all {number} users updated", users).format(number=grouped(users))


def retry_clause(outcome: Outcome, users: int | None, not_updated: int | None, when: str) -> str:
    """Return the result of a retry as a clause: ``retried 28 Nov 09:10: 12 of 12 updated``.

    Args:
        outcome: the retry's outcome.
        users: number of users in its file; None if unknown.
        not_updated: number of them that were not updated; None if unknown.
        when: time of the retry as text; empty if unknown.
    """
    if not outcome.ended:
        result = _("the retry is {outcome}").format(outcome=_(outcome.value))
    elif users is None or not_updated is None or not_updated > users:
        result = _("{outcome}; how many were updated is unknown").format(outcome=_(outcome.value))
    else:
        result = _("{part} of {whole} updated").format(part=grouped(users - not_updated), whole=grouped(users))
    if not when:
        return _("retried: {result}").format(result=result)
    return _("retried {when}: {result}").format(when=when, result=result)


def still_open_clause(number: int | None) -> str:
    """Return how many users are open after retries, as a clause; ``number`` is None if unknown."""
    if number is None:
        return _("how many are still open is unknown")
    return _("{number} still open").format(number=grouped(number))
