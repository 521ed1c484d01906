"""PnPjs, as it comes from its authors, works on the emulator, and is told of each refusal.

It is told addresses and a certificate; whom to trust stands in the environment.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from tests.emulator.client import StandingClock, job, write_library
from tests.foreign.pnpjs_node import PnPjs, calls, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

MISSING = missing()
if MISSING and os.environ.get("REQUIRE_PNPJS"):
    pytest.fail(MISSING, pytrace=False)
if MISSING:
    pytest.skip(MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def pnpjs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PnPjs]:
    clock = StandingClock()
    library = write_library(tmp_path_factory.mktemp("pnpjs") / "library", job())
    with start(library, clock=clock) as running, PnPjs(running, clock) as opened:
        yield opened


@pytest.mark.parametrize("name", calls())
def test_a_call_of_the_client_works(pnpjs: PnPjs, name: str) -> None:
    came = pnpjs.make(name)
    assert "failed" not in came, came["failed"]
    assert came["got"] == came["expected"]
