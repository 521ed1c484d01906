"""What a retry file has, and what to do before it is queued: in English in manifests, in a report in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model.identity import IdKinds, id_advice
from analyzer.model.job import Outcome
from analyzer.model.language import ENGLISH, N_, ngettext, speaking
from analyzer.model.language import gettext as _
from analyzer.model.text import grouped, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

GIVE_IDS = N_("give each record an ID, or queue with the right name of the ID property")
"""If the service found no IDs."""

SPLIT = N_(
    "split it with --max-bytes or --max-properties: the service refuses a file of more than 2 GB or 500,000 values"
)
"""For a single retry file if the source file was too big."""

UPLOAD_HERE = N_("upload it to this tenant")
UPLOAD = N_("upload it, and leave it in its place until the job has ended")

BECAUSE = {
    Outcome.partial: N_("named in the log; everyone else was updated"),
    Outcome.aborted: N_("the import was aborted"),
    Outcome.unknown: N_("who was updated is unknown"),
    Outcome.succeeded: N_("every user was updated"),
    Outcome.running: N_("the job hasn't ended"),
    Outcome.stuck: N_("the job hasn't ended; it seems stuck"),
}
"""Why these users are to retry."""

NAMED = N_("named in the log")
NO_OTHERS = N_("named in the log; the source file has no others")


def map_properties(names: Sequence[str]) -> str:
    """Return the condition if properties aren't mapped."""
    text = ngettext(
        "map {properties} or remove it from the feed", "map {properties} or remove them from the feed", len(names)
    )
    return text.format(properties=listed(names))


def users_to_retry(number: int, because: str, *, every: bool = False) -> str:
    """Return how many users a retry file has, and why: ``12 users (the import was aborted)``, a sentence."""
    text = ngettext("{number} user ({because}).", "{number} users ({because}).", number)
    if every:
        text = ngettext("All {number} user ({because}).", "All {number} users ({because}).", number)
    return text.format(number=grouped(number), because=_(because))


def spoken_sentence(sentence: str, users: int) -> str:
    """Return the sentence of a manifest with its beginning in the language that is spoken."""
    for because in (*BECAUSE.values(), NAMED, NO_OTHERS):
        for every in (False, True):
            with speaking(ENGLISH):
                english = users_to_retry(users, because, every=every)
            if sentence.startswith(english):
                return f"{users_to_retry(users, because, every=every)}{sentence.removeprefix(english)}"
    return sentence


def check_id_type(users: int, ids: IdKinds) -> str:
    """Return the condition if the service resolved none of a file's users."""
    advice = id_advice(ids)
    text = ngettext(
        "check the ID type: all {users} user failed, and {finding}, so {action}",
        "check the ID type: all {users} users failed, and {finding}, so {action}",
        users,
    )
    return text.format(users=grouped(users), finding=advice.finding, action=advice.action)


def spoken_condition(condition: str, names: Sequence[str], users: int, ids: IdKinds) -> str:
    """Return a condition of a manifest in the language that is spoken; in English if it can't be made anew.

    Args:
        condition: in English.
        names: the properties that aren't mapped.
        users: number of users who failed.
        ids: the kinds of their IDs.
    """
    with speaking(ENGLISH):
        english = map_properties(names), check_id_type(users, ids)
    if names and condition == english[0]:
        return map_properties(names)
    return check_id_type(users, ids) if users and condition == english[1] else _(condition)
