"""A person who signs in where the command says: does on the authority's pages what a line tells."""

from __future__ import annotations

import re
import threading
import webbrowser
from html import unescape
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Person:
    """Whoever sits before the browser.

    Attributes:
        notices: the lines that were shown to the person.
        opened: the addresses that the machine's browser was given.
    """

    def __init__(self, ca_file: str | Path, *, through_proxy: bool = False) -> None:
        self.notices: list[str] = []
        self.opened: list[str] = []
        self._http = requests.Session()
        self._http.trust_env = through_proxy
        self._ca_file = str(ca_file)

    def type_code(self, line: str, *, decision: str = "approve") -> None:
        """Types the code of ``To sign in, use a web browser to open the page … and enter the code …``."""
        self.notices.append(line)
        found = re.search(r"open the page (\S+) and enter the code (\S+)", line)
        assert found
        form = {"user_code": found[2], "decision": decision}
        assert self._http.post(found[1], data=form, timeout=60, verify=self._ca_file).status_code == 200

    def browse(self, address: str) -> None:
        """Opens a page, and sends the form that it brings."""
        page = self._http.get(address, timeout=60, verify=self._ca_file).text
        fields = {name: unescape(text) for name, text in re.findall('name="(.*?)" value="(.*?)"', page)}
        self._http.post(unescape(re.findall('action="(.*?)"', page)[0]), data=fields, timeout=60)

    def sit_down(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Makes the machine's browser theirs."""
        person = self

        class Browser(webbrowser.BaseBrowser):
            def open(self, url: str, _new: int = 0, _autoraise: bool = True) -> bool:
                person.opened.append(url)
                # In a thread: msal listens for what the browser posts only when this has returned.
                threading.Thread(target=person.browse, args=(url,)).start()
                return True

        monkeypatch.setattr(webbrowser, "_tryorder", ["the-tests"])
        monkeypatch.setattr(webbrowser, "_browsers", {"the-tests": [None, Browser()]})
