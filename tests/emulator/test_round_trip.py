"""An import that fails, its retry file, what has to be mended, and the import of that file: then nobody is left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.emulator import import_run, importing, start
from analyzer.model.service import IdType
from tests.emulator.client import Client, StandingClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.emulator import RunningEmulator
    from tests.conftest import Ran

CITIES = {"ada": "Zürich", "bob": "Paris", "cleo": "Rome", "dan": "Oslo", "eve": "Łódź"}
CITY = {"City": "City"}


def mail(person: str) -> str:
    return f"{person}@contoso.com"


def record(person: str, **further: str) -> str:
    r"""A record as feeds write it, spaces and ``\u00fc`` and all."""
    return json.dumps({"IdName": mail(person), "City": CITIES[person], **further})


def source(*records: str) -> bytes:
    return ('{"value": [\r\n  ' + ",\r\n  ".join(records) + "\r\n]}").encode()


def retry_file(*records: str) -> bytes:
    return b"\xef\xbb\xbf" + ('{"value":[\n' + ",\n".join(records) + "\n]}\n").encode()


@dataclass
class Trip:
    """A tenant, and the command that reads from it.

    Attributes:
        client: of the tenant.
        clock: its time.
        upa: the command.
        folder: where the command runs.
        imports: how many there were.
        job_id: of the last one.
    """

    client: Client
    clock: StandingClock
    upa: Callable[..., Ran]
    folder: Path
    imports: int = 0
    job_id: str = ""

    def import_(self, content: bytes, *mapped: str) -> str:
        """Uploads a source file, queues it, waits for its end and pulls; returns the job's error by name."""
        self.imports += 1
        name = f"hr-{self.imports}.json"
        assert self.client.upload(name, content).status_code == 200
        properties = {one: one for one in ("City", *mapped)}
        self.job_id = self.client.queue(name, propertyMap=properties).lower()
        self.clock.now += 1000
        assert self.upa("pull").code == 0
        jobs: list[dict[str, Any]] = self.upa("jobs", "--json").json["jobs"]
        return next(str(job["error"]) for job in jobs if job["job_id"] == self.job_id)

    def retry(self, *options: str) -> tuple[Ran, list[bytes]]:
        """Makes the retry file of the last import; what was said, and the files' bytes."""
        ran = self.upa("retry", self.job_id[:8], *options)
        files = [self.folder / line for line in ran.out.splitlines()]
        for file in files:
            assert self.upa("retry", "--verify", file).code == 0
        return ran, [file.read_bytes() for file in files]

    def check_nobody_is_left(self, *people: str) -> None:
        """The last import updated everybody in it, and these people's profiles hold what the feed says."""
        ran, files = self.retry()
        assert (ran.code, files, ran.err) == (0, [], "Nothing to retry: every user was updated.\n")
        assert self.cities() == {person: CITIES[person] if person in people else None for person in CITIES}

    def cities(self) -> dict[str, str | None]:
        """What the profiles hold; None for whom the tenant does not know, too."""
        users = {person: self.client.emulator.store.user(IdType.Email, mail(person)) for person in CITIES}
        return {person: user.values.get("City") if user else None for person, user in users.items()}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A tenant's library without jobs; of the people it knows everybody but eve."""
    root = tmp_path / "tenant"
    root.mkdir()
    users = [{"mail": mail(person), "userPrincipalName": mail(person)} for person in CITIES if person != "eve"]
    (root / "jobs.json").write_text('{"value": []}', encoding="utf-8")
    (root / "emulator.json").write_text(json.dumps({"users": users}), encoding="utf-8")
    return root


@pytest.fixture
def trip(empty: Path, upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trip]:
    clock = StandingClock()
    with start(empty, clock=clock) as emulator, Client(emulator) as client:
        configure(emulator, tmp_path)
        monkeypatch.setenv("UPA_TOKEN", emulator.ready["token"])
        yield Trip(client, clock, upa, tmp_path)


def configure(emulator: RunningEmulator, folder: Path) -> None:
    """Writes the configuration that leads to the emulator."""
    ca_file = Path(emulator.ready["ca_file"]).as_posix()
    lines = ("[tenants.contoso]", f'admin_url = "{emulator.ready["admin_url"]}"', 'auth = "token"')
    text = "\n".join((*lines, f'ca_file = "{ca_file}"', ""))
    (folder / "upa-analyzer.toml").write_text(text, encoding="utf-8")


def test_partial_those_whom_the_tenant_did_not_know(trip: Trip) -> None:
    feed = source(*map(record, CITIES))
    assert trip.import_(feed) == "ImportCompleteWithError"
    assert trip.cities()["ada"] == "Zürich"
    ran, [content] = trip.retry()
    assert ran.code == 0
    assert "1 user (named in the log; everyone else was updated)." in ran.err.splitlines()
    assert content == retry_file(record("eve"))
    trip.client.emulator.add_user(mail=mail("eve"), object_id="", user_principal_name=mail("eve"))
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left(*CITIES)


def test_partial_a_user_who_stands_twice_has_to_be_mended_by_a_person(trip: Trip) -> None:
    feed = source(record("ada"), record("bob"), record("bob", Floor="2"), record("eve"))
    assert trip.import_(feed, "Floor") == "ImportCompleteWithError"
    ran, [content] = trip.retry()
    assert ran.code == 1
    assert content == retry_file(record("eve"))
    assert f"Records 2 and 3 have the same ID ({mail('bob')}): keep one in the feed." in ran.err
    trip.client.emulator.add_user(mail=mail("eve"), object_id="", user_principal_name=mail("eve"))
    assert trip.import_(content, "Floor") == "NoError"
    trip.check_nobody_is_left("ada", "eve")


UNMAPPED = source(record("ada"), record("bob", Floor="2"), record("cleo"), record("dan", Floor="3"))


def test_aborted_by_a_property_that_is_mapped_then(trip: Trip) -> None:
    assert trip.import_(UNMAPPED) == "InvalidDataFile"
    ran, [content] = trip.retry()
    assert (ran.code, "Before you queue this file, map Floor or remove it from the feed." in ran.err) == (0, True)
    assert set(trip.cities().values()) == {None}
    assert trip.import_(content, "Floor") == "NoError"
    trip.check_nobody_is_left("ada", "bob", "cleo", "dan")


def test_aborted_by_a_property_that_is_dropped(trip: Trip) -> None:
    assert trip.import_(UNMAPPED) == "InvalidDataFile"
    ran, [content] = trip.retry("--drop-property", "Floor")
    assert (ran.code, "Without Floor." in ran.err, "Before you queue" in ran.err) == (0, True, False)
    # The white space around what goes stays.
    without_floor = {person: record(person).replace("}", " }") for person in ("bob", "dan")}
    assert content == retry_file(record("ada"), without_floor["bob"], record("cleo"), without_floor["dan"])
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left("ada", "bob", "cleo", "dan")


def test_aborted_by_a_property_without_those_who_have_it(trip: Trip) -> None:
    assert trip.import_(UNMAPPED) == "InvalidDataFile"
    ran, [content] = trip.retry("--without-culprits")
    assert (ran.code, "Before you queue" in ran.err) == (0, False)
    assert content == retry_file(record("ada"), record("cleo"))
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left("ada", "cleo")


def test_aborted_by_records_without_an_id(trip: Trip) -> None:
    feed = source(record("ada"), '{"IdName": null, "City": "Bonn"}', '{"City": "Kiel"}', record("cleo"))
    assert trip.import_(feed) == "InvalidDataFile"
    ran, [content] = trip.retry()
    assert (ran.code, content.count(b"City")) == (1, 4)
    assert "2 records have no ID" in ran.err
    ran, [content] = trip.retry("--without-culprits")
    assert ran.code == 0, ran.err
    assert content == retry_file(record("ada"), record("cleo"))
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left("ada", "cleo")


BACKSLASHES = source(record("ada"), r'{"IdName": "bob@contoso.com", "City": "Paris", "Floor": "R\V"}', record("cleo"))


def test_aborted_by_a_backslash_that_is_repaired(trip: Trip) -> None:
    assert trip.import_(BACKSLASHES, "Floor") == "InvalidDataFile"
    ran, files = trip.retry()
    assert (ran.code, files) == (5, [])
    assert "--repair" in ran.err
    ran, [content] = trip.retry("--repair")
    assert (ran.code, "1 repair, listed in" in ran.err, "Before you queue" in ran.err) == (0, True, False)
    assert content == retry_file(
        record("ada"), r'{"IdName": "bob@contoso.com", "City": "Paris", "Floor": "R\\V"}', record("cleo")
    )
    assert trip.import_(content, "Floor") == "NoError"
    trip.check_nobody_is_left("ada", "bob", "cleo")
    bob = trip.client.emulator.store.user(IdType.Email, mail("bob"))
    assert bob is not None
    assert bob.values["Floor"] == r"R\V"


def test_aborted_by_what_is_no_json_the_rest_is_salvaged(trip: Trip) -> None:
    feed = source(
        record("ada"), '{"IdName": "bob@contoso.com", "City": "the "old" town"}', *map(record, ("cleo", "dan"))
    )
    assert trip.import_(feed) == "InvalidDataFile"
    ran, files = trip.retry("--repair")
    assert (ran.code, "1 record can't be read" in ran.err, "Nothing was repaired." in ran.err) == (1, True, True)
    ran, [content] = trip.retry("--salvage")
    assert (ran.code, "1 record can't be read" in ran.err, "Before you queue" in ran.err) == (1, True, False)
    assert [content] == files
    assert content == retry_file(*map(record, ("ada", "cleo", "dan")))
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left("ada", "cleo", "dan")


def test_aborted_by_too_many_values_split_into_parts(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_PROPERTY_VALUES", 2)
    people = ("ada", "bob", "cleo", "dan")
    feed = source(*(record(person, Floor="1") for person in people[:2]), *map(record, people[2:]))
    assert trip.import_(feed, "Floor") == "DataFileTooBig"
    ran, _ = trip.retry()
    assert (ran.code, "Before you queue this file, split it with --max-bytes or --max-properties" in ran.err) == (
        0,
        True,
    )
    ran, parts = trip.retry("--max-properties", "2")
    assert (ran.code, "Before you queue" in ran.err) == (0, False)
    assert "In 3 files, to be queued one after the other." in ran.err
    assert [Path(line).name.rpartition("-variant-")[2][8:] for line in ran.out.splitlines()] == [
        f"-{part}-of-3.json" for part in (1, 2, 3)
    ]
    for part in parts:
        assert trip.import_(part, "Floor") == "NoError"
    trip.check_nobody_is_left(*people)


def test_unknown_when_the_service_failed_by_itself(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = source(*map(record, ("ada", "bob")))
    with monkeypatch.context() as failing:
        failing.setattr(import_run, "validate", lambda *_: importing.service_failed())
        assert trip.import_(feed) == "InternalError"
    ran, [content] = trip.retry()
    assert ran.code == 0
    assert "All 2 users (who was updated is unknown)." in ran.err
    assert content == retry_file(*map(record, ("ada", "bob")))
    assert trip.import_(content) == "NoError"
    trip.check_nobody_is_left("ada", "bob")


def test_succeeded_there_is_no_file(trip: Trip) -> None:
    assert trip.import_(source(record("ada"))) == "NoError"
    trip.check_nobody_is_left("ada")
    assert not list(trip.folder.rglob("*-retry.json"))


def test_our_copy_that_was_changed_since_the_pull_is_refused(trip: Trip) -> None:
    assert trip.import_(source(record("ada"), record("eve"))) == "ImportCompleteWithError"
    (copy,) = (trip.folder / "upa-data").rglob("hr-1.json")
    copy.write_bytes(copy.read_bytes().replace(rb"\u0141", b"L?????"))
    ran, files = trip.retry()
    assert (ran.code, files) == (5, [])
    assert "is not what the job read: its content has changed since it was pulled" in ran.err
    ran, files = trip.retry("--force")
    assert (ran.code, len(files)) == (0, 1)
    copy.write_bytes(copy.read_bytes().replace(b"L?????", rb"\u0141"))
    ran, [content] = trip.retry()
    assert (ran.code, content) == (0, retry_file(record("eve")))
