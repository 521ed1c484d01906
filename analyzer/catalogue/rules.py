"""Derive advice from a job's data: one rule for each code and job error, and one for the source file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analyzer.catalogue.model import ADMINISTRATOR, DUPLICATES, OWNER, Advice
from analyzer.model.identity import MissingId, id_advice, missing_id_advice
from analyzer.model.job import Outcome
from analyzer.model.language import N_, ngettext
from analyzer.model.language import gettext as _
from analyzer.model.service import MAX_PROPERTY_VALUES, JobError, LogCode
from analyzer.model.text import capitalised, grouped, listed, listed_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from analyzer.catalogue.model import JobFacts, SourceFacts

_NAMED = 5
"""Limit of properties or records named in a sentence."""

_FEW = 0.1
"""Share of users: more failures than that rarely are new accounts."""

_FEW_USERS = 20
"""The same where the number of users is unknown."""

_WHOLE_FILE = N_("Import the whole file again. Importing a value twice does no harm.")

WAYS_AROUND = {
    "--repair": N_("Or create a retry file in which that is repaired if the repair is certain; each repair is listed."),
    "--salvage": N_("Or create a retry file with the records that can be read; the others are listed."),
}
"""Advice for a source file that can't be read, by the option of ``retry``."""


def advice_for(name: str, facts: JobFacts) -> Iterator[Advice]:
    """Yield advice from the job's data for a code or job error; nothing if the data adds nothing."""
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
            f"{capitalised(advice.action)}.",
            _("All {number} users failed, and {finding}.").format(number=grouped(facts.failed), finding=advice.finding),
            ADMINISTRATOR if advice.as_it_is else OWNER,
        )
        return
    if not facts.failed:
        return
    yield from _one_kind(facts)
    yield from _one_domain(facts)
    yield Advice(
        LogCode.IdentityNotResolvable,
        _("Look up each ID in Entra ID; correct it in the feed, or remove it."),
        who=OWNER,
    )
    few = facts.failed <= (_FEW_USERS if facts.users is None else max(1, _FEW * facts.users))
    if few and facts.new != 0 and facts.readable:
        reason = ""
        if facts.new is not None:
            reason = _("{new} of the {failed} users who failed are new.").format(
                new=grouped(facts.new), failed=grouped(facts.failed)
            )
        yield Advice(
            LogCode.IdentityNotResolvable,
            _("For an account that is new, wait a day, then import the retry file."),
            reason,
            OWNER,
        )


def _one_kind(facts: JobFacts) -> Iterator[Advice]:
    """Yield advice if all IDs of one kind failed and none of another kind: a job has one ID type for all users."""
    kind = facts.failed_ids.most
    if kind is None or facts.source is None or facts.failed < 2:  # noqa: PLR2004 - one ID isn't a pattern
        return
    of_kind, total = facts.source.ids.counts.get(kind, 0), facts.source.ids.total
    if of_kind == facts.failed_ids.counts[kind] < total:
        finding = id_advice(facts.failed_ids).finding
        yield Advice(
            LogCode.IdentityNotResolvable,
            _("Have the feed write the same kind of ID for everyone."),
            _(
                "All {number} users with this kind of ID failed ({finding}); the other {others} have another kind."
            ).format(number=grouped(of_kind), finding=finding, others=grouped(total - of_kind)),
            OWNER,
        )


def _one_domain(facts: JobFacts) -> Iterator[Advice]:
    domain = next((one for one in facts.shared if one.trait == "domain"), None)
    if domain and domain.value:
        yield Advice(
            LogCode.IdentityNotResolvable,
            _(
                "Look at the domain {domain} in the Microsoft 365 admin center: have its users moved, or is it no"
                " longer verified?"
            ).format(domain=domain.value),
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
            _("Have the feed write an ID for everyone."),
            _("No record of the source file has one."),
            OWNER,
        )
    elif source.without_id_count:
        yield _leave_out(LogCode.MissingIdentity, source)
        if facts.source_at_hand:
            text = _("Create a retry file without the records that have no ID.")
            yield Advice(LogCode.MissingIdentity, text, command=("retry", facts.job_id, "--without-culprits"))
    elif source.id_property:
        yield _missing(MissingId.other_name, source)


def _missing(missing: MissingId, source: SourceFacts) -> Advice:
    advice = missing_id_advice(missing, source.id_property, source.ids)
    action, finding = (f"{capitalised(clause)}." for clause in (advice.action, advice.finding))
    return Advice(LogCode.MissingIdentity, action, finding, ADMINISTRATOR if advice.as_it_is else OWNER)


def _leave_out(about: str, source: SourceFacts) -> Advice:
    where = listed_first([grouped(record) for record in source.without_id], _NAMED, source.without_id_count)
    text = ngettext(
        "There is no ID in record {records}.", "There is no ID in records {records}.", source.without_id_count
    )
    if source.id_property:
        text = ngettext(
            "There is no ID in {name} in record {records}.",
            "There is no ID in {name} in records {records}.",
            source.without_id_count,
        )
    return Advice(
        about,
        _("Have the feed leave out people without an ID, or give them one."),
        text.format(name=source.id_property, records=where),
        OWNER,
    )


def _unmapped(facts: JobFacts) -> Iterator[Advice]:
    if facts.properties:
        text = ngettext(
            "Map {properties} or remove it from the feed before you import again.",
            "Map {properties} or remove them from the feed before you import again.",
            len(facts.properties),
        )
        yield Advice(
            LogCode.InvalidProperty,
            text.format(properties=some(facts.properties)),
        )


def _duplicates(name: str, facts: JobFacts) -> Iterator[Advice]:
    if facts.source and facts.source.duplicates:
        pairs = listed(
            _("{first} and {second}").format(first=grouped(first), second=grouped(second))
            for first, second in facts.source.duplicates[:_NAMED]
        )
        yield Advice(
            name,
            _("Have the feed write each user once: keep one record of each."),
            _("The same ID is in more than one record: {pairs}.").format(pairs=pairs),
            OWNER,
        )


def _too_big(facts: JobFacts) -> Iterator[Advice]:
    if not facts.readable:
        return
    values = facts.property_values
    over = values is not None and values > MAX_PROPERTY_VALUES
    reason = ""
    if values is not None and over:
        reason = _("It has {values} property values, and the service takes {most}.").format(
            values=grouped(values), most=grouped(MAX_PROPERTY_VALUES)
        )
    yield Advice(
        JobError.DataFileTooBig.name,
        _("Split the file, and queue the parts one after the other."),
        reason,
        command=("retry", facts.job_id),
    )
    yield Advice(JobError.DataFileTooBig.name, _("Have the feed send only what changed."), who=OWNER)


def _rejected(name: str, facts: JobFacts) -> Iterator[Advice]:
    """Yield advice from our copy of the source file if the service gives no reason."""
    source = facts.source
    if source is None:
        return
    if source.problem:
        yield Advice(name, _("Correct the source file, then import it again."), f"{source.problem}.", OWNER)
        if source.way_around and facts.source_at_hand:
            yield Advice(name, _(WAYS_AROUND[source.way_around]), command=("retry", facts.job_id, source.way_around))
    elif source.encoding:
        text = _("Have the feed write the file as UTF-8. Until then, queue a retry file, which is UTF-8.")
        yield Advice(
            name, text, _("The file is {encoding}.").format(encoding=source.encoding), OWNER, ("retry", facts.job_id)
        )
    elif source.without_id_count:
        yield _leave_out(name, source)
    elif source.id_property and name.startswith(JobError.InvalidDataFile.name):
        yield Advice(
            name,
            _("Compare the property map with the file's properties: {properties}.").format(
                properties=some(source.properties)
            ),
            _(
                "The file is valid JSON and every record has {name}, so a property that isn't mapped is the likeliest"
                " cause."
            ).format(name=source.id_property),
        )
    elif source.id_property:
        reason = _("The file is valid JSON, and every record has {name}: nothing in it explains the error.")
        yield Advice(name, _(_WHOLE_FILE), reason.format(name=source.id_property))


def _unreadable(facts: JobFacts) -> Iterator[Advice]:
    """Yield advice from our copy of a source file that the service couldn't read."""
    source = facts.source
    if source and source.remedy:
        yield Advice(LogCode.DataFileNotJson, source.remedy, who=OWNER)
    elif source and source.multi_value:
        text = _("Have the feed write one text in {properties}, not a list or an object.")
        text = text.format(properties=some(source.multi_value))
        yield Advice(LogCode.DataFileNotJson, text, _("An import takes no multi-value property."), OWNER)


def _no_names(name: str, facts: JobFacts) -> Iterator[Advice]:
    """Yield advice for a job that failed for some users without naming any."""
    if facts.readable:
        command = ("retry", facts.job_id, "--outcome", Outcome.unknown.value)
        yield Advice(name, _(_WHOLE_FILE), _("No log says who failed."), command=command)


def _not_there(facts: JobFacts) -> Iterator[Advice]:
    if facts.source_at_hand:
        text = _("Queue the source file again, and leave it where it is until the job has ended.")
        yield Advice(JobError.DataFileNotExist.name, text, _("The file is there now."))


def source_advice(facts: JobFacts) -> Iterator[Advice]:
    """Yield advice from our copy of a source file that the service could read."""
    source = facts.source
    if facts.outcome is not Outcome.partial or source is None:
        return
    if source.not_records:  # values that aren't records, which the service skipped
        places = listed(grouped(place) for place in source.not_records[:_NAMED])
        where = ngettext(
            "Place {places} in its list holds no record.",
            "Places {places} in its list hold no record.",
            len(source.not_records),
        )
        text = _("Have the feed leave out values such as null.")
        yield Advice("no_record", text, where.format(places=places), OWNER)
    if source.problem and source.remedy and facts.source_at_hand:
        yield Advice("source", source.remedy, f"{source.problem}.", OWNER)
        if source.way_around:
            text = _("Create a retry file in which that is repaired; each repair is listed.")
            yield Advice("source", text, command=("retry", facts.job_id, source.way_around))


def some(names: Sequence[str]) -> str:
    """Return the first names, and the number of others."""
    return listed_first(names, _NAMED)


_RULES: Mapping[str, Callable[[JobFacts], Iterator[Advice]]] = {
    LogCode.IdentityNotResolvable: _unresolvable,
    LogCode.MissingIdentity: _without_id,
    LogCode.InvalidProperty: _unmapped,
    JobError.DataFileNotExist.name: _not_there,
    JobError.DataFileTooBig.name: _too_big,
    **{name: partial(_duplicates, name) for name in (LogCode.GenericError, *DUPLICATES)},
    **{name: partial(_rejected, name) for name in ("InvalidDataFile", "InvalidDataFile/no-log")},
    **{name: partial(_rejected, name) for name in ("InternalError", "InternalError/no-log")},
    **{name: partial(_no_names, name) for name in ("ImportCompleteWithError", "ImportCompleteWithError/no-log")},
}
