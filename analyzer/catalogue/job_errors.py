"""Explain the service's errors and states of jobs, and this program's terms.

``NAME/no-log`` is the error of a job without a log; such jobs were seen in public threads (sp-dev-docs 2414, 4698).
A term that both use, such as ``unknown`` or ``succeeded``, has one explanation.
"""

from __future__ import annotations

from analyzer.catalogue.model import ARTICLE, THREADS, Explanation
from analyzer.model.language import N_
from analyzer.model.language import gettext as _

FETCHED = "The service fetches source files about once an hour, so a job waits in Submitted first."
"""Source: the documentation of PnPjs, which quotes the service."""

SUPPORT = "Open a support request with the job ID: `upa-analyzer show JOB` prints a text for it."

_NO_LOG = "/no-log"
_OURS = "a term of upa-analyzer"

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
        "The service failed. Which users were updated is unknown: assume that none were.",
        ("A fault or an overload of the service.",),
        ("Import the whole file again. Importing a value twice does no harm.", SUPPORT),
        "vendor",
        retry_helps=True,
        known_from=f"{ARTICLE}; {THREADS}",
        takes="Some jobs end in this error after hours in Processing.",
    ),
    Explanation(
        "DataFileNotExist",
        "the source file was not there",
        "The service could not find the source file when it tried to fetch it. No user was updated.",
        (
            "The file was moved, renamed, or deleted before the service fetched it.",
            "The address that was queued is misspelled.",
            "The file is checked out, or still a draft, so that only its author sees it.",
        ),
        (
            "Upload the file, check it in, and leave it where it is until the job has ended.",
            "Queue it again with the address that SharePoint shows.",
        ),
        "administrator",
        retry_helps=True,
        known_from=f"{ARTICLE}; that the service can't see a checked-out file is inferred",
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
        "The service failed and wrote no log. Which users were updated is unknown: assume that none were.",
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
        takes="Some jobs end in this error after hours in Processing.",
    ),
    Explanation(
        f"InvalidDataFile{_NO_LOG}",
        "the source file did not pass validation, and there is no log with the reason",
        "The service rejected the source file but wrote no log. No user was updated.",
        (
            "The file has no users, is empty, or isn't the JSON that the service expects.",
            "The service could not write its log beside the source file.",
            "The log was deleted or moved.",
        ),
        (
            'Check the source file: valid JSON of the form {"value": [ … ]}, with at least one user, an ID in each.',
            "Check that every property of the file is in the property map.",
            "Look for the log folder next to the source file: its name contains the job ID.",
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
        ("The log was deleted or moved.", "The account that downloads logs has no access to the log folder."),
        (
            "Look in the site's recycle bin for the log folder, and run `upa-analyzer pull` again.",
            "Otherwise import the whole file again. Importing a value twice does no harm.",
        ),
        "administrator",
        retry_helps=True,
        known_from="inferred",
    ),
    Explanation(
        "succeeded",
        "all users were updated",
        "The service updated every user of the source file, reports no error, and writes no log. Values that were"
        " wrong in the source file are now wrong in the profiles.",
        (),
        (),
        "administrator",
        retry_helps=False,
        known_from=ARTICLE,
    ),
    Explanation(
        "partial",
        "some users were not updated",
        "The import ran to its end. All users were updated except those that the log names (ImportCompleteWithError).",
        ("See the codes in the log.",),
        ("Correct what the log names, then import the retry file: `upa-analyzer retry JOB`.",),
        "feed owner",
        retry_helps=None,
        known_from=f"{_OURS}, for ImportCompleteWithError",
    ),
    Explanation(
        "aborted",
        "no user was updated",
        "The service rejected the source file or could not read it (InvalidDataFile or an error that begins with"
        " DataFile), and updated no user.",
        ("A property is not mapped, a record has no ID, or the file isn't valid JSON, is missing, or is too big.",),
        ("Correct what the log or the job's error names, then import the whole file again.",),
        "feed owner",
        retry_helps=False,
        known_from=f"{_OURS}, for InvalidDataFile and DataFile…",
    ),
    Explanation(
        "unknown",
        "which users were updated cannot be determined",
        "The job's state and error don't say which users were updated: an InternalError, a number that Microsoft"
        " doesn't document, or the state Unknown.",
        ("A fault of the service.", "The service has a state or an error that this version does not know."),
        ("Import the whole file again. Importing a value twice does no harm.", SUPPORT),
        "vendor",
        retry_helps=True,
        known_from=f"{_OURS}, and state 0 of the service; {ARTICLE}",
    ),
    Explanation(
        "running",
        "the job has not ended",
        "The job is in the state Submitted, Processing, or Queued.",
        ("The service has not finished yet.",),
        (
            "Wait, and run `upa-analyzer pull` again. Leave the source file where it is.",
            "Don't queue the same file a second time.",
        ),
        "administrator",
        retry_helps=None,
        known_from=_OURS,
        takes=f"{FETCHED} Most jobs end within hours.",
    ),
    Explanation(
        "stuck",
        "the job takes longer than usual",
        "The job has been in the same state for a day, or a later job of its feed has ended before it. Nothing says"
        " that the service still works on it.",
        ("A fault of the service.", "Another long import runs before it."),
        (
            "Check the service health in the Microsoft 365 admin center.",
            "If a day has passed, queue the file again under another name. Importing a value twice does no harm.",
            SUPPORT,
        ),
        "vendor",
        retry_helps=True,
        known_from=f"{_OURS}; jobs that never leave Processing were seen in {THREADS}",
        takes="Jobs usually end within hours. Some were seen to stay in Processing for hours, then fail without a log.",
    ),
    Explanation(
        "superseded",
        "a later full run of the feed has ended",
        "A later run of the same feed has ended, and has newer values. A retry file of this job would write old"
        " values over new ones, so it is not offered.",
        ("The feed ran again.",),
        ("Look at the newest run of the feed instead.",),
        "administrator",
        retry_helps=False,
        known_from=_OURS,
    ),
    Explanation(
        "retry",
        "a job that imports a retry file",
        "The job imports a file that this program created with the users who failed. It belongs to the run that it"
        " repairs, and is not counted as a run of the feed.",
        ("A retry file was queued.",),
        ("Look at the run that it repairs: it lists users who are still open.",),
        "administrator",
        retry_helps=None,
        known_from=_OURS,
    ),
    Explanation(
        "open",
        "not updated by this run, nor by a later run or retry",
        "The user was not updated by this run, and no later run or retry has updated the user since.",
        ("See the codes in the log.",),
        ("Correct what the log names, then import the retry file: `upa-analyzer retry JOB`.",),
        "feed owner",
        retry_helps=None,
        known_from=_OURS,
    ),
    Explanation(
        "Submitted",
        "the job waits for the service to fetch its file",
        "State 1: the import is registered, and the service has not fetched the source file yet.",
        ("The service hasn't started it yet.",),
        ("Wait. Leave the source file where it is until the job has ended.",),
        "administrator",
        retry_helps=None,
        known_from=f"{ARTICLE}; PnPjs",
        takes=FETCHED,
    ),
    Explanation(
        "Processing",
        "the service is reading the source file",
        "State 2: the service has fetched the source file and is checking it.",
        ("The service is at work.",),
        ("Wait. If a day passes, see `upa-analyzer explain stuck`.",),
        "administrator",
        retry_helps=None,
        known_from=f"{ARTICLE}; {THREADS}",
        takes="Usually minutes to hours, by the size of the file. Some jobs stay here for hours, then fail.",
    ),
    Explanation(
        "Queued",
        "the file is valid and waits to be written to the profiles",
        "State 3: the service has checked the source file, and its values wait to be written to the profile store.",
        ("The service is at work.",),
        ("Wait. If a day passes, see `upa-analyzer explain stuck`.",),
        "administrator",
        retry_helps=None,
        known_from=ARTICLE,
        takes="Usually minutes to hours, by the size of the file.",
    ),
    Explanation(
        "Error",
        "the job has ended with an error",
        "State 5: the job has ended, and its error says how: ImportCompleteWithError (some users failed),"
        " InvalidDataFile or an error that begins with DataFile (no user was updated), InternalError (unknown).",
        ("See the job's error.",),
        ("Look up the error: `upa-analyzer explain ERROR`.",),
        "administrator",
        retry_helps=None,
        known_from=ARTICLE,
    ),
)

WITHOUT_LOG = {one.code.removesuffix(_NO_LOG): one.code for one in EXPLANATIONS if one.code.endswith(_NO_LOG)}
"""The explanation for each error of a job without a log."""


def undocumented(name: str) -> Explanation:
    """Explain a number that the service's enumerations lack, such as ``Error 31`` or ``State 7``."""
    what = N_("error") if name.lower().startswith("error") else N_("state")
    return Explanation(
        name,
        N_("not known"),
        _(
            "The service returned a number for the job's {what} that Microsoft doesn't document. What happened, and"
            " which users were updated, is unknown."
        ).format(what=_(what)),
        (N_("The service has a new number that this version doesn't know."),),
        (
            N_("Read the log, if there is one: its codes say which users failed."),
            "Otherwise import the whole file again. Importing a value twice does no harm.",
            SUPPORT,
        ),
        "vendor",
        retry_helps=None,
        known_from="not known",
    )
