"""Feed and day by the name of a source file."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.feeds import day_in_name, feed_of
from tests.analysis.frames import FOLDER

GUID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"

FEEDS = {
    "no date": ("hr-feed.json", "hr-feed", None),
    "a date with hyphens": ("hr-feed-2026-11-23.json", "hr-feed", 23),
    "a date without": ("hr-feed-20261123.json", "hr-feed", 23),
    "a date with dots": ("hr-feed.2026.11.23.json", "hr-feed", 23),
    "a date in front": ("2026_11_23_hr_feed.json", "hr-feed", 23),
    "a date and a time": ("hr-feed-20261123-021405.json", "hr-feed", 23),
    "a number": ("hr-feed-17.json", "hr-feed", None),
    "a number too long for a date": ("hr-feed-120261123.json", "hr-feed", None),
    "a day that no month has": ("hr-feed-2026-02-30.json", "hr-feed", None),
    "a Guid": (f"hr-feed-{GUID}.json", "hr-feed", None),
    "digits within a word": ("hr2-feed.json", "hr2-feed", None),
    "a number alone": ("hr-feed-7.json", "hr-feed", None),
    "no letter left": ("50%.json", "50%", None),
    "a retry file": (f"hr-feed-2026-11-23-{GUID}-retry.json", "hr-feed", 23),
    "a part of a retry file": (f"hr-feed-2026-11-23-{GUID}-retry-2-of-3.json", "hr-feed", 23),
    "a word that begins as retry": ("retrying-feed.json", "retrying-feed", None),
    "an encoded name": ("hr%20feed%202026-11-23.json", "hr-feed", 23),
    "no ending": ("hr-feed", "hr-feed", None),
    "nothing but a date": ("2026-11-23.json", "2026-11-23", 23),
    "nothing": ("", "?", None),
}


@pytest.mark.parametrize(("name", "feed", "day"), FEEDS.values(), ids=FEEDS.keys())
def test_the_name_tells_feed_and_day(name: str, feed: str, day: int | None) -> None:
    uri = FOLDER + name if name else ""
    assert feed_of(uri) == feed
    assert day_in_name(uri) == (datetime(2026, 11, day, tzinfo=UTC) if day else None)


def test_folders_tell_nothing() -> None:
    uri = "https://contoso.sharepoint.com/sites/2026-11-01/a.json"
    assert (feed_of(uri), day_in_name(uri)) == ("a", None)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_name_has_a_feed(name: str) -> None:
    assert feed_of(name)
    assert day_in_name(name) is None or "20" in name or "%" in name
