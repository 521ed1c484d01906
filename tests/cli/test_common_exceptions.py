"""The vendor's Common Exceptions: each foretold by ``check``, produced by a job, read by ``parse``, and explained.

https://learn.microsoft.com/sharepoint/dev/solution-guidance/bulk-user-profile-update-api-for-sharepoint-online
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest

from analyzer.catalogue import OURS
from analyzer.emulator import start
from analyzer.emulator.jobs import PICK_UP, VALIDATION, WRITING
from tests.emulator.client import Client, StandingClock, error_of, write_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Ran

PROPERTIES = [{"name": "City"}, {"name": "OfficeCode"}, {"name": "AboutMe", "editable": True}]
SCHEMA = "name,type,editable\nCity,string,no\nOfficeCode,string,no\nAboutMe,HTML,yes\n"
EXPORT = "userPrincipalName,mail,id\nvesaj@contoso.com,vesaj@contoso.com,29c15105-5322-5cf7-9131-69b2b9b9279f\n"
VESA = {"IdName": "vesaj@contoso.com", "City": "Helsinki"}
# Line 8 closes the list as if it were an object.
BROKEN = """{
  "value": [
    {
      "IdName": "vesaj@contoso.com",
      "City": "Helsinki",
      "Office": "Viper"
    }
         }
"""

EXCEPTIONS = {
    "InvalidProperty": (
        json.dumps({"value": [{**VESA, "AboutMe": "x"}]}),
        ("vesaj@contoso.com", "AboutMe"),
        "Property 'AboutMe' is not mapped to any property in the user profile application.",
        "Map AboutMe or remove it from the feed before you import again.",
    ),
    "MissingIdentity": (
        json.dumps({"value": [{"City": "Helsinki"}, VESA]}),
        (None, None),
        "The identity is missing for the user object",
        "a record has no ID",
    ),
    "IdentityNotResolvable": (
        json.dumps({"value": [VESA, {"IdName": "unknown@contoso.com", "City": "None"}]}),
        ("unknown@contoso.com", None),
        "User identity cannot be resolved",
        "the user is not known to SharePoint",
    ),
    "DataFileNotJson": (
        BROKEN,
        (None, None),
        "JsonToken EndObject is not valid for closing JsonType Array. Path 'value', line 8, position 10.",
        "the source file has a character where JSON doesn't allow one",
    ),
}
"""By code: the source file, the entry's identity and property, the article's message, and words of the report."""


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def client(tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The only tenant of the configuration, with the article's properties."""
    monkeypatch.chdir(tmp_path)
    library = write_library(tmp_path / "tenant")
    users = [{"mail": "vesaj@contoso.com"}]
    (library / "emulator.json").write_text(json.dumps({"users": users, "properties": PROPERTIES}), encoding="utf-8")
    (tmp_path / "schema.csv").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "users.csv").write_text(EXPORT, encoding="utf-8")
    with start(library, clock=clock) as running, Client(running) as opened:
        keys = f'admin_url = "{running.ready["admin_url"]}"\nauth = "token"\nca_file = "{running.ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        monkeypatch.setenv("UPA_TOKEN", running.ready["token"])
        yield opened


def foretold(upa: Callable[..., Ran], path: str, *mapped: str) -> list[tuple[str, str, str | None, str | None]]:
    """The findings that abort the job or fail a user."""
    options = ("--id-type", "Email", "--id-property", "IdName", "--schema", "schema.csv", "--directory", "users.csv")
    ran = upa("check", path, *options, *mapped, "--json")
    assert ran.code == 1
    (checked,) = ran.json["files"]
    rows = [(one["severity"], one["code"], one["identity"], one["property"]) for one in checked["findings"]]
    return [row for row in rows if row[0] in {"aborts", "fails"}]


@pytest.mark.parametrize("code", EXCEPTIONS)
def test_an_exception_of_a_job_is_foretold_produced_read_and_explained(
    upa: Callable[..., Ran], client: Client, clock: StandingClock, tmp_path: Path, code: str
) -> None:
    content, (identity, name), message, explained = EXCEPTIONS[code]
    (tmp_path / "hr-feed.json").write_text(content, encoding="utf-8")

    severity = "fails" if code == "IdentityNotResolvable" else "aborts"
    found = foretold(upa, "hr-feed.json", "--map", "City", "--map", "Office=OfficeCode")
    assert [one[:2] for one in found] == [(severity, code)]
    if code in {"InvalidProperty", "IdentityNotResolvable"}:
        assert found[0][2:] == (identity, name)

    client.upload("hr-feed.json", content.encode())
    job_id = client.queue("hr-feed.json", propertyMap={"City": "City", "Office": "OfficeCode"})
    clock.now += PICK_UP + VALIDATION + WRITING
    assert upa("pull").code == 0

    logs = next((tmp_path / "upa-data").rglob(f"*{job_id}-Logs"))
    (entry,) = upa("parse", logs, "--json").json
    assert (entry["code"], entry["identity"], entry["property"]) == (code, identity, name)
    assert entry["message"] == message

    assert upa("report").code == 0
    page = next((tmp_path / "upa-data").rglob(f"reports/**/*{job_id}*.html")).read_text(encoding="utf-8")
    words = html.unescape(re.sub(r"<[^>]+>|\s+", " ", page))
    assert explained[1:] in words  # a capital letter begins a heading
    assert message in words


def test_an_exception_of_the_queue_call_is_foretold_produced_and_explained(
    upa: Callable[..., Ran], client: Client, tmp_path: Path
) -> None:
    (tmp_path / "hr-feed.json").write_text(json.dumps({"value": [{**VESA, "About": "x"}]}), encoding="utf-8")
    found = foretold(upa, "hr-feed.json", "--map", "City", "--map", "About=AboutMe")
    assert found == [("aborts", "QueueImportProfileProperties/editable-by-user", None, "AboutMe")]

    request = client.import_of("hr-feed.json") | {"propertyMap": {"City": "City", "About": "AboutMe"}}
    status, message = error_of(client.job_call("QueueImportProfileProperties", request))
    assert (status, message) == (400, "Property Names [AboutMe] are editable by user.")

    ran = upa("explain", message)
    assert ran.code == 0
    assert OURS.explain("QueueImportProfileProperties/editable-by-user").title in ran.out
