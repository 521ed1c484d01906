"""``verify`` against the local test tenant, whose profiles a test can change after the import."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import start
from analyzer.emulator.importing import ImportRequest
from analyzer.emulator.profiles import User
from analyzer.model.service import IdType
from analyzer.storage.import_record import ImportPart, ImportRecord, write_import
from tests.conftest import NOW
from tests.emulator.client import FOLDER, TENANT, StandingClock, job, source, write_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.emulator import RunningEmulator
    from tests.conftest import Ran

JOB = "00000001-bd0e-49ec-8c9c-c4cfe370248c"
LATER = "00000002-bd0e-49ec-8c9c-c4cfe370248c"
MAILS = tuple(f"user{number:02}@contoso.com" for number in range(40))
IDS = tuple(f"{number:08}-1b1c-4c7f-9d51-3b5a0d0f6a11" for number in range(40))
MAP = ("--id-type", "PrincipalName", "--map", "City")


class Profiles:
    """The tenant's profiles: all have the city Oslo until a test says otherwise.

    Attributes:
        running: the tenant.
    """

    def __init__(self, running: RunningEmulator) -> None:
        self.running = running
        for mail in MAILS:
            self.put(mail, City="Oslo")

    def put(self, mail: str, **values: str) -> None:
        found = self.running.store.user(IdType.Email, mail)
        assert found is not None
        found.values.update(values)

    def remove(self, mail: str) -> None:
        for users in self.running.store._users.values():
            users.pop(mail, None)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library without jobs."""
    monkeypatch.chdir(tmp_path)
    root = write_library(tmp_path / "tenant")
    (root / FOLDER[1:] / "hr.json").unlink()
    users = [
        {"mail": mail, "objectId": object_id, "userPrincipalName": mail}
        for mail, object_id in zip(MAILS, IDS, strict=True)
    ]
    (root / "emulator.json").write_text(json.dumps({"users": users}), encoding="utf-8")
    return root


@pytest.fixture
def tenant(
    library: Path, monkeypatch: pytest.MonkeyPatch, upa: Callable[..., Ran]
) -> Iterator[Callable[..., Profiles]]:
    """Starts the tenant with jobs, by their IDs with their source files, and pulls them; each failed eve alone."""
    running: list[RunningEmulator] = []

    def given(jobs: dict[str, bytes], configuration: str = "", **differences: object) -> Profiles:
        rows = []
        for night, (job_id, content) in enumerate(jobs.items(), 1):
            name = f"hr-202611{night:02}.json"
            (library / FOLDER[1:] / name).write_bytes(content)
            logs = f"{FOLDER}/{name.removesuffix('.json')}-{job_id}-Logs"
            (library / logs[1:]).mkdir()
            log = library / logs[1:] / f"ImportProfileProperties-{job_id}-202611{night:02}-021405-993.log"
            log.write_bytes(b"IdentityNotResolvable\teve@contoso.com\tUser identity\r\n")
            uris = {"SourceUri": f"{TENANT}{FOLDER}/{name}", "LogFolderUri": f"{TENANT}{logs}"}
            rows.append(job(JobId=job_id, **(uris | differences)))
        (library / "jobs.json").write_text(json.dumps({"value": rows}), encoding="utf-8")
        running.append(start(library, clock=StandingClock()))
        ready = running[0].ready
        keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        Path("upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}{configuration}", encoding="utf-8")
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        profiles = Profiles(running[0])
        assert upa("pull").code == 0
        return profiles

    yield given
    for one in running:
        one.close()


def of(*users: str, **values: str) -> dict[str, bytes]:
    """One job with these users, and with eve, who failed."""
    return {JOB: source(*(users or MAILS), "eve@contoso.com", **(values or {"City": "Oslo"}))}


def counts(ran: Ran) -> dict[str, Any]:
    names = ("users", "sample", "checked", "differing", "missing", "overwritten", "unclear", "not_found")
    return {name: value for name in names if (value := ran.json.get(name, 0))}


def test_all_is_as_the_job_said(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    tenant(of())
    ran = upa("verify", JOB[:8], *MAP, "--sample", "20", "--seed", "1")
    assert ran.code == 0
    assert ran.out.splitlines()[:2] == [
        "00000001: 20 of 40 users read back, 0 differ.",
        "With 95% confidence, at most 10% of all users differ.",
    ]
    assert f"To draw the same sample again: upa-analyzer verify {JOB} --sample 20 --seed 1" in ran.err


def test_who_differs_is_named_with_the_property_and_both_values(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    profiles = tenant(of())
    profiles.put(MAILS[3], City="Bergen")
    profiles.put(MAILS[5], City="")
    profiles.remove(MAILS[7])
    ran = upa("verify", JOB[:8], *MAP, "--all")
    assert ran.code == 1
    first, second, *_ = ran.out.splitlines()
    assert first == "00000001: 40 of 40 users read back, 2 differ, 1 has no profile."
    assert second == "All users were compared."
    rows = [" ".join(line.split()) for line in ran.out.splitlines() if line.startswith("user0")]
    assert rows == [
        f"{MAILS[3]} City Oslo Bergen",
        f"{MAILS[5]} City Oslo (empty)",
        f"{MAILS[7]} - - - no profile",
    ]


def test_the_same_seed_draws_the_same_sample(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    profiles = tenant(of())
    for mail in MAILS[1:]:
        profiles.put(mail, City="Bergen")
    options = ("verify", JOB[:8], *MAP, "--sample", "5", "--json", "--seed")
    first, again, other = ([one["identity"] for one in upa(*options, seed).json["not_as_said"]] for seed in "778")
    assert first == again != other


def test_the_result_is_in_the_history_and_the_report(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    tenant(of()).put(MAILS[3], City="Bergen")
    assert upa("verify", JOB[:8], *MAP, "--all").code == 1
    (row,) = upa("query", "SELECT * FROM verifications", "--json").json
    assert (row["job_id"], row["users"], row["checked"], row["differing"], row["at_most"]) == (JOB, 40, 40, 1, 1)
    assert row["tenant"] == "localhost"
    assert "40 of 40 users read back, 1 differ." in upa("show", JOB[:8]).out
    assert upa("show", JOB[:8], "--json").json["verified"]["differing"] == 1
    assert upa("report").code == 0
    page = Path(f"upa-data/contoso/reports/jobs/{JOB}.html").read_text("utf-8")
    assert "40 of 40 users read back, 1 differ." in page
    assert upa("verify", JOB[:8], *MAP, "--sample", "1").code in {0, 1}
    assert upa("report").code == 0
    assert "1 of 40 users read back" in Path(f"upa-data/contoso/reports/jobs/{JOB}.html").read_text("utf-8")


def test_a_forgotten_user_is_replaced_in_the_results(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    tenant(of()).put(MAILS[3], City="Bergen")
    assert upa("verify", JOB[:8], *MAP, "--all").code == 1
    kept = Path(f"upa-data/contoso/verified/{JOB}.json")
    assert MAILS[3] in kept.read_text("utf-8")
    assert "Bergen" not in kept.read_text("utf-8")
    ran = upa("history", "forget", "--user", MAILS[3], "--yes", "--json")
    assert ran.json["left"] == []
    assert MAILS[3] not in kept.read_text("utf-8")
    (row,) = upa("query", "SELECT differing FROM verifications", "--json").json
    assert row == {"differing": 1}


def test_the_results_of_old_jobs_are_removed_with_them(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    tenant(of())
    assert upa("verify", JOB[:8], *MAP).code == 0
    assert upa("history", "forget", "--before", "2030-01-01", "--yes").code == 0
    assert not Path(f"upa-data/contoso/verified/{JOB}.json").exists()


def test_an_address_is_looked_up_only_if_the_profile_has_it(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    profiles = tenant(of())
    store = profiles.running.store
    profiles.remove(MAILS[1])
    store.add_user(User("other@contoso.com", IDS[1], MAILS[1], {"City": "Bergen"}))
    profiles.remove(MAILS[2])
    store.add_user(User(MAILS[2], IDS[2], "u2@contoso.com", {"City": "Oslo"}))
    ran = upa("verify", JOB[:8], "--id-type", "Email", "--map", "City", "--all", "--json")
    assert ran.code == 0
    assert counts(ran) == {"users": 40, "sample": 40, "checked": 38, "not_found": 2}
    assert {one["identity"]: one["reason"] for one in ran.json["others"]} == {
        MAILS[1]: "the profile of that name has another WorkEmail",
        MAILS[2]: "it isn't a user principal name, or there is no profile",
    }


def test_a_directory_export_finds_users_by_other_ids(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    profiles = tenant(of(*IDS))
    ran = upa("verify", JOB[:8], "--id-type", "CloudId", "--map", "City")
    assert ran.code == 2
    assert "Specify an export of all users with --directory FILE." in ran.err
    rows = [f"{object_id},{mail}" for mail, object_id in zip(MAILS, IDS, strict=True)]
    Path("users.csv").write_text("\n".join(["id,userPrincipalName", *rows[1:]]), encoding="utf-8")
    profiles.remove(MAILS[2])
    profiles.running.store.add_user(User(MAILS[2], IDS[2][::-1], MAILS[2], {"City": "Oslo"}))
    ran = upa("verify", JOB[:8], "--id-type", "CloudId", "--map", "City", "--directory", "users.csv", "--json")
    assert counts(ran) == {"users": 40, "sample": 40, "checked": 38, "not_found": 2}
    assert {one["identity"]: one["reason"] for one in ran.json["others"]} == {
        IDS[0]: "its user principal name is unknown in the directory export",
        IDS[2]: "the profile of that name has another msOnline-ObjectId",
    }


def test_what_a_later_import_wrote_is_not_this_jobs_fault(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    profiles = tenant(of() | {LATER: source(*MAILS[:10], "eve@contoso.com", City="Bergen")}, _feed("City"))
    for mail in MAILS[:12]:
        profiles.put(mail, City="Bergen")
    ran = upa("verify", JOB[:8], "--all", "--json")
    assert ran.code == 1
    assert counts(ran) == {"users": 40, "sample": 40, "checked": 30, "differing": 2, "overwritten": 10}
    assert {one["reason"] for one in ran.json["others"]} == {f"overwritten by job {LATER}"}


def test_what_a_later_import_without_a_copy_may_have_written_is_unclear(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    profiles = tenant(of() | {LATER: source(*MAILS[:10], "eve@contoso.com", City="Bergen")}, _feed("City"))
    profiles.put(MAILS[0], City="Bergen")
    (later,) = Path("upa-data").rglob("hr-20261102.json")
    later.unlink()
    ran = upa("verify", JOB[:8], "--all", "--json")
    assert ran.code == 0
    assert counts(ran) == {"users": 40, "sample": 40, "checked": 39, "unclear": 1}
    assert any("may have overwritten it: its source file is unknown" in one for one in ran.json["remarks"])


def test_what_we_queued_is_known(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    profiles = tenant(of(Town="Oslo"))
    profiles.put(MAILS[0], City="Bergen")
    content = of(Town="Oslo")[JOB]
    digest = hashlib.sha256(content).hexdigest()
    part = ImportPart(
        name="hr-20261101.json", file="part.json", bytes=len(content), sha256=digest, records=41, job_id=JOB
    )
    queued = ImportRecord(
        program="upa-analyzer 0.2.0",
        import_id="20261101-021500-1a2b3c4d",
        feed="hr",
        created_at=NOW,
        path="hr.json",
        bytes=len(content),
        sha256=digest,
        folder=f"{profiles.running.ready['admin_url']}{FOLDER}",
        id_type="PrincipalName",
        id_property="IdName",
        property_map={"Town": "City"},
        parts=[part],
    )
    write_import(Path("upa-data/contoso/imports/hr"), queued)
    (copy,) = Path("upa-data").rglob("hr-20261101.json")
    copy.unlink()
    assert upa("verify", JOB[:8]).code == 5
    Path("upa-data/contoso/imports/hr/20261101-021500-1a2b3c4d/part.json").write_bytes(content)
    ran = upa("verify", JOB[:8], "--json")
    assert ran.code == 1
    assert [one["identity"] for one in ran.json["not_as_said"]] == [MAILS[0]]
    assert ran.json["remarks"] == []


def test_a_property_that_is_nowhere_the_same_may_have_another_name(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    tenant(of(City="Oslo", Office="E1", Floor="3"))
    ran = upa("verify", JOB[:8], "--json")
    assert counts(ran) == {"users": 40, "sample": 40, "checked": 40}
    first, *_, last = ran.json["remarks"]
    assert "ID property" in first
    assert any(one.startswith("Office differs for every user who was read") for one in ran.json["remarks"])
    assert last == "Floor can't be compared for certain for 40 users: profiles have no such property."


def test_a_job_of_which_nothing_can_be_compared_is_a_finding(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    tenant(of(Floor="3"))
    ran = upa("verify", JOB[:8], "--id-type", "PrincipalName", "--map", "Floor")
    assert ran.code == 1
    assert ran.out.startswith("00000001: 0 of 40 users read back, 0 differ, 40 can't be compared for certain.\n")
    assert "confidence" not in ran.out


def test_a_difference_of_a_synced_property_says_so(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    profiles = tenant(of(Dept="HR"))
    for mail in MAILS[1:]:
        profiles.put(mail, Department="HR")
    ran = upa("verify", JOB[:8], "--id-type", "PrincipalName", "--map", "Dept=Department", "--json")
    ((value,),) = (one["values"] for one in ran.json["not_as_said"])
    assert value == {
        "property": "Department",
        "expected": "HR",
        "found": "",
        "note": "the directory sync writes it, too",
    }


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ({"Error": 23, "State": 4}, "was aborted, so it updated no user"),
        ({"Error": 1, "State": 4}, "so it is unknown which users it updated"),
        ({"Error": 0, "State": 2}, "hasn't ended"),
    ],
)
def test_a_job_that_is_not_known_to_have_updated_anyone_is_refused(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles], differences: dict[str, int], words: str
) -> None:
    tenant(of(), **differences)
    ran = upa("verify", JOB[:8], *MAP)
    assert ran.code == 2
    assert words in ran.err


def test_a_file_that_is_not_what_the_job_read_is_refused(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    tenant(of())
    (copy,) = Path("upa-data").rglob("hr-20261101.json")
    copy.write_bytes(source(*MAILS, City="Bergen"))
    ran = upa("verify", JOB[:8], *MAP)
    assert ran.code == 5
    assert "is not what the job read" in ran.err


def test_a_library_of_another_tenant_is_refused(upa: Callable[..., Ran], tenant: Callable[..., Profiles]) -> None:
    tenant(of())
    configuration = Path("upa-analyzer.toml").read_text("utf-8")
    Path("upa-analyzer.toml").write_text(configuration.replace("localhost", "127.0.0.1"), encoding="utf-8")
    ran = upa("verify", JOB[:8], *MAP)
    assert ran.code == 2
    assert "the library is of localhost" in ran.err


def test_two_verifications_share_what_the_tenant_accepts(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    tenant(of())
    for _ in range(2):
        assert upa("verify", JOB[:8], *MAP, "--sample", "30").code == 0
    noted = json.loads(Path("upa-data/contoso/profile-calls.json").read_text("utf-8"))
    assert sum(number for _, number in noted["sent"]) == 60
    assert noted["begun"] == 0


def _feed(*properties: str) -> str:
    mapped = "\n".join(f'{name} = "{name}"' for name in properties)
    return (
        '[tenants.contoso.feeds.hr]\nmatch = "hr-*.json"\nid_type = "PrincipalName"\nid_property = "IdName"\n'
        f"[tenants.contoso.feeds.hr.properties]\n{mapped}\n"
    )


def test_while_the_library_lacks_a_job_no_user_is_said_to_be_wrong(
    upa: Callable[..., Ran], tenant: Callable[..., Profiles]
) -> None:
    profiles = tenant(of())
    profiles.put(MAILS[3], City="Rome")
    jobs = profiles.running.jobs
    (source_uri,) = (one.source_uri for one in jobs.listed())
    jobs.queue(ImportRequest(LATER, IdType.PrincipalName, "IdName", {"City": "City"}, source_uri))
    ran = upa("verify", JOB, *MAP, "--all", "--json")
    assert (ran.code, counts(ran)) == (0, {"users": 40, "sample": 40, "checked": 39, "unclear": 1})
    assert any(one.startswith("The library lacks 1 job of the tenant: 00000002.") for one in ran.json["remarks"])
