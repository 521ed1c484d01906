"""The codes of log entries: those that were seen in logs, with what people make of them."""

from __future__ import annotations

from analyzer.catalogue.model import ARTICLE, THREADS, Explanation
from analyzer.model.service import LogCode

EXPLANATIONS = (
    Explanation(
        LogCode.IdentityNotResolvable.value,
        "the user is not known to SharePoint",
        "SharePoint has no user profile with this ID. The user's other properties were not written; other users were.",
        (
            "The person has left, or the account was renamed, and the feed still sends the old address.",
            "The account is new and has not reached the user profile store yet.",
            "The ids are of another kind than the job was queued with (mail, object id, principal name).",
        ),
        (
            "Look up the ID in Entra ID. Correct or remove it in the feed.",
            "For a new account, wait a day, then import the retry file.",
            "If every user failed, queue again with the right kind of id.",
        ),
        "feed owner",
        retry_helps=True,
        known_from=ARTICLE,
    ),
    Explanation(
        LogCode.MissingIdentity.value,
        "a record has no id",
        "A record of the source file lacks the id property, so the service cannot tell whose it is.",
        (
            "The job was queued with a wrong name of the id property (sourceDataIdProperty).",
            "The feed wrote a person without an address.",
        ),
        (
            "Compare the id property that the job was queued with against the source file.",
            "Have the feed leave out people without an ID.",
        ),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        LogCode.InvalidProperty.value,
        "a property is not mapped",
        "The source file has a property that the property map lacks. One such property aborts the whole import.",
        (
            "The feed has a new column.",
            "The property map lacks it, or spells it otherwise.",
        ),
        ("Add the property to the property map, or take it out of the feed, and import again.",),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        LogCode.DataFileNotJson.value,
        "the source file is not the JSON expected",
        "The service could not read the source file as JSON, and imported nothing.",
        (
            "A backslash that is not doubled, as in R\\V.",
            "A quotation mark inside a value that is not escaped.",
            "The file was cut off, or is not in the import format.",
        ),
        (
            "Correct the record at the position that the message names, and have the feed escape such characters.",
            "Then import the whole file again: no user was updated.",
        ),
        "feed owner",
        retry_helps=False,
        known_from=f"{ARTICLE}; {THREADS}",
    ),
    Explanation(
        LogCode.GenericError.value,
        "the profile store failed",
        "The profile store failed while it wrote a user. The Guid need not be anybody's id.",
        (
            "Two records lead to the same user.",
            "The store was busy: a deadlock or a time-out.",
            "A value does not fit its property.",
        ),
        (
            "Read the message: the name of the exception at its front says what failed.",
            "Import the retry file once more; if it fails again, show the message to Microsoft's support.",
        ),
        "administrator",
        retry_helps=None,
        known_from=THREADS,
    ),
)

USUAL_MESSAGES = {
    "User identity cannot be resolved": LogCode.IdentityNotResolvable.value,
    "The identity is missing for the user object": LogCode.MissingIdentity.value,
    "is not mapped to any property in the user profile application": LogCode.InvalidProperty.value,
    "Failed to import the custom properties due to an unexpected error": "InternalError",
}
"""Which code or error a message belongs to that stands alone (the article; the last: sp-dev-docs 2414)."""
