"""Outcome and entries to a selection: whose records a retry file has to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import Outcome
from analyzer.facts import JobError
from analyzer.retry.interface import Selection
from analyzer.words import listed

if TYPE_CHECKING:
    import polars as pl

ABORTING_CODES = frozenset({"DataFileNotJson", "InvalidProperty", "MissingIdentity"})
"""Codes of the validation, in which one entry aborts the import."""


_BEFORE_RETRY = {
    JobError.DataFileTooBig.name: "split it: the service refuses a file of more than 2 GB or 500,000 values",
    JobError.DataFileNotInTenant.name: "upload it to this tenant",
    JobError.DataFileNotExist.name: "upload it, and leave it in its place until the job has ended",
}


def select(
    outcome: Outcome, named: pl.DataFrame, error: str = "", *, located: str = "", unfinished_logs: int = 0
) -> Selection:
    """Whom the job did not update, by what its outcome says.

    Args:
        outcome: of the job.
        named: its entries as ``analysis.naming`` gives them.
        error: the job's error by name; empty where only its log is known.
        unfinished_logs: how many of its logs may lack entries at their end.
        located: what stands where the service could not read the source file, a sentence without a full stop.
    """
    coded = named.filter(named["code"].is_not_null())
    users = coded.filter(coded["key"].is_not_null())
    identities: dict[str, str] = {}
    for key, identity in users.select("key", "identity").iter_rows():
        identities.setdefault(key, identity)
    nobody = coded.height - users.height
    if outcome is Outcome.partial:
        because = "the log names them, and everybody else was updated"
        doubtful = frozenset(users.filter(~users["names"])["key"])
        return Selection(
            outcome, False, identities, nobody, because, doubtful=doubtful, unfinished_logs=unfinished_logs
        )
    if outcome is Outcome.aborted:
        because = "the import was aborted, and nobody was updated"
        first = _BEFORE_RETRY.get(error) or _before_aborted_is_retried(coded, located)
        lacking = coded.filter(coded["code"] == "MissingIdentity").height
        return Selection(outcome, True, {}, 0, because, first, lacking_id=lacking)
    if outcome is Outcome.unknown:
        return Selection(outcome, True, {}, 0, "nobody can say who was updated, so it is taken that nobody was")
    because = {
        Outcome.succeeded: "everybody was updated",
        Outcome.running: "the job has not ended",
        Outcome.stuck: "the job has not ended; it seems stuck",
    }[outcome]
    return Selection(outcome, False, {}, 0, because)


def outcome_suggested_by(named: pl.DataFrame) -> Outcome:
    """What a log alone suggests: aborted where an entry of the validation stands in it, else partial."""
    return Outcome.aborted if ABORTING_CODES & set(named["code"].drop_nulls()) else Outcome.partial


def _before_aborted_is_retried(coded: pl.DataFrame, located: str) -> str:
    properties = coded.filter(coded["code"] == "InvalidProperty")["property"].drop_nulls().unique(maintain_order=True)
    if len(properties):
        return f"map {listed(properties)}, or take {'it' if len(properties) == 1 else 'them'} out of the feed"
    unreadable = coded.filter(coded["code"] == "DataFileNotJson")["message"]
    if len(unreadable):
        where = f": {located[:1].lower()}{located[1:]}" if located else ""
        return f"correct what the service could not read ({unreadable[0].rstrip('.')}){where}"
    if "MissingIdentity" in set(coded["code"]):
        return "give each record an id, or queue with the right name of the id property"
    return ""
