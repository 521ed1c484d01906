"""An application of the emulator's directory, and a person of it who signs in without being asked."""

from __future__ import annotations

import re
import threading
import webbrowser
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from analyzer.tenant.signin import Applicant

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator import RunningEmulator


class Person:
    """Does on the authority's pages what a line tells; ``told`` has the lines."""

    def __init__(self, ca_file: str) -> None:
        self.told: list[str] = []
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = ca_file

    def type_code(self, line: str, *, decision: str = "approve") -> None:
        """Types the code of ``To sign in, use a web browser to open the page … and enter the code …``."""
        self.told.append(line)
        found = re.search(r"open the page (\S+) and enter the code (\S+)", line)
        assert found
        self._http.post(found[1], data={"user_code": found[2], "decision": decision}, timeout=60)

    def browse(self, address: str) -> None:
        """Opens a page, and sends the form that it brings."""
        page = self._http.get(address, timeout=60).text
        fields = {name: unescape(text) for name, text in re.findall('name="(.*?)" value="(.*?)"', page)}
        self._http.post(unescape(re.findall('action="(.*?)"', page)[0]), data=fields, timeout=60)


@pytest.fixture
def applicant(emulator: RunningEmulator) -> Applicant:
    ready = emulator.ready
    return Applicant(ready["authority"], ready["tenant_id"], ready["client_id"], Path(ready["ca_file"]))


@pytest.fixture
def person(emulator: RunningEmulator) -> Person:
    return Person(emulator.ready["ca_file"])


@pytest.fixture
def browser(person: Person, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The machine's browser, with a person before it; the addresses that it was given."""
    opened: list[str] = []

    class Browser(webbrowser.BaseBrowser):
        def open(self, url: str, _new: int = 0, _autoraise: bool = True) -> bool:
            opened.append(url)
            # In a thread: msal listens for what the browser posts only when this has returned.
            threading.Thread(target=person.browse, args=(url,)).start()
            return True

    monkeypatch.setattr(webbrowser, "_tryorder", ["the-tests"])
    monkeypatch.setattr(webbrowser, "_browsers", {"the-tests": [None, Browser()]})
    return opened


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "_tryorder", [])


@pytest.fixture
def never() -> Callable[[str], None]:
    """Tells nobody, because nobody is to be asked."""
    return lambda line: pytest.fail(f"somebody was asked: {line}")
