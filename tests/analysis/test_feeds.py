"""The feed and the time that the address of a source file tells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.feeds import FeedRule, feeds_of, source_name
from tests.analysis.frames import FOLDER

GUID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
HEX = GUID.replace("-", "")


def at(hour: int = 0, minute: int = 0, second: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC)


NAMES = {
    "no date": ("hr-feed.json", "hr-feed", None),
    "a date with hyphens": ("hr-feed-2026-11-23.json", "hr-feed", at()),
    "a date without": ("hr-feed-20261123.json", "hr-feed", at()),
    "a date with dots": ("hr-feed.2026.11.23.json", "hr-feed", at()),
    "a date in front": ("2026_11_23_hr_feed.json", "hr-feed", at()),
    "a date and a time": ("hr-feed-20261123-021405.json", "hr-feed", at(2, 14, 5)),
    "fourteen digits": ("hr-feed-20261123021405.json", "hr-feed", at(2, 14, 5)),
    "seventeen digits": ("hr-feed-20261123021405999.json", "hr-feed", at(2, 14, 5)),
    "PnP PowerShell's sync": (f"userprofilesyncdata-20261123021405-{HEX}.json", "userprofilesyncdata", at(2, 14, 5)),
    "T and Z": ("hr-feed 2026-11-23T02-14-05Z.json", "hr-feed", at(2, 14, 5)),
    "fractions": ("hr-feed_2026-11-23T021405.1234567Z.json", "hr-feed", at(2, 14, 5)),
    "milliseconds": ("hr-feed_2026-11-23_02-14-05-123.json", "hr-feed", at(2, 14, 5)),
    "an offset": ("hr-feed_2026-11-23T02_14_05+0100.json", "hr-feed", at(1, 14, 5)),
    "digits after a time that are no offset": ("hr-feed-20261123-021405-8823a5e7.json", "hr-feed", at(2, 14, 5)),
    "an offset that goes on": ("hr-feed-20261123-021405-0355fe62.json", "hr-feed", at(2, 14, 5)),
    "minutes only": ("hr-feed-20261123T0214.json", "hr-feed", at(2, 14)),
    "an afternoon": ("hr-feed 11-23-2026 2-14-05 PM.json", "hr-feed", at(14, 14, 5)),
    "day first": ("hr-feed-23.11.2026.json", "hr-feed", at()),
    "day first without separators": ("hr-feed-23112026.json", "hr-feed", at()),
    "day and month that could be exchanged": ("hr-feed-03-04-2026.json", "hr-feed", None),
    "a year of two digits": ("hr-feed-23-11-26.json", "hr-feed", None),
    "six digits": ("hr-feed-261123.json", "hr-feed", None),
    "a month's name": ("hr-feed-23-Nov-2026.json", "hr-feed", at()),
    "a month's name first": ("hr-feed November 23, 2026.json", "hr-feed", at()),
    "a month": ("hr-feed-2026-11.json", "hr-feed", None),
    "a week": ("hr-feed-2026-W48.json", "hr-feed", None),
    "a German week": ("hr-feed KW48 2026.json", "hr-feed", None),
    "epoch seconds": ("hr-feed-1795400045.json", "hr-feed", at(2, 14, 5)),
    "epoch milliseconds": ("hr-feed-1795400045123.json", "hr-feed", at(2, 14, 5)),
    "ticks of .NET": ("hr-feed-639309968450000000.json", "hr-feed", at(2, 14, 5)),
    "a file time of Windows": ("hr-feed-134398736450000000.json", "hr-feed", at(2, 14, 5)),
    "a number": ("hr-feed-17.json", "hr-feed", None),
    "a long number": ("hr-feed-120261123.json", "hr-feed", None),
    "a part beside a date": ("hr-feed-20261123-2.json", "hr-feed-2", at()),
    "a day that no month has": ("hr-feed-2026-02-30.json", "hr-feed", None),
    "a GUID": (f"hr-feed-{GUID}.json", "hr-feed", None),
    "a GUID in capitals": (f"hr-feed-{GUID.upper()}.json", "hr-feed", None),
    "a GUID in braces": (f"hr-feed-{{{GUID}}}.json", "hr-feed", None),
    "a GUID in parentheses": (f"hr-feed-({GUID}).json", "hr-feed", None),
    "a GUID without hyphens": (f"hr-feed_{HEX}.json", "hr-feed", None),
    "a second download": ("hr-feed (1).json", "hr-feed", None),
    "a copy by Explorer": ("hr-feed - Copy.json", "hr-feed", None),
    "a second copy by Explorer": ("hr-feed-20261123 - Copy (2).json", "hr-feed", at()),
    "a copy by Explorer in German": ("hr-feed - Kopie.json", "hr-feed", None),
    "a copy by Finder": ("hr-feed copy 2.json", "hr-feed", None),
    "a temporary file of .NET": ("tmp4F2A.tmp", "tmp", None),
    "digits within a word": ("hr2-feed.json", "hr2-feed", None),
    "a word that begins as a month": ("marketing-feed.json", "marketing-feed", None),
    "no letter left": ("50%.json", "50%", None),
    "a word that begins as retry": ("retrying-feed.json", "retrying-feed", None),
    "an encoded name": ("hr%20feed%202026-11-23.json", "hr-feed", at()),
    "no ending": ("hr-feed", "hr-feed", None),
    "a month's name in German": ("hr-feed-23. Oktober 2026.json", "hr-feed", datetime(2026, 10, 23, tzinfo=UTC)),
    "a month's name in French": ("hr-feed 23 décembre 2026.json", "hr-feed", datetime(2026, 12, 23, tzinfo=UTC)),
    "a weekday": ("hr-feed Monday, November 23, 2026.json", "hr-feed", at()),
    "a country beside a date": ("hr-feed-FR-20261123.json", "hr-feed-FR", at()),
    "no leading zeros": ("hr-feed_2026-11-3_2-4-5.json", "hr-feed", datetime(2026, 11, 3, 2, 4, 5, tzinfo=UTC)),
    "a day of the year": ("hr-feed-2026-327.json", "hr-feed", None),
    "epoch milliseconds within a word": ("hr1795400045123.json", "hr", at(2, 14, 5)),
    "the first part of a GUID": ("hr-feed-5f05e38c.json", "hr-feed", None),
    "a word of the letters of hexadecimal numbers": ("hr-feed-facadeed.json", "hr-feed-facadeed", None),
    "letters with marks as two characters": ("hr-fe\u0301ed.json", "hr-f\u00e9ed", None),
    "a version": ("hr-feed-v2.json", "hr-feed-v2", None),
    "only a date": ("2026-11-23.json", "", at()),
    "only a GUID": (f"{GUID}.json", "", None),
}  # fmt: skip


@pytest.mark.parametrize(("name", "feed", "time"), NAMES.values(), ids=NAMES.keys())
def test_the_name_tells_feed_and_time(name: str, feed: str, time: datetime | None) -> None:
    found = source_name(FOLDER + name)
    assert (found.feed, found.time, found.retry_of) == (feed, time, None)


RETRIES = {
    "a retry file": f"hr-feed-2026-11-23-{GUID}-retry.json",
    "a part": f"hr-feed-2026-11-23-{GUID}-retry-2-of-3.json",
    "a selection": f"hr-feed-2026-11-23-{GUID}-retry-selection-1a2b3c.json",
    "a copy of one": f"hr-feed-2026-11-23-{GUID.upper()}-retry - Copy (1).json",
    "one that was uploaded twice": f"hr-feed-2026-11-23-{GUID}-retry (1).json",
}


@pytest.mark.parametrize("name", RETRIES.values(), ids=RETRIES.keys())
def test_the_name_of_a_retry_file_tells_the_job_that_it_repairs(name: str) -> None:
    found = source_name(FOLDER + name)
    assert (found.feed, found.retry_of) == ("hr-feed", GUID)


def test_a_retry_of_a_retry_repairs_the_retry() -> None:
    other = GUID.replace("5", "6")
    assert source_name(f"{FOLDER}hr-feed-{GUID}-retry-{other}-retry.json").retry_of == GUID
    assert source_name(f"{FOLDER}hr-feed-{GUID}-retry.json").retry_of == GUID


HR, IT = "https://contoso.sharepoint.com/sites/hr/Shared Documents", "https://contoso.sharepoint.com/sites/it/Docs"
ADMIN = "https://contoso-admin.sharepoint.com/sites/hr/Shared Documents"
GROUPS: dict[str, tuple[list[str], list[str]]] = {
    "nights are one feed": ([f"{HR}/a-20261122.json", f"{HR}/a-20261123.json"], ["a", "a"]),
    "spellings are one feed": ([f"{HR}/A-1.json", f"{HR.replace(' ', '%20')}/a-2.json"], ["A", "A"]),
    "folders are feeds": (
        [f"{HR}/a.json", f"{IT}/a.json", f"{IT}/b.json"],
        ["a", "a (/sites/it/Docs)", "b"],
    ),
    "the feed with the most jobs has the short name": (
        [f"{HR}/a.json", f"{IT}/a-1.json", f"{IT}/a-2.json"],
        ["a (/sites/hr/Shared Documents)", "a", "a"],
    ),
    "hosts are feeds": (
        [f"{HR}/a.json", f"{ADMIN}/a-1.json", f"{ADMIN}/a-2.json"],
        ["a (contoso.sharepoint.com)", "a", "a"],
    ),
    "a folder a day is one feed": ([f"{HR}/2026-11-22/a.json", f"{HR}/2026-11-23/a.json"], ["a", "a"]),
    "a folder a month is one feed": ([f"{HR}/2026/10/a.json", f"{HR}/2026/11/a.json"], ["a", "a"]),
    "names that are only unique are one feed": (
        [f"{HR}/20261122.json", f"{HR}/{GUID}.json", f"{HR}/50%.json"],
        ["Shared Documents/*", "Shared Documents/*", "50%"],
    ),
    "no file is no feed": ([""], ["?"]),
}


@pytest.mark.parametrize(("uris", "feeds"), GROUPS.values(), ids=GROUPS.keys())
def test_files_are_grouped_into_feeds(uris: list[str], feeds: list[str]) -> None:
    assert [feeds_of(uris)[uri] for uri in uris] == feeds


RULES = {
    "a pattern": (FeedRule("people", "A-*.JSON"), ["people", "b"]),
    "a folder": (FeedRule("people", "*.json", "/sites/HR/Shared Documents/"), ["people", "people"]),
    "a folder by its address": (FeedRule("people", "*", f"{HR.replace(' ', '%20')}"), ["people", "people"]),
    "another folder": (FeedRule("people", "*", "/sites/it/Docs"), ["a", "b"]),
    "another host": (FeedRule("people", "*", ADMIN), ["a", "b"]),
    "a question mark": (FeedRule("people", "b?.json"), ["a", "b"]),
}


@pytest.mark.parametrize(("rule", "feeds"), RULES.values(), ids=RULES.keys())
def test_a_rule_of_the_configuration_wins(rule: FeedRule, feeds: list[str]) -> None:
    uris = [f"{HR}/a-20261122.json", f"{HR}/b.json"]
    assert [feeds_of(uris, [rule])[uri] for uri in uris] == feeds


def test_an_inferred_feed_does_not_take_the_name_of_a_rule() -> None:
    uris = [f"{HR}/b.json", f"{IT}/a.json"]
    assert list(feeds_of(uris, [FeedRule("a", "b.json")]).values()) == ["a", "a (/sites/it/Docs)"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_names_have_feeds(names: list[str]) -> None:
    uris = [FOLDER + name for name in names]
    assert set(feeds_of(uris)) == set(uris)
    assert all(feeds_of(uris).values())
