"""The commands that talk to a tenant, over a socket, with a configuration in a file."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.model.job import name_in_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"


@pytest.fixture
def configured(only_tenant: LoopbackTenant) -> LoopbackTenant:
    """The only tenant of the configuration, with one partial job."""
    job_id = only_tenant.add_job(1)
    # Of today: the folder of a job that ended more than a day ago is not asked for again.
    line = b"IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
    only_tenant.add_log(job_id, line, time=f"{datetime.now(UTC):%Y%m%d-%H%M%S}")
    records = [{"mail": "ada@contoso.com", "City": "London"}, {"mail": "bob@contoso.com", "City": "Paris"}]
    only_tenant.files[f"{FOLDER}/feed.json"] = json.dumps({"value": records}).encode()
    return only_tenant


def test_pull_prints_what_it_downloaded_and_the_folder(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    ran = upa("pull")
    first, last = ran.out.splitlines()
    assert ran.code == 0
    assert first.startswith("Pulled 1 new job, 1 log file and 1 source file (")
    assert (tmp_path / last / "jobs.json").is_file()
    assert Path(last) == Path("upa-data/contoso/library")
    assert configured.seen[0].headers["authorization"] == "Bearer made-up-token"


def test_pull_as_json_has_the_same_facts(upa: Callable[..., Ran], configured: LoopbackTenant) -> None:
    del configured.files[f"{FOLDER}/feed.json"]
    ran = upa("pull", "--json")
    content = ran.json
    assert (len(content["new"]), content["log_files"], content["source_files"]) == (1, 1, 0)
    assert [left["what"] for left in content["left_out"]] == ["source file"]
    assert upa("pull", "--json").json["new"] == []


@pytest.mark.parametrize("wanted", ["00000001", "{00000001-BD0E-49EC-8C9C-C4CFE370248C}"])
def test_pull_of_one_job_takes_eight_characters(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path, wanted: str
) -> None:
    configured.add_job(2, state=4, error=0, name="other.json")
    configured.files[f"{FOLDER}/other.json"] = b"{}"
    assert upa("pull", "--job", wanted).code == 0
    assert {path.name for path in tmp_path.rglob("*.json")} >= {"feed.json"}
    assert not list(tmp_path.rglob("other.json"))


def test_pull_of_a_job_that_the_tenant_lacks_is_an_error(upa: Callable[..., Ran], configured: LoopbackTenant) -> None:
    ran = upa("pull", "--job", "00000002")
    assert ran.code == 5
    assert "the tenant has no job '00000002'" in ran.err
    assert configured.jobs[0]["JobId"] in ran.err


def test_run_ends_with_the_retry_file_and_the_report(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    ran = upa("run")
    *_, retry, day, report = ran.out.splitlines()
    assert ran.code == 0
    assert (tmp_path / report).name == "index.html"
    assert (tmp_path / day).parent.name == "days"
    assert [record["mail"] for record in json.loads((tmp_path / retry).read_text("utf-8-sig"))["value"]] == [
        "ada@contoso.com"
    ]
    assert configured.jobs[0]["JobId"][:8] in ran.out


def test_run_as_json_names_its_files(upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path) -> None:
    content = upa("run", "--json").json
    assert content["pulled"]["new"] == [configured.jobs[0]["JobId"]]
    assert (tmp_path / content["report"]).is_file()
    assert (tmp_path / content["retries"][0]["file"]).is_file()


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("partial", 1), ("aborted", 0), ("any", 1)])
@pytest.mark.usefixtures("configured")
def test_run_fails_on_the_specified_outcomes(upa: Callable[..., Ran], fail_on: str, code: int) -> None:
    assert upa("run", "--fail-on", fail_on).code == code


@pytest.mark.usefixtures("configured")
def test_a_run_that_brings_nothing_new_has_no_finding(upa: Callable[..., Ran]) -> None:
    upa("run")
    assert upa("run", "--fail-on", "any").code == 0


def test_run_makes_the_retry_file_anew_when_the_log_has_grown(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    first = upa("run", "--json").json["retries"][0]
    path = next(path for path in configured.files if path.endswith(".log"))
    configured.files[path] += b"IdentityNotResolvable\tbob@contoso.com\tUser identity cannot be resolved\r\n"
    second = upa("run", "--json").json["retries"][0]
    assert first["file"] == second["file"]
    assert len(json.loads((tmp_path / second["file"]).read_text("utf-8-sig"))["value"]) == 2


@pytest.mark.parametrize(("status", "code"), [(401, 3), (403, 3), (404, 4), (500, 4), (302, 4)])
def test_a_refusing_or_failing_tenant_has_its_exit_code(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path, status: int, code: int
) -> None:
    configured.fail("GetImport", status)
    for command in ("pull", "run"):
        ran = upa(command)
        assert (ran.code, ran.out) == (code, "")
        assert "upa-analyzer: the tenant " in ran.err
        assert "made-up-token" not in ran.err
    assert not (tmp_path / "upa-data" / "contoso" / "library" / "jobs.json").exists()


def test_without_a_token_the_variable_is_named(
    upa: Callable[..., Ran], configured: LoopbackTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPA_TOKEN")
    ran = upa("pull")
    assert ran.code == 3
    assert "the environment variable UPA_TOKEN is not set" in ran.err
    assert configured.seen == []


def test_a_tenant_that_is_not_there_has_exit_code_four(upa: Callable[..., Ran], configured: LoopbackTenant) -> None:
    configured.close()
    ran = upa("pull")
    assert ran.code == 4
    assert f"{configured.origin} can't be reached" in ran.err


@pytest.mark.usefixtures("configured")
def test_of_several_tenants_one_has_to_be_named(upa: Callable[..., Ran], tmp_path: Path) -> None:
    with (tmp_path / "upa-analyzer.toml").open("a", encoding="utf-8") as stream:
        stream.write("[tenants.fabrikam]\n")
    ran = upa("pull")
    assert ran.code == 2
    assert "the configuration has 2 tenants: contoso, fabrikam" in ran.err
    assert upa("pull", "--tenant", "Contoso").code == 0
    ran = upa("--tenant", "adatum", "pull")
    assert (ran.code, "Specify one of contoso, fabrikam." in ran.err) == (2, True)


def test_tenants_whose_names_differ_in_case_alone_are_not_taken_for_one_another(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    with (tmp_path / "upa-analyzer.toml").open("a", encoding="utf-8") as stream:
        stream.write(f"[tenants.CONTOSO]\nadmin_url = '{configured.origin}'\nauth = 'token'\n")
    ran = upa("pull", "--tenant", "contoso")
    assert (ran.code, configured.seen) == (2, [])
    assert "the tenants contoso and CONTOSO in the configuration differ only in case" in ran.err


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a:b", "", "con", "a.", ".upa-lock", "reports", "Library", "retry"])
@pytest.mark.parametrize("command", ["pull", "run", "jobs", "report"])
def test_a_tenant_s_name_never_becomes_a_path_elsewhere(
    upa: Callable[..., Ran], tmp_path: Path, name: str, command: str
) -> None:
    text = f'[tenants."{name}"]\nadmin_url = "https://contoso-admin.sharepoint.com"\n'
    (tmp_path / "upa-analyzer.toml").write_text(text, encoding="utf-8")
    ran = upa(command)
    assert (ran.code, [path.name for path in tmp_path.iterdir()]) == (2, ["upa-analyzer.toml"])
    assert re.match(r"upa-analyzer: (a tenant can't be called|'.*' can't be the name of a tenant)", ran.err)


def test_a_damaged_note_of_ours_is_named(upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path) -> None:
    upa("pull")
    (tmp_path / "upa-data/contoso/library/.upa/files.json").write_text("{", encoding="utf-8")
    configured.seen.clear()
    ran = upa("pull")
    assert (ran.code, "files.json is damaged" in ran.err, configured.seen) == (5, True, [])


def test_run_repeats_a_stuck_job_but_not_one_that_is_no_longer_listed(
    upa: Callable[..., Ran], configured: LoopbackTenant
) -> None:
    stuck = configured.add_job(2, state=2, error=0, name="badges-2026-11-02.json")
    configured.add_job(3, state=4, error=0, name="badges-2026-11-09.json")
    assert upa("run", "--fail-on", "partial").code == 1
    again = upa("run", "--fail-on", "any")
    assert again.code == 1
    assert [line[:8] for line in again.out.splitlines() if "  stuck  " in line] == [stuck[:8]]
    assert f"badges: job {stuck[:8]} is stuck in Processing." in again.out
    shown = upa("show", stuck[:8])
    assert "Queue the file again" not in shown.out  # its values are older than those of the later run
    assert "next: upa-analyzer show 00000003" in shown.err
    assert upa("retry", stuck[:8]).code == 0
    configured.jobs.clear()
    forgotten = upa("run", "--fail-on", "any")
    assert forgotten.code == 0
    assert "3 jobs no longer listed" in forgotten.out


def test_a_certificate_that_does_not_exist_is_a_fault_of_the_configuration(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    assert configured.jobs
    file = tmp_path / "upa-analyzer.toml"
    certificate = 'auth = "certificate"\ntenant_id = "a"\nclient_id = "b"\ncertificate = "no.pem"'
    file.write_text(file.read_text(encoding="utf-8").replace('auth = "token"', certificate), encoding="utf-8")
    ran = upa("pull")
    assert (ran.code, ran.out) == (2, "")
    assert "no.pem does not exist" in ran.err


def test_a_pull_does_not_write_over_a_damaged_file_of_ours(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    assert configured.jobs
    notes = tmp_path / "upa-data" / "contoso" / "library" / ".upa" / "notes.json"
    notes.parent.mkdir(parents=True)
    notes.write_text("garbage", encoding="utf-8")
    ran = upa("pull")
    assert (ran.code, ran.out) == (5, "")
    assert "notes.json is damaged" in ran.err
    assert notes.read_text(encoding="utf-8") == "garbage"
    assert not configured.seen


def test_what_signs_an_address_of_a_job_is_in_no_output(
    upa: Callable[..., Ran], configured: LoopbackTenant, tmp_path: Path
) -> None:
    (job,) = configured.jobs
    job["SourceUri"] += "?tempauth=Hidden9/Secret9"
    job["LogFolderUri"] += "?web=1&ticket=Hidden9/Secret9"
    job["ErrorMessage"] = f"no access to {job['SourceUri']}"
    said = [upa(*words) for words in (["run"], ["jobs", "--json"], ["show", "00000001"], ["pull", "--all", "--json"])]
    assert {ran.code for ran in said} == {0}
    library = tmp_path / "upa-data" / "contoso" / "library"
    written = [path for path in (tmp_path / "upa-data").rglob("*") if path.is_file() and library not in path.parents]
    tables = [path for path in written if path.suffix == ".parquet"]
    books = [path for path in written if path.suffix == ".xlsx"]
    texts = [path.read_text("utf-8") for path in written if path not in {*tables, *books}]
    texts += [book.read(name).decode() for book in map(zipfile.ZipFile, books) for name in book.namelist()]
    texts += [str(pl.read_parquet(path).rows()) for path in tables]
    texts += [*(ran.out + ran.err for ran in said), *map(str, written)]
    assert len(tables) > 2
    assert [text for text in texts if re.search("idden9|ecret9", text)] == []
    assert "feed.json?tempauth=***" in said[2].out
    assert "Hidden9/Secret9" in (library / "jobs.json").read_text("utf-8")


@pytest.mark.parametrize("job_id", ["9" * 5000, "../\u202e/..", "a\x1bb"])
def test_a_job_id_that_is_not_a_file_name_gives_a_safe_retry_file_name(
    upa: Callable[..., Ran], configured: LoopbackTenant, job_id: str
) -> None:
    odd = {"JobId": job_id, "Error": 1, "SourceUri": configured.jobs[0]["SourceUri"].replace("feed", "odd-feed")}
    configured.jobs.append({**configured.jobs[0], **odd})
    configured.files[f"{FOLDER}/odd-feed.json"] = configured.files[f"{FOLDER}/feed.json"]
    ran = upa("run")
    assert (ran.code, "\u202e" in ran.out + ran.err) == (0, False)
    names = [Path(line).name[:14] for line in ran.out.splitlines() if line.endswith("-retry.json")]
    assert sorted(names) == ["feed-00000001-", f"odd-feed-{name_in_files(job_id)}"[:14]]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("command", ["pull", "run"])
def test_a_narrow_terminal_breaks_what_was_pulled_between_words(
    upa: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = upa(command).out.splitlines()
    first, second, *_ = lines[next(at for at, line in enumerate(lines) if line.startswith("Pulled ")) :]
    assert len(first) <= 60
    assert f"{first} {second}".startswith("Pulled 1 new job, 1 log file and 1 source file (")
    assert "from 127.0.0.1" in f"{first} {second}"
