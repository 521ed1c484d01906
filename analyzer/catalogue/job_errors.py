"""The errors of jobs, as the service names them in the job list; ``NAME/no-log`` is the same of a job without a log.

That jobs end in these errors without a log was seen in public threads (sp-dev-docs 2414, 4698).
"""

from __future__ import annotations

from analyzer.catalogue.model import ARTICLE, THREADS, Explanation

FETCHED = "The service fetches source files about once an hour, so a job waits in Submitted first."
"""How long a job waits to be read; PnPjs quotes the service's own words."""

SUPPORT = "Open a support request with the job ID: `upa-analyzer show JOB` prints a text for it."

GIVE_IDS = "give each record an ID, or queue with the right name of the ID property"
"""What to do before a retry file is queued, where the service missed IDs."""

SPLIT = "split it with --max-bytes or --max-properties: the service refuses a file of more than 2 GB or 500,000 values"
"""What to do before a retry file that is one file is queued, where the source file was too big."""

_NO_LOG = "/no-log"

EXPLANATIONS = (
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
        "The service failed by itself. Which users were updated is unknown: assume that none were.",
        ("A fault or an overload of the service.",),
        ("Import the whole file again. Importing a value twice does no harm.", SUPPORT),
        "vendor",
        retry_helps=True,
        known_from=f"{ARTICLE}; {THREADS}",
        takes="Jobs are seen to end in this error after hours in Processing.",
    ),
    Explanation(
        "DataFileNotExist",
        "the source file was not there",
        "The service could not find the source file when it came to fetch it. No user was updated.",
        (
            "The file was moved, renamed, or deleted before the service fetched it.",
            "The address that was queued is misspelled.",
            "The file is checked out, or still a draft, so that only its author sees it.",
        ),
        (
            "Upload the file, check it in, and leave it where it is until the job has ended.",
            "Queue it again with the address as SharePoint shows it.",
        ),
        "administrator",
        retry_helps=True,
        known_from=f"{ARTICLE}; that a file that is checked out is invisible to the service is inferred",
        takes=FETCHED,
    ),
    Explanation(
        "DataFileNotInTenant",
        "the source file is not in the tenant",
        "The source file is outside the tenant in which the job was queued. No user was updated.",
        ("The address that was queued belongs to another tenant, or to no SharePoint site.",),
        ("Upload the file to a document library of this tenant, and queue that address.",),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "DataFileTooBig",
        "the source file is too big",
        "The source file is over 2 GB or has more than 500,000 property values. No user was updated.",
        ("The feed sends all users instead of what changed.",),
        (
            "Send only what changed since the last import.",
            "Otherwise split the file (`upa-analyzer retry JOB` does), and queue a part when the one before has ended.",
        ),
        "feed owner",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "InvalidDataFile",
        "the source file did not pass validation",
        "The source file did not pass validation, and the import was aborted. No user was updated.",
        ("A property is not mapped, a record has no ID, or the file isn't valid JSON: the log says which.",),
        ("Correct what the log names, then import the whole file again.",),
        "feed owner",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "ImportCompleteWithError",
        "some users were not updated",
        "The import ran to its end. All users were updated except those that the log names.",
        ("See the codes in the log.",),
        ("Correct what the log names, then import the retry file.",),
        "feed owner",
        retry_helps=True,
        known_from=ARTICLE,
    ),
    Explanation(
        f"InternalError{_NO_LOG}",
        "the service failed and left no log",
        "The service failed by itself and wrote no log. Which users were updated is unknown: assume that none were.",
        (
            "A fault or an overload of the service.",
            "The source file has something that the service can't process, such as an encoding other than UTF-8.",
        ),
        (
            "Check the source file: valid JSON, UTF-8 with a byte order mark, one object a user, an ID in each.",
            "Import the whole file again. Importing a value twice does no harm.",
            "If it fails again, import ten users only. If they succeed, halve the file until you find the record.",
            SUPPORT,
        ),
        "vendor",
        retry_helps=True,
        known_from=f"seen in {THREADS}; that the source file can be the cause is inferred",
        takes="Jobs are seen to end in this error after hours in Processing.",
    ),
    Explanation(
        f"InvalidDataFile{_NO_LOG}",
        "the source file did not pass validation, and there is no log that says why",
        "The service rejected the source file but wrote no log. No user was updated.",
        (
            "The file has no users, is empty, or isn't the JSON that the service expects.",
            "The service could not write its log beside the source file.",
            "The log was deleted or moved.",
        ),
        (
            'Check the source file: valid JSON of the form {"value": [ … ]}, with at least one user, an ID in each.',
            "Check that every property of the file is in the property map.",
            "Check that the log folder is not elsewhere: it is beside the source file and carries the job ID.",
            "Then import the whole file again.",
            SUPPORT,
        ),
        "feed owner",
        retry_helps=False,
        known_from=f"seen in {THREADS}; the causes are inferred",
    ),
    Explanation(
        f"ImportCompleteWithError{_NO_LOG}",
        "some users were not updated, but the log that names them is missing",
        "The import ran to its end with errors. The log that names the users is missing, so who was not updated is"
        " unknown.",
        ("The log was deleted or moved.", "The account that reads it lacks access to the log folder."),
        (
            "Look in the site's recycle bin for the log folder, and run `upa-analyzer pull` again.",
            "Otherwise import the whole file again. Importing a value twice does no harm.",
        ),
        "administrator",
        retry_helps=True,
        known_from="inferred",
    ),
)

WITHOUT_LOG = {one.code.removesuffix(_NO_LOG): one.code for one in EXPLANATIONS if one.code.endswith(_NO_LOG)}
"""Which explanation is meant of a job that ended in an error and left no log."""


def undocumented(name: str) -> Explanation:
    """The explanation of ``Error 31`` or ``State 7``: a number that the service's enumeration does not have."""
    what = name.partition(" ")[0].lower()
    return Explanation(
        name,
        "not known",
        f"The service gave a number for the job's {what} that Microsoft doesn't document. What happened, and which"
        " users were updated, is unknown.",
        ("The service has a new number that this version does not know.",),
        (
            "Read the log, if there is one: its codes say which users failed.",
            "Otherwise import the whole file again. Importing a value twice does no harm.",
            SUPPORT,
        ),
        "vendor",
        retry_helps=None,
        known_from="not known",
    )
