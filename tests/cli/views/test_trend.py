"""The sentences of a trend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analyzer.analysis.failure_rate import RATES
from analyzer.cli.views.trend import rate_text, trend_sentence
from analyzer.history.trends import FeedTrend

USUAL = {"failed": 12, "new": 4, "least": 8, "most": 19, "jump": False}
AS_USUAL = "4 new, as usual (8 to 19)"
ABORTED = {"outcome": "aborted", "failed": None}


def trend(*rows: dict[str, object]) -> FeedTrend:
    known = {"feed": "hr-feed", "outcome": "partial", "users": 295}
    dates = [datetime(2026, 11, 1, tzinfo=UTC) + at * timedelta(days=1) for at in range(len(rows))]
    filled = [
        {**dict.fromkeys(RATES), **known, "job_id": str(at), "ran": dates[at], **row} for at, row in enumerate(rows)
    ]
    return FeedTrend("hr-feed", pl.DataFrame(filled, schema=RATES, orient="row"))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([USUAL], "12 of 295 users failed in the newest run, 4 new, as usual (8 to 19)"),
        ([USUAL | {"users": None}], "12 users failed in the newest run, 4 new, as usual (8 to 19)"),
        (
            [USUAL | {"failed": 40, "new": 32, "jump": True}],
            "40 of 295 users failed in the newest run, 32 new, a jump (usual: 8 to 19)",
        ),
        ([USUAL | {"least": 13}], "12 of 295 users failed in the newest run, 4 new, fewer than usual (13 to 19)"),
        (
            [USUAL | {"failed": 0, "new": 0, "least": 0, "most": 0}],
            "0 of 295 users failed in the newest run, as usual (0)",
        ),
        (
            [{"failed": 1}],
            "1 of 295 users failed in the newest run, too few runs to say what is usual (that takes 4 runs to compare)",
        ),
        (
            [USUAL, ABORTED],
            f"12 of 295 users failed in the newest run that shows it, {AS_USUAL}; the newest run was aborted",
        ),
        ([ABORTED], "the newest run was aborted, and no other run shows who failed"),
        ([{}], "the newest run has no complete log, and no other run shows who failed"),
    ],
)
def test_the_answer_says_whether_the_newest_run_is_as_usual(rows: list[dict[str, object]], sentence: str) -> None:
    assert trend_sentence(trend(*rows)) == f"hr-feed: {sentence}"


@pytest.mark.parametrize(
    ("rate", "text"), [(None, "-"), (0.0, "0.0%"), (0.0412, "4.1%"), (0.00012, "0.012%"), (1.0, "100.0%")]
)
def test_small_shares_keep_their_digits(rate: float | None, text: str) -> None:
    assert rate_text(rate) == text
