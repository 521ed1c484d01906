"""Ten files over the limits in parts: one part fails by the service's fault, and the process dies in the middle."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.imports.journal import Journal
from analyzer.model.service import JobError
from tests.cli.healing_month import DeathError
from tests.emulator.client import FOLDER
from tests.imports.queueing import Feed, feed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import FastClock, Ran

FILES, USERS, VALUES = 10, 8, 3
STEPS = 13
"""Notes that are made while a file of three parts is imported."""
WITHOUT_ACCOUNT = "user-4-7"


@pytest.fixture
def hr(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, no_waiting: FastClock
) -> Iterator[Feed]:
    users = [f"user-{file}-{user}" for file in range(FILES) for user in range(USERS)]
    users.remove(WITHOUT_ACCOUNT)
    with feed(tmp_path_factory.mktemp("tenant"), *users, clock=no_waiting, jobs=False) as found:
        ready = found.emulator.ready
        monkeypatch.setenv("UPA_TOKEN", ready["token"])
        keys = f'admin_url = "{ready["admin_url"]}"\nauth = "token"\nca_file = "{ready["ca_file"]}"\n'
        (tmp_path / "upa-analyzer.toml").write_text(f"[tenants.contoso]\n{keys}", encoding="utf-8")
        found.root = tmp_path / "upa-data" / "contoso"
        found.root.mkdir(parents=True)
        yield found


def test_each_record_is_imported_exactly_once_or_listed(
    upa: Callable[..., Ran], hr: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    failing = {3 * file + chance.randrange(3) for file in (1, 6, 8)}
    for part in failing:
        hr.emulator.jobs.fail_queued(part + 1)
    deaths = 0
    for file in range(FILES):
        source = hr.file(*(f"user-{file}-{user}" for user in range(USERS)), name="hr-feed.json")
        deaths += _dies(hr, source, monkeypatch, chance.randrange(STEPS))
        hr.queue(hr.wish(source, values=VALUES))
    assert deaths == FILES
    imported, names = _imported(hr)
    assert max(names.values()) == 1
    assert len(names) == 3 * FILES
    listed = _listed(upa)
    everybody = {f"user-{file}-{user}@contoso.com" for file in range(FILES) for user in range(USERS)}
    assert set(imported.values()) == {1}
    assert len(listed) == 1 + sum(3 if part % 3 < 2 else 2 for part in failing)
    assert f"{WITHOUT_ACCOUNT}@contoso.com" in listed
    assert imported.keys() | listed == everybody
    assert not imported.keys() & listed


def _dies(hr: Feed, source: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> bool:
    """Import a file in a process that dies before it makes a note; return whether it did."""
    keep, notes = Journal.keep, [0]

    def dying(journal: Journal, record: object) -> None:
        if notes[0] == at:
            raise DeathError
        notes[0] += 1
        keep(journal, record)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "keep", dying)
        try:
            hr.queue(hr.wish(source, values=VALUES))
        except DeathError:
            return True
    return False


def _imported(hr: Feed) -> tuple[Counter[str], Counter[str]]:
    """Return how often each user was updated, and how often each file was queued."""
    imported: Counter[str] = Counter()
    names: Counter[str] = Counter()
    hr.emulator.jobs.advance()
    for job in hr.emulator.jobs.listed():
        names[job.source_uri] += 1
        place = hr.emulator.storage.place(f"{FOLDER}/{job.source_uri.rpartition('/')[2]}")
        assert place is not None
        users = [one["IdName"] for one in json.loads(place.read_bytes())["value"]]
        if job.error == JobError.InternalError:
            users = []
        imported.update(user for user in users if hr.city(user.partition("@")[0]) == "Oslo")
    return imported, names


def _listed(upa: Callable[..., Ran]) -> set[str]:
    """Return the users in the retry files of the report."""
    assert upa("pull").code == 0
    files = [one["file"] for one in upa("report", "--json").json["retries"] if one["file"]]
    return {one["IdName"] for file in files for one in json.loads(Path(file).read_bytes())["value"]}
