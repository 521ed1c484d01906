"""A redacted report has no user in it, in no spelling and in no encoding."""

from __future__ import annotations

import base64
import gzip
import re
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import InputError
from analyzer.history.load import load
from analyzer.history.redacted import RedactedTables, redaction_key
from analyzer.library.mirror import Library
from analyzer.model.identity import identity_key
from analyzer.model.pseudonyms import Pseudonyms
from analyzer.model.service import JobError
from analyzer.report.view import ReportRequest
from analyzer.report.write import write_report
from analyzer.storage.files import sample_library
from analyzer.storage.traces import Traces
from tests.report.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.report.conftest import Lines, LittleLibrary

KEY = b"k" * 32
HOSTILE = [
    "<script>alert(1)</script>@contoso.com",
    '=HYPERLINK("http://example.com")',
    "Jürgen.Mu\u0308ller@contoso.com",
    "i:0#.f|membership|Ada@contoso.com",
    "CONTOSO\\nora",
    "日本 太郎",
    "x" * 90 + "@contoso.com",
    "o'neil&co@contoso.com",
    "25f05e38-bd0e-49ec-8c9c-c4cfe370248c",
    "personnel number 1002",
]


def found_in(folder: Path, keys: Iterable[str]) -> dict[str, int]:
    """Count IDs in the names and bytes of files, and in what is packed in pages."""
    traces = Traces(keys)
    found: dict[str, int] = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        packed = re.findall(rb">(H4sI[A-Za-z0-9+/=]+)<", path.read_bytes())
        unpacked = b"\n".join(gzip.decompress(base64.b64decode(one)) for one in packed)
        found[path.name] = traces.count(path) + len(traces.find(unpacked)) + len(traces.find(path.name.encode()))
    return found


def test_a_redacted_report_of_the_samples_names_no_user(tmp_path: Path) -> None:
    tables = load(Library.existing(sample_library()))
    write_report(ReportRequest(tables, tmp_path, {}, NOW, None).redacted(KEY))
    keys = sorted(set(tables.scan_users().collect()["key"]))
    assert set(found_in(tmp_path, keys[::15]).values()) == {0}  # each spelling of some, the usual one of all
    content = b"\n".join(path.read_bytes().lower() for path in tmp_path.rglob("*") if path.is_file())
    assert not [key for key in keys if key.encode() in content]


@pytest.fixture
def hostile(little: LittleLibrary, lines: type[Lines]) -> LittleLibrary:
    first = little.job("hr-2026-11-16", JobError.ImportCompleteWithError, lines.unresolved(*HOSTILE[:3]))
    told = "".join(
        f"GenericError\t{user}\tThe value '{user}' of {user}, record {at}\r\n" for at, user in enumerate(HOSTILE)
    )
    little.job("hr-2026-11-23", JobError.ImportCompleteWithError, told + f"text with {HOSTILE[3]} that is no entry\r\n")
    little.job(
        "ada@contoso.com-2026-11-23", JobError.InvalidDataFile, "Odd\t\tabout ada@contoso.com and ada%40contoso.com\r\n"
    )
    little.retry("2026-11-16", seen="2026-11-17T02:00:00+00:00", users=3)
    assert first
    return little


def test_hostile_ids_are_in_no_byte_either(hostile: LittleLibrary, tmp_path: Path) -> None:
    out = tmp_path / "report"
    request = hostile.request(out)
    write_report(request)
    keys = sorted(map(identity_key, HOSTILE))
    assert max(found_in(out, keys).values()) > 0
    write_report(request.redacted(KEY))  # which replaces every page and table
    assert set(found_in(out, keys).values()) == {0}


def test_redacted_tables_have_the_same_users_in_number_and_state(hostile: LittleLibrary) -> None:
    tables = hostile.tables()
    redacted = RedactedTables.redacted(tables, KEY)
    pseudonyms = Pseudonyms(KEY)
    for job_id in tables.jobs["job_id"]:
        users, hidden = tables.users_of(job_id), redacted.users_of(job_id)
        expected = {
            identity_key(pseudonyms.user(key)): is_open for key, is_open in users.select("key", "open").iter_rows()
        }
        assert dict(hidden.select("key", "open").iter_rows()) == expected
        assert redacted.open_flags(job_id, [*expected]) == [*expected.values()]
        assert redacted.scan_users_of(job_id).collect()["key"].to_list() == sorted(expected)
        assert redacted.entries_of(job_id).schema == tables.entries_of(job_id).schema
        assert redacted.job(job_id).keys() == tables.job(job_id).keys()


def test_the_key_is_drawn_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    key = redaction_key(tmp_path / "contoso")
    assert key == redaction_key(tmp_path / "contoso")
    assert key != redaction_key(tmp_path / "fabrikam")
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "contoso" / "redaction.key").stat().st_mode) == 0o600


def test_a_damaged_key_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "redaction.key").write_text("short", encoding="utf-8")
    with pytest.raises(InputError, match="is damaged"):
        redaction_key(tmp_path)
