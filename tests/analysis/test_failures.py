"""Who failed and why, counted."""

from __future__ import annotations

import polars as pl

from analyzer.analysis.failures import by_code, by_property, by_user, naming_nobody
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


def test_by_property_counts_only_entries_that_name_one() -> None:
    assert by_property(ENTRIES).rows() == [("Floor", "InvalidProperty", 2, 2), ("Badge", "InvalidProperty", 1, 1)]


def test_by_user_has_a_row_for_each_job_and_user_in_the_logs_order() -> None:
    assert by_user(ENTRIES).rows() == [
        ("a", "ada@contoso.com", "Ada@contoso.com", ["InvalidProperty"], 2),
        ("a", "bob@contoso.com", "bob@contoso.com", ["IdentityNotResolvable"], 1),
        ("b", "bob@contoso.com", "bob@contoso.com", ["InvalidProperty"], 1),
    ]


def test_entries_that_name_nobody_are_those_with_a_code_alone() -> None:
    assert naming_nobody(ENTRIES).select("code", "identity").rows() == [
        ("GenericError", GUID),
        ("IdentityNotResolvable", None),
    ]
    assert naming_nobody(ENTRIES).columns == ENTRIES.columns


def test_of_no_entries_the_columns_are_the_same() -> None:
    counts = {"entries": pl.UInt32, "users": pl.UInt32}
    for table in (named(), ENTRIES):
        assert dict(by_code(table).schema) == {"code": pl.String, **counts}
        assert dict(by_property(table).schema) == {"property": pl.String, "code": pl.String, **counts}
        assert dict(by_user(table).schema) == {
            "job_id": pl.String,
            "key": pl.String,
            "identity": pl.String,
            "codes": pl.List(pl.String),
            "entries": pl.UInt32,
        }
