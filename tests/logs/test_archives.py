"""Where a log's bytes come from: files, archives and pipes, whole, damaged and hostile."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.history.find_logs import find_logs
from analyzer.logs import archives as containers
from analyzer.logs.model import LogFile
from analyzer.logs.read import LogReader

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = [f"IdentityNotResolvable\tuser{number}@contoso.com\tUser identity cannot be resolved" for number in range(400)]
RAW = ("\ufeff" + "".join(f"{line}\r\n" for line in LINES)).encode()


def put(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path


def zipped(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, raw in members.items():
            archive.writestr(zipfile.ZipInfo(name), raw, compression)
    return path


def parts(raw: bytes) -> bytes:
    return gzip.compress(raw[:1000]) + gzip.compress(raw[1000:])


WAYS: dict[str, Callable[[Path], Path]] = {
    "a file": lambda folder: put(folder / "a.log", RAW),
    "gzip": lambda folder: put(folder / "a.log.gz", gzip.compress(RAW)),
    "gzip under another name": lambda folder: put(folder / "a.log", gzip.compress(RAW)),
    "gzip in two parts": lambda folder: put(folder / "a.log.gz", parts(RAW)),
    "ZIP, deflated": lambda folder: zipped(folder / "a.zip", {"a.log": RAW}),
    "ZIP, stored": lambda folder: zipped(folder / "a.zip", {"a.log": RAW}, zipfile.ZIP_STORED),
    "ZIP, bzip2": lambda folder: zipped(folder / "a.zip", {"a.log": RAW}, zipfile.ZIP_BZIP2),
    "ZIP, LZMA": lambda folder: zipped(folder / "a.zip", {"a.log": RAW}, zipfile.ZIP_LZMA),
    "gzip within a ZIP": lambda folder: zipped(folder / "a.zip", {"a.log.gz": gzip.compress(RAW)}),
    "ZIP under another name": lambda folder: zipped(folder / "a.log", {"a.txt": RAW}),
}


@pytest.mark.parametrize("make", WAYS.values(), ids=WAYS.keys())
def test_a_log_is_read_from_any_container_without_unpacking_to_disk(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    reading = LogReader(find_logs([path])[0], accounting=True)
    assert reading.table()["identity"].to_list() == [f"user{number}@contoso.com" for number in range(400)]
    (log,) = reading.logs
    assert (log.encoding.size, log.missing, log.problem) == (len(RAW), 0, None)
    assert list(tmp_path.iterdir()) == [path]


def _flip(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]


def _encrypted(folder: Path) -> Path:
    raw = bytearray(zipped(folder / "a.zip", {"a.log": RAW}).read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return put(folder / "a.zip", bytes(raw))


def _of_unknown_method(folder: Path) -> Path:
    raw = bytearray(zipped(folder / "a.zip", {"a.log": RAW}).read_bytes())
    raw[8] = 99
    raw[raw.index(b"PK\x01\x02") + 10] = 99
    return put(folder / "a.zip", bytes(raw))


DAMAGED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "gzip cut off": (lambda folder: put(folder / "a.log.gz", gzip.compress(RAW)[:-20]), "is a damaged archive"),
    "gzip with a wrong sum": (
        lambda folder: put(folder / "a.log.gz", _flip(gzip.compress(RAW), -6)),
        "is a damaged archive",
    ),
    "gzip with a wrong byte": (
        lambda folder: put(folder / "a.log.gz", _flip(gzip.compress(RAW), 60)),
        "is a damaged archive",
    ),
    "gzip with rubbish after it": (
        lambda folder: put(folder / "a.log.gz", gzip.compress(RAW) + b"rubbish"),
        "is a damaged archive",
    ),
    "ZIP without its list": (
        lambda folder: put(folder / "a.zip", zipped(folder / "a.zip", {"a.log": RAW}).read_bytes()[:-40]),
        "is a damaged archive",
    ),
    "ZIP with a wrong byte": (
        lambda folder: put(folder / "a.zip", _flip(zipped(folder / "a.zip", {"a.log": RAW}).read_bytes(), 90)),
        "is a damaged archive",
    ),
    "ZIP with a password": (_encrypted, "cannot be unpacked"),
    "ZIP of an unknown method": (_of_unknown_method, "cannot be unpacked"),
    "ZIP that climbs out": (
        lambda folder: zipped(folder / "a.zip", {"../../a.log": RAW}),
        "has a path that leads out of its archive",
    ),
    "ZIP with an absolute path": (
        lambda folder: zipped(folder / "a.zip", {"/etc/a.log": RAW}),
        "has a path that leads out of its archive",
    ),
    "ZIP within a ZIP": (
        lambda folder: zipped(folder / "a.zip", {"b.zip": zipped(folder / "c.zip", {"a.log": RAW}).read_bytes()}),
        "is an archive within an archive",
    ),
    "ZIP with a drive": (
        lambda folder: zipped(folder / "a.zip", {"C:\\a.log": RAW}),
        "has a path that leads out of its archive",
    ),
}


@pytest.mark.parametrize(("make", "words"), DAMAGED.values(), ids=DAMAGED.keys())
def test_an_unreadable_archive_is_reported_and_the_others_are_read(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    good = put(tmp_path / "b.log", RAW)
    files, problems = find_logs([make(tmp_path), good])
    reading = LogReader(files, accounting=True)
    entries = reading.table()
    bad, whole = reading.logs
    assert problems == []
    assert words in str(bad.problem)
    assert str(bad.problem).startswith(str(tmp_path / "a."))
    assert (whole.problem, whole.entries, whole.missing) == (None, 400, 0)
    # What could be unpacked before the damage is there.
    assert entries.height == 400 + bad.entries


def test_an_archive_above_the_limit_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "ALWAYS_ALLOWED", 1_000_000)
    bomb = b"GenericError\t\tx\n" * 4_000_000
    for path in (put(tmp_path / "a.log.gz", gzip.compress(bomb)), zipped(tmp_path / "b.zip", {"b.log": bomb})):
        reading = LogReader(find_logs([path])[0])
        reading.table()
        assert "unpacks to more than 250 times its size" in str(reading.logs[0].problem)
        assert reading.logs[0].encoding.size < len(bomb) / 2


def test_members_with_the_same_name_are_all_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a.log", RAW)
        archive.writestr("a.log", LINES[0])
    reading = LogReader(find_logs([tmp_path / "a.zip"])[0])
    assert reading.table().height == 401


def test_the_limit_applies_to_all_members_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "ALWAYS_ALLOWED", 1_000_000)
    part = b"GenericError\t\tx\n" * 30_000
    reading = LogReader(find_logs([zipped(tmp_path / "b.zip", {f"{number}.log": part for number in range(40)})])[0])
    reading.table()
    read = [log for log in reading.logs if not log.problem]
    assert 1 < len(read) < 40


def test_binary_data_is_reported(tmp_path: Path) -> None:
    rubbish = put(tmp_path / "a.log", bytes(range(256)) * 30)
    text = put(tmp_path / "b.log", b"Dear Ada,\r\nhere is the log.")
    zeros = put(tmp_path / "c.log", RAW + b"\x00\x01\x02" * 1000)
    reading = LogReader(find_logs([rubbish, text, zeros])[0], accounting=True)
    reading.table()
    assert [log.missing for log in reading.logs] == [0, 0, 0]
    assert "a.log isn't a log: it has binary data" in str(reading.logs[0].problem)
    assert [log.problem for log in reading.logs[1:]] == [None, None]


def test_a_log_that_becomes_shorter_is_unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "a.log", RAW)
    read_plain = containers._FileStream.read

    def cut_meanwhile(self: containers._FileStream, size: int, /) -> bytes:
        os.truncate(path, 1000)
        return read_plain(self, size)

    monkeypatch.setattr(containers._FileStream, "read", cut_meanwhile)
    reading = LogReader(find_logs([path])[0], accounting=True)
    reading.table()
    assert (reading.logs[0].growing, reading.logs[0].unfinished, reading.logs[0].missing) == (True, True, 0)


def test_a_log_that_is_being_written_is_read_to_its_last_whole_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.log", RAW + b"IdentityNotRes")
    read_plain = containers._FileStream.read

    def written_meanwhile(self: containers._FileStream, size: int, /) -> bytes:
        with path.open("ab") as stream:
            stream.write(b"olvable\tada@contoso.com\tUser identity cannot be resolved\r\n")
        return read_plain(self, size)

    monkeypatch.setattr(containers._FileStream, "read", written_meanwhile)
    reading = LogReader(find_logs([path])[0], accounting=True)
    assert reading.table().height == 400
    (log,) = reading.logs
    assert (log.growing, log.unfinished, log.unread, log.missing, log.lines) == (True, True, 14, 0, 400)


CUT_OFF = {
    "in a code": (RAW + b"IdentityNotRes", True),
    "after a code": (RAW + b"IdentityNotResolvable\t", True),
    "in an identity": (RAW + b"IdentityNotResolvable\tada@con", True),
    "in a line without tabs": (RAW + b"IdentityNotResolvable ", True),
    "in an identity without tabs": (RAW + b"IdentityNotResolvable ada@con", True),
    "in a message without tabs": (RAW + b"IdentityNotResolvable ada@contoso.com User", False),
    "in a message": (RAW + b"IdentityNotResolvable\tada@contoso.com\tUser iden", False),
    "at a line's end": (RAW, False),
    "in a stack trace": (RAW + b"   at System.Data", False),
}


@pytest.mark.parametrize(("raw", "expected"), CUT_OFF.values(), ids=CUT_OFF.keys())
def test_a_log_that_ends_where_a_user_would_be_named_is_unfinished(tmp_path: Path, raw: bytes, expected: bool) -> None:
    reading = LogReader(find_logs([put(tmp_path / "a.log", raw)])[0])
    reading.table()
    assert reading.logs[0].unfinished is expected


def test_a_log_without_read_permission_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, *_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)
    reading = LogReader([LogFile(tmp_path / "a.log", "a.log")])
    reading.table()
    assert str(reading.logs[0].problem) == "a.log cannot be read: permission denied."


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders")
def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'wb').write({RAW!r})"])
    reading = LogReader(find_logs([pipe])[0], accounting=True)
    assert reading.table().height == 400
    assert (reading.logs[0].missing, writer.wait()) == (0, 0)
