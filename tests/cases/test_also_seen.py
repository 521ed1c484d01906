"""What people paste from consoles, and jobs whose log doesn't date them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
PASTED = {
    "The remote server returned an error: (401) Unauthorized.": "QueueImportProfileProperties/unauthorized: ",
    "The remote server returned an error: (403) Forbidden.": "QueueImportProfileProperties/forbidden: ",
    "Error status: InternalError": "InternalError: the service failed",
    "Processing": "Processing: ",
    "State: Processing": "Processing: ",
}


@pytest.mark.parametrize(("line", "answer"), PASTED.items(), ids=PASTED.keys())
def test_what_a_console_says_is_explained_as_what_it_is(upa: Callable[..., Ran], line: str, answer: str) -> None:
    ran = upa("explain", line)
    assert (ran.code, ran.out.splitlines()[0].startswith(answer)) == (0, True), ran.out
    assert "GenericError" not in ran.out


def test_a_job_that_succeeded_ran_when_its_file_s_name_says(upa: Callable[..., Ran], tmp_path: Path) -> None:
    name = "userprofilesyncdata-20240301020003-8c206c89d1134fc8a45d1f2ca6d68a07.json"
    folder = tmp_path / "library" / "sites" / "hr" / "Shared Documents"
    folder.mkdir(parents=True)
    (folder / name).write_text('{"value":[{"IdName":"ada@contoso.com","City":"Oslo"}]}', encoding="utf-8-sig")
    uri = f"https://contoso.sharepoint.com/sites/hr/Shared Documents/{name}"
    job = {"JobId": JOB, "State": 4, "Error": 0, "ErrorMessage": "", "SourceUri": uri, "LogFolderUri": ""}
    (tmp_path / "library" / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    (row,) = upa("jobs", "--library", "library", "--json").json["jobs"]
    assert (row["outcome"], row["ran"][:10]) == ("succeeded", "2024-03-01")
    shown = upa("show", JOB, "--library", "library")
    assert "1 Mar 2024" in shown.out
