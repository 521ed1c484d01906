"""What a job's page says of entries that don't identify a user."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

from analyzer.history.job_facts import looks_by_job
from analyzer.history.locations import whereabouts_by_job
from analyzer.library.mirror import Library
from analyzer.model.service import JobError
from analyzer.report.whereabouts import located_in, nameless_shown
from analyzer.report.write import write_report
from tests.report.conftest import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.report.view import Run, View
    from tests.report.conftest import Lines, LittleLibrary

EVIL = "<script>alert(1)</script>"
NOT_JSON = "DataFileNotJson\t\tBad JSON escape sequence: \\V. Path 'value[0].City', line 1, position {}.\r\n"


def job_not_json(little: LittleLibrary) -> str:
    """A job whose source file is no JSON, and holds what would be a script."""
    text = f'{{"value":[{{"IdName":"{EVIL}@contoso.com","City":"{EVIL}R\\V"}}]}}'
    job_id = little.job("hr-2026-11-23", JobError.InvalidDataFile, NOT_JSON.format(text.index("\\") + 2))
    (little.root / f"{FOLDER[1:]}/hr-2026-11-23.json").write_text(text, encoding="utf-8")
    return job_id


def seen(little: LittleLibrary, job_id: str) -> tuple[View, Run]:
    view, run = little.run(job_id)
    found = whereabouts_by_job(Library.existing(little.root), view.tables)
    return dataclasses.replace(view, whereabouts=found), run


def test_the_place_of_a_fault_is_told_with_the_person(little: LittleLibrary) -> None:
    (sentence,) = located_in(*seen(little, job_not_json(little)))
    assert sentence.startswith(f"Record 1 (IdName {EVIL}@contoso.com), in City: a single backslash")
    assert sentence.endswith("Using IdName as the ID property (its values look like IDs).")


def test_what_a_source_file_holds_stands_escaped_in_the_page(little: LittleLibrary, tmp_path: Path) -> None:
    job_id = job_not_json(little)
    found = whereabouts_by_job(Library.existing(little.root), little.tables())
    write_report(dataclasses.replace(little.request(tmp_path), whereabouts=found))
    html = (tmp_path / f"jobs/{job_id}.html").read_text(encoding="utf-8")
    (located,) = re.findall(r'<p class="located"><bdi>(.*?)</bdi></p>', html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@contoso.com" in located
    assert html.count("<script") == 1


def test_an_entry_without_an_id_has_its_bounds(little: LittleLibrary, lines: type[Lines], tmp_path: Path) -> None:
    users = [f"user{number}@contoso.com" for number in (1, 3, 4, 6, 8)]
    log = lines.unresolved(*users[:2], "", *users[2:])
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, users=10)
    view, run = seen(little, job_id)
    nobody = view.entries_of(run).filter(~view.entries_of(run)["names"])
    entries, note = nameless_shown(view, run, nobody)
    assert [row.whereabouts for row in entries.rows] == [
        "between record 4 (user3@contoso.com) and record 5 (user4@contoso.com)"
    ]
    assert note.startswith("Their places are likely, not certain: all 5 entries")
    write_report(dataclasses.replace(little.request(tmp_path), whereabouts=view.whereabouts))
    html = (tmp_path / f"jobs/{job_id}.html").read_text(encoding="utf-8")
    assert f"In the source file <bdi>{entries.rows[0].whereabouts}</bdi>" in html
    assert "Their places are likely" in html


def test_where_nothing_is_known_nothing_is_said(little: LittleLibrary) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, "Odd\t\t?\r\n")
    view, run = seen(little, job_id)
    entries, note = nameless_shown(view, run, view.entries_of(run))
    assert ([row.whereabouts for row in entries.rows], note, located_in(view, run)) == ([""], "", ())
    assert json.dumps(located_in(*little.run(job_id))) == "[]"


def test_entries_that_records_without_an_id_explain_have_their_numbers(
    little: LittleLibrary, lines: type[Lines]
) -> None:
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, lines.unresolved("user1@contoso.com", ""))
    records = [{"IdName": f"user{number}@contoso.com", "City": "Kiel"} for number in range(8)]
    little.source("hr-2026-11-23", [*records, {"IdName": "", "City": "Kiel"}])
    view, run = seen(little, job_id)
    nameless = view.entries_of(run).filter(~view.entries_of(run)["names"])
    assert nameless_shown(view, run, nameless)[1] == "As many records of the source file have no ID (1 record)."
    looks = looks_by_job(Library.existing(little.root), view.tables, {job_id})
    assert nameless_shown(dataclasses.replace(view, looks=looks), run, nameless)[1] == (
        "As many records of the source file have no ID (1 record: 9)."
    )
