"""The limit of the calls on profiles, for the whole tenant, by the service's clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from analyzer.emulator import start
from analyzer.emulator.clock import ServiceClock
from analyzer.emulator.model import ServiceError
from analyzer.emulator.people_throttle import PeopleThrottle, PeopleWindow
from tests.emulator.client import Client, StandingClock, error_of, job, write_library

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.emulator import RunningEmulator

CALL = "/_api/SP.UserProfiles.PeopleManager/GetPropertiesFor('ada@contoso.com')"
NAME = "/_api/SP.UserProfiles.PeopleManager/GetUserProfilePropertyFor(accountName='eve@x.example',propertyName='City')"


def test_calls_beyond_the_limit_are_refused_until_the_window_ends(tmp_path: Path) -> None:
    clock = StandingClock()
    library = write_library(tmp_path / "library", job())
    with start(library, clock=clock, speed=2.0, people_limit=2) as running, Client(running) as client:
        clock.now += 50  # a third of the first window, at twice the speed
        assert [client.send("GET", f"{path}{call}").status_code for path, call in (("", CALL), ("/sites/hr", NAME))]
        refused = client.send("GET", CALL)
        assert error_of(refused)[0] == 429
        assert refused.headers["Retry-After"] == "100"
        clock.now += 99.9
        assert client.send("GET", CALL).headers["Retry-After"] == "1"
        clock.now += 0.1
        assert client.send("GET", CALL).status_code == 200
        assert running.people.windows() == [PeopleWindow(0.0, 2, 2), PeopleWindow(300.0, 1, 0)]


def test_other_calls_are_not_counted(client: Client, emulator: RunningEmulator) -> None:
    client.file()
    client.jobs()
    client.send("GET", "/_api/SP.UserProfiles.PeopleManager/GetFollowers")
    assert emulator.people.windows() == []


def test_each_call_of_many_at_once_is_counted() -> None:
    throttle = PeopleThrottle(ServiceClock(1.0, StandingClock(), None), 500)  # type: ignore[arg-type]

    def count(_: int) -> int:
        try:
            throttle.count()
        except ServiceError as error:
            return error.status
        return 200

    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(count, range(900)))
    assert (came.count(200), came.count(429)) == (500, 400)
    assert throttle.windows() == [PeopleWindow(0.0, 500, 400)]
