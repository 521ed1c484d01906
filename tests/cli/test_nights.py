"""What ``run`` says one night after the other: what is open each night, everything else once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LoopbackTenant, Ran

FOLDER = "/sites/hr/Shared Documents"
USERS = ("ada", "bob", "eve", "kim")


class Feed:
    """Adds jobs to the tenant, a night each."""

    def __init__(self, tenant: LoopbackTenant) -> None:
        self.tenant, self.number = tenant, 0

    def night(self, *failed: str, name: str = "hr", retry_of: str = "", users: tuple[str, ...] = USERS) -> str:
        """A job that names these users; a retry of another where that is given."""
        self.number += 1
        file = f"{name}-202011{self.number:02}.json"
        if retry_of:
            file = f"{name}-20201101-{retry_of}-retry.json"
        state, error = (5, 30) if failed else (4, 0)
        job_id = self.tenant.add_job(self.number, state=state, error=error, name=file)
        if failed:
            self.tenant.add_log(
                job_id, b"".join(map(_line, failed)), name=file, time=f"202011{self.number:02}-020000-000"
            )
        records = [{"mail": f"{one}@contoso.com", "City": "Oslo"} for one in users]
        self.tenant.files[f"{FOLDER}/{file}"] = json.dumps({"value": records}).encode()
        self.tenant.modified[f"{FOLDER}/{file}"] = f"2020-11-{self.number:02}T01:00:00Z"
        return job_id


def _line(user: str) -> bytes:
    return f"IdentityNotResolvable\t{user}@contoso.com\tUser identity cannot be resolved\r\n".encode()


@pytest.fixture
def feed(only_tenant: LoopbackTenant) -> Feed:
    return Feed(only_tenant)


def _answer(ran: Ran) -> list[str]:
    return ran.out.partition("Pulled ")[0].splitlines()[:-1]


def test_the_answer_comes_first_the_worst_feed_at_the_top(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night("ada", name="few")
    feed.night("ada", "bob", name="more")
    feed.night(name="well")
    feed.tenant.add_job(9, state=5, error=23, name="broken.json")
    assert [line.partition(" (")[0] for line in _answer(upa("run"))] == [
        "broken: the import was aborted, no user updated; open users unknown",
        "more: 2 of 4 users not updated; 2 open",
        "few: 1 of 4 users not updated; 1 open",
        "No open users in well.",
    ]


def test_open_users_are_reported_each_night_and_new_ones_once(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night("ada")
    feed.night("ada", "bob")
    first, second = upa("run"), upa("run")
    assert _answer(first)[0].startswith("hr: 2 of 4 users not updated, 1 new; 2 open (00000002, 2 Nov 2020 02:00)")
    assert _answer(second)[0].startswith("hr: 2 of 4 users not updated; 2 open (00000002, 2 Nov 2020 02:00)")
    assert "outcome" not in second.out  # no table of jobs that were there before
    assert [line for line in second.out.splitlines() if line.endswith("-retry.json")]
    assert "next: upa-analyzer show 00000002" in second.err


def test_a_night_without_open_users_is_two_lines_and_two_pages(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night()
    ran = upa("run")
    answer, pulled, day, report = filter(None, ran.out.splitlines())
    assert answer == "No open users in hr."
    assert pulled.startswith("Pulled 1 new job")
    assert report.endswith("index.html")
    said = re.sub(r"<[^>]+>", "", Path(day).read_text(encoding="utf-8"))
    assert answer in said
    assert pulled in said
    assert f'href="days/{Path(day).name}"' in Path(report).read_text(encoding="utf-8")


def test_a_retry_belongs_to_its_run(upa: Callable[..., Ran], feed: Feed) -> None:
    night = feed.night("ada", "bob")
    upa("run")
    feed.night("bob", retry_of=night, users=("ada", "bob"))
    ran = upa("run", "--fail-on", "new")
    assert "Removed" not in ran.err
    assert ran.code == 0
    (line,) = _answer(ran)
    assert line.startswith("hr: 2 of 4 users not updated; retried 2 Nov 2020 02:00: 1 of 2 updated; 1 open (00000001, ")
    (file,) = [line for line in ran.out.splitlines() if line.endswith("-retry.json")]
    assert "00000002" in file


@pytest.mark.parametrize("fail_on", ["any", "partial", "new"])
def test_a_run_that_was_healed_before_the_night_s_pull_fails_it_no_more(
    upa: Callable[..., Ran], feed: Feed, fail_on: str
) -> None:
    night = feed.night("ada")
    feed.night(retry_of=night, users=("ada",))
    ran = upa("run", "--fail-on", fail_on)
    assert (ran.code, _answer(ran)[0].partition("; ")[0]) == (0, "hr: 0 of 4 users open")


@pytest.mark.parametrize(("failed", "code"), [(("ada",), 0), (("ada", "bob"), 1)], ids=["recurring", "new"])
def test_new_failures_are_distinguished_from_recurring_ones(
    upa: Callable[..., Ran], feed: Feed, failed: tuple[str, ...], code: int
) -> None:
    feed.night("ada")
    assert upa("run", "--fail-on", "new").code == 1  # nothing to compare with
    feed.night(*failed)
    assert upa("run", "--fail-on", "new").code == code
    assert upa("run", "--fail-on", "new").code == 0  # said the night before


def test_a_superseded_run_of_the_same_pull_does_not_fail_it(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night("ada")
    feed.night()
    assert upa("run", "--fail-on", "any").code == 0


def test_a_remark_is_made_once_until_what_it_is_about_changes(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night("ada")
    (source,) = [path for path in feed.tenant.files if path.endswith(".json")]
    content = feed.tenant.files.pop(source)
    first, second = upa("run"), upa("run")
    assert "No retry file for 00000001: there is no source file" in first.err
    assert "upa-analyzer retry --source FILE --log PATH" in first.err  # what to do about it
    assert "no retry file" not in second.err
    assert _answer(second)[0].startswith("hr: 1 user not updated; 1 open")
    feed.tenant.files[source] = content[:20]
    upa("pull", "--all")
    third, fourth = upa("run", "--json").json, upa("run", "--json").json
    assert [remark["about"][:8] for remark in third["remarks"]] == ["00000001"]
    assert "isn't valid JSON" in third["remarks"][0]["text"]
    assert fourth["remarks"] == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"00000001": 1}', b"\xff"])
def test_a_damaged_list_of_remarks_means_that_they_are_made_again(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path, content: bytes
) -> None:
    feed.night("ada")
    feed.tenant.files = {path: file for path, file in feed.tenant.files.items() if path.endswith(".log")}
    upa("run")
    (tmp_path / "upa-data/contoso/remarks.json").write_bytes(content)
    assert "No retry file for 00000001" in upa("run").err
    assert "No retry file for 00000001" not in upa("run").err


def test_a_log_that_cannot_be_read_ends_one_night_with_its_exit_code(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.night("ada", "bob")
    upa("run")
    (log,) = (tmp_path / "upa-data/contoso/library").rglob("*.log")
    log.rename(log.with_suffix(".gz"))
    log.with_suffix(".gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    first, second = upa("run"), upa("run")
    assert (first.code, second.code) == (5, 0), first.err


def test_damaged_values_are_a_remark_about_the_feed(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night()
    name = next(path for path in feed.tenant.files if path.endswith("01.json"))
    feed.tenant.files[name] = feed.tenant.files[name].replace(b"Oslo", b"System.Object[]")
    assert "hr (00000001): Warning: " in upa("run").err
    feed.night()
    name = next(path for path in feed.tenant.files if path.endswith("02.json"))
    feed.tenant.files[name] = feed.tenant.files[name].replace(b"Oslo", b"System.Object[]")
    assert "Warning" not in upa("run").err


def test_run_as_json_says_the_same(upa: Callable[..., Ran], feed: Feed) -> None:
    feed.night("ada")
    found = upa("run", "--json").json
    (status,) = found["feeds"]
    assert {name: status[name] for name in ("feed", "job_id", "users", "not_updated", "new", "open", "is_well")} == {
        "feed": "hr",
        "job_id": "00000001-bd0e-49ec-8c9c-c4cfe370248c",
        "users": 4,
        "not_updated": 1,
        "new": None,
        "open": 1,
        "is_well": False,
    }
    assert status["sentence"].startswith("hr: 1 of 4 users not updated; 1 open (")


def test_an_acknowledged_job_is_silent_until_something_about_it_changes(upa: Callable[..., Ran], feed: Feed) -> None:
    job_id = feed.night("ada")
    upa("run")
    assert upa("ack", "00000001").out == "Job 00000001 (hr, partial) is acknowledged until it changes.\n"
    ran = upa("run", "--fail-on", "any")
    assert (ran.code, "00000001" in ran.out + ran.err) == (0, False)
    assert upa("run", "--json").json["acknowledged"] == [job_id]
    assert "acknowledged until it changes" in upa("jobs").out
    assert [job["acknowledged"] for job in upa("jobs", "--json").json["jobs"]] == [True]
    ran = upa("show", "00000001", "--fail-on", "any")
    assert (ran.code, "acknowledged until it changes" in ran.out) == (0, True)
    log = next(path for path in feed.tenant.files if path.endswith(".log"))
    feed.tenant.files[log] += _line("bob")
    upa("pull", "--all")
    assert _answer(upa("run"))[0].startswith("hr: 2 of 4 users not updated; 2 open")
    assert upa("ack").out == "No job is acknowledged.\n"


def test_an_acknowledgement_ends_on_its_day_or_when_it_is_undone(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.night("ada")
    upa("run")
    assert "acknowledged until 1 Dec 2999." in upa("ack", "00000001", "--until", "2999-12-01").out
    assert [line.split()[0] for line in upa("ack").out.splitlines()] == ["job", "00000001"]
    assert _answer(upa("run")) == []
    file = tmp_path / "upa-data/contoso/acknowledged.json"
    file.write_text(file.read_text("utf-8").replace("2999-12", "2020-12"), "utf-8")
    assert _answer(upa("run")) != []
    upa("ack", "00000001")
    assert "is no longer acknowledged" in upa("ack", "00000001", "--undo").out
    assert "is not acknowledged" in upa("ack", "00000001", "--undo").out
    assert _answer(upa("run")) != []


def test_a_damaged_list_of_acknowledgements_is_kept_and_silences_nothing(
    upa: Callable[..., Ran], feed: Feed, tmp_path: Path
) -> None:
    feed.night("ada")
    upa("run")
    upa("ack", "00000001")
    file = tmp_path / "upa-data/contoso/acknowledged.json"
    file.write_text("{", "utf-8")
    ran = upa("run")
    assert (ran.code, "acknowledged.json is damaged" in ran.err, len(_answer(ran))) == (0, True, 1)
    ran = upa("ack", "00000001")
    assert (ran.code, file.read_text("utf-8")) == (5, "{")


def test_a_feed_that_sends_only_changes_keeps_its_earlier_open_users_in_sight(
    upa: Callable[..., Ran], feed: Feed
) -> None:
    feed.night("ada", users=("ada", "bob"))
    feed.night(users=("eve", "kim"))
    for _ in range(2):
        ran = upa("run")
        assert _answer(ran) == ["hr: 1 earlier job has open users (00000001)."]
        assert [line for line in ran.out.splitlines() if line.endswith("-retry.json")]
    upa("ack", "00000001")
    assert _answer(upa("run")) == ["No open users in hr."]


def test_of_a_run_whose_open_users_failed_again_the_next_step_is_the_job_in_which_they_did(
    upa: Callable[..., Ran], feed: Feed
) -> None:
    night = feed.night("ada", "bob")
    feed.night("bob", retry_of=night, users=("ada", "bob"))
    upa("run")
    for ran in (upa("show"), upa("show", "00000001")):  # the newest run that failed
        assert "Each user who is still open is in a later job, too." in ran.out
        assert "next: upa-analyzer show 00000002" in ran.err
    assert "To queue the retry file" in upa("show", "00000002").out


def test_of_a_feed_that_sends_only_changes_that_is_the_job_with_the_same_users(
    upa: Callable[..., Ran], feed: Feed
) -> None:
    feed.night("ada", users=("ada", "bob", "ian"))
    feed.night("ada", users=("ada", "eve", "kim"))
    feed.night("zoe", users=("zoe", "max", "lea"))
    upa("run")
    ran = upa("show", "00000001")
    assert "superseded" not in ran.out
    assert "next: upa-analyzer show 00000002" in ran.err


def test_a_retry_of_a_superseded_run_is_listed_as_superseded_too(upa: Callable[..., Ran], feed: Feed) -> None:
    night = feed.night("ada", "bob")
    feed.night("bob", retry_of=night, users=("ada", "bob"))
    feed.night("bob")
    upa("run")
    notes = {line[:8]: line for line in upa("jobs").out.splitlines()}
    assert notes["00000002"].endswith("retry of 00000001, superseded")


def test_what_an_interrupted_run_pulled_is_new_in_the_next(
    upa: Callable[..., Ran], feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed.night("ada")
    upa("run")
    feed.night("ada", "bob")
    with monkeypatch.context() as broken:
        broken.setattr("analyzer.pipeline.write_report", _full_disk)
        assert upa("run", "--fail-on", "new").code == 5
    ran = upa("run", "--fail-on", "new")
    assert (ran.code, "2 of 4 users not updated, 1 new" in ran.out, "  partial  " in ran.out) == (1, True, True)
    ran = upa("run", "--fail-on", "new")
    assert (ran.code, "new" in _answer(ran)[0], "  partial  " in ran.out) == (0, False, False)


def _full_disk(*_arguments: object, **_named: object) -> None:
    raise OutputError("the report can't be written: no space left", "Free some.")
