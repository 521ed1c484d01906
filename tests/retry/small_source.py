"""Requests for retry files over a small source, for the tests of this folder."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from analyzer.analysis.named_users import UserIds
from analyzer.model.identity import identity_key
from analyzer.model.job import Outcome
from analyzer.retry.model import RetryRequest, Selection
from analyzer.source.id_property import IdProperty

if TYPE_CHECKING:
    from pathlib import Path

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
ADA = '{ "IdName": "Ada@contoso.com",\r\n "City" : "Kiel" }'
BOB = '{"IdName":"bob@contoso.com","City":"M\\u00fcnchen"}'
EVE = '{"IdName":"i:0#.f|membership|eve@contoso.com","City":"Łódź"}'


def write_source(folder: Path, *records: str, name: str = "hr-feed.json") -> Path:
    """A source file of these records, with blanks and a comma at the end where a feed may put them."""
    path = folder / name
    path.write_text('{"odata":1, "value" : [' + " ,\n".join(records) + "\t] }", encoding="utf-8", newline="")
    return path


def partial(*identities: str, without_user: int = 0) -> Selection:
    """The users that a log names."""
    by_key = UserIds({identity_key(identity): identity for identity in identities})
    return Selection(Outcome.partial, False, by_key, without_user, "the log names them")


ALL_RECORDS = Selection(Outcome.aborted, True, UserIds(), 0, "the import was aborted")


def request(source: Path, selection: Selection, *logs: Path, id_property: str = "IdName") -> RetryRequest:
    """A request whose files go into the folder ``out`` next to the source."""
    known = IdProperty(id_property, "you specified it", certain=True)
    return RetryRequest(source, logs, JOB, known, selection, source.parent / "out" / "hr-feed-retry.json")


def files(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name, with their content."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def described(path: Path) -> dict[str, object]:
    """The entry of a file in a manifest."""
    raw = path.read_bytes()
    return {"name": path.name, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


def manifest_of(path: Path) -> dict[str, object]:
    """The manifest of a retry file."""
    content = json.loads(path.with_name(f"{path.stem}.manifest.json").read_bytes())
    assert isinstance(content, dict)
    return content
