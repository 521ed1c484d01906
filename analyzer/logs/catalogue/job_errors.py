"""The errors of jobs, as the service names them in the job list."""

from __future__ import annotations

from analyzer.logs.catalogue.interface import ARTICLE, THREADS, Explanation

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
