"""A user is removed from logs and source files; everything else stays at its place."""

from __future__ import annotations

import gzip
import json
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.library.mirror import WritableLibrary
from analyzer.library.model import FileSeen
from analyzer.library.rewrite import id_property_of, keys_in, note_rewritten, redact_log, replace_records
from analyzer.model.identity import identity_key
from analyzer.storage.files import beside_of, sha256_of
from analyzer.storage.traces import Pseudonyms, Traces

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ada@contoso.com"
LINE = "IdentityNotResolvable\t{}\tUser identity cannot be resolved\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["a.log", "a.log.gz"])
def test_a_log_keeps_its_size_and_its_other_lines(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    users = ["bob@contoso.com", "Ada@contoso.com", "lada@contoso.com", "zoë@contoso.com"]
    raw = "".join(map(LINE.format, users)).encode(encoding)
    path.write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    assert redact_log(path, Traces([KEY]), Pseudonyms([KEY], [Pseudonyms.drawn()])) == 1
    after = gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes()
    assert len(after) == len(raw)
    lines = after.decode(encoding).splitlines()
    assert [line.split("\t")[1] for line in lines if "forgotten" not in line] == [users[0], users[2], users[3]]
    assert Traces([KEY]).count(path) == 0


@pytest.mark.parametrize(
    "key",
    ["jürgen.müller@contoso.com", "王小明@contoso.com", "8d0c4f3e-1b1c-4c7f-9d51-3b5a0d0f6a40", "ü", "𠀀@contoso.com"],
)
def test_a_user_has_one_pseudonym_in_every_log_and_source_file(tmp_path: Path, key: str) -> None:
    pseudonyms = Pseudonyms([key], [Pseudonyms.drawn()])
    source = tmp_path / "feed.json"
    source.write_text(json.dumps({"value": [{"mail": key, "City": "Oslo" * 9}]}, ensure_ascii=False), "utf-8")
    assert replace_records(source, "mail", [key], pseudonyms) == 1
    found = {json.loads(source.read_bytes())["value"][0]["mail"]}
    for encoding in ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", *(["cp1252"] if "ü" in key else [])]:
        for written in [key.upper(), *([unicodedata.normalize("NFD", key)] if encoding != "cp1252" else [])]:
            path = tmp_path / "a.log"
            path.write_bytes(LINE.format(written).encode(encoding))
            assert redact_log(path, Traces([key]), pseudonyms) == 1
            found.add(identity_key(path.read_bytes().decode(encoding).split("\t")[1]))
    assert found == {pseudonyms.text(0)}


_RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "mail": st.sampled_from([KEY, KEY.upper(), "bob@contoso.com", "kim@contoso.com"]),
            "City": st.text(max_size=8),
        }
    ),
    min_size=1,
    max_size=12,
)


@given(_RECORDS, st.sampled_from([None, 1]), st.booleans(), st.sampled_from([(",", ":"), (" ,\n", ": ")]))
@settings(max_examples=100, deadline=None)
def test_only_a_pseudonym_is_left_of_the_user_s_records_and_others_stay_where_they_are(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[dict[str, str]],
    indent: int | None,
    has_mark: bool,
    separators: tuple[str, str],
) -> None:
    path = tmp_path_factory.mktemp("source") / "feed.json"
    mark = b"\xef\xbb\xbf" if has_mark else b""
    raw = mark + json.dumps({"value": records}, indent=indent, separators=separators, ensure_ascii=False).encode()
    path.write_bytes(raw)
    pseudonyms = Pseudonyms([KEY], [Pseudonyms.drawn()])
    anonymous = {"mail": pseudonyms.text(0)}
    is_user = [record["mail"].lower() == KEY for record in records]
    assert replace_records(path, "mail", [KEY], pseudonyms) == sum(is_user)
    after = path.read_bytes()
    expected = [anonymous if user else record for record, user in zip(records, is_user, strict=True)]
    assert json.loads(after.decode("utf-8-sig")) == {"value": expected}
    assert len(after) == len(raw)
    assert Traces([KEY]).count(path) == 0


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ('{"value":[{"mail":"ada@contoso.com"},{"mail":', "utf-8"),
        ('{"value":[{"mail":"ada@contoso.com"}]}', "utf-16"),
        ('{"value":[{"mail":"ada@contoso.com","City":"Malmö"}]}', "cp1252"),
        ('[{"mail":"ada@contoso.com"}]', "utf-8"),
        ("{'value':[{mail:'ada@contoso.com'}]}", "utf-8"),
    ],
)
def test_a_file_whose_records_cannot_be_replaced_stays_as_it_is(tmp_path: Path, content: str, encoding: str) -> None:
    path = tmp_path / "feed.json"
    path.write_bytes(content.encode(encoding))
    assert replace_records(path, "mail", [KEY], Pseudonyms([KEY], [Pseudonyms.drawn()])) is None
    assert path.read_bytes() == content.encode(encoding)
    assert list(tmp_path.iterdir()) == [path]


def test_a_manager_is_not_taken_for_the_user(tmp_path: Path) -> None:
    path = tmp_path / "feed.json"
    records = [{"mail": f"user{number}@contoso.com", "Manager": KEY} for number in range(20)]
    path.write_text(json.dumps({"value": records}), encoding="utf-8")
    name = id_property_of(path, frozenset())
    assert name == "mail"
    assert replace_records(path, name, [KEY], Pseudonyms([KEY], [Pseudonyms.drawn()])) == 0
    assert keys_in(path, name, lambda key: key.startswith("user1")) == {
        "user1@contoso.com",
        *(f"user1{digit}@contoso.com" for digit in range(10)),
    }


def test_an_unreadable_file_has_no_id_property(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text("{", encoding="utf-8")
    assert id_property_of(tmp_path / "feed.json", frozenset([KEY])) == ""
    assert keys_in(tmp_path / "feed.json", "mail", lambda _key: True) == set()
    assert replace_records(tmp_path / "feed.json", "", [KEY], Pseudonyms([KEY], [Pseudonyms.drawn()])) is None


def test_the_new_content_is_noted_before_it_is_in_place(tmp_path: Path) -> None:
    library = WritableLibrary(tmp_path)
    log, earlier = tmp_path / "a.log", tmp_path / ".upa" / "earlier" / "v" / "feed.json"
    earlier.parent.mkdir(parents=True)
    for path in (log, earlier):
        path.write_bytes(b"old")
    library.state.files["/a.log"] = FileSeen('"e"', 3, "old", 1, "2026-11-01", "contoso.sharepoint.com")
    library.state.note("job", source=".upa/earlier/v/feed.json", source_sha256="old")
    library.state.save()
    library.state.begin_pull()
    parts = [beside_of(path) for path in (log, earlier)]
    for path, part in zip((log, earlier), parts, strict=True):
        part.write_bytes(b"newer")
        note_rewritten(library, path, part)
    assert library.state._journal._stream is not None
    library.state._journal._stream.close()
    after_a_death = WritableLibrary(tmp_path)
    after_a_death.state.begin_pull()
    modified_ns = log.stat().st_mtime_ns
    assert log.read_bytes() == b"newer"
    expected = FileSeen('"e"', 5, sha256_of(log), modified_ns, "2026-11-01", "contoso.sharepoint.com")
    assert after_a_death.state.files["/a.log"] == expected
    assert after_a_death.state.notes["job"].source_sha256 == sha256_of(log)
