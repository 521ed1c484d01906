"""PnPjs in a process of node: which calls it is asked to make, and what comes of each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.client import JOB_ID, LOG_NAME, source
from tests.emulator.credentials import key, pem, thumbprint, uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from analyzer.emulator import RunningEmulator
    from tests.emulator.client import StandingClock

FOLDER = Path(__file__).with_name("pnpjs")
NODE = shutil.which("node")
_LONGEST = 60
_SOURCE = source("ada@contoso.com", "bob@contoso.com", City="Berlin")
_LOG = b"IdentityNotResolvable\teve@contoso.com\tUser identity\r\n"


def missing() -> str:
    """What is missing for the calls to be made; empty where nothing is."""
    if not NODE:
        return "there is no node"
    if not (FOLDER / "node_modules").is_dir():
        return "PnPjs is not installed; npm ci --prefix tests/foreign/pnpjs installs it"
    return ""


def calls() -> list[str]:
    """The names of the calls that PnPjs is asked to make.

    Raises:
        subprocess.CalledProcessError: the tables cannot be read.
    """
    listed = subprocess.run([str(NODE), "main.mjs", "--list"], cwd=FOLDER, check=True, stdout=subprocess.PIPE)
    names: list[str] = json.loads(listed.stdout)
    return names


class PnPjs:
    """A process that makes calls against an emulator, each in a site of its own."""

    def __init__(self, emulator: RunningEmulator, clock: StandingClock) -> None:
        """Uploads the application's certificate and starts node."""
        self._emulator, self._clock = emulator, clock
        self._sites = 0
        emulator.application.certificates.append(uploaded())
        self._process = subprocess.Popen(
            [str(NODE), "main.mjs"],
            cwd=FOLDER,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": emulator.ready["ca_file"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def make(self, name: str) -> dict[str, Any]:
        """Makes one call.

        Returns:
            ``expected``, and ``got`` or ``failed``, a stack trace.
        """
        said = self._told({"name": name, **self._given()})
        while "ask" in said:
            said = self._told({"answer": self._answer(said)})
        return said

    def _told(self, line: Mapping[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        guard = Timer(_LONGEST, self._process.kill)
        guard.start()
        told = self._process.stdout.readline()
        guard.cancel()
        if not told:
            pytest.fail(f"node ended, or said nothing for {_LONGEST} s")
        said: dict[str, Any] = json.loads(told)
        return said

    def _answer(self, said: Mapping[str, Any]) -> str | None:
        """What a call cannot know by itself."""
        if said["ask"] == "pass":
            self._clock.now += said["seconds"]
            return None
        if not self._emulator.storage.exists(said["path"]):
            return None
        place = self._emulator.storage.find(said["path"])[1]
        return place.read_text(encoding="utf-8") if place.is_file() else ""

    def _given(self) -> dict[str, object]:
        """A new site with a source file and a log, and what a program is told of it."""
        self._sites += 1
        site = f"/sites/hr-{self._sites}"
        library = f"{site}/Shared Documents"
        logs = f"{library}/hr-{JOB_ID}-Logs"
        for path, content in ((f"{library}/hr.json", _SOURCE), (f"{logs}/{LOG_NAME}", _LOG)):
            place = self._emulator.storage.make_folder(path.rpartition("/")[0]).place
            (place / path.rpartition("/")[2]).write_bytes(content)
        return {
            "ready": self._emulator.ready,
            "key": pem(key()),
            "otherKey": pem(key(2)),
            "thumbprint": thumbprint(uploaded()),
            "site": site,
            "jobId": JOB_ID,
            "source": {"path": f"{library}/hr.json", "text": _SOURCE.decode()},
            "log": {"path": f"{logs}/{LOG_NAME}", "text": _LOG.decode()},
        }
