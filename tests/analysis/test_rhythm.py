"""When a feed's next run is due is learned from its past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis.rhythm import Rhythm

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 6, 1)  # noqa: DTZ001 - by the clock of the zone
HOUR = timedelta(hours=1)


def _runs(*hours: float, days: int = 56, on: Callable[[datetime], bool] = lambda _day: True) -> list[datetime]:
    """Runs at hours of the day by the clock of Berlin, from 1 June 2026, a Monday."""
    found = [MONDAY + timedelta(days=day) for day in range(days)]
    times = [day + timedelta(hours=hour) for day in found if on(day) for hour in hours]
    return [time.replace(tzinfo=BERLIN).astimezone(UTC) for time in times]


def _on_weekdays(day: datetime) -> bool:
    return day.weekday() < 5


def _at(month: int, day: int, hour: int = 6, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def _missed(times: list[datetime], at: datetime) -> list[str]:
    return [f"{time.astimezone(BERLIN):%a %d %H:%M}" for time in Rhythm.of(times, BERLIN).due(at).missed]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (_runs(2), "daily"),
        (_runs(2, on=_on_weekdays), "weekdays"),
        (_runs(2, on=lambda day: day.weekday() in {0, 2, 4}), "Mon, Wed, Fri"),
        (_runs(2, on=lambda day: 0 < day.weekday() < 6), "Tue, Wed, Thu, Fri, Sat"),
        (_runs(3, on=lambda day: day.weekday() == 6), "weekly (Sun)"),
        (_runs(3, days=140, on=lambda day: day.toordinal() % 14 == 0), "every 2 weeks"),
        (_runs(3, days=200, on=lambda day: day.day == 1), "monthly"),
        (_runs(*range(24)), "hourly"),
        (_runs(*range(7, 20), on=_on_weekdays), "hourly on weekdays"),
        (_runs(*range(0, 24, 4)), "every 4 hours"),
        (_runs(*(quarter / 4 for quarter in range(96))), "every 15 minutes"),
        (_runs(2, 2.2, 2.7), "daily"),  # one run in three jobs
        (_runs(days=0), "unknown"),
        (_runs(2, days=4), "unknown"),
        (_runs(2, days=14), "unknown"),  # a second weekend without a run may still come
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rhythm_is_named(times: list[datetime], words: str) -> None:
    assert Rhythm.of(times, BERLIN).words == words


def test_a_daily_run_is_late_after_two_hours_and_missing_when_the_next_one_is_too() -> None:
    times = _runs(2)  # until 26 July
    assert _missed(times, _at(7, 26, 23)) == []
    assert _missed(times, _at(7, 27, 3, 59)) == []
    assert _missed(times, _at(7, 27, 4)) == ["Mon 27 02:00"]
    assert _missed(times, _at(7, 28)) == ["Mon 27 02:00", "Tue 28 02:00"]


def test_the_next_run_is_the_first_that_is_not_late() -> None:
    rhythm = Rhythm.of(_runs(2), BERLIN)
    assert rhythm.due(_at(7, 26, 23)).next == _at(7, 27, 2)
    assert rhythm.due(_at(7, 27, 3)).next == _at(7, 27, 2)  # it may still come
    assert rhythm.due(_at(7, 28)).next == _at(7, 29, 2)


def test_a_feed_of_the_weekdays_is_not_expected_on_weekends() -> None:
    times = _runs(2, on=_on_weekdays)  # until Friday, 24 July
    assert Rhythm.of(times, BERLIN).due(_at(7, 25)).next == _at(7, 27, 2)
    assert _missed(times, _at(7, 26, 23)) == []


def test_a_feed_that_pauses_on_weekends_may_pause_on_a_holiday() -> None:
    times = _runs(2, on=_on_weekdays)
    assert _missed(times, _at(7, 27)) == []
    assert _missed(times, _at(7, 28)) == ["Mon 27 02:00", "Tue 28 02:00"]


def test_a_feed_that_has_paused_on_holidays_may_do_so_for_two_days() -> None:
    times = _runs(2, on=lambda day: _on_weekdays(day) and (day.month, day.day) != (6, 4))
    assert _missed(times, _at(7, 28)) == []
    assert _missed(times, _at(7, 29)) == ["Mon 27 02:00", "Tue 28 02:00", "Wed 29 02:00"]


def test_a_feed_of_the_weekdays_that_never_paused_for_half_a_year_has_no_holidays() -> None:
    times = _runs(2, days=7 * 27, on=_on_weekdays)  # until Friday, 4 December
    assert _missed(times, _at(12, 7)) == ["Mon 07 02:00"]


def test_a_whole_day_without_hourly_runs_may_be_a_holiday_but_not_the_rest_of_a_day() -> None:
    times = _runs(*range(7, 20), on=_on_weekdays)
    assert _missed(times, _at(7, 27, 20)) == []
    begun = [*times, _at(7, 27, 7), _at(7, 27, 8)]
    assert _missed(begun, _at(7, 27, 10)) == ["Mon 27 09:00"]


@pytest.mark.parametrize(("zone", "hour"), [(BERLIN, 2), (None, 1)], ids=["local", "UTC"])
def test_daylight_saving_makes_no_run_late(zone: ZoneInfo | None, hour: int) -> None:
    begin = datetime(2026, 2, 2, tzinfo=zone or UTC)
    times = [
        (begin.replace(tzinfo=None) + timedelta(days=day, hours=hour)).replace(tzinfo=zone or UTC).astimezone(UTC)
        for day in range(300)
    ]
    for number in range(40, 300):
        due = Rhythm.of(times[:number], BERLIN).due(times[number] - timedelta(minutes=1))
        assert due.missed == ()
        assert due.next is not None
        assert abs(due.next - times[number]) <= HOUR


def test_one_run_left_out_teaches_nothing_but_the_second_does() -> None:
    times = _runs(2)
    once = [time for time in times if time != _at(6, 20, 2)]
    twice = [time for time in once if time != _at(7, 10, 2)]
    assert _missed(once, _at(7, 27)) == ["Mon 27 02:00"]
    assert _missed(twice, _at(7, 27)) == []
    assert _missed(twice, _at(7, 28)) == ["Mon 27 02:00", "Tue 28 02:00"]


def test_one_late_run_teaches_nothing_but_the_second_does() -> None:
    times = _runs(2)
    once = [time + 4 * HOUR * (time == _at(6, 20, 2)) for time in times]
    twice = [time + 4 * HOUR * (time == _at(7, 10, 2)) for time in once]
    assert _missed(once, _at(7, 27)) == ["Mon 27 02:00"]
    assert _missed(twice, _at(7, 27)) == []
    assert _missed(twice, _at(7, 27, 8)) == ["Mon 27 02:00"]


def test_an_extra_run_by_hand_does_not_move_the_next_one() -> None:
    times = [*_runs(2), _at(7, 26, 10)]
    assert Rhythm.of(times, BERLIN).due(_at(7, 26, 15)).next == _at(7, 27, 2)
    assert _missed(times, _at(7, 27)) == ["Mon 27 02:00"]


def test_a_monthly_feed_is_expected_a_month_later_and_a_bit() -> None:
    times = _runs(3, days=240, on=lambda day: day.day == 1)  # until 1 January
    rhythm = Rhythm.of(times, BERLIN)
    assert rhythm.due(datetime(2027, 2, 3, tzinfo=UTC)).missed == ()
    assert len(rhythm.due(datetime(2027, 2, 10, tzinfo=UTC)).missed) == 1


def test_a_feed_that_has_ended_has_ceased_and_is_not_missing_for_ever() -> None:
    rhythm = Rhythm.of(_runs(2), BERLIN)
    due = rhythm.due(_at(8, 20))
    assert (len(due.missed), due.has_ceased) == (25, False)
    due = rhythm.due(_at(8, 27))
    assert (due.missed, due.next, due.has_ceased) == ((), None, True)
    assert not Rhythm.of(_runs(3, on=lambda day: day.day == 1, days=200), BERLIN).due(_at(12, 31)).has_ceased


def test_a_feed_that_came_back_after_long_pauses_is_expected_again() -> None:
    times = [time for time in _runs(2, days=180) if time.month not in {7, 9}]
    assert _missed(times, _at(11, 28)) == ["Sat 28 02:00"]


def test_an_hourly_feed_that_has_paused_on_holidays_may_do_so_for_two_days() -> None:
    hours = range(7, 20)
    times = _runs(*hours, on=lambda day: _on_weekdays(day) and (day.month, day.day) != (6, 4))  # until 24 July
    assert _missed(times, _at(7, 28, 23)) == []
    assert len(_missed(times, _at(7, 29, 10))) == 2 * len(hours) + 3


def test_a_feed_whose_hours_vary_is_expected_each_day() -> None:
    hours = [[9, 11, 16], [8, 9, 15, 18], [10, 17], [8, 12, 13, 14, 18], [9, 19]]
    times = [time for number in range(60) for time in _runs(*hours[number * 7 % 5], days=60, on=_is_day(number))]
    rhythm = Rhythm.of(times, BERLIN)
    assert rhythm.words == "daily"
    assert len(rhythm.due(max(times) + timedelta(days=1)).missed) == 1


def _is_day(number: int) -> Callable[[datetime], bool]:
    return lambda day: day == MONDAY + timedelta(days=number)


def test_an_irregular_feed_is_silent_after_twice_its_longest_pause() -> None:
    days = [0, 1, 5, 6, 13, 14, 15, 22, 29, 30, 41, 42]
    times = [_at(6, 1, 7 + day % 9) + timedelta(days=day) for day in days]
    rhythm = Rhythm.of(times, BERLIN)
    assert rhythm.words == "irregular"
    assert not rhythm.due(times[-1] + timedelta(days=21)).is_silent
    assert rhythm.due(times[-1] + timedelta(days=23)).is_silent
    assert rhythm.due(times[-1] + timedelta(days=23)).next is None
    assert not Rhythm.of(times[-9:], BERLIN).due(times[-1] + timedelta(days=23)).is_silent  # too few to tell
    assert not Rhythm.of(_runs(*range(24), days=1), BERLIN).due(_at(6, 5)).is_silent


def test_before_the_last_run_nothing_is_due_whatever_the_clock_says() -> None:
    due = Rhythm.of(_runs(2), BERLIN).due(_at(1, 1))
    assert (due.missed, due.is_silent, due.has_ceased) == ((), False, False)
    assert due.next == _at(7, 27, 2)


@given(st.lists(st.integers(0, 200 * 24 * 60), max_size=60), st.integers(0, 400 * 24 * 60))
def test_any_times_are_judged_without_an_error(minutes: list[int], at: int) -> None:
    times = [_at(1, 1) + timedelta(minutes=minute) for minute in minutes]
    now = _at(1, 1) + timedelta(minutes=at)
    due = Rhythm.of(times, BERLIN).due(now)
    assert all(missed < now for missed in due.missed)
    assert list(due.missed) == sorted(set(due.missed))


def test_some_runs_by_hand_at_similar_intervals_are_no_rhythm() -> None:
    by_hand = [_at(6, 1, 9) + timedelta(days=day) for day in (0, 6, 13, 21, 28, 36, 44)]
    assert Rhythm.of(by_hand, BERLIN).words == "irregular"
