"""What somebody pastes behind ``explain``: names, lines of a log with and without tabs, messages alone."""

from __future__ import annotations

import pytest

from analyzer.logs.catalogue import OURS
from analyzer.logs.recognise import recognise

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
        ("something that nobody knows", "something that nobody knows"),
        ("", ""),
    ],
)
def test_what_is_pasted_leads_to_a_pattern_or_else_to_a_code(text: str, name: str) -> None:
    assert recognise(text, OURS).code == name


def test_of_several_lines_the_first_entry_is_explained() -> None:
    text = f"IdentityNotResolvable\tada@contoso.com\tx\r\nGenericError\t{GUID}\t{DUPLICATE}"
    assert recognise(text, OURS).code == "IdentityNotResolvable"


@pytest.mark.parametrize("text", ["Aa\t" * 5_000_000, "GenericError " + "@" * 9_000_000, "a\n" * 5_000_000])
def test_hostile_text_of_many_megabytes_is_not_known_or_a_code(text: str) -> None:
    assert recognise(text, OURS).code in {"Aa", "GenericError", "a"}


def test_a_long_text_that_nobody_knows_is_shortened_not_repeated() -> None:
    found = recognise("what " * 10_000_000, OURS)
    assert not found.known
    assert len(found.code) <= 61
