"""The words for a job: the service's states and this program's outcomes, and what becomes of a run later.

A word that both use, as ``unknown`` or ``succeeded``, has one explanation.
"""

from __future__ import annotations

from analyzer.catalogue.job_errors import FETCHED, SUPPORT
from analyzer.catalogue.model import ARTICLE, THREADS, Explanation

_OURS = "this program's own word"

EXPLANATIONS = (
    Explanation(
        "succeeded",
        "all users were updated",
        "The service updated every user of the source file and reports no error. It writes no log then. Values that"
        " were wrong in the source file are wrong in the profiles now.",
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
        "the job has not ended for longer than usual",
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
        "A later run of the same feed has ended, and carries newer values. A retry file of this job would write old"
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
        "The job imports a file that this program made of the users who failed. It belongs to the run that it repairs,"
        " and is not counted as a run of the feed.",
        ("A retry file was queued.",),
        ("Look at the run that it repairs: it says who is still open.",),
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
        ("The service has not come to it yet.",),
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
