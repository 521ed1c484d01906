"""Feeds as rows of a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.output import Column
from analyzer.cli.views.jobs import open_users, ran
from analyzer.model.text import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analyzer.history.feeds import FeedHealth

COLUMNS = (
    Column("feed", fold=True),
    Column("health"),
    Column("why"),
    Column("open", right=True),
    Column("last run", least=1),
    Column("outcome", least=3),
    Column("next expected", least=2),
    Column("rhythm", least=4),
)


def feed_rows(healths: Iterable[FeedHealth], zone: ZoneInfo | None, now: datetime) -> list[list[str]]:
    """Return the cells of ``COLUMNS`` with the worst finding of each feed; times are in ``zone``."""
    return [
        [
            health.status.feed,
            health.health,
            health.findings[0].reason,
            open_users(health.status.run) if health.status.run else "-",
            ran(health.status.run, zone, now) if health.status.run else "-",
            health.status.run["outcome"] if health.status.run else "-",
            moment(health.next_expected, zone, now),
            health.rhythm,
        ]
        for health in healths
    ]


def health_json(health: FeedHealth) -> dict[str, object]:
    """Return the health of a feed as ``run --json`` and ``feeds --json`` have it; times in ISO 8601, UTC."""
    return {
        "health": health.health,
        "health_reason": health.reason or None,
        "next_expected": health.next_expected.isoformat() if health.next_expected else None,
    }


def feed_json(health: FeedHealth) -> dict[str, object]:
    """Return a feed as ``feeds --json`` has it."""
    run: Mapping[str, Any] = health.status.run or {}
    return {
        "feed": health.status.feed,
        **health_json(health),
        "job_id": run.get("job_id"),
        "ran": run["ran"].isoformat() if run.get("ran") else None,
        "outcome": run.get("outcome"),
        "users": run.get("users"),
        "usual_users": health.usual_users,
        "open": run.get("open"),
        "stuck": [job["job_id"] for job in health.status.stuck],
        "rhythm": health.rhythm,
    }
