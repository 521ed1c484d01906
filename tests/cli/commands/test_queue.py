"""``upa-analyzer queue``: what is sent and said, what is refused, and how a run is healed."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import UnreachableError
from analyzer.model.service import IdType
from tests.emulator.client import FOLDER
from tests.imports.queueing import USERS, Feed, feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analyzer.storage.import_record import ImportRecord
    from tests.conftest import FastClock, Ran

SPEED = 100_000.0
HOUR = 3_600 / SPEED
"""In which the service ends a job; the times of logs stay those of the system, which `pull` notes."""
OPTIONS = ("--id-type", "Email", "--map", "City")


@pytest.fixture
def hr(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    no_waiting: FastClock,
) -> Iterator[Feed]:
    """A configured tenant without jobs; its time passes when the command waits."""
    with feed(tmp_path_factory.mktemp("tenant"), clock=no_waiting, jobs=False, speed=SPEED) as found:
        ready = found.emulator.ready
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        found.root = tmp_path
        yield found


@pytest.fixture
def place(hr: Feed) -> tuple[str, str]:
    return ("--folder", hr.emulator.ready["admin_url"] + FOLDER)


def configure(hr: Feed) -> None:
    """Add the feed to the configuration, so that no option is needed."""
    keys = f'match = "hr-feed*.json"\nfolder = "{FOLDER}"\nid_type = "Email"\nproperties = {{ City = "City" }}\n'
    with (hr.root / "upa-analyzer.toml").open("a", encoding="utf-8") as file:
        file.write(f"[tenants.contoso.feeds.hr-feed]\n{keys}")


def test_a_queued_file_is_one_line_with_the_job_and_the_next_command(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    ran = upa("queue", hr.file(*USERS), *OPTIONS, *place)
    assert ran.code == 0
    (job_id,) = ran.out.split()
    assert f"next: upa-analyzer watch {job_id[:8]} --then report" in ran.err
    assert "hr-feed.json: No findings in 4 records." in ran.err
    assert [one.job_id for one in hr.emulator.jobs.listed()] == [job_id]


def test_what_is_not_known_is_asked_for_and_never_guessed(upa: Callable[..., Ran], hr: Feed) -> None:
    ran = upa("queue", hr.file(*USERS))
    assert ran.code == 2
    assert "the feed hr-feed lacks the folder to upload to, the ID type and the property map" in ran.err
    assert hr.jobs == []


def test_the_last_import_of_the_feed_answers_what_options_and_configuration_leave_open(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    upa("queue", hr.file(*USERS, City="Bonn"), *OPTIONS, *place)
    ran = upa("queue", hr.file(*USERS, City="Oslo"), "--json")
    assert ran.code == 0
    assert (ran.json["id_type"], ran.json["property_map"]) == ("Email", {"City": "City"})
    assert ran.json["parts"][0]["source_uri"].startswith(place[1])


def test_a_feed_of_the_configuration_needs_no_option(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    ran = upa("queue", hr.file(*USERS))
    assert (ran.code, len(hr.emulator.jobs.listed())) == (0, 1)


def test_a_dry_run_shows_everything_and_sends_and_keeps_nothing(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    ran = upa("queue", hr.file(*USERS), *OPTIONS, *place, "--dry-run")
    assert ran.code == 0
    assert "As: ID type Email, ID property IdName, map City" in ran.out
    assert f"To: {place[1]}" in ran.out
    assert hr.emulator.jobs.listed() == []
    assert not list((hr.root / "upa-data").rglob("*.json"))
    assert upa("queue", hr.file(*USERS), *OPTIONS, *place).code == 0


def test_a_file_that_would_be_aborted_is_shown_and_not_sent_unless_forced(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    file = hr.file(*USERS, City="Oslo", Floor="3")
    ran = upa("queue", file, *OPTIONS, *place)
    assert ran.code == 1
    assert "wasn't sent: its import would be aborted" in ran.err
    assert "Floor" in ran.out
    assert hr.emulator.jobs.listed() == []
    assert upa("queue", file, *OPTIONS, *place, "--force").code == 0


def test_the_same_file_twice_is_refused_with_the_job_that_it_was(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    first = upa("queue", hr.file(*USERS), *OPTIONS, *place).out.strip()
    ran = upa("queue", hr.file(*USERS))
    assert ran.code == 2
    assert f"was queued before: {first[:8]}" in ran.err
    assert "--again" in ran.err
    assert upa("queue", hr.file(*USERS), "--again").code == 0


def test_a_file_that_returns_after_another_one_is_neither_ignored_nor_called_imported(
    upa: Callable[..., Ran], hr: Feed
) -> None:
    configure(hr)
    for city in ("Oslo", "Bonn"):
        assert upa("queue", hr.file(*USERS, City=city), "--heal", "1").code == 0
    file = hr.file(*USERS, City="Oslo")
    ran = upa("queue", file, "--heal", "1")
    assert (ran.code, ran.out) == (2, "")
    assert "and another file of the feed after it" in ran.err
    assert upa("queue", file, "--heal", "1", "--again").code == 0
    assert hr.city("ada") == "Oslo"
    assert upa("queue", file, "--heal", "1").code == 0  # now it is the newest


def test_a_file_without_a_name_is_a_feed_of_its_own_and_keeps_the_records_of_others(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    upa("queue", hr.file(*USERS), *OPTIONS, *place)
    ran = upa("queue", hr.file(*USERS, name=".json", City="Bonn"), *OPTIONS, *place, "--json")
    assert (ran.code, ran.json["feed"]) == (0, "import")
    assert len(list((hr.root / "upa-data/contoso/imports").glob("*/*/import.json"))) == 2


def test_a_configured_feed_without_a_folder_has_that_of_its_jobs(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    keys = 'match = "hr-feed*.json"\nid_type = "Email"\nproperties = { City = "City" }\n'
    with (hr.root / "upa-analyzer.toml").open("a", encoding="utf-8") as file:
        file.write(f"[tenants.contoso.feeds.hr-feed]\n{keys}")
    assert upa("queue", hr.file(*USERS), *place, "--heal", "1").code == 0
    shutil.rmtree(hr.root / "upa-data/contoso/imports")
    ran = upa("queue", hr.file(*USERS, City="Bonn"), "--json")
    assert (ran.code, ran.json["folder"]) == (0, place[1])


def test_a_file_without_users_is_not_queued_with_an_unknown_id_property(
    upa: Callable[..., Ran], hr: Feed, place: tuple[str, str]
) -> None:
    ran = upa("queue", hr.file(), *OPTIONS, *place)
    assert ran.code == 2
    assert "the ID property of" in ran.err
    assert not list((hr.root / "upa-data").rglob("import.json"))


def test_a_time_that_is_none_names_its_option(upa: Callable[..., Ran], hr: Feed) -> None:
    ran = upa("queue", hr.file(*USERS), "--timeout", "soon")
    assert (ran.code, "--timeout 'soon'" in ran.err) == (2, True)


def test_a_file_in_which_nothing_changed_gives_up_an_unfinished_older_one(
    upa: Callable[..., Ran], hr: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(hr)
    assert upa("queue", hr.file(*USERS), "--heal", "1").code == 0
    before = hr.city("ada")

    def cut(*_: object, **__: object) -> str:
        raise UnreachableError("no answer")

    with monkeypatch.context() as patched:
        patched.setattr("analyzer.imports.queue.upload_file", cut)
        assert upa("queue", hr.file(*USERS, City="Bonn")).code == 4
    hr.clock.waited.append(HOUR)
    as_it_was = hr.file(*reversed(USERS))  # other bytes, same values
    ran = upa("queue", as_it_was, "--delta", "--heal", "1")
    assert (ran.code, hr.city("ada")) == (0, before)
    assert "Gave up the unfinished import" in ran.err
    assert len(hr.emulator.jobs.listed()) == 1


def test_a_retry_of_another_run_is_neither_waited_for_nor_sent(
    upa: Callable[..., Ran], hr: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analyzer.imports.queue import Sender

    old = _failed_run(upa, hr)
    assert upa("queue", old, "--retry").code == 0
    sent: list[str] = []
    send = Sender.send

    def noting(sender: Sender, record: ImportRecord, *, until_end: bool = False) -> None:
        sent.append(record.retry_of)
        send(sender, record, until_end=until_end)

    monkeypatch.setattr(Sender, "send", noting)
    assert upa("queue", hr.file(*USERS, City="Bonn"), "--heal", "1").code == 0
    assert sent == ["", ""]


def test_a_folder_of_another_tenant_is_refused_before_anything_is_sent(upa: Callable[..., Ran], hr: Feed) -> None:
    ran = upa("queue", hr.file(*USERS), *OPTIONS, "--folder", "https://fabrikam.sharepoint.com/sites/hr/Docs")
    assert ran.code == 3
    assert "leads outside the tenant" in ran.err


def _failed_run(upa: Callable[..., Ran], hr: Feed) -> str:
    """Import a file of which one user isn't known, and pull; return the job's ID."""
    configure(hr)
    job_id = upa("queue", hr.file(*USERS, "new")).out.strip()
    hr.clock.waited.append(HOUR)
    assert upa("pull").code == 0
    return job_id


def test_the_retry_file_of_a_job_is_queued_with_what_the_job_was_queued_with(upa: Callable[..., Ran], hr: Feed) -> None:
    job_id = _failed_run(upa, hr)
    hr.emulator.add_user(mail="new@contoso.com", object_id="", user_principal_name="new@contoso.com")
    ran = upa("queue", job_id[:8], "--retry", "--json")
    assert ran.code == 0
    assert ran.json["retry_of"] == job_id
    assert ran.json["parts"][0]["records"] == 1
    retry = ran.json["parts"][0]["job_id"]
    hr.clock.waited.append(HOUR)
    upa("pull")
    jobs = {one["job_id"]: one for one in upa("jobs", "--json").json["jobs"]}
    assert (jobs[retry]["retry_of"], jobs[job_id]["open"]) == (job_id, 0)
    again = upa("queue", job_id[:8], "--retry")
    assert again.code == 2
    assert "every user has been updated" in again.err


def test_a_retry_file_that_was_corrected_by_hand_is_queued_by_its_path_as_a_retry(
    upa: Callable[..., Ran], hr: Feed
) -> None:
    job_id = _failed_run(upa, hr)
    upa("run")
    (made,) = (hr.root / "upa-data/contoso/retry").glob("*-retry.json")
    made.write_bytes(hr.file("eve", City="Bonn").read_bytes())
    for option in (("--delta",), ("--heal", "1")):
        assert upa("queue", made, *option).code == 2
    ran = upa("queue", made, "--json")
    assert (ran.code, ran.json["retry_of"], ran.json["parts"][0]["records"]) == (0, job_id, 1)
    upa("queue", hr.file(*USERS, City="Rome"))
    hr.clock.waited.append(HOUR)
    upa("pull")
    late = upa("queue", made, "--again")
    assert (late.code, "a later run of the feed has ended" in late.err) == (2, True)


def test_a_superseded_job_is_not_retried(upa: Callable[..., Ran], hr: Feed) -> None:
    job_id = _failed_run(upa, hr)
    later = upa("queue", hr.file(*USERS, "new", City="Bonn")).out.strip()
    hr.clock.waited.append(HOUR)
    upa("pull")
    ran = upa("queue", job_id, "--retry")
    assert ran.code == 2
    assert "superseded" in ran.err.lower()
    assert f"queue {later[:8]} --retry" in ran.err


def test_a_run_is_healed_when_the_account_appears_and_ends_early_until_then(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    file = hr.file(*USERS, "new")
    first = upa("queue", file, "--heal", "2")
    assert first.code == 1
    assert "1 user is open" in first.out
    assert "can be retried from" in first.out
    hr.emulator.add_user(mail="new@contoso.com", object_id="", user_principal_name="new@contoso.com")
    early = upa("queue", file, "--heal", "2")
    assert (early.code, len(hr.jobs) + 1) == (1, 1)
    hr.clock.waited.append(timedelta(days=1).total_seconds())
    healed = upa("queue", file, "--heal", "2")
    answer, report = healed.out.splitlines()
    assert (healed.code, answer) == (0, "hr-feed: every user is updated after 1 retry.")
    assert report.endswith("index.html")
    assert len(hr.emulator.jobs.listed()) == 2
    assert hr.city("new") == "Oslo"
    done = upa("queue", file, "--heal", "2")
    assert (done.code, len(hr.emulator.jobs.listed())) == (0, 2)


def test_a_user_who_stays_unknown_is_retried_as_often_as_it_helps(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    file = hr.file(*USERS, "gone")
    for _ in range(5):
        ran = upa("queue", file, "--heal", "3")
        hr.clock.waited.append(timedelta(days=1).total_seconds())
    assert ran.code == 1
    assert len(hr.emulator.jobs.listed()) == 2
    assert "updated none of its users" in ran.out


def test_new_accounts_alone_in_a_file_are_retried_because_the_id_type_has_worked(
    upa: Callable[..., Ran], hr: Feed
) -> None:
    configure(hr)
    assert upa("queue", hr.file(*USERS), "--heal", "1").code == 0
    new = hr.file("new", "newer")
    waiting = upa("queue", new, "--heal", "1")
    assert "2 users of" in waiting.out
    assert "can be retried from" in waiting.out
    for user in ("new", "newer"):
        mail = f"{user}@contoso.com"
        hr.emulator.add_user(mail=mail, object_id="", user_principal_name=mail)
    hr.clock.waited.append(timedelta(days=1).total_seconds())
    assert upa("queue", new, "--heal", "1").code == 0


def test_a_log_that_names_nobody_leaves_the_reason_and_what_to_do(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    found = hr.emulator.store.user(IdType.Email, "ada@contoso.com")
    assert found is not None
    found.deadlocks = 1  # the store names no mail address
    ran = upa("queue", hr.file(*USERS), "--heal", "2")
    assert ran.code == 1
    assert re.search(
        r"Job [0-9a-f]{8}: no entry of the log identifies a user\. Import the whole", " ".join(ran.out.split())
    )


def test_healing_in_json_is_one_object(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    ran = upa("queue", hr.file(*USERS, "new"), "--heal", "1", "--json")
    (healing,) = ran.json["healing"]
    assert (healing["open"], healing["retries"], healing["next_retry"]["users"]) == (1, 0, 1)
    assert json.loads(ran.out)["feed"] == "hr-feed"


def test_a_clock_that_was_set_back_neither_stops_the_retries_nor_makes_a_new_file_an_old_one(
    upa: Callable[..., Ran], hr: Feed
) -> None:
    configure(hr)
    hr.clock.at = datetime.now(UTC) + timedelta(days=400)
    upa("queue", hr.file(*USERS, "new"), "--heal", "1")
    hr.clock.at = datetime.now(UTC)
    ran = upa("queue", hr.file(*USERS, "new"), "--heal", "1", "--json")
    due = datetime.fromisoformat(ran.json["healing"][0]["next_retry"]["due"])
    assert due < hr.clock.now() + timedelta(days=2)
    newer = hr.file(*USERS, City="Bonn")
    assert [upa("queue", newer, "--heal", "1").code for _ in range(2)] == [0, 0]


def test_a_first_pull_that_was_interrupted_keeps_nobody_from_queueing(upa: Callable[..., Ran], hr: Feed) -> None:
    configure(hr)
    (hr.root / "upa-data/contoso/library/sites").mkdir(parents=True)
    assert upa("queue", hr.file(*USERS), "--heal", "1").code == 0
