"""What is pasted after ``explain``: names, lines of a log with and without tabs, messages alone."""

from __future__ import annotations

import pytest

from analyzer.catalogue import OURS
from analyzer.logs.pasted_text import recognize

GUID = "eb659162-c499-4fe9-a38d-c579d3c380f6"
DUPLICATE = (
    "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances of the same single-value"
    " property for RecordId [2923275] at System.Data.SqlClient.SqlConnection.OnError(SqlException exception)"
)
CALL = "QueueImportProfileProperties"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GenericError", "GenericError"),
        ("  genericerror/deadlock\n", "GenericError/deadlock"),
        (f"GenericError\t{GUID}\t{DUPLICATE}", "GenericError/duplicate-record-id"),
        (f"GenericError {GUID} {DUPLICATE}", "GenericError/duplicate-record-id"),
        (DUPLICATE, "GenericError/duplicate-record-id"),
        (f"GenericError\t{GUID}\tx\n   at System.Y()\nError Number:1205,State:51,Class:13", "GenericError/deadlock"),
        (f"GenericError\t{GUID}\tx", "GenericError"),
        (r"DataFileNotJson\t\t".replace("\\t", "\t") + r"Bad JSON escape sequence: \V.", "DataFileNotJson/backslash"),
        (r"Bad JSON escape sequence: \w", "DataFileNotJson/backslash"),
        ("InvalidProperty - ada@contoso.com Property 'AboutMe' is not mapped to any property", "InvalidProperty"),
        ("Property 'X' is not mapped to any property in the user profile application.", "InvalidProperty"),
        ("User identity cannot be resolved", "IdentityNotResolvable"),
        ("The identity is missing for the user object", "MissingIdentity"),
        ("Failed to import the custom properties due to an unexpected error.", "InternalError"),
        ("Property Names [Country,CellPhone] are editable by user.", f"{CALL}/editable-by-user"),
        ("New-PnPUPABulkImportJob : Property Names [Country] are editable by the user.", f"{CALL}/editable-by-user"),
        ("Property Names [Name of the Property]  are Taxonomic Properties", f"{CALL}/taxonomic-property"),
        (
            "Access Denied: This application does not have the required permissions to access profile information.",
            f"{CALL}/access-denied",
        ),
        ("Weird\tada@contoso.com\twas deadlocked on lock", "Weird"),
        ("GenericError\tdeadlock@contoso.com\tx", "GenericError"),
        ("GenericError - deadlock@contoso.com x", "GenericError"),
        (f"GenericError\t{GUID}\tx\nIdentityNotResolvable\tada@contoso.com\tdeadlock", "GenericError"),
        ("GenericError\tchosen as the deadlock victim", "GenericError/deadlock"),
        ("Weird deadlock", "GenericError/deadlock"),
        ("InvalidProperties deadlock", "GenericError/deadlock"),
        ("InvalidPropertyX deadlock", "GenericError/deadlock"),
        ("something unknown", "something unknown"),
        ("", ""),
    ],
)
def test_pasted_text_is_explained_by_its_pattern_or_code(text: str, name: str) -> None:
    assert recognize(text, OURS).code == name


FORBIDDEN = """New-PnPUPABulkImportJob : The remote server returned an error: (403) Forbidden.
At line:1 char:1
+ New-PnPUPABulkImportJob -Connection $ctx -Folder $folder -Path $path  ...
+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    + CategoryInfo          : WriteError: (:) [New-PnPUPABulkImportJob], WebException
    + FullyQualifiedErrorId : EXCEPTION,SharePointPnP.PowerShell.Commands.UserProfiles.NewUPABulkImpor
   tJob"""
WRAPPED = """Get-PnPUPABulkImportStatus : The attempted operation is prohibited because it exceeds the list view thresh
old enforced by the administrator.
At C:\\scripts\\hr.ps1:49 char:1
    + CategoryInfo          : WriteError: (:) [Get-PnPUPABulkImportStatus], ServerException"""
CONCISE = """Get-PnPUPABulkImportStatus:
Line |
  10 |  Get-PnPUPABulkImportStatus
     |  ~~~~~~~~~~~~~~~~~~~~~~~~~~
     | The attempted operation is prohibited because it exceeds the list
     | view threshold."""
NULL = """Sync-PnPSharePointUserProfilesFromAzureActiveDirectory : Object reference not set to an instance of an object.
Au caract\u00e8re Ligne:1 : 1
    + CategoryInfo          : NotSpecified: (:) [Sync-PnPSharePo...ActiveDirectory], NullReferenceException"""
FRENCH = """COMMENTAIRES : Using provided user collection containing 1 user
Sync-PnPSharePointUserProfilesFromAzureActiveDirectory : Failed to create sync job. Ensure you're providing users to
sync and that the mapping is correct."""
SCRIPT = """Job ID: 07bb3ef9-60a2-46d0-a467-396b9428abf5
Job State: Error
Error State: InternalError
Logged errors: """
LIST = """Context                         : PnP.Framework.PnPClientContext
TypedObject : Microsoft.Online.SharePoint.TenantManagement.ImportProfilePropertiesJobInfo
Error                           : {error}
ErrorMessage                    : {message}
JobId                           : 5f05e38c-bd0e-49ec-8c9c-c4cfe370248c
State                           : {state}
"""
TABLE = """JobId                                State      Error
-----                                -----      -----
5f05e38c-bd0e-49ec-8c9c-c4cfe370248c Processing NoError"""

CONSOLES = {
    "a state": ("Processing", "Processing"),
    "a state by its number": ("State 3", "Queued"),
    "a state in a sentence": ("Job state: Submitted", "Submitted"),
    "a state by its number, labelled": ("State : 2", "Processing"),
    "a state in JSON": ('{"State":3,"Error":0,"JobId":"x"}', "Queued"),
    "an error in JSON": ('{"State": 5, "Error": 23}', "InvalidDataFile"),
    "an error that is not documented, in JSON": ('{"State":5,"Error":31}', "Error 31"),
    "an outcome": ("partial", "partial"),
    "an outcome of show": ("outcome      stuck", "stuck"),
    "an error, labelled": ("Error status: InternalError", "InternalError"),
    "an error, labelled otherwise": ("Error: InvalidDataFile", "InvalidDataFile"),
    "an error in a sentence": ("The import failed with DataFileTooBig", "DataFileTooBig"),
    "the article's script": (SCRIPT, "InternalError"),
    "the article's script with its message": (
        f"{SCRIPT}Failed to import the custom properties due to an unexpected error.",
        "InternalError",
    ),
    "a sentence of the article's script": ("Import job state is Processing", "Processing"),
    "a verbose line": (
        "VERBOSE: Job initiated with Id aa29a949-e7eb-43bd-9fb0-d23912841e94 and status Submitted for file https://x",
        "Submitted",
    ),
    "a job that goes on": (LIST.format(error="NoError", message="", state="Processing"), "Processing"),
    "a job that succeeded": (LIST.format(error="NoError", message="", state="Succeeded"), "succeeded"),
    "a job that ended in an error": (
        LIST.format(error="InvalidDataFile", message="", state="Error"),
        "InvalidDataFile",
    ),
    "a job's details": (
        LIST.format(
            error="ImportCompleteWithError",
            message="IdentityNotResolvable\tcleo@contoso.com\tUser identity cannot be resolved",
            state="Error",
        ),
        "IdentityNotResolvable",
    ),
    "a table": (TABLE, "Processing"),
    "forbidden": (FORBIDDEN, f"{CALL}/forbidden"),
    "forbidden, alone": ("The remote server returned an error: (403) Forbidden.", f"{CALL}/forbidden"),
    "forbidden, of an entry": (
        f"GenericError\t{GUID}\tThe remote server returned an error: (403)",
        "GenericError/access-denied",
    ),
    "unauthorized": (
        "New-PnPUPABulkImportJob: The remote server returned an error: (401) Unauthorized",
        f"{CALL}/unauthorized",
    ),
    "a permission": (
        "Access denied. You do not have permission to perform this action or access this resource.",
        f"{CALL}/access-denied",
    ),
    "not available": ("Operation is not valid due to the current state of the object.", f"{CALL}/not-available"),
    "a message broken at the console's width": (WRAPPED, "GetImportProfilePropertyJobs/list-view-threshold"),
    "PowerShell 7's view of an error": (CONCISE, "GetImportProfilePropertyJobs/list-view-threshold"),
    "an exception of the client": (NULL, CALL),
    "an exception of an entry": (
        f"GenericError\t{GUID}\tSystem.NullReferenceException: x",
        "GenericError/fault-of-the-service",
    ),
    "a job that was not made": (FRENCH, f"{CALL}/no-sync-job"),
    "a sign-in": ("AADSTS700016: Application with identifier 'x' was not found", f"{CALL}/sign-in"),
    "a log's first line with its mark": ("\ufeffIdentityNotResolvable\tada@contoso.com\tx", "IdentityNotResolvable"),
    "a quoted line": ("> IdentityNotResolvable\tada@contoso.com\tx", "IdentityNotResolvable"),
    "a line after others": (f"Hello,\n\n> GenericError\t{GUID}\t{DUPLICATE}", "GenericError/duplicate-record-id"),
    "an entry with a trace": (
        f"> GenericError\t{GUID}\tx\n> Error Number:1205,State:51,Class:13",
        "GenericError/deadlock",
    ),
}


@pytest.mark.parametrize(("text", "name"), CONSOLES.values(), ids=CONSOLES.keys())
def test_console_output_on_jobs_and_calls_is_explained(text: str, name: str) -> None:
    assert recognize(text, OURS).code == name
    assert recognize(text.replace("\n", "\r\n"), OURS).code == name


MARKS = {
    "byte order mark": "\ufeff",
    "two byte order marks": "\ufeff\ufeff",
    "byte order mark read as Windows-1252": "\u00ef\u00bb\u00bf",
    "swapped byte order mark": "\ufffe",
    "zero-width space": "\u200b",
    "left-to-right mark, as in file properties": "\u200e",
    "embedding": "\u202a",
    "word joiner": "\u2060",
    "no-break space": "\u00a0",
    "quoted mail": "> ",
    "quoted mark": "> \ufeff",
    "bullet": "- ",
    "quotation mark": '"',
    "backtick": "`",
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS.keys())
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("IdentityNotResolvable\tada@contoso.com\tx", "IdentityNotResolvable"),
        ("IdentityNotResolvable ada@contoso.com User identity cannot be resolved", "IdentityNotResolvable"),
        ("ProfileLocked\tada@contoso.com\tx", "ProfileLocked"),
        ("User identity cannot be resolved", "IdentityNotResolvable"),
        ("genericerror/deadlock", "GenericError/deadlock"),
        ("IdentityNotResolvable", "IdentityNotResolvable"),
        ("Error 23", "InvalidDataFile"),
    ],
)
def test_marks_before_a_log_line_or_a_name_do_not_matter(mark: str, text: str, name: str) -> None:
    assert recognize(mark + text, OURS).code == name


@pytest.mark.parametrize("text", ["`GenericError`", '"GenericError",', "\u201cGenericError\u201d", "*GenericError*"])
def test_quotation_marks_around_a_name_do_not_matter(text: str) -> None:
    assert recognize(text, OURS).code == "GenericError"


UNKNOWN = {
    "words that are states as well": "There was an error while processing the queued items",
    "a number of something else": "Error number 5 of 23",
    "an empty guid": "00000000-0000-0000-0000-000000000000",
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_other_text_is_explained_as_unknown(text: str) -> None:
    assert not recognize(text, OURS).known


def test_the_first_entry_of_several_lines_is_explained() -> None:
    text = f"IdentityNotResolvable\tada@contoso.com\tx\r\nGenericError\t{GUID}\t{DUPLICATE}"
    assert recognize(text, OURS).code == "IdentityNotResolvable"


@pytest.mark.parametrize("text", ["Aa\t" * 5_000_000, "GenericError " + "@" * 9_000_000, "a\n" * 5_000_000])
def test_hostile_text_of_many_megabytes_is_not_known_or_a_code(text: str) -> None:
    assert recognize(text, OURS).code in {"Aa", "GenericError", "a"}


def test_a_long_unknown_text_is_shortened_not_repeated() -> None:
    found = recognize("what " * 10_000_000, OURS)
    assert not found.known
    assert len(found.code) <= 61
