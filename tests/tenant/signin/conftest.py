"""An application of the emulator's directory, and a person of it."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.tenant.signin import Application
from tests.person import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator import RunningEmulator


@pytest.fixture
def application(emulator: RunningEmulator) -> Application:
    ready = emulator.ready
    return Application(ready["authority"], ready["tenant_id"], ready["client_id"], Path(ready["ca_file"]))


@pytest.fixture
def person(emulator: RunningEmulator) -> Person:
    return Person(emulator.ready["ca_file"])


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "_tryorder", [])


@pytest.fixture
def never() -> Callable[[str], None]:
    """Tells nobody, because nobody is to be asked."""
    return lambda line: pytest.fail(f"somebody was asked: {line}")
