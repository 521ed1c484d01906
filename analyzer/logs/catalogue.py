"""What the codes of logs and the errors of jobs mean, why they occur, and what to do.

The knowledge is the vendor's article (its section "Common exceptions"), the service's ``$metadata`` and public threads;
each explanation says which. What nobody knows is said to be not known.
"""

from __future__ import annotations

from dataclasses import dataclass

ARTICLE = "Microsoft's article on the bulk user profile update API"
THREADS = "public threads (PnP PowerShell, sp-dev-docs)"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code in plain words.

    Attributes:
        code: the log code or job error.
        title: what happened, as a clause that can stand in a sentence.
        meaning: what happened, in a sentence or two.
        causes: likely causes, the likeliest first.
        remedies: what to do, in the order in which to try it.
        who: who can do it: ``administrator``, ``feed owner`` or ``vendor``.
        retry_helps: whether importing the same records unchanged can help.
        known_from: where the knowledge comes from.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    who: str
    retry_helps: bool
    known_from: str


_LOG_CODES = (
    Explanation(
        "IdentityNotResolvable",
        "the user is not known to SharePoint",
        "SharePoint has no user profile with this id. The user's other properties were not written; other users were.",
        (
            "The person has left, or the account was renamed, and the feed still sends the old address.",
            "The account is new and has not reached the user profile store yet.",
            "The ids are of another kind than the job was queued with (mail, object id, principal name).",
        ),
        (
            "Look the id up in Entra ID; correct or remove it in the feed.",
            "For a new account wait a day, then import the retry file.",
            "If every user failed, queue again with the right kind of id.",
        ),
        "feed owner",
        retry_helps=True,
        known_from=ARTICLE,
    ),
    Explanation(
        "MissingIdentity",
        "a record has no id",
        "A record of the source file lacks the id property, so the service cannot tell whose it is.",
        (
            "The job was queued with a wrong name of the id property (sourceDataIdProperty).",
            "The feed wrote a person without an address.",
        ),
        (
            "Compare the id property that the job was queued with against the source file.",
            "Have the feed leave out persons without an id.",
        ),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "InvalidProperty",
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
        "DataFileNotJson",
        "the source file is not the JSON expected",
        "The service could not read the source file as JSON, and imported nothing.",
        (
            "A backslash that is not doubled, as in R\\V.",
            "A quotation mark inside a value that is not escaped.",
            "The file was cut off, or is not in the import format.",
        ),
        (
            "Correct the record at the position that the message names, and have the feed escape such characters.",
            "Then import the whole file again: nobody was updated.",
        ),
        "feed owner",
        retry_helps=False,
        known_from=f"{ARTICLE}; {THREADS}",
    ),
    Explanation(
        "GenericError",
        "the profile store failed",
        "The profile store failed while it wrote a user. The Guid need not be anybody's id.",
        (
            "Two records have the same id.",
            "The store was busy: a deadlock or a time-out.",
            "A value does not fit its property.",
        ),
        (
            "Read the message: if it speaks of multiple instances, remove the second record of that user.",
            "Otherwise import the retry file once more; if it fails again, show the message to Microsoft's support.",
        ),
        "administrator",
        retry_helps=True,
        known_from=THREADS,
    ),
)

_JOB_ERRORS = (
    Explanation(
        "NoError",
        "nothing went wrong",
        "The service reports no error.",
        (),
        (),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "InternalError",
        "the service failed",
        "The service failed by itself. Nobody can say who was updated: take it that nobody was.",
        ("A fault or an overload of the service.",),
        (
            "Import the whole file again; importing a value twice does no harm.",
            "If it fails again, open a support request with the job's id.",
        ),
        "vendor",
        retry_helps=True,
        known_from=f"{ARTICLE}; {THREADS}",
    ),
    Explanation(
        "DataFileNotExist",
        "the source file was not there",
        "The service could not find the source file when it came to fetch it. Nobody was updated.",
        (
            "The file was moved, renamed or deleted before the service fetched it, which can take an hour.",
            "The address that was queued is misspelt.",
        ),
        ("Upload the file, leave it where it is until the job has ended, and queue it again.",),
        "administrator",
        retry_helps=True,
        known_from=ARTICLE,
    ),
    Explanation(
        "DataFileNotInTenant",
        "the source file is not in the tenant",
        "The source file lies outside the tenant in which the job was queued. Nobody was updated.",
        ("The address that was queued belongs to another tenant.",),
        ("Upload the file to a document library of this tenant and queue it there.",),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "DataFileTooBig",
        "the source file is too big",
        "The source file is over 2 GB or has more than 500,000 property values. Nobody was updated.",
        ("The feed sends everybody instead of what changed.",),
        ("Split the file and queue the parts one after the other; better, send only what changed.",),
        "feed owner",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "InvalidDataFile",
        "the source file did not pass validation",
        "The source file did not pass validation, and the import was aborted. Nobody was updated.",
        ("A property that is not mapped, a record without an id, or a file that is no JSON: the log says which.",),
        ("Mend what the log names, then import the whole file again.",),
        "feed owner",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "ImportCompleteWithError",
        "some users were not updated",
        "The import ran to its end. Everybody was updated but the users that the log names.",
        ("See the codes in the log.",),
        ("Mend what the log names, then import the retry file.",),
        "feed owner",
        retry_helps=True,
        known_from=ARTICLE,
    ),
)

LOG_CODES = frozenset(explanation.code for explanation in _LOG_CODES)
"""The codes of log entries that the catalogue explains."""

_BY_NAME = {explanation.code.lower(): explanation for explanation in (*_LOG_CODES, *_JOB_ERRORS)}


def known_names() -> list[str]:
    """Every code and job error that the catalogue explains."""
    return [explanation.code for explanation in _BY_NAME.values()]


def explain(code: str) -> Explanation:
    """The explanation of a log code or a job error, regardless of case; an honest "not known" for any other."""
    return _BY_NAME.get(code.lower()) or Explanation(
        code,
        "not known",
        f"{code} is not among the codes that are known. The message is all there is to go by.",
        (),
        ("Read the message; if it does not help, show it to Microsoft's support with the job's id.",),
        "administrator",
        retry_helps=False,
        known_from="not known",
    )
