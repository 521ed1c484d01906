"""Who failed and why, counted."""

from __future__ import annotations

import polars as pl

from analyzer.analysis.failures import by_code, by_pattern, by_property, by_user, without_user
from tests.analysis.frames import GUID, entry, named

ENTRIES = named(
    entry("a", "InvalidProperty", "Ada@contoso.com", property="Floor"),
    entry("a", "InvalidProperty", "ada@contoso.com", property="Badge"),
    entry("a", "IdentityNotResolvable", "bob@contoso.com"),
    entry("b", "InvalidProperty", "bob@contoso.com", property="Floor"),
    entry("b", "GenericError", GUID),
    entry("b", "IdentityNotResolvable"),
    entry("b", None, message="no entry"),
)


def test_by_code_counts_entries_and_distinct_users_of_all_jobs() -> None:
    assert by_code(ENTRIES).rows() == [
        ("InvalidProperty", 3, 2),
        ("IdentityNotResolvable", 2, 1),
        ("GenericError", 1, 0),
    ]


def test_codes_of_the_same_count_are_in_the_order_of_the_alphabet() -> None:
    assert by_code(named(entry("a", "Zz"), entry("a", "Aa")))["code"].to_list() == ["Aa", "Zz"]


def _first_word(code: str, message: str, detail: str) -> str | None:
    return f"{code}/{message.split(maxsplit=1)[0]}{detail.strip()}" if message else None


def test_by_pattern_counts_entries_and_users_the_worst_of_a_code_first() -> None:
    entries = named(
        entry("a", "GenericError", "ada@contoso.com", message="slow 1"),
        entry("a", "GenericError", "ADA@contoso.com", message="slow 2"),
        entry("a", "GenericError", message="slow 3"),
        entry("a", "GenericError", "ada@contoso.com", message="twice"),
        entry("a", "GenericError", "bob@contoso.com", message="twice"),
        entry("a", "GenericError", message=""),
        entry("a", "Another", message="x"),
        entry("a", None, message="slow no entry"),
        entry("b", "GenericError", "ada@contoso.com", message="slow 1"),
    )
    assert by_pattern(entries, _first_word, "").rows() == [
        ("a", "Another", "Another/x", 1, 0),
        ("a", "GenericError", "GenericError/twice", 2, 2),
        ("a", "GenericError", "GenericError/slow", 3, 1),
        ("a", "GenericError", None, 1, 0),
        ("b", "GenericError", "GenericError/slow", 1, 1),
    ]


def test_by_pattern_asks_once_for_what_is_the_same_but_for_what_says_nothing() -> None:
    asked: list[tuple[str, str, str]] = []

    def pattern_of(code: str, message: str, detail: str) -> None:
        asked.append((code, message, detail))

    details = [f"   at frame {number}\nid:{number}\nError" for number in range(1000)]
    entries = named(*(entry("a", "GenericError", message="x", detail=detail) for detail in details))
    assert by_pattern(entries, pattern_of, r"(?m)^(?: {3}|id:).*$").rows() == [("a", "GenericError", None, 1000, 0)]
    assert asked == [("GenericError", "x", "\n\nError")]


def test_by_property_counts_only_entries_that_name_one() -> None:
    again = ENTRIES.with_columns(line=pl.col("line") + 9).filter(job_id="a", property="Badge")
    assert by_property(pl.concat([ENTRIES, again])).rows() == [
        ("a", "Badge", "InvalidProperty", 2, 1),
        ("a", "Floor", "InvalidProperty", 1, 1),
        ("b", "Floor", "InvalidProperty", 1, 1),
    ]


def test_by_user_has_a_row_for_each_job_and_user_in_the_logs_order() -> None:
    assert by_user(ENTRIES).rows() == [
        ("a", "ada@contoso.com", "Ada@contoso.com", ["InvalidProperty"], 2),
        ("a", "bob@contoso.com", "bob@contoso.com", ["IdentityNotResolvable"], 1),
        ("b", "bob@contoso.com", "bob@contoso.com", ["InvalidProperty"], 1),
    ]


def test_entries_without_a_user_are_those_with_a_code_alone() -> None:
    assert without_user(ENTRIES).select("code", "identity").rows() == [
        ("GenericError", GUID),
        ("IdentityNotResolvable", None),
    ]
    assert without_user(ENTRIES).columns == ENTRIES.columns


def test_of_no_entries_the_columns_are_the_same() -> None:
    counts = {"entries": pl.UInt32, "users": pl.UInt32}
    for table in (named(), ENTRIES):
        assert dict(by_code(table).schema) == {"code": pl.String, **counts}
        parted = dict(by_pattern(table, _first_word, "").schema)
        assert parted == {"job_id": pl.String, "code": pl.String, "pattern": pl.String, **counts}
        assert dict(by_property(table).schema) == {
            "job_id": pl.String,
            "property": pl.String,
            "code": pl.String,
            **counts,
        }
        assert dict(by_user(table).schema) == {
            "job_id": pl.String,
            "key": pl.String,
            "identity": pl.String,
            "codes": pl.List(pl.String),
            "entries": pl.UInt32,
        }
