"""The times that the service gives us: of a job the one in its log file's name, of a file when it was written."""

from __future__ import annotations

from datetime import UTC, datetime

from analyzer.model.service import LOG_FILE_NAME

_PLAUSIBLE = range(2000, 2100)
"""A name that somebody made up must not lead to a time that no zone can show."""


def time_in_log_name(name: str) -> datetime | None:
    """When the log file was begun (UTC, inferred); None where the name does not tell.

    >>> time_in_log_name("ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-20151130-174205-993.log")
    datetime.datetime(2015, 11, 30, 17, 42, 5, 993000, tzinfo=datetime.timezone.utc)
    """
    found = LOG_FILE_NAME.match(name)
    if found is None or found["date"] is None:
        return None
    digits = f"{found['date']}{found['time']}{found['milliseconds']}000"
    try:
        time = datetime.strptime(digits, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if time.year in _PLAUSIBLE else None


def time_told(text: str) -> datetime | None:
    """A time of change as the tenant tells it, ISO 8601; None where it tells none, or not of which zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
