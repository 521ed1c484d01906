"""Outcome and entries to a selection: whose records a retry file has to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import Outcome
from analyzer.words import listed

if TYPE_CHECKING:
    import polars as pl

ABORTING_CODES = frozenset({"DataFileNotJson", "InvalidProperty", "MissingIdentity"})
"""Codes of the validation, in which one entry aborts the import."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose records a retry file has to hold.

    Attributes:
        outcome: what the selection is made for.
        everybody: every record of the source.
        identities: the ids as the log spells them, by their key (``identity_key``); what is not a user's among them
            shows when none of the source's records has it.
        naming_nobody: entries that name no user.
        because: a clause.
        first: what has to be done before the retry file is queued, a clause; empty where nothing is known.
    """

    outcome: Outcome
    everybody: bool
    identities: dict[str, str]
    naming_nobody: int
    because: str
    first: str = ""

    @property
    def nobody(self) -> bool:
        """Whether there is nothing to retry."""
        return not self.everybody and not self.identities and not self.naming_nobody


def select(outcome: Outcome, named: pl.DataFrame) -> Selection:
    """Whom the job did not update, by what its outcome says.

    Args:
        outcome: of the job.
        named: its entries as ``analysis.naming`` gives them.
    """
    coded = named.filter(named["code"].is_not_null())
    users = coded.filter(coded["key"].is_not_null())
    identities: dict[str, str] = {}
    for key, identity in users.select("key", "identity").iter_rows():
        identities.setdefault(key, identity)
    nobody = coded.height - users.height
    if outcome is Outcome.partial:
        return Selection(outcome, False, identities, nobody, "the log names them, and everybody else was updated")
    if outcome is Outcome.aborted:
        because = "the import was aborted, and nobody was updated"
        return Selection(outcome, True, {}, 0, because, _before_aborted_is_retried(coded))
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


def _before_aborted_is_retried(coded: pl.DataFrame) -> str:
    properties = coded.filter(coded["code"] == "InvalidProperty")["property"].drop_nulls().unique(maintain_order=True)
    if len(properties):
        return f"map {listed(properties)}, or take {'it' if len(properties) == 1 else 'them'} out of the feed"
    if "MissingIdentity" in set(coded["code"]):
        return "give each record an id, or queue with the right name of the id property"
    return ""
