"""A small tenant with the faults that a test chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import StandingClock
from tests.fault_injection.library import Made, make_library
from tests.fault_injection.tenant import ORIGIN, FaultyTenant, faulty_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A library of 20 jobs with 60 log files; one is empty."""
    empty = iter([0])
    return make_library(tmp_path_factory.mktemp("made"), 20, 60, size=lambda random: next(empty, _size(random)))


def _size(random: Random) -> int:
    return random.randrange(1, 20_000)


@pytest.fixture
def tenant(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyTenant]:
    """The tenant without faults; waits end at once, and nothing is slow."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "home").mkdir()
    with (
        start(made.root, clock=StandingClock(), known_as=ORIGIN) as emulator,
        faulty_tenant(emulator.ready, tmp_path / "home") as begun,
    ):
        monkeypatch.setenv("HTTPS_PROXY", begun.proxy.url)
        begun.proxy.wait, begun.proxy.pause = 0, 0.0
        yield begun
