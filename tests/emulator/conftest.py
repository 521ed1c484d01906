"""An emulator on a small library, whose clock stands still, and a client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import RunningEmulator, start
from tests.emulator.client import Client, StandingClock, job, write_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return write_library(tmp_path / "library", job())


@pytest.fixture
def emulator(library: Path, clock: StandingClock) -> Iterator[RunningEmulator]:
    with start(library, clock=clock) as running:
        yield running


@pytest.fixture
def client(emulator: RunningEmulator) -> Iterator[Client]:
    with Client(emulator) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """For tests that change nothing."""
    library = write_library(tmp_path_factory.mktemp("shared") / "library", job())
    with start(library, clock=StandingClock()) as running, Client(running) as opened:
        yield opened
