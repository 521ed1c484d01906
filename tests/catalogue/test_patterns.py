"""Messages to patterns: as they were seen, or as SQL Server, .NET, SharePoint and Json.NET document them."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.catalogue import OURS
from analyzer.catalogue.model import DETAIL_READ, MESSAGE_READ

SQL = "System.Data.SqlClient.SqlException (0x80131904): "
FRAMES = (
    "   at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, Boolean breakConnection)\n"
    "   at Microsoft.SharePoint.Taxonomy.TermStore.Commit(TimeoutException e)\n"
    "ClientConnectionId:26fdb134-8298-5bcb-986a-fcb349e2e056\n"
)
TRANSPORT = "A transport-level error has occurred when receiving results from the server. (provider: TCP Provider)"
REPLY = "The open operation did not complete within the allotted timeout; it did not receive a reply within 00:01:00."
DATE = (
    "Microsoft.Office.Server.UserProfiles.PropertyInvalidFormatException: Invalid Date Format: Input must match"
    " smalldatetime data type ---> System.FormatException: String was not recognized as a valid DateTime."
)


def sql(number: int) -> str:
    return f"{FRAMES}Error Number:{number},State:1,Class:16"


GENERIC = [
    (
        f"{SQL}Input data contains multiple instances of the same single-value property for RecordId [2923275]",
        sql(50000),
    ),
    (f"{SQL}INPUT DATA CONTAINS MULTIPLE INSTANCES OF THE SAME SINGLE-VALUE PROPERTY", None),
]


@pytest.mark.parametrize(
    ("name", "message", "detail"),
    [
        *(("duplicate-record-id", message, detail) for message, detail in GENERIC),
        ("duplicate-key", f"{SQL}Violation of PRIMARY KEY constraint 'PK_Profile'. Cannot insert duplicate key", None),
        ("duplicate-key", f"{SQL}Etwas auf Deutsch", sql(2601)),
        ("duplicate-key", "Microsoft.Office.Server.UserProfiles.UserExistsException: x", None),
        ("value-too-long", f"{SQL}String or binary data would be truncated in table 'Profile'", FRAMES),
        ("value-too-long", f"{SQL}Etwas auf Deutsch", sql(8152)),
        ("value-too-long", "System.ArgumentException: Property 'City' takes at most 50 characters; it has 60.", FRAMES),
        ("invalid-value", DATE, FRAMES),
        ("invalid-value", f"{SQL}Conversion failed when converting date and/or time from character string.", None),
        ("invalid-value", "System.FormatException: Input string was not in a correct format.", None),
        ("invalid-value", "One or more errors occurred. ---> System.UriFormatException: Invalid URI", None),
        ("value-missing", f"{SQL}Cannot insert the value NULL into column 'NTName'", sql(515)),
        ("property-not-editable", "Microsoft.Office.Server.UserProfiles.PropertyNotEditableException: x", None),
        ("term-not-found", "Microsoft.SharePoint.Taxonomy.TermStoreOperationException: x", None),
        ("deadlock", f"{SQL}Transaction (Process ID 52) was deadlocked on lock resources", sql(1205)),
        ("deadlock", f"{SQL}Etwas auf Deutsch", sql(1205)),
        ("update-conflict", f"{SQL}Snapshot isolation transaction aborted due to update conflict.", sql(3960)),
        ("time-out", f"{SQL}Execution Timeout Expired.  The timeout period elapsed", sql(-2)),
        ("time-out", f"{SQL}Etwas auf Deutsch", sql(-2)),
        ("time-out", f"System.TimeoutException: {REPLY}", FRAMES),
        ("time-out", f"{SQL}Lock request time out period exceeded.", sql(1222)),
        ("busy", f"{SQL}The service is currently busy. Retry the request after 10 seconds.", sql(40501)),
        ("busy", "System.Net.WebException: The remote server returned an error: (429) Too Many Requests.", None),
        ("unavailable", f"{SQL}Database 'Profile' on server 'x' is not currently available.", sql(40613)),
        ("unavailable", "The remote server returned an error: (503) Server Unavailable.", None),
        ("connection-lost", f"{SQL}{TRANSPORT}", sql(10054)),
        ("connection-lost", "System.Net.Sockets.SocketException: x", None),
        ("interrupted", "System.Threading.Tasks.TaskCanceledException: A task was canceled.", None),
        ("access-denied", "System.UnauthorizedAccessException: Access is denied.", None),
        ("user-not-found", "Microsoft.Office.Server.UserProfiles.UserNotFoundException: x", None),
        ("fault-of-the-service", "System.NullReferenceException: Object reference not set to an instance", FRAMES),
        (None, f"{SQL}Something not seen yet", sql(50000)),
        (None, f"{SQL}x", sql(12051)),
        (None, "", None),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_generic_error_is_known_by_its_words_or_its_number(
    name: str | None, message: str, detail: str | None
) -> None:
    found = OURS.pattern_of("GenericError", message, detail)
    assert (found.code if found else None) == (f"GenericError/{name}" if name else None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("backslash", r"Bad JSON escape sequence: \V. Path 'value[1672].Department', line 1, position 150235."),
        ("backslash", r"Invalid Unicode escape sequence: \u12G4. Path 'value[0].City', line 1, position 9."),
        ("quotation-mark", "After parsing a value an unexpected character was encountered: K. Path 'value[10].office'"),
        ("cut-off", "Unterminated string. Expected delimiter: \". Path 'value[3].City', line 9, position 12."),
        ("cut-off", "Unexpected end when reading JSON. Path '', line 1, position 4."),
        ("further-text", "Additional text encountered after finished reading JSON content: {. Path '', line 9"),
        ("other-form", "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray."),
        ("other-form", "Required property 'value' not found in JSON. Path '', line 1, position 12."),
        ("other-form", "Cannot deserialize the current JSON array (e.g. [1,2,3]) into type 'System.String'"),
        ("stray-character", "Unexpected character encountered while parsing value: I. Path '', line 0, position 0."),
        ("stray-character", "JsonToken EndArray is not valid for closing JsonType Object. Path 'value[0]', line 1"),
        (None, "Something else"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_source_file_that_isnt_json_is_recognized_by_the_readers_message(name: str | None, message: str) -> None:
    found = OURS.pattern_of("DataFileNotJson", message, None)
    assert (found.code if found else None) == (f"DataFileNotJson/{name}" if name else None)


def test_names_in_stack_frames_are_ignored() -> None:
    assert OURS.pattern_of("GenericError", "System.Exception: x", FRAMES) is None


def test_an_indented_message_is_not_a_stack_frame() -> None:
    found = OURS.pattern_of("GenericError", "   Timeout expired.", None)
    assert found is not None
    assert found.code == "GenericError/time-out"


def test_the_documentation_lists_every_pattern_and_whether_trying_again_helps() -> None:
    rows = [
        line
        for line in (Path(__file__).parents[2] / "docs/reference/logs.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    listed = {cells[0].strip(" |`"): cells[2].strip() for row in rows if len(cells := row.strip("|").split("|")) == 4}
    helps = {True: "yes", False: "no", None: "unknown"}
    assert listed == {one.explanation.code: helps[one.explanation.retry_helps] for one in OURS.patterns}


def test_an_unknown_code_has_no_patterns() -> None:
    assert OURS.pattern_of("Weird", "was deadlocked on lock", None) is None


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("x" * MESSAGE_READ + " deadlock", None),
        ("x", "y" * DETAIL_READ + " deadlock"),
    ],
    ids=["message", "detail"],
)
def test_only_the_beginning_of_a_long_entry_counts(message: str, detail: str | None) -> None:
    assert OURS.pattern_of("GenericError", message, detail) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "at most " * 4_000_000,
        "   at " * 5_000_000,
        "   \n" * 5_000_000,
        "\0\x1b[31m\ud800" * 1_000_000,
        "'" * 20_000_000,
    ],
    ids=["half-a-phrase", "half-a-frame", "blank-frames", "control-characters", "quotes"],
)
def test_hostile_text_of_many_megabytes_matches_nothing(hostile: str) -> None:
    assert OURS.pattern_of("GenericError", hostile, hostile) is None
    assert OURS.explain_message(hostile, hostile) is None
