"""Inputs that people who run bulk imports really produce, and the answer to each on every surface, to the record.

The folders beside this file hold the inputs; each stands for a kind of fault.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.conftest import Ran

HERE = Path(__file__).parent
JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
SITE = "https://contoso.sharepoint.com/sites/sync/Shared Documents"
RETRY = f"retry {JOB[:8]}"
PARTIAL, INVALID = 30, 23
RETIRED = re.compile(r"whole truth|nobody can say|is no JSON|\bwhoever\b|stands? in|\bculprit|\bmend", re.IGNORECASE)

LOOK_UP = "Look up each ID in Entra ID; correct it in the feed, or remove it."
LEAVE_OUT = "Have the feed leave out people without an ID, or give them one. There is no ID in IdName in records {}."
WRITE_ONCE = (
    "Have the feed write each user once: keep one record of each. The same ID is in more than one record: 1 and 3."
)
NO_FILE = "No retry file: the records that failed can't be imported before the feed is corrected."
NO_ID = "the record has no ID, so the service can't import it"
GUIDS = [
    "29c15105-5322-5cf7-9131-69b2b9b9279f",
    "f3672745-2626-57c5-aeb6-f4876c135ba0",
    "bcc9a1b2-16ed-5799-b23e-bbfaabbc93a6",
    "16b1a3dc-cbf8-53b7-9045-f05a62ed2613",
]


def user(name: str, **values: object) -> dict[str, object]:
    """A record with an address as its ID."""
    return {"IdName": f"{name}@contoso.com", **values}


ADA, BOB = user("ada", City="Oslo"), user("bob", City="Bergen")
MANY = [user(f"u{number:03}", Office="x") for number in range(0, 40, 5)]


@dataclass(frozen=True)
class Answer:
    """What is needed of one case.

    Attributes:
        code: exit code of ``retry``.
        said: in what ``retry`` says.
        records: the records of its file; None where there is none.
        listed: the rows of its list of what does not match: ID and places.
        headline: first line of ``show``.
        first: the first thing to do by ``show``.
        following: the command that ``show`` ends with; empty where none can help.
        shown: elsewhere in ``show``.
        outcome: by ``jobs``, with the number of users who weren't updated.
        repaired: exit code and records with ``--repair``.
        error: the job's, where the case has no library.
    """

    code: int
    said: Sequence[str]
    records: Sequence[object] | None
    headline: str
    first: str
    following: str
    outcome: tuple[str, int | None]
    listed: Sequence[tuple[str, str]] = ()
    shown: Sequence[str] = ()
    repaired: tuple[int, Sequence[object] | None] | None = None
    error: int = PARTIAL


ANSWERS: dict[str, Answer] = {
    "01-pnp-sync-empty-id": Answer(
        0,
        (
            "1 user (named in the log; everyone else was updated).",
            "Records 2 and 4 have no ID: give them one in the feed",
        ),
        [user("cleo", Office="3C")],
        "src: 3 of 5 users not updated.",
        LEAVE_OUT.format("2 and 4"),
        RETRY,
        ("partial", 3),
        [("", "2"), ("", "4")],
    ),
    "03-single-object": Answer(
        5,
        ('it is valid JSON, but its "value" is one object and has to be a list', "--repair takes the records"),
        None,
        "src: the import was aborted, no user updated.",
        "Have the feed write a list also for one record: @($records) or -AsArray in PowerShell.",
        f"{RETRY} --repair",
        ("aborted", None),
        repaired=(0, [{"Id": GUIDS[0], "City": "Oslo", "userPrincipalName": "ada@contoso.com"}]),
    ),
    "04-empty-value": Answer(
        0,
        ("Nothing to retry: the source file has no users.",),
        None,
        "src: the source file has no users (InvalidDataFile).",
        "There is nothing to import again. The source file has no users.",
        "",
        ("aborted", 0),
    ),
    "05b-null-records-partial": Answer(
        1,
        ("1 user (named in the log).", "Incomplete: 1 value in the list isn't a record"),
        [{"userPrincipalName": "bob@contoso.com", "City": "Bergen"}],
        "src: 1 of 2 users not updated.",
        LOOK_UP,
        RETRY,
        ("partial", 1),
        [("", "1")],
        shown=("Have the feed leave out values such as null. Place 1 in its list holds no record.",),
    ),
    "06-trailing-backslash": Answer(
        5,
        ("a single backslash before the quotation mark that ends a value", "--repair doubles such a backslash"),
        None,
        "upa-batch-trigger: the import was aborted, no user updated.",
        r"Have the feed write each backslash in a value twice: Sales\\.",
        f"{RETRY} --repair",
        ("aborted", None),
        shown=("A value ends in a single backslash (DataFileNotJson/quotation-mark)", f"Record 2 (IdName {GUIDS[1]})"),
        repaired=(
            0,
            [
                {"IdName": GUIDS[0], "Department": "HR"},
                {"IdName": GUIDS[1], "Department": "Sales\\"},
                {"IdName": GUIDS[2], "Department": "IT"},
            ],
        ),
    ),
    "07-value-count-wrapper": Answer(
        5,
        ('its "value" is an object that holds the list and has to be the list', "--repair takes the records"),
        None,
        "src: the import was aborted, no user updated.",
        "Windows PowerShell 5.1 writes such a wrapper: call Remove-TypeData System.Array before ConvertTo-Json, or use"
        " PowerShell 7.",
        f"{RETRY} --repair",
        ("aborted", None),
        repaired=(0, [ADA, BOB]),
        error=INVALID,
    ),
    "08-nested-value": Answer(
        1,
        ("1 record has one in BusinessPhones: --drop-property BusinessPhones leaves it out",),
        [
            {
                **user("ada", BusinessPhones={"value": ["+47 1", "+47 2"], "Count": 2}, Active=True),
                "Age": 41,
                "Rate": 1.5,
                "Manager": None,
            }
        ],
        "src: 1 of 2 users not updated.",
        LOOK_UP,
        f"{RETRY} --drop-property BusinessPhones",
        ("partial", 1),
        [("ada@contoso.com", "1")],
        shown=("An import takes no multi-value property.",),
    ),
    "09-depth-strings": Answer(
        5,
        ("its list holds 2 texts in place of records", "Call ConvertTo-Json with a larger -Depth."),
        None,
        "src: the import was aborted, no user updated.",
        "Call ConvertTo-Json with a larger -Depth. What the texts have lost can't be restored: make the file again.",
        "",
        ("aborted", None),
        repaired=(5, None),
        error=INVALID,
    ),
    "11-Value-capital": Answer(
        5,
        ('the name of the list is "Value" and has to be "value"', "--repair takes the records"),
        None,
        "src: 1 user not updated.",
        LOOK_UP,
        f"{RETRY} --repair",
        ("partial", 1),
        shown=('Write "value" in place of "Value".',),
        repaired=(0, [ADA]),
    ),
    "12-idname-case": Answer(
        0,
        (
            "All 3 users (the import was aborted). Before you queue this file, set the ID property to IdName:",
            "every record has IdName, and the job was probably queued with another name (such as idName).",
            "-IdProperty 'IdName' -IdType Email",
        ),
        [ADA, BOB, user("cleo", City="Bodo")],
        "src: the import was aborted, none of 3 users updated.",
        "Set the ID property to IdName. Every record has IdName, and the job was probably queued with another name"
        " (such as idName).",
        RETRY,
        ("aborted", 3),
    ),
    "13-id-dropped": Answer(
        0,
        ("set the ID property to Id and the ID type to CloudId", "-IdProperty 'Id' -IdType CloudId"),
        [{"City": "Oslo", "Id": GUIDS[0]}, {"City": "Bergen", "Id": GUIDS[1]}],
        "src: the import was aborted, none of 2 users updated.",
        "Set the ID property to Id and the ID type to CloudId, or have the feed write the ID that the job was queued"
        " with. Every record has Id, and its values are object IDs.",
        RETRY,
        ("aborted", 2),
        error=INVALID,
    ),
    "14-delta-duplicates": Answer(
        1,
        (NO_FILE, f"Records 1 and 3 have the same ID ({GUIDS[0]}) and are identical: keep one in the feed."),
        None,
        "src: 1 of 3 users not updated.",
        WRITE_ONCE,
        "",
        ("partial", 1),
        [(GUIDS[0], "1, 3")],
        shown=("Of the users in the log, 1 isn't in the source file: eb659162-c499-4fe9-a38d-c579d3c380f6.",),
        repaired=(0, [{"IdName": GUIDS[0], "Department": "IT"}]),
    ),
    "14c-duplicates-upn": Answer(
        1,
        (NO_FILE, "Records 1 and 3 have the same ID (ada@contoso.com): keep one in the feed."),
        None,
        "src: some users not updated; probably those with several records.",
        WRITE_ONCE,
        "",
        ("partial", None),
        [("ada@contoso.com", "1, 3")],
    ),
    "17-arabic-no-bom": Answer(
        0,
        ("Warning: letters beyond ASCII in Department (1 record)", "The retry file has the mark"),
        [user("ada", Department="الموارد البشرية")],
        "src: 1 of 2 users not updated.",
        LOOK_UP,
        RETRY,
        ("partial", 1),
        shown=("Warning: letters beyond ASCII in Department (2 records)", "Have the feed write UTF-8 with the mark."),
    ),
    "19-mojibake": Answer(
        0,
        ("Warning: garbled letters in Department (1 record)", "HenkilÃ¶stÃ¶palvelut"),
        [{"IdName": GUIDS[0], "Department": "HenkilÃ¶stÃ¶palvelut"}],
        "src: 1 of 2 users not updated.",
        LOOK_UP,
        RETRY,
        ("partial", 1),
        shown=("Warning: garbled letters in Department (2 records)",),
    ),
    "20-no-closing-bracket": Answer(
        5,
        ('the list\'s "]" is missing at the end of the file', "--repair closes the list and takes all records."),
        None,
        "src: the import was aborted, no user updated.",
        "Have the feed close the list: the file has to end with ]}.",
        f"{RETRY} --repair",
        ("aborted", None),
        shown=('The list\'s "]" is missing (DataFileNotJson/stray-character)',),
        repaired=(0, [user("vesaj", City="Helsinki"), user("bjansen", City="Brussels")]),
    ),
    "22-uneven-properties": Answer(
        0,
        ("All 2 users (the import was aborted). Before you queue this file, map Manager or remove it from the feed.",),
        [
            user("ada", Manager="", **{"SPS-Department": ""}, FirstName="", Department=""),
            user("bob", Department="IT"),
        ],
        "src: the import was aborted, none of 2 users updated.",
        "Map Manager or remove it from the feed before you import again.",
        RETRY,
        ("aborted", 2),
        error=INVALID,
    ),
    "24-growing-backslashes": Answer(
        0,
        ("Warning: doubled backslashes in Title (1 record)",),
        [user("ada", Title=r"(m\\\\w\\\\d)")],
        "src: 1 of 3 users not updated.",
        LOOK_UP,
        RETRY,
        ("partial", 1),
        shown=("Warning: doubled backslashes in Title (2 records)", "Have the feed escape each backslash once."),
    ),
    "25-object-values": Answer(
        0,
        ("Warning: names of types in Phones (1 record) and Skills (1 record)",),
        [user("ada", Phones="System.Object[]", Skills="System.Collections.Generic.List`1[System.String]")],
        "src: 1 of 2 users not updated.",
        LOOK_UP,
        RETRY,
        ("partial", 1),
        shown=("Warning: names of types in Phones (1 record) and Skills (1 record)",),
    ),
    "29-invalid-no-log": Answer(
        0,
        ("Nothing to retry: the source file has no users.",),
        None,
        "src: the source file has no users (InvalidDataFile).",
        "There is nothing to import again. The source file has no users.",
        "",
        ("aborted", 0),
        shown=("The service rejected the source file but wrote no log.",),
    ),
    "29d-internal-utf16": Answer(
        0,
        ("All 2 users (who was updated is unknown).", "The source file is UTF-16; the retry file is UTF-8."),
        [user("mikael", Department="PnP"), user("vesa", Department="PnP")],
        "src: who was updated is unknown (InternalError).",
        "Have the feed write the file as UTF-8. Until then, queue a retry file, which is UTF-8. The file is UTF-16.",
        RETRY,
        ("unknown", None),
        shown=("For Microsoft's support:", f"Job ID: {JOB}"),
    ),
    "35-all-failed-wrong-idtype": Answer(
        0,
        (
            "4 users (named in the log; the source file has no others). Before you queue this file, check the ID type:",
            "all 4 users failed, and the IDs are object IDs, so queue with the ID type CloudId.",
            "-IdType CloudId",
        ),
        [{"IdName": guid, "City": "x"} for guid in GUIDS],
        "src: 4 of 4 users not updated.",
        "Queue with the ID type CloudId. All 4 users failed, and the IDs are object IDs.",
        RETRY,
        ("partial", 4),
    ),
    "36-spaces-in-property": Answer(
        0,
        ("map Quick Dial or remove it from the feed", "-IdProperty 'OperatingSystemID'"),
        [
            {"OperatingSystemID": "ada@contoso.com", "About Me": "x", "Quick Dial": "12"},
            {"OperatingSystemID": "bob@contoso.com", "About Me": "y", "Quick Dial": "13"},
        ],
        "src: the import was aborted, none of 2 users updated.",
        "Map Quick Dial or remove it from the feed before you import again.",
        RETRY,
        ("aborted", 2),
    ),
    **{
        case: Answer(
            0,
            ("8 users (named in the log; everyone else was updated).", "Records 14 and 26 have no ID"),
            MANY,
            "src: 10 of 42 users not updated.",
            LEAVE_OUT.format("14 and 26"),
            RETRY,
            ("partial", 10),
            [("", "14"), ("", "26")],
        )
        for case in ("37-empty-ids-many", "38-null-ids-many")
    },
    "45-all-ids-null": Answer(
        1,
        (
            "All 3 records (the import was aborted). Don't queue this file: no record has an ID.",
            "Have the feed write idName: it is empty in every record.",
        ),
        [{"idName": None, "DisplayName": f"User {number}"} for number in range(3)],
        "users: the import was aborted, none of 3 users updated.",
        "Have the feed write idName. It is empty in every record.",
        "",
        ("aborted", 3),
        [("", "1"), ("", "2"), ("", "3")],
    ),
}
CASES = pytest.mark.parametrize(("case", "answer"), ANSWERS.items(), ids=ANSWERS.keys())
WITH_LOG = [case for case in ANSWERS if any((HERE / case).rglob("*.log"))]
WITH_NEXT_STEP = [case for case, answer in ANSWERS.items() if answer.following]


@pytest.mark.parametrize("case", WITH_LOG)
def test_retry_from_bare_files_gives_the_needed_records(upa: Callable[..., Ran], tmp_path: Path, case: str) -> None:
    source, logs = bare_files(HERE / case)
    ran = upa("retry", "--source", source, *logs, "-o", tmp_path / "out.json")
    check_retry(ran, tmp_path / "out.json", ANSWERS[case])


@CASES
def test_retry_of_the_job_gives_the_needed_records(
    upa: Callable[..., Ran], tmp_path: Path, case: str, answer: Answer
) -> None:
    put_library(case, answer, tmp_path / "library")
    retry = ("retry", JOB, "--library", "library")
    check_retry(upa(*retry, "-o", tmp_path / "out.json"), tmp_path / "out.json", answer)
    if answer.repaired:
        code, records = answer.repaired
        ran = upa(*retry, "--repair", "-o", tmp_path / "repaired.json")
        assert (ran.code, records_of(tmp_path / "repaired.json")) == (code, records)


@CASES
def test_show_begins_with_the_answer_and_the_remedy_that_fits(
    upa: Callable[..., Ran], tmp_path: Path, case: str, answer: Answer
) -> None:
    put_library(case, answer, tmp_path / "library")
    ran = upa("show", "--library", "library")
    assert (ran.code, ran.out.splitlines()[0]) == (0, answer.headline)
    out = " ".join(ran.out.split())
    assert f"What to do: 1. {answer.first} " in out
    assert [words for words in answer.shown if words not in out] == []
    following = f"next: upa-analyzer {answer.following} --library library" if answer.following else ""
    assert ran.err.strip() == following
    assert not RETIRED.search(ran.out)


@pytest.mark.parametrize("case", WITH_NEXT_STEP)
def test_what_show_says_to_run_next_makes_a_file(upa: Callable[..., Ran], tmp_path: Path, case: str) -> None:
    answer = ANSWERS[case]
    put_library(case, answer, tmp_path / "library")
    ran = upa(*answer.following.split(), "--library", "library", "-o", tmp_path / "out.json")
    assert ran.code in (0, 1), ran.err
    assert records_of(tmp_path / "out.json")


@CASES
def test_jobs_and_the_report_agree_on_how_many_were_not_updated(
    upa: Callable[..., Ran], tmp_path: Path, case: str, answer: Answer
) -> None:
    put_library(case, answer, tmp_path / "library")
    (job,) = upa("jobs", "--library", "library", "--json").json["jobs"]
    assert (job["outcome"], job["not_updated"]) == answer.outcome
    assert upa("report", tmp_path / "library", "-o", tmp_path / "report").code == 0
    page = (tmp_path / "report" / "jobs" / f"{JOB}.html").read_text("utf-8")
    with (tmp_path / "report" / "data" / "jobs.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["outcome"], int(row["not_updated"]) if row["not_updated"] else None) == answer.outcome
    assert ("-retry.json" in page) is (answer.records is not None)


def test_three_nights_of_the_most_used_client_are_one_feed_with_one_retry(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    shutil.copytree(HERE / "27-pnp-feed-names" / "lib", tmp_path / "library")
    jobs = upa("jobs", "--library", "library", "--json").json["jobs"]
    assert [(job["feed"], job["not_updated"]) for job in jobs] == [
        ("userprofilesyncdata", 2),
        ("userprofilesyncdata", 3),
        ("userprofilesyncdata", 1),
    ]
    first, _, newest = (job["job_id"] for job in jobs)
    shown = upa("show", "--library", "library")
    assert shown.out.startswith("userprofilesyncdata: 1 of 5 users not updated, 0 new.")
    assert shown.err.strip() == f"next: upa-analyzer retry {newest} --library library"
    refused = upa("retry", first, "--library", "library", "-o", tmp_path / "old.json")
    assert (refused.code, (tmp_path / "old.json").exists()) == (2, False)
    # The first eight characters are the same for all three.
    assert f"Retry that run instead: `upa-analyzer retry {newest}" in " ".join(refused.err.split())
    made = upa("retry", newest, "--library", "library", "-o", tmp_path / "new.json")
    assert (made.code, records_of(tmp_path / "new.json")) == (0, [user("dan", Office="x")])


def test_what_a_console_shows_of_a_job_is_a_log(upa: Callable[..., Ran], tmp_path: Path) -> None:
    case = HERE / "26-powershell-output"
    ran = upa("retry", "--source", case / "src.json", "--log", case / "status.txt", "-o", tmp_path / "out.json")
    assert ran.code == 0
    assert records_of(tmp_path / "out.json") == [user("cleo", City="Bergen"), user("dan", City="Bodo")]


PASTES = {
    "a.txt": [("DataFileNotJson", None), ("IdentityNotResolvable", None)],
    "b.txt": [("IdentityNotResolvable", "cleo@contoso.com"), ("IdentityNotResolvable", "dan@contoso.com")],
    "c.txt": [("IdentityNotResolvable", "cleo@contoso.com")],
    "d.csv": [("IdentityNotResolvable", "cleo@contoso.com"), ("InvalidProperty", "dan@contoso.com")],
    "e.txt": [("IdentityNotResolvable", "cleo@contoso.com")],
}


@pytest.mark.parametrize(("name", "entries"), PASTES.items(), ids=PASTES.keys())
def test_pasted_lines_are_entries(upa: Callable[..., Ran], name: str, entries: list[tuple[str, str | None]]) -> None:
    path = HERE / "47-pastes" / name
    rows = upa("parse", path, "--json").json
    assert [(row["code"], row["identity"]) for row in rows] == entries
    explained = upa("explain", path.read_text("utf-8"))
    assert (explained.code, entries[0][0] in explained.out, ": not known" in explained.out) == (0, True, False)


def bare_files(case: Path) -> tuple[Path, list[str]]:
    """The source file of a case, and the options for its logs."""
    found = [path for path in case.rglob("*") if path.is_file() and path.name != "jobs.json" and path.suffix != ".log"]
    logs = sorted({str(path.parent) for path in case.rglob("*.log")})[:1]
    return found[0], [word for folder in logs for word in ("--log", folder)]


def put_library(case: str, answer: Answer, library: Path) -> None:
    """The library of a case, or one made of its bare files."""
    if (HERE / case / "lib").is_dir():
        shutil.copytree(HERE / case / "lib", library)
        return
    shutil.copytree(HERE / case, library / "sites" / "sync" / "Shared Documents")
    job = {"JobId": JOB, "State": 5, "Error": answer.error, "ErrorMessage": "", "SourceUri": f"{SITE}/src.json"}
    job["LogFolderUri"] = f"{SITE}/src-{JOB}-Logs"
    (library / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")


def check_retry(ran: Ran, path: Path, answer: Answer) -> None:
    """What a retry said and left behind."""
    said = " ".join(ran.err.split())
    assert (ran.code, [words for words in answer.said if words not in said]) == (answer.code, []), said
    assert records_of(path) == answer.records
    assert not RETIRED.search(said)
    listed = path.with_name("out.unmatched.csv")
    if listed.exists():
        with listed.open(encoding="utf-8-sig", newline="") as stream:
            rows = [(row["identity"], row["records"]) for row in csv.DictReader(stream)]
    else:
        rows = []
    assert rows == list(answer.listed)
    # A file that can't be imported isn't offered for it.
    importable = bool(answer.records) and "Don't queue this file" not in said
    assert ("New-PnPUPABulkImportJob" in said) is importable


def records_of(path: Path) -> list[object] | None:
    """The records of a retry file; None where there is none."""
    return json.loads(path.read_text("utf-8-sig"))["value"] if path.exists() else None
