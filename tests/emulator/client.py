"""What tests of the emulator share: a clock that stands still, a library, a plain client that talks over the socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from analyzer.model.service import TENANT_API

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from analyzer.emulator import RunningEmulator

FOLDER = "/sites/hr/Shared Documents"
JOB_ID = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
LOGS = f"{FOLDER}/hr-{JOB_ID}-Logs"
LOG_NAME = f"ImportProfileProperties-{JOB_ID}-20261102-021405-993.log"
TENANT = "https://contoso.sharepoint.com"


@dataclass
class StandingClock:
    """Real seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def source(*users: str, **values: str) -> bytes:
    """A source file with these users, the same values for each."""
    return json.dumps({"value": [{"IdName": user, **values} for user in users]}).encode()


def job(**differences: object) -> dict[str, object]:
    """A job as it stands in ``jobs.json``."""
    usual = {
        "JobId": JOB_ID,
        "State": 5,
        "Error": 30,
        "ErrorMessage": "The data has been imported, but there were errors.",
        "SourceUri": f"{TENANT}{FOLDER}/hr.json",
        "LogFolderUri": f"{TENANT}{LOGS}",
    }
    return usual | differences


def write_library(root: Path, *jobs: Mapping[str, object]) -> Path:
    """A library with one source file, one log, our own folder, and these jobs."""
    folder = root / FOLDER[1:]
    folder.mkdir(parents=True)
    (folder / "hr.json").write_bytes(source("ada@contoso.com", "bob@contoso.com", City="Berlin"))
    (root / LOGS[1:]).mkdir()
    (root / LOGS[1:] / LOG_NAME).write_bytes(b"IdentityNotResolvable\teve@contoso.com\tUser identity\r\n")
    (root / ".upa").mkdir()
    (root / ".upa" / "pull.json").write_bytes(b"{}")
    (root / "README.md").write_bytes(b"read me")
    (root / "jobs.json").write_text(json.dumps({"value": list(jobs)}), encoding="utf-8")
    return root


@dataclass
class Client:
    """Requests to an emulator, with the token that it gave out unless told otherwise."""

    emulator: RunningEmulator
    accept: str = "application/json"
    http: requests.Session = field(default_factory=requests.Session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def origin(self) -> str:
        return self.emulator.ready["admin_url"]

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        token: str | None = None,
    ) -> requests.Response:
        bearer = f"Bearer {self.emulator.ready['token'] if token is None else token}"
        sent = {"Accept": self.accept, "Authorization": bearer, **(headers or {})}
        return self.http.request(
            method,
            path if path.startswith("https:") else self.origin + path,
            data=body,
            headers={name: value for name, value in sent.items() if value is not None},
            verify=self.emulator.ready["ca_file"],
            timeout=60,
        )

    def folder(self, call: str = "", path: str = FOLDER, method: str = "GET", **more: Any) -> requests.Response:  # noqa: ANN401 - as ``send`` takes them
        return self.send(
            method, f"/sites/hr/_api/web/getFolderByServerRelativePath(decodedUrl='{argument(path)}'){call}", **more
        )

    def file(
        self,
        call: str = "",
        path: str = f"{FOLDER}/hr.json",
        method: str = "GET",
        **more: Any,  # noqa: ANN401 - as ``send`` takes them
    ) -> requests.Response:
        return self.send(
            method, f"/sites/hr/_api/web/getFileByServerRelativePath(decodedUrl='{argument(path)}'){call}", **more
        )

    def upload(self, name: str, content: bytes) -> requests.Response:
        return self.folder(f"/Files/add(overwrite=true,url='{argument(name)}')", method="POST", body=content)

    def job_call(self, name: str, body: Mapping[str, object] | None = None, **more: Any) -> requests.Response:  # noqa: ANN401 - as ``send`` takes them
        text = b"" if body is None else json.dumps(body).encode()
        return self.send("POST", TENANT_API + name, body=text, **more)

    def jobs(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.job_call("GetImportProfilePropertyJobs").json()["value"]
        return listed

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.job_call("GetImportProfilePropertyJob", {"jobId": job_id}).json()
        return found

    def queue(self, name: str = "new.json", **differences: object) -> str:
        answer = self.job_call("QueueImportProfileProperties", self.import_of(name) | differences)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["value"])

    def import_of(self, name: str) -> dict[str, object]:
        return {
            "idType": 0,
            "sourceDataIdProperty": "IdName",
            "propertyMap": {"City": "City"},
            "sourceUri": f"{self.origin}{FOLDER}/{name}",
        }


def argument(text: str) -> str:
    """A text as it stands between the quotes of an address."""
    return quote(text.replace("'", "''"), safe="")


def names(answer: requests.Response) -> Sequence[str]:
    """The names in a listing."""
    return [listed["Name"] for listed in answer.json()["value"]]


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and message of an answer that is an error of SharePoint's form."""
    content = answer.json()
    error = content["error" if "verbose" in answer.headers["Content-Type"] else "odata.error"]
    assert ", " in error["code"]
    assert error["message"]["lang"] == "en-US"
    return answer.status_code, error["message"]["value"]
