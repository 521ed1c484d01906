"""Nights with ``queue --delta --heal``: changed and failed users are sent, unchanged ones aren't."""

from __future__ import annotations

import json
from datetime import timedelta

from analyzer.model.service import IdType
from tests.cli.healing_month import FIRST, Month, guid

PEOPLE = 12
CHANGED: dict[int, list[int | str]] = {2: [0, 1], 3: [1, 2], 4: [], 5: [3], 6: [4, 5], 7: [0]}
"""Who moves in a night."""
NEW: dict[int, list[int | str]] = {2: ["late"], 5: ["never", "later"]}
"""Who is new in a night and has no account yet."""
ACCOUNTS = {3: ["late"], 7: ["later"]}
DEADLOCKS = {3: {2: 1}, 6: {4: 2, 5: 1}}
"""How many imports of a person fail by a deadlock in a night."""
INTERNAL_ERROR = 6
"""The night in which the service fails in the run."""


def test_each_night_sends_those_whose_profiles_differ_and_no_others(month: Month) -> None:
    cities = {guid(person): "City 1" for person in range(PEOPLE)}
    for night in range(1, 10):
        month.pass_until(FIRST + timedelta(days=night - 1))
        for person in ACCOUNTS.get(night, []):
            month.appear(person)
        for unlucky, times in DEADLOCKS.get(night, {}).items():
            found = month.hr.emulator.store.user(IdType.CloudId, guid(unlucky))
            assert found is not None
            found.deadlocks = times
        cities |= {guid(person): f"City {night}" for person in [*CHANGED.get(night, []), *NEW.get(night, [])]}
        records = [{"IdName": user, "City": city} for user, city in cities.items()]
        month.file.write_text(json.dumps({"value": records, "night": night}), encoding="utf-8")
        differing = {user: city for user, city in cities.items() if month.city_of(user) != city}
        before = len(list(month.jobs()))
        if night == INTERNAL_ERROR:
            month.hr.emulator.jobs.fail_queued()
        ran = month.upa("queue", month.file, "--delta", "--heal", "1", "--json")
        assert ran.code in {0, 1}, ran.err
        runs = [job for job in list(month.jobs())[before:] if not job.retry_of]
        assert [job.sent for job in runs] == ([differing] if differing else []), f"night {night}: {ran.err}"
        if runs:
            assert ran.json["unchanged"] == len(cities) - len(differing)
        else:
            assert "Nothing has changed" in ran.err
    assert {user for user in cities if month.city_of(user) != cities[user]} == {guid("never")}
