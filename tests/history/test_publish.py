"""Delta tables have each row of the history once, whatever happened while it was published."""

from __future__ import annotations

import base64
import dataclasses
import pickle
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nanoarrow
import nanoarrow.ipc
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from analyzer.errors import InputError, OutputError, RefusedError, UnreachableError, UsageError
from analyzer.history.delta_location import delta_location
from analyzer.history.publish import PUBLISHED_COLUMNS, TABLES, check_installed, publish
from analyzer.history.store import COLUMNS
from tests.history.sample_history import SampleHistory

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.history.publish import PublishedTable

_SMALL_BATCH = 8_000
"""Bytes: a few jobs of the history below."""


@pytest.fixture
def history(tmp_path: Path) -> SampleHistory:
    """Twelve jobs of three months, one without failed users."""
    made = SampleHistory(tmp_path / "history")
    for number in range(12):
        made.put(f"{number:08d}", [f"User{at}@contoso.com" for at in range(number)], f"2026-{1 + number // 4:02d}")
    return made


def _publish(
    history: SampleHistory, lake: Path, progress: Callable[[int, int, str], None] = lambda *_: None, size: int = 10**9
) -> dict[str, PublishedTable]:
    location = delta_location(str(lake), {})
    return {one.table: one for one in publish(history.tables, history.tenant, location, progress, size)}


def _check(lake: Path, *histories: SampleHistory) -> None:
    """Compare each table with what the histories have."""
    for table in ("entries", "users"):
        expected = pl.concat([getattr(one, f"scan_{table}")().collect() for one in histories])
        found = pl.read_delta(str(lake / table))
        months = found.select("tenant", "job_id", "month").unique().rows()
        assert sorted(months) == sorted(
            (one.tenant, job, month) for one in histories for job, (month, users) in one.failed.items() if users
        )
        found = found.select(pl.col(name).cast(kind) for name, kind in COLUMNS[table].items())
        assert found.sort(pl.all().exclude("codes")).equals(expected.sort(pl.all().exclude("codes")))
    for table, column in ("jobs", "jobs"), ("job_codes", "codes"):
        expected = pl.concat([getattr(one, column) for one in histories])
        found = pl.read_delta(str(lake / table)).select(expected.columns)
        assert found.cast(dict(expected.schema)).sort(pl.all()).equals(expected.sort(pl.all()))


def test_each_row_is_published_once_and_then_nothing_more(history: SampleHistory, tmp_path: Path) -> None:
    first = _publish(history, tmp_path / "lake")
    _check(tmp_path / "lake", history)
    assert list(first) == list(TABLES)
    assert {name: (one.changed, one.rows, one.commits) for name, one in first.items()} == {
        "entries": (11, 132, 1),
        "users": (11, 66, 1),
        "job_codes": (1, 12, 1),
        "observations": (0, 0, 0),
        "imports": (0, 0, 0),
        "verifications": (0, 0, 0),
        "jobs": (1, 12, 1),
    }
    again = _publish(history, tmp_path / "lake")
    assert not any(one.commits for one in again.values())
    assert {name: one.version for name, one in again.items()} == {name: one.version for name, one in first.items()}


def test_tables_have_their_columns_and_partitions(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake")
    for table in TABLES:
        delta = DeltaTable(tmp_path / "lake" / table)
        by_job = table in ("entries", "users")
        assert delta.metadata().partition_columns == (["tenant", "month"] if by_job else ["tenant"])
        documented = PUBLISHED_COLUMNS[table]
        further = ["month", "content"] if by_job else ["content"]
        assert [field.name for field in delta.schema().fields] == [*documented, *further]


def test_files_have_types_that_every_reader_knows(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake")
    for path in (tmp_path / "lake").rglob("*.parquet"):
        message = base64.b64decode(pl.read_parquet_metadata(path)["ARROW:schema"])
        schema = nanoarrow.ArrayStream(nanoarrow.ipc.InputStream.from_readable(message)).schema
        assert "view" not in str(schema)
        assert "string" in str(schema)


@pytest.mark.parametrize("seed", range(4))
def test_changed_moved_and_removed_jobs_are_replaced(history: SampleHistory, tmp_path: Path, seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(5):
        _publish(history, tmp_path / "lake", size=choose.choice([1, _SMALL_BATCH, 10**9]))
        _check(tmp_path / "lake", history)
        for job in choose.sample(range(14), 3):
            if choose.random() < 0.3:
                history.remove(f"{job:08d}")
            else:
                users = [f"o'{at}@contoso.com" for at in range(choose.randrange(5))]
                history.put(f"{job:08d}", users, choose.choice(["2026-01", "2026-12", "unknown"]))


def test_only_what_changed_is_written(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake")
    history.put("00000003", ["Someone@contoso.com"])
    history.remove("00000005")
    published = _publish(history, tmp_path / "lake")
    assert [(one.changed, one.removed, one.rows) for one in published.values()][:2] == [(1, 1, 2), (1, 1, 1)]


def test_many_jobs_are_one_commit_and_a_small_batch_makes_more(history: SampleHistory, tmp_path: Path) -> None:
    assert _publish(history, tmp_path / "lake")["users"].commits == 1
    assert _publish(history, tmp_path / "slow", size=_SMALL_BATCH)["users"].commits > 2
    assert _publish(history, tmp_path / "slower", size=1)["users"].commits == 11
    _check(tmp_path / "slow", history)
    _check(tmp_path / "slower", history)


def test_two_tenants_share_tables_and_job_ids(history: SampleHistory, tmp_path: Path) -> None:
    other = SampleHistory(tmp_path / "other", "o'fabrikam.sharepoint.com")
    for job in history.failed:
        other.put(job, ["Ada@fabrikam.com"])
    for _ in range(2):
        for one in history, other:
            _publish(one, tmp_path / "lake", size=_SMALL_BATCH)
        _check(tmp_path / "lake", history, other)
        other.remove("00000007")
    assert not _publish(history, tmp_path / "lake")["entries"].commits


_CHILD = """
import os, pickle, signal, sys
from pathlib import Path
from analyzer.history import publish as module
from analyzer.history.delta_location import delta_location

where, left = sys.argv[1], int(sys.argv[2])

def die(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

history = pickle.loads(Path("history.pickle").read_bytes())
publisher = module._Publisher
if where == "rows":
    rows = publisher._pieces
    publisher._pieces = lambda self, unit: (die() or piece for piece in rows(self, unit))
elif where == "commit":
    count = publisher._count
    publisher._count = lambda self, *done: die() or count(self, *done)
else:
    check = publisher._check_empty
    publisher._check_empty = lambda self: die() or check(self)
progress = die if where == "plan" else lambda *_: None
list(module.publish(history.tables, history.tenant, delta_location("lake", {}), progress, 8_000))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("earlier", [False, True], ids=["at first", "on top of an earlier publish"])
@pytest.mark.parametrize(
    ("where", "after"),
    [("create", 1), ("plan", 2), ("rows", 0), ("rows", 5), ("rows", 15), ("commit", 0), ("commit", 2), ("commit", 6)],
    ids=str,
)
def test_a_death_in_between_changes_no_count(
    history: SampleHistory, tmp_path: Path, where: str, after: int, earlier: bool
) -> None:
    if earlier:
        _publish(history, tmp_path / "lake")
        for job in list(history.failed):
            history.put(job, [f"Other{at}@contoso.com" for at in range(7)], "2026-02")
        history.remove("00000006")
        after = 0 if where != "rows" else after
    if earlier and where == "create":
        pytest.skip("the tables exist")
    (tmp_path / "history.pickle").write_bytes(pickle.dumps(history))
    root = Path(__file__).parents[2]
    died = subprocess.run(
        [sys.executable, "-c", _CHILD, where, str(after)], cwd=tmp_path, env={"PYTHONPATH": str(root)}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    _publish(history, tmp_path / "lake", size=_SMALL_BATCH)
    _check(tmp_path / "lake", history)
    assert not any(one.commits for one in _publish(history, tmp_path / "lake").values())


def test_two_publishers_at_once_write_nothing_twice(history: SampleHistory, tmp_path: Path) -> None:
    met: list[str] = []

    def meanwhile(_done: int, left: int, table: str) -> None:
        if left and not met:
            met.append(table)
            _publish(history, tmp_path / "lake", size=_SMALL_BATCH)

    published = _publish(history, tmp_path / "lake", meanwhile, _SMALL_BATCH)
    assert met == ["entries"]
    assert published["entries"].commits == 0
    _check(tmp_path / "lake", history)


def test_a_job_that_another_publisher_moves_to_a_month_is_there_once(history: SampleHistory, tmp_path: Path) -> None:
    other = SampleHistory(tmp_path / "other")
    other.put("00000003", ["Other@contoso.com"], "2027-01")
    met: list[str] = []

    def meanwhile(_done: int, _left: int, table: str) -> None:
        if not met:
            met.append(table)
            _publish(other, tmp_path / "lake")

    _publish(history, tmp_path / "lake", meanwhile)
    _check(tmp_path / "lake", history)


def test_what_another_publisher_wrote_between_two_commits_is_not_written_again(
    history: SampleHistory, tmp_path: Path
) -> None:
    opened: list[str] = []

    def between() -> str:
        opened.append("")
        if len(opened) == 2:
            _publish(history, tmp_path / "lake")
        return "made-up-token"

    location = dataclasses.replace(delta_location(str(tmp_path / "lake"), {}), token=between)
    published = next(publish(history.tables, history.tenant, location, batch_bytes=_SMALL_BATCH))
    assert (published.table, published.commits) == ("entries", 1)
    _check(tmp_path / "lake", history)


def test_endless_changes_by_others_end_with_an_error(history: SampleHistory, tmp_path: Path) -> None:
    other = SampleHistory(tmp_path / "other")
    attempts = []

    def meanwhile(_done: int, _left: int, table: str) -> None:
        assert table == "entries"
        attempts.append(table)
        other.put("00000003", [f"Other{len(attempts)}@contoso.com"])
        _publish(other, tmp_path / "lake")

    with pytest.raises(OutputError, match=r"the table entries in .* is being changed by others"):
        _publish(history, tmp_path / "lake", meanwhile)
    assert len(attempts) == 5
    _publish(history, tmp_path / "lake")
    _check(tmp_path / "lake", history)


def test_a_lost_or_restored_version_is_published_again(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake", size=_SMALL_BATCH)
    DeltaTable(tmp_path / "lake/entries").restore(2)
    DeltaTable(tmp_path / "lake/users").delete("job_id = '00000007'")
    published = _publish(history, tmp_path / "lake")
    assert 0 < published["entries"].changed < 11
    assert published["users"].changed == 1
    _check(tmp_path / "lake", history)


def test_compaction_by_others_changes_nothing(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake", size=1)
    DeltaTable(tmp_path / "lake/entries").optimize.compact()
    assert not _publish(history, tmp_path / "lake")["entries"].commits
    history.put("00000003", ["Someone@contoso.com"])
    _publish(history, tmp_path / "lake")
    _check(tmp_path / "lake", history)


def test_a_table_of_an_older_version_gets_its_columns(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake")
    older = pl.read_delta(str(tmp_path / "lake/users")).drop("seen", "new").with_columns(gone=pl.lit("kept"))
    shutil.rmtree(tmp_path / "lake/users")
    write_deltalake(tmp_path / "lake/users", older, partition_by=["tenant", "month"])
    history.put("00000003", ["Someone@contoso.com"])
    assert _publish(history, tmp_path / "lake")["users"].changed == 1
    found = pl.read_delta(str(tmp_path / "lake/users"))
    assert found["seen"].dtype == pl.Int64
    assert found.filter(job_id="00000003").select("new", "gone").rows() == [(True, None)]
    assert found.filter(job_id="00000004").select("new", "gone").rows() == [(None, "kept")] * 4


def test_a_folder_with_other_files_is_refused(history: SampleHistory) -> None:
    with pytest.raises(UsageError, match="has files that aren't a Delta table"):
        _publish(history, history.root)
    assert history.scan_entries().collect().height == 132


@pytest.mark.parametrize("left", [b"", b'{"commitInfo":', b"{}"], ids=["nothing", "half of it", "no table"])
def test_a_half_copied_table_is_an_error(history: SampleHistory, tmp_path: Path, left: bytes) -> None:
    _publish(history, tmp_path / "lake")
    for path in (tmp_path / "lake/users/_delta_log").glob("*.json"):
        path.write_bytes(left)
    with pytest.raises(OutputError, match=r"the table users in .* can't be used: ") as raised:
        _publish(history, tmp_path / "lake")
    assert "\n" not in raised.value.what
    assert raised.value.advice.startswith("If it is damaged or half copied, remove its folder")


def test_a_missing_data_file_is_an_error(history: SampleHistory, tmp_path: Path) -> None:
    _publish(history, tmp_path / "lake")
    for path in (tmp_path / "lake/users").rglob("*.parquet"):
        path.unlink()
    with pytest.raises(OutputError, match=r"the table users in .* can't be used: "):
        _publish(history, tmp_path / "lake")


def test_a_location_that_cannot_be_a_folder_is_an_error(history: SampleHistory, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"the table entries in .* can't be written: "):
        _publish(history, tmp_path / "file")


@pytest.mark.parametrize("content", [None, b"PAR1 and no more"], ids=["missing", "damaged"])
def test_a_file_of_the_history_that_cannot_be_read_is_an_error(
    history: SampleHistory, tmp_path: Path, content: bytes | None
) -> None:
    path = next(file.path for file in history.files() if file.table == "users")
    path.unlink()
    if content:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"can't be read|cannot be read"):
        _publish(history, tmp_path / "lake")


def _storage_fails(monkeypatch: pytest.MonkeyPatch, text: str) -> list[tuple[str, dict[str, str]]]:
    """Let the storage fail with a text of object_store; return the calls that were made."""
    calls: list[tuple[str, dict[str, str]]] = []

    def fail(where: str, options: dict[str, str]) -> bool:
        calls.append((where, options))
        raise OSError(text)

    monkeypatch.setattr(DeltaTable, "is_deltatable", staticmethod(fail))
    return calls


_ARROW = "  \x1b[31m↳\x1b[0m "
_ANSWER = f"Generic MicrosoftAzure error\n{_ARROW}Error performing GET https://403.example\n {_ARROW}{{}}\n"


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("403 Forbidden\n<Error>\n", RefusedError, r"the storage refused access \(403\)"),
        ("401 Unauthorized", RefusedError, r"the storage refused access \(401\)"),
        ("404 Not Found\n<Code>NoSuchBucket</Code>", OutputError, "doesn't have the container"),
        ("Name or service not known", UnreachableError, "can't be reached: Name or service not known"),
    ],
)
def test_the_storage_gets_its_token_and_its_errors_are_plain(
    history: SampleHistory, monkeypatch: pytest.MonkeyPatch, text: str, kind: type[Exception], what: str
) -> None:
    calls = _storage_fails(monkeypatch, _ANSWER.format(text))
    one_lake = "abfss://hr@onelake.dfs.fabric.microsoft.com/imports.Lakehouse/Tables/"
    location = delta_location(one_lake, {}, lambda: "made-up-token")
    with pytest.raises(kind, match=f"the table entries in {one_lake} .*{what}"):
        list(publish(history.tables, history.tenant, location))
    assert calls == [
        (
            "az://hr/imports.Lakehouse/Tables/entries",
            {
                "account_name": "onelake",
                "endpoint": "https://onelake.blob.fabric.microsoft.com",
                "use_emulator": "false",
                "allow_http": "false",
                "use_fabric_endpoint": "true",
                "bearer_token": "made-up-token",
            },
        )
    ]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed()
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(UsageError) as raised:
        check_installed()
    assert raised.value.advice == 'Install it: pip install "upa-analyzer[delta]"'
