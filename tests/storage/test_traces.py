"""An ID is found however it is spelled and encoded, and no other ID is taken for it."""

from __future__ import annotations

import codecs
import gzip
import html
import io
import json
import random
import unicodedata
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.model.identity import identity_key, kind_of
from analyzer.storage.traces import Pseudonyms, Traces

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [
    "ada@contoso.com",
    "zoë.müller@contoso.com",
    "o'brien@contoso.com",
    "contoso\\ada",
    "8d0c4f3e-1b1c-4c7f-9d51-3b5a0d0f6a11",
    "ada_fabrikam.com#ext#@contoso.onmicrosoft.com",
    "アダ@contoso.com",
    "1042",
]
_BETWEEN = st.sampled_from(["\t", " ", '"', "|", "\r\n", "(", ">", "=", ",", "mailto:"])
_AFTER = st.sampled_from(["\t", " ", '"', "\r\n", ")", "<", ",", ". ", ".\n", ";", "'", ""])
_WRITE = st.sampled_from(
    [
        lambda one: one,
        str.upper,
        lambda one: quote(one, safe=""),
        lambda one: "".join(f"%{byte:02x}" for byte in one.encode()),
        lambda one: quote(quote(one, safe=""), safe=""),
        lambda one: json.dumps(one)[1:-1],
        lambda one: "".join(f"\\u{unit:04x}" for unit in _units(one)),
        lambda one: "".join(f"\\u{unit:04X}" for unit in _units(one)),
        html.escape,
        lambda one: one.encode("ascii", "xmlcharrefreplace").decode(),
        lambda one: "".join(f"&#x{ord(letter):X};" for letter in one),
        lambda one: "".join(f"_x{unit:04X}_" for unit in _units(one)),
    ]
)


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_an_id_is_found_in_every_spelling_and_encoding(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(KEYS))
    written = "".join(data.draw(_WRITE)(letter) for letter in key)
    text = f"{data.draw(_BETWEEN)}{written}{data.draw(_AFTER)}"
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]))
    raw = text.encode(encoding)
    (trace,) = Traces([key]).find(raw)
    # In UTF-16, the same bytes are found in one byte order and, shifted by a byte, in the other.
    assert abs(trace.start - len(text.partition(written)[0].encode(encoding))) <= 1
    assert abs((trace.end - trace.start) - len(written.encode(encoding))) <= 1


def test_an_id_is_found_in_the_windows_encoding() -> None:
    assert len(Traces(["zoë.müller@contoso.com"]).find("\tZoë.Müller@contoso.com\t".encode("cp1252"))) == 1


def test_composed_and_decomposed_letters_are_found() -> None:
    composed = "Zoë.MÜLLER@contoso.com"
    for text in (composed, unicodedata.normalize("NFD", composed)):
        assert len(Traces([identity_key(composed)]).find(text.encode())) == 1


@pytest.mark.parametrize(
    "text",
    [
        "lada@contoso.com",
        "l.ada@contoso.com",
        "lady-ada@contoso.com",
        "ada@contoso.com.au",
        "ada@contoso.company",
        "ada@contoso.com-mail.example",
        "éada@contoso.com",
        "ada@contoso-com",
        "ada contoso.com",
        "ad@contoso.com",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_another_id_is_not_found(text: str, encoding: str) -> None:
    assert Traces(["ada@contoso.com"]).find(f"\t{text}\t".encode(encoding)) == []


@pytest.mark.parametrize(
    "text",
    [
        "i:0#.f|membership|Ada@Contoso.com",
        "i%3A0%23.f%7Cmembership%7Cada%40contoso.com",
        "\\u007cada@contoso.com",
        '{\\"mail\\":\\"ada@contoso.com\\"}',
        "mails\\tada@contoso.com\\n",
        "wrote to ada@contoso.com.",
        "“ada@contoso.com”",
        "/_api/users('ada@contoso.com')",
    ],
)
def test_what_is_around_an_id_does_not_hide_it(text: str) -> None:
    assert len(Traces(["ada@contoso.com"]).find(text.encode())) == 1


@given(
    st.lists(st.sampled_from(["ada@contoso.com", "l", "x" * 40, "\t", "Ada%40contoso.com", "é", "."]), max_size=60),
    st.integers(1, 5),
)
@settings(max_examples=100, deadline=None)
def test_blocks_change_nothing(parts: list[str], chunk_size: int) -> None:
    raw = "".join(parts).encode()
    traces = Traces(["ada@contoso.com"])
    expected, done = [], 0
    for trace in traces.find(raw):
        expected += [raw[done : trace.start], b"#"]
        done = trace.end
    pieces = traces.replaced(io.BytesIO(raw), lambda *_: b"#", chunk_size=chunk_size)
    assert b"".join(pieces) == b"".join([*expected, raw[done:]])


def test_blocks_change_nothing_in_a_long_stream() -> None:
    draw = random.Random(1)
    parts = draw.choices([b"ada@contoso.com", b"\t", b"l", b"x" * 700], weights=[3, 5, 1, 1], k=6000)
    raw = b"".join(parts)
    traces = Traces(["ada@contoso.com"])
    number = len(traces.find(raw))
    pieces = list(traces.replaced(io.BytesIO(raw), lambda *_: b"#", chunk_size=50_000))
    assert len(pieces) > 10
    assert b"".join(pieces).count(b"#") == number > 100


def test_the_border_of_a_block_hides_no_letter_before_an_id() -> None:
    traces = Traces(["ada@contoso.com"])
    for before in range(7_200, 7_250):  # what is settled of the first block ends there
        raw = b"\t" * before + b"lada@contoso.com" + b"\t" * 60_000
        assert b"".join(traces.replaced(io.BytesIO(raw), lambda *_: b"#", chunk_size=40_000)) == raw


@given(st.sampled_from(KEYS), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]), _WRITE)
@settings(max_examples=50, deadline=None)
def test_a_pseudonym_has_the_length_and_leaves_no_trace(key: str, encoding: str, write: object) -> None:
    assert callable(write)
    text = f"a\t{write(key)}\tb {key.upper()}\r\n"
    raw = text.encode(encoding)
    traces, pseudonyms = Traces([key]), Pseudonyms([key], [Pseudonyms.drawn()])
    after = b"".join(traces.replaced(io.BytesIO(raw), pseudonyms.bytes_for))
    assert len(after) == len(raw)
    assert traces.find(after) == []
    assert after.decode(encoding).split("\t")[0] == "a"


def test_a_user_has_one_pseudonym_which_stays_an_address() -> None:
    keys = ["ada.lovelace@contoso.com", "bob.b.babbage@contoso.com"]
    traces, pseudonyms = Traces(keys), Pseudonyms(keys, [Pseudonyms.drawn(), Pseudonyms.drawn()])
    raw = b"ada.lovelace@contoso.com\nbob.b.babbage@contoso.com\nADA.lovelace@contoso.com\n"
    one, other, again = b"".join(traces.replaced(io.BytesIO(raw), pseudonyms.bytes_for)).decode().split()
    assert one == again != other
    assert one.startswith("forgotten@")
    assert other.startswith("forgotten@")


@pytest.mark.parametrize(
    "key", ["8d0c4f3e-1b1c-4c7f-9d51-3b5a0d0f6a11", "ada@contoso.com", "jo@fir.de", "王小明@fir.de", "4711"]
)
def test_a_pseudonym_is_of_the_kind_of_the_id(key: str) -> None:
    pseudonym = Pseudonyms([key], [Pseudonyms.drawn()]).text(0)
    assert kind_of(pseudonym) is kind_of(key)
    assert len(pseudonym) == len(key)


@pytest.mark.parametrize("name", ["a.log", "a.log.gz", "a.zip", "a.xlsx", "a.parquet"])
def test_packed_files_are_unpacked(tmp_path: Path, name: str) -> None:
    content = b"IdentityNotResolvable\tada@contoso.com\tUser\n"
    path = tmp_path / name
    match path.suffix:
        case ".gz":
            path.write_bytes(gzip.compress(content))
        case ".zip" | ".xlsx":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("inner.log", content)
                archive.writestr("inner.log.gz", gzip.compress(b"nothing"))
        case ".parquet":
            rows = {
                "key": ["ada@contoso.com", "b"],
                "codes": [["a"], ["ADA@contoso.com"]],
                "n": [1, 2],
                "state": [b"", b""],
            }
            pl.DataFrame(rows).write_parquet(path)
        case _:
            path.write_bytes(content)
    assert Traces(["ada@contoso.com"]).count(path) == (2 if path.suffix == ".parquet" else 1)
    assert Traces(["bob@contoso.com"]).count(path) == 0


def test_bytes_in_a_table_are_searched(tmp_path: Path) -> None:
    pl.DataFrame({"state": [json.dumps({"sample": ["ada@contoso.com"]}).encode()]}).write_parquet(
        tmp_path / "a.parquet"
    )
    assert Traces(["ada@contoso.com"]).count(tmp_path / "a.parquet") == 1


@pytest.mark.parametrize("length", [9, 45, 48, 65, 120])
def test_messagepack_in_a_table_is_searched(tmp_path: Path, length: int) -> None:
    key = f"{'a' * (length - 4)}@b.c"
    state = msgspec.msgpack.encode({"sample": [key, "1"], "open": 49})
    pl.DataFrame({"state": [state]}).write_parquet(tmp_path / "a.parquet")
    assert Traces([key]).count(tmp_path / "a.parquet") == 1


def test_names_in_an_archive_are_searched(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("mails/ada@contoso.com/a.log", b"")
    assert Traces(["ada@contoso.com"]).count(tmp_path / "a.zip") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.gz", b"\x1f\x8b\x08broken"), ("a.zip", b"PK\x03\x04broken"), ("a.parquet", b"PAR1"), ("missing", None)],
)
def test_a_file_that_cannot_be_searched_is_an_error(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        Traces(["ada@contoso.com"]).count(tmp_path / name)


def test_a_mark_at_the_beginning_hides_nothing() -> None:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le")):
        assert len(Traces(["ada@contoso.com"]).find(mark + "ada@contoso.com".encode(encoding))) == 1
