"""``parse``: what people see of logs, whole, damaged and strange."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from analyzer.logs.model import LogRead
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

LINE = "IdentityNotResolvable\tada@contoso.com\tUser identity cannot be resolved\r\n"
GOOD = ("\ufeff" + LINE).encode()


def program(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command as a process of its own."""
    return subprocess.run([sys.executable, "-m", "analyzer", *words], input=stdin, capture_output=True, check=False)


def test_standard_input_is_read(tmp_path: Path) -> None:
    for raw in (GOOD, gzip.compress(GOOD), LINE.encode("utf-16-le")):
        ran = program("parse", "-", "-o", str(tmp_path / "e.parquet"), stdin=raw)
        assert (ran.returncode, ran.stdout.decode().strip()) == (0, str(tmp_path / "e.parquet"))
        row = pl.read_parquet(tmp_path / "e.parquet").row(0, named=True)
        assert (row["log_file"], row["line"], row["identity"]) == ("-", 1, "ada@contoso.com")


def test_an_archive_from_standard_input_is_refused_with_what_to_do() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.log", GOOD)
    ran = program("parse", "-", stdin=archive.getvalue())
    assert (ran.returncode, ran.stdout) == (5, b"")
    said = "upa-analyzer: - is a ZIP archive, which no pipe can give. Save it to a file and name that.\n"
    assert ran.stderr.decode() == said


def test_whoever_has_seen_enough_of_a_table_ends_it(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(GOOD + 20_000 * LINE.encode())
    for words in ([], ["--json"]):
        command = [sys.executable, "-m", "analyzer", "parse", str(tmp_path / "a.log"), *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_each_row_of_the_table_is_one_of_the_json(upa: Callable[..., Ran]) -> None:
    rows = upa("parse", sample_library(), "--json").json
    shown = upa("parse", sample_library()).out.splitlines()
    assert len(shown) == len(rows) + 1
    assert [line.split()[1] for line in shown[1:]] == [str(row["line"]) for row in rows]


def test_no_entries_are_an_empty_list(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"")
    ran = upa("parse", "a.log", "--json")
    assert (ran.code, ran.json, ran.err) == (0, [], "Read 0 entries from 1 log.\n")


BAD = {
    "a damaged archive": (gzip.compress(GOOD)[:-9], "a.log is a damaged archive: "),
    "an archive without a list": (b"PK\x03\x04rubbish", "a.log is a damaged archive: "),
    "an archive of nothing": (b"PK\x05\x06" + bytes(18), "a.log has no logs in it"),
}


@pytest.mark.parametrize(("raw", "words"), BAD.values(), ids=BAD.keys())
def test_one_that_cannot_be_read_is_one_line_and_the_others_are_done(
    upa: Callable[..., Ran], tmp_path: Path, raw: bytes, words: str
) -> None:
    (tmp_path / "a.log").write_bytes(raw)
    (tmp_path / "b.log").write_bytes(GOOD)
    ran = upa("parse", "a.log", "b.log", "missing.log", "-o", "e.csv")
    assert ran.code == 5
    assert (tmp_path / "e.csv").read_text("utf-8").count("ada@contoso.com") == 1
    said = [line for line in ran.err.splitlines() if line.startswith("upa-analyzer: ")]
    assert sorted(said) == [
        next(line for line in said if words in line),
        next(line for line in said if "missing" in line),
    ]
    assert ran.out == "e.csv\n"


def test_where_nothing_can_be_read_nothing_is_written(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(gzip.compress(GOOD)[:20])
    (tmp_path / "e.parquet").write_bytes(b"what was there")
    ran = upa("parse", "a.log", "-o", "e.parquet")
    assert (ran.code, ran.out) == (5, "")
    assert ran.err.startswith("upa-analyzer: a.log is a damaged archive")
    assert (tmp_path / "e.parquet").read_bytes() == b"what was there"


def test_a_folder_without_logs_is_reported_and_the_others_are_parsed(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "b.log").write_bytes(GOOD)
    ran = upa("parse", "empty", "b.log")
    assert ran.code == 5
    assert "ada@contoso.com" in ran.out
    assert "upa-analyzer: empty has no logs in it" in ran.err
    assert "1 entry from 1 log" in ran.err


REMARKS = {
    "UTF-16": (("\ufeff" + LINE).encode("utf-16-le"), "a.log was read as utf-16-le."),
    "Windows-1252": ("GenericError\t\tJürgen\r\n".encode("cp1252"), "a.log was read as cp1252."),
    "bytes replaced": (GOOD + b"GenericError\t\t\xff\x81", "a.log was read as utf-8, and 2 characters were replaced."),
    "no shape": (
        b"Dear Ada,\r\nhere is the log.",
        "a.log has no entries in a known format. Its text is kept as a row without a code.",
    ),
    "cut off": (GOOD + b"IdentityNotRes", "a.log ends inside an entry in line 2. It may be cut off."),
}


@pytest.mark.parametrize(("raw", "remark"), REMARKS.values(), ids=REMARKS.keys())
def test_unusual_logs_are_reported(upa: Callable[..., Ran], tmp_path: Path, raw: bytes, remark: str) -> None:
    (tmp_path / "a.log").write_bytes(raw)
    for output in ([], ["-o", "e.ndjson"]):
        ran = upa("parse", "a.log", *output)
        assert ran.code == 0
        assert remark in ran.err.splitlines()


def test_a_hundred_remarks_are_twenty_and_a_number(upa: Callable[..., Ran], tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.log").write_bytes(LINE.encode("utf-16-be"))
    said = upa("parse", tmp_path, "-o", "e.ndjson").err.splitlines()
    assert len([line for line in said if "was read as utf-16-be" in line]) == 20
    assert "80 more remarks of this kind." in said


def test_cells_that_a_sheet_cannot_hold_are_counted(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"GenericError\t\t" + b"x" * 40_000)
    ran = upa("parse", "a.log", "-o", "e.xlsx")
    assert (ran.code, ran.out) == (0, "e.xlsx\n")
    assert "1 cell was too long for .xlsx and cut, with a mark at the end." in ran.err


class TestCheck:
    """``--check``: what became of each byte."""

    def test_every_byte_of_the_samples_is_accounted_for(self, upa: Callable[..., Ran]) -> None:
        ran = upa("parse", sample_library(), "--check")
        assert ran.code == 0
        assert ran.err.endswith("Every byte is accounted for.\n")
        content = upa("parse", sample_library(), "--check", "--json").json
        for account in content:
            assert account["bytes"] == (sample_library() / account["log"]).stat().st_size
            parts = ("entries", "line_ends", "blanks", "mark", "missing")
            assert account["bytes"] == sum(account[part] for part in parts)
            assert account["missing"] == 0

    def test_check_counts_entries_line_ends_blanks_and_the_mark(self, upa: Callable[..., Ran], tmp_path: Path) -> None:
        (tmp_path / "a.log").write_bytes(b"\xef\xbb\xbfGenericError\t\tx\r\n   at Store\n \n\n")
        (account,) = upa("parse", "a.log", "--check", "--json").json
        assert account == {
            "bytes": 35,
            "entries": 26,
            "line_ends": 5,
            "blanks": 1,
            "mark": 3,
            "around": 0,
            "missing": 0,
            "encoding": "utf-8",
            "log": "a.log",
        }

    def test_it_also_writes_the_table(self, upa: Callable[..., Ran], tmp_path: Path) -> None:
        (tmp_path / "a.log").write_bytes(GOOD)
        ran = upa("parse", "a.log", "--check", "-o", "e.parquet")
        assert ran.out.splitlines()[-1] == "e.parquet"
        assert ran.out.split()[:4] == ["bytes", "entries", "line", "ends"]
        assert pl.read_parquet(tmp_path / "e.parquet").height == 1

    def test_bytes_that_are_missing_are_an_error(
        self, upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.log").write_bytes(GOOD)
        monkeypatch.setattr(LogRead, "missing", 7)
        ran = upa("parse", "a.log", "--check")
        assert ran.code == 5
        assert "1 log not accounted for" in ran.err


@pytest.mark.skipif(os.name == "nt", reason="the terminal is opened as on Unix")
def test_a_terminal_shows_the_progress(tmp_path: Path) -> None:
    import pty

    for number in range(300):
        (tmp_path / f"{number:03}.log").write_bytes(GOOD)
    leader, follower = pty.openpty()
    words = ["parse", str(tmp_path), "-o", str(tmp_path / "e.parquet")]
    with subprocess.Popen([sys.executable, "-m", "analyzer", *words], stderr=follower, stdout=subprocess.DEVNULL):
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # a terminal that nobody writes to any more
            while more := os.read(leader, 1 << 16):
                shown += more
    os.close(leader)
    assert b"parsing" in shown
    assert b"300 entries from 300 logs" in shown


def test_json_has_the_file_and_its_rows(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(GOOD + 2 * LINE.encode())
    assert json.loads(upa("parse", "a.log", "--json", "-o", "e.csv").out) == {"file": "e.csv", "rows": 3}


def test_a_message_about_invalid_json_names_the_record(upa: Callable[..., Ran], tmp_path: Path) -> None:
    message = "Bad JSON escape sequence: \\V. Path 'value[1672].Department', line 1, position 150235."
    (tmp_path / "a.log").write_text(f"DataFileNotJson\t\t{message}\r\n", encoding="utf-8")
    ran = upa("parse", "a.log")
    assert "a.log, line 1: Record 1,673, in Department (line 1, position 150,235)." in ran.err
    assert "Record 1,673" not in upa("parse", "a.log", "--json").err


SOURCE = '{"value":[{"IdName":"ada@contoso.com","City":"Oslo"},{"IdName":"bob@contoso.com","City":"Bergen"}]}'


@pytest.mark.parametrize("end", ["IdentityNotRes", "IdentityNotResolvable\tbob@con"])
def test_a_retry_from_a_log_that_is_cut_off_is_not_the_whole_truth(
    upa: Callable[..., Ran], tmp_path: Path, end: str
) -> None:
    (tmp_path / "source.json").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "a.log").write_bytes(GOOD + end.encode())
    ran = upa("retry", "--source", "source.json", "--log", "a.log")
    assert ran.code == 1
    assert "Incomplete: " in ran.err
    assert "1 log is incomplete" in ran.err
    manifest = json.loads((tmp_path / "source-retry.manifest.json").read_text("utf-8"))
    assert (manifest["unfinished_logs"], manifest["complete"]) == (1, False)


def test_a_retry_is_made_from_an_archive_of_logs(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text(SOURCE, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.writestr("a.log", GOOD)
        archive.writestr("b.log", GOOD.replace(b"ada", b"bob"))
    ran = upa("retry", "--source", "source.json", "--log", "logs.zip")
    assert ran.code == 0
    assert "2 users" in ran.err
    manifest = json.loads((tmp_path / "source-retry.manifest.json").read_text("utf-8"))
    assert [log["name"] for log in manifest["logs"]] == ["logs.zip"]


def test_a_retry_needs_every_log(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "a.log").write_bytes(GOOD)
    (tmp_path / "b.log").write_bytes(gzip.compress(GOOD)[:-5])
    ran = upa("retry", "--source", "source.json", "--log", "a.log", "--log", "b.log")
    assert (ran.code, ran.out) == (5, "")
    assert "b.log is a damaged archive" in ran.err


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The sample library with one log that cannot be read to its end."""
    shutil.copytree(sample_library(), tmp_path / "library")
    log = next((tmp_path / "library").rglob("hr-feed-2026-11-23*-Logs/*.log"))
    log.write_bytes(gzip.compress(log.read_bytes())[:-9])
    return tmp_path / "library"


@pytest.mark.parametrize("command", ["jobs", "report"])
def test_an_unreadable_log_of_a_library_is_reported_and_the_rest_is_done(
    upa: Callable[..., Ran], damaged: Path, command: str
) -> None:
    where = [damaged, "-o", damaged.parent / "out"] if command == "report" else ["--library", damaged]
    ran = upa(command, *where)
    assert ran.code == 5
    assert ran.out
    (problem,) = [line for line in ran.err.splitlines() if line.startswith("upa-analyzer: ")]
    assert "is a damaged archive" in problem
    jobs = upa("jobs", "--library", damaged, "--json").json["jobs"]
    assert [job["not_updated"] for job in jobs if job["outcome"] == "partial"].count(
        None
    ) == 2  # one is of an entry that names nobody


def test_a_job_with_an_unreadable_log_is_shown_and_reported(upa: Callable[..., Ran], damaged: Path) -> None:
    jobs = upa("jobs", "--library", damaged, "--json").json["jobs"]
    ids = {job["feed"]: job["job_id"] for job in jobs if "2026-11-23" in (job["source_uri"] or "")}
    ran = upa("show", ids["hr-feed"], "--library", damaged)
    assert ran.code == 5
    assert "is a damaged archive" in ran.err
    assert upa("show", ids["badges-feed"], "--library", damaged).code == 0


def test_a_log_is_not_written_over(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(GOOD)
    ran = upa("parse", "c.csv", "-o", "c.csv")
    assert (ran.code, ran.out) == (2, "")
    assert "c.csv is one of the logs that are read" in ran.err
    assert (tmp_path / "c.csv").read_bytes() == GOOD


def test_binary_rubbish_is_one_line_and_the_others_are_done(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "b.log").write_bytes(GOOD)
    ran = upa("parse", "a.log", "b.log", "-o", "e.parquet")
    assert (ran.code, ran.out) == (5, "e.parquet\n")
    assert "upa-analyzer: a.log isn't a log: it has binary data." in ran.err


def test_a_retry_from_a_log_without_entries_is_refused(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "a.log").write_bytes(GOOD)
    (tmp_path / "b.log").write_bytes(b"Dear Ada")
    ran = upa("retry", "--source", "source.json", "--log", "a.log", "--log", "b.log")
    assert (ran.code, ran.out) == (5, "")
    assert "b.log has no entry of a known shape" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("name", ["e.parquet", "e.csv", "e.ndjson"])
def test_a_full_disk_is_reported_in_plain_words(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "a.log").write_bytes(GOOD)
    monkeypatch.setattr("analyzer.storage.files.secrets.token_hex", lambda _: "x")
    (tmp_path / f".{name}.x.part").symlink_to("/dev/full")
    ran = upa("parse", "a.log", "-o", name)
    assert (ran.code, ran.out) == (5, "")
    assert f"{name} cannot be written: the disk is full" in ran.err
    assert "Traceback" not in ran.err


def test_cut_or_joined_utf_16_is_reported(upa: Callable[..., Ran], tmp_path: Path) -> None:
    line = "IdentityNotResolvable\tada@contoso.com\tnot found \u2013 x\r\n" * 3
    (tmp_path / "cut.log").write_bytes(line.encode("utf-16-le")[1:])
    (tmp_path / "joined.log").write_bytes(line.encode("utf-16") + line.encode("utf-16-be"))
    ran = upa("parse", "cut.log", "joined.log", "--check")
    assert "cut.log begins in the middle of a character" in ran.err
    assert "joined.log has a part in another byte order" in ran.err
