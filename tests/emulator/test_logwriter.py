from datetime import UTC, datetime, timedelta, timezone

import pytest

from analyzer.emulator import failures, logwriter
from analyzer.model.service import LOG_FILE_NAME

NOT_MAPPED = "is not mapped to any property in the user profile application."
JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"


@pytest.mark.parametrize(
    ("when", "stamp"),
    [
        (datetime(2015, 11, 30, 17, 42, 5, 993_000, UTC), "20151130-174205-993"),
        (datetime(2026, 1, 2, 3, 4, 5, 6_999, UTC), "20260102-030405-006"),
        (datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "20251231-223000-000"),
    ],
)
def test_a_log_is_named_after_its_job_and_the_time_in_utc(when: datetime, stamp: str) -> None:
    name = logwriter.log_file_name(JOB, when)
    assert name == f"ImportProfileProperties-{JOB}-{stamp}.log"
    found = LOG_FILE_NAME.match(name)
    assert found is not None
    assert found["job_id"] == JOB


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (
            logwriter.not_resolvable("x@contoso.com"),
            "IdentityNotResolvable\tx@contoso.com\tUser identity cannot be resolved",
        ),
        (logwriter.missing_identity(), "MissingIdentity\t\tThe identity is missing for the user object"),
        (
            logwriter.invalid_property("ada@contoso.com", "X"),
            f"InvalidProperty\tada@contoso.com\tProperty 'X' {NOT_MAPPED}",
        ),
        (logwriter.not_json("Bad. Path '', line 1."), "DataFileNotJson\t\tBad. Path '', line 1."),
        (logwriter.generic_error("guid", ["a", "   at b"]), "GenericError\tguid\ta\r\n   at b"),
    ],
)
def test_an_entry_is_code_identity_and_message_parted_by_tabs(entry: str, line: str) -> None:
    assert entry == line


def test_a_log_is_utf_8_with_a_mark_and_every_line_ends() -> None:
    assert logwriter.encode(["Größe 東京", "b"]) == "\ufeffGröße 東京\r\nb\r\n".encode()


def test_half_a_surrogate_pair_does_not_keep_a_log_from_being_written() -> None:
    assert logwriter.encode(["\ud83d"]) == b"\xef\xbb\xbf?\r\n"


def test_a_duplicate_fails_with_the_sentence_that_was_seen_and_a_trace() -> None:
    first, *trace = failures.duplicate(2923275, "00000000-0000-0000-0000-000000000001")
    assert first == (
        "System.Data.SqlClient.SqlException (0x80131904): Input data contains multiple instances of the same"
        " single-value property for RecordId [2923275]"
    )
    assert [line.startswith("   at ") for line in trace[:-2]] == [True] * (len(trace) - 2)
    assert trace[0].startswith("   at System.Data.SqlClient.")
    assert trace[-2:] == [
        "ClientConnectionId:00000000-0000-0000-0000-000000000001",
        "Error Number:50000,State:1,Class:16",
    ]


def test_no_line_of_a_trace_looks_like_an_entry() -> None:
    lines = failures.duplicate(1, "guid")[1:] + failures.too_long("City", 1, 2)[1:]
    assert not [line for line in lines if "\t" in line]
