"""The sample library, read with nothing but Python: what the rest of the program is shown must be there."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

from analyzer.emulator.importing import ImportRequest, run_import
from analyzer.emulator.profiles import ProfileStore, User
from analyzer.model.service import IdType, JobError, State

SAMPLES = Path(__file__).parent.parent / "sample_logs"
CODES = {"IdentityNotResolvable", "MissingIdentity", "InvalidProperty", "DataFileNotJson", "GenericError"}
ENTRY = re.compile(rf"({'|'.join(CODES)})\b")
PROPERTY_MAP = {
    name: "OfficeCode" if name == "Office" else name
    for name in (
        "City",
        "Office",
        "NativeName",
        "CostCenter",
        "Phone",
        "Extension",
        "BadgeId",
        "Building",
        "ValidUntil",
    )
}
IDS = {"IdName", "AccountName", "ObjectId"}
Job: TypeAlias = dict[str, Any]


def _json(name: str) -> Any:  # noqa: ANN401 -- what stands in the file
    return json.loads((SAMPLES / name).read_text("utf-8"))


def _jobs() -> list[Job]:
    return list(_json("jobs.json")["value"])


def _of(feed: str) -> list[Job]:
    return [job for job in _jobs() if f"/{feed}-" in job["SourceUri"]]


def _path(uri: str) -> Path:
    return SAMPLES / urlsplit(uri).path.lstrip("/")


def _log_file(job: Job) -> Path | None:
    if not job["LogFolderUri"]:
        return None
    (path,) = _path(job["LogFolderUri"]).iterdir()
    return path


def _log(job: Job) -> list[str]:
    path = _log_file(job)
    if path is None:
        return []
    content = path.read_bytes()
    return content.decode("utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig").split("\r\n")


def _on(feed: str, day: str) -> Job:
    (job,) = (job for job in _of(feed) if day in job["SourceUri"])
    return job


def _fields(job: Job) -> list[list[str]]:
    return [line.split("\t") for line in _log(job) if ENTRY.match(line)]


def _import_again(job: Job, store: ProfileStore) -> tuple[JobError, list[list[str]]]:
    request = ImportRequest(job["JobId"], IdType.Email, "IdName", PROPERTY_MAP, job["SourceUri"])
    result = run_import(request, _path(job["SourceUri"]), store)
    lines = (result.log or b"").decode("utf-8-sig").splitlines()
    return result.error, [line.split("\t") for line in lines]


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_they_are_small() -> None:
    assert sum(map(len, _files(SAMPLES).values())) < 2_000_000


def test_no_path_is_too_long_for_windows_below_site_packages() -> None:
    # 260 is the limit there; 60 is what stands before it in a usual installation for one user.
    assert max(map(len, _files(SAMPLES))) <= 260 - 60


def test_git_is_told_to_leave_line_ends_alone() -> None:
    assert "* -text" in (SAMPLES / ".gitattributes").read_text("ascii").splitlines()


def test_the_job_list_is_the_services_own_answer() -> None:
    fields = {"JobId", "State", "Error", "ErrorMessage", "SourceUri", "LogFolderUri"}
    jobs = _jobs()
    assert 24 <= len(jobs) <= 30
    assert all(job.keys() - {"Gone"} == fields for job in jobs)
    assert len({job["JobId"][:8] for job in jobs}) == len(jobs)
    assert not any("%" in job["SourceUri"] + job["LogFolderUri"] for job in jobs)


def test_every_job_error_is_there_and_one_that_nobody_documented() -> None:
    assert {job["Error"] for job in _jobs()} == {*JobError, 31}


@pytest.mark.parametrize(
    "error", [JobError.DataFileNotExist, JobError.DataFileNotInTenant, JobError.DataFileTooBig, 31]
)
def test_errors_that_leave_no_log_have_none(error: int) -> None:
    jobs = [job for job in _jobs() if job["Error"] == error]
    assert [(job["LogFolderUri"], job["State"]) for job in jobs] == [("", State.Error)]


def test_every_code_of_the_table_is_in_some_log() -> None:
    assert {fields[0].split(" ")[0] for job in _jobs() for fields in _fields(job)} == CODES


def test_logs_are_there_exactly_where_a_job_says_so() -> None:
    named = {_path(job["LogFolderUri"]) for job in _jobs() if job["LogFolderUri"]}
    assert set(SAMPLES.rglob("*-Logs")) == named
    assert all(job["LogFolderUri"] for job in _jobs() if job["Error"] in {23, 30})


def test_log_folder_and_log_file_carry_their_jobs_id() -> None:
    for job in _jobs():
        path = _log_file(job)
        if path is None:
            continue
        stem = _path(job["SourceUri"]).stem
        assert path.parent.name == f"{stem}-{job['JobId']}-Logs"
        assert re.fullmatch(rf"ImportProfileProperties-{job['JobId']}-\d{{8}}-\d{{6}}-\d{{3}}\.log", path.name)


def test_logs_are_utf8_with_bom_and_crlf_but_for_one_in_utf16() -> None:
    begun: Counter[bytes] = Counter()
    for path in SAMPLES.rglob("*.log"):
        content = path.read_bytes()
        begun[content[:3] if content[:3] == b"\xef\xbb\xbf" else content[:2]] += 1
        text = content.decode("utf-16" if content[:2] == b"\xff\xfe" else "utf-8")
        assert text.count("\n") == text.count("\r\n") > 0
    assert begun.keys() == {b"\xef\xbb\xbf", b"\xff\xfe"}
    assert begun[b"\xff\xfe"] == 1


def test_source_files_are_there_but_for_those_that_never_were_or_were_tidied_away() -> None:
    missing = {
        (_path(job["SourceUri"]).name, job["Error"])
        for job in _jobs()
        if not _path(job["SourceUri"]).exists() or urlsplit(job["SourceUri"]).hostname != "contoso.sharepoint.com"
    }
    assert missing == {
        ("hr-feed-2026-10-05.json", 30),
        ("badges-feed-2026-10-12.json", 21),
        ("hr-history-2026-10-31.json", 22),
        ("phones-feed-2026-11-02.json", 20),
    }


def test_hrs_failures_fall_but_for_one_bad_week() -> None:
    counts = [len(_fields(job)) for job in _of("hr-feed") if job["Error"] == 30]
    assert counts == [41, 38, 35, 58, 27, 19, 15, 12]


def test_some_users_fail_every_week_and_some_are_new() -> None:
    weeks = [{fields[1] for fields in _fields(job)} for job in _of("hr-feed") if job["Error"] == 30]
    always = set.intersection(*weeks)
    assert {"o'brien@contoso.com", "jane+payroll@contoso.com", "jürgen.müller@contoso.com"} <= always
    assert all(later - earlier for earlier, later in pairwise(weeks))


def test_the_newest_hr_feed_has_nothing_but_ten_to_fifteen_named_unresolvable_users() -> None:
    fields = _fields(_of("hr-feed")[-1])
    assert {code for code, _, _ in fields} == {"IdentityNotResolvable"}
    assert 10 <= len({identity for _, identity, _ in fields if identity}) == len(fields) <= 15


def test_importing_the_newest_hr_feed_again_fails_exactly_the_users_in_its_log() -> None:
    job = _of("hr-feed")[-1]
    error, again = _import_again(job, ProfileStore.from_settings(_json("emulator.json")))
    assert error is JobError.ImportCompleteWithError
    assert again == _fields(job)


def test_it_succeeds_once_those_users_are_in_the_tenant() -> None:
    job = _of("hr-feed")[-1]
    store = ProfileStore.from_settings(_json("emulator.json"))
    for _, identity, _ in _fields(job):
        store.add_user(User(identity, "", identity, {}))
    assert _import_again(job, store) == (JobError.NoError, [])


def test_one_property_map_serves_all_feeds() -> None:
    found: set[str] = set()
    for path in SAMPLES.rglob("*-feed-*.json"):
        text = path.read_text("utf-8-sig")
        found |= set(re.findall(r'[{,]\s*"(\w+)":', text)) - {"value"}
    assert found - IDS == {*PROPERTY_MAP, "Floor", "Wing"}
    assert ProfileStore.from_settings(_json("emulator.json")).refusal(PROPERTY_MAP) is None


def test_the_tenant_has_properties_of_every_kind() -> None:
    declared = {declared["name"]: declared for declared in _json("emulator.json")["properties"]}
    assert {"City", "OfficeCode"} < declared.keys()
    assert declared["AboutMe"]["editable"] is True
    assert {one["type"] for one in declared.values()} == {"string", "date", "taxonomic"}
    assert any("maxLength" in one for one in declared.values())


def test_three_entries_of_one_log_name_nobody_beside_others_that_do() -> None:
    empty = {job["SourceUri"]: [not fields[1] for fields in _fields(job)] for job in _of("hr-feed")}
    nameless = [flags for uri, flags in empty.items() if any(flags) and "11-09" not in uri]
    assert [(sum(flags), len(flags)) for flags in nameless] == [(3, 35)]


def test_one_source_has_a_bare_backslash_and_its_log_says_where() -> None:
    job = _on("hr-feed", "2026-11-09")
    text = _path(job["SourceUri"]).read_text("utf-8-sig")
    (fields,) = _fields(job)
    place = re.fullmatch(
        r"Bad JSON escape sequence: \\V\. Path 'value\[(\d+)\]\.Office', line 1, position (\d+)\.", fields[2]
    )
    assert fields[:2] == ["DataFileNotJson", ""]
    assert place
    assert text[int(place[2]) - 2 : int(place[2])] == r"\V"
    assert text[: int(place[2])].count('"IdName"') == int(place[1]) + 1
    assert "\n" not in text


def test_one_source_has_trailing_commas_and_was_taken_all_the_same() -> None:
    job = _on("hr-feed", "2026-11-10")
    content = _path(job["SourceUri"]).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    with pytest.raises(ValueError, match="double quotes"):
        json.loads(content.decode("utf-8-sig"))
    assert json.loads(re.sub(r",(\s*[}\]])", r"\1", content.decode("utf-8-sig")))
    assert job["Error"] == JobError.ImportCompleteWithError


def test_the_other_feeds_are_indented_or_pure_ascii() -> None:
    assert _path(_of("phones-feed")[0]["SourceUri"]).read_bytes().startswith(b'\xef\xbb\xbf{\n  "value": [\n    {\n')
    badges = _path(_of("badges-feed")[0]["SourceUri"]).read_bytes()
    assert badges.isascii()
    assert rb"Geb\u00e4ude" in badges


def test_two_records_with_one_id_left_a_trace_over_several_lines() -> None:
    lines = _log(_on("badges-feed", "2026-11-09"))
    (start,) = (number for number, line in enumerate(lines) if line.startswith("GenericError\t"))
    assert "multiple instances of the same single-value property" in lines[start]
    assert lines[start + 1].startswith("   at System.Data.SqlClient.")
    assert any(line.startswith("ClientConnectionId:") for line in lines)


def test_an_unmapped_property_aborts_in_english_and_in_german() -> None:
    english, german = _on("badges-feed", "2026-11-23"), _on("badges-feed", "2026-10-19")
    assert {job["Error"] for job in (english, german)} == {JobError.InvalidDataFile}
    assert {fields[2].split(" is ")[0] for fields in _fields(english)} == {"Property 'Floor'"}
    assert {fields[2][:22] for fields in _fields(german)} == {"Die Eigenschaft „Wing“"}


def test_a_record_without_id_aborts() -> None:
    job = _on("phones-feed", "2026-11-16")
    assert job["Error"] == JobError.InvalidDataFile
    assert [fields[:2] for fields in _fields(job)] == [["MissingIdentity", ""]]


def test_one_log_lost_its_tabs() -> None:
    without = [job for job in _jobs() if _log(job) and not any("\t" in line for line in _log(job))]
    assert without == [_on("phones-feed", "2026-10-19")]
    assert [line.split("i:0#.f|membership|")[0] for line in _log(without[0])[:2]] == [
        "IdentityNotResolvable ",
        "IdentityNotResolvable - ",
    ]


def test_hostile_text_stands_in_one_log_and_in_the_values_of_one_source() -> None:
    script, formula = "<script>alert(1)</script>@contoso.com", '=HYPERLINK("http://example.com")'
    bad_week = _on("hr-feed", "2026-10-26")
    assert [job for job in _jobs() if "<script>" in "".join(_log(job))] == [bad_week]
    assert [fields[1] for fields in _fields(bad_week)][:2] == [script, formula]
    planted = json.loads(_path(bad_week["SourceUri"]).read_text("utf-8-sig"))["value"][0]
    assert planted["City"] == formula


def test_names_and_cities_go_beyond_latin() -> None:
    text = _path(_of("hr-feed")[-1]["SourceUri"]).read_text("utf-8-sig")
    for script in ("Αθήνα", "София", "大阪", "القاهرة", "Łódź", "München"):
        assert script in text


def test_one_job_runs_one_is_stuck_and_one_is_forgotten() -> None:
    at_work = [job for job in _jobs() if job["State"] not in {State.Succeeded, State.Error}]
    assert at_work == [_on("badges-feed", "2026-11-02"), _of("phones-feed")[-1]]
    assert _of("badges-feed")[-1]["State"] in {State.Succeeded, State.Error}
    assert [job for job in _jobs() if "Gone" in job] == [_of("phones-feed")[0]]


def test_what_pulls_saw_leads_to_the_job_list() -> None:
    seen = _json(".upa/observations.json")
    last = {row["job_id"]: (row["state"], row["error"]) for row in seen}
    assert last == {job["JobId"]: (job["State"], job["Error"]) for job in _jobs()}
    pulled = _json(".upa/pull.json")
    assert pulled == {"pulled_at": max(row["observed_at"] for row in seen)} == {"pulled_at": "2026-11-23T06:10:00Z"}


def test_pulls_saw_an_end_on_the_first_morning_after_the_log_was_written() -> None:
    seen = _json(".upa/observations.json")
    ended = {row["job_id"]: row for row in seen if row["state"] in {State.Succeeded, State.Error}}
    for job in _jobs():
        path = _log_file(job)
        if path is None:
            continue
        written = datetime.strptime(path.name[61:80], "%Y%m%d-%H%M%S-%f").replace(tzinfo=UTC)
        observed = datetime.fromisoformat(ended[job["JobId"]]["observed_at"])
        assert timedelta(0) < observed - written < timedelta(days=1)


def test_only_the_first_pull_had_none_before_it() -> None:
    seen = _json(".upa/observations.json")
    first = {row["observed_at"] for row in seen if not row["previous_pull_at"]}
    assert first == {"2026-10-05T06:10:00Z"}
    assert sum(row["observed_at"] in first for row in seen) == 3


def test_all_of_it_is_synthetic() -> None:
    text = "".join(content.decode("utf-8", "ignore") for content in _files(SAMPLES).values())
    hosts = set(re.findall(r"@([\w.-]+\w)", text)) | set(re.findall(r"https?://([\w.-]+\w)", text))
    companies = {"contoso.com", "mail.contoso.com", "fabrikam.com", "example.com"}
    assert hosts == companies | {"contoso.sharepoint.com", "fabrikam.sharepoint.com"}


def test_the_readme_has_a_row_for_every_job() -> None:
    text = (SAMPLES / "README.md").read_text("utf-8")
    rows = set(re.findall(r"^\| ([a-z]+-[a-z]+) \| (\d{4}-\d\d-\d\d) \|", text, re.MULTILINE))
    names = (_path(job["SourceUri"]).stem for job in _jobs())
    assert rows == {(name[:-11], name[-10:]) for name in names}
