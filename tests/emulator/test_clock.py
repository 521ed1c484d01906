"""The service's clock against ours."""

from __future__ import annotations

from datetime import UTC, datetime

from analyzer.emulator.clock import ServiceClock
from tests.emulator.client import StandingClock

STARTED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_service_seconds_are_real_seconds_times_the_speed() -> None:
    real = StandingClock()
    service = ServiceClock(600.0, real, STARTED)
    assert service.seconds() == 0
    real.now += 2
    assert service.seconds() == 1200


def test_the_time_of_day_is_the_real_one_whatever_the_speed() -> None:
    service = ServiceClock(600.0, StandingClock(), STARTED)
    assert service.utc(1200) == datetime(2026, 11, 23, 2, 0, 2, tzinfo=UTC)
