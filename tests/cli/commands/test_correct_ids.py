"""``retry --correct-ids``: only proven IDs are corrected, each is listed, and every other byte stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.source.reader.tolerant import read_object
from analyzer.source.without import with_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

ADA, BOB, EVE = (f"{number}5e91f38-3651-425f-810a-56e0fb00287a" for number in (1, 2, 3))
EXPORT = f"""userPrincipalName;mail;id;proxyAddresses
ada@contoso.com;a.king@contoso.com;{ADA};SMTP:a.king@contoso.com smtp:ada.old@contoso.com
bob@contoso.com;b.jones@contoso.com;{BOB};SMTP:b.jones@contoso.com smtp:bob.old@contoso.com
eve@contoso.com;e.vance@contoso.com;{EVE};SMTP:e.vance@contoso.com
zoe@contoso.com;z.moor@contoso.com;45e91f38-3651-425f-810a-56e0fb00287a;SMTP:z.moor@contoso.com
"""
UNRESOLVED = "IdentityNotResolvable\t{}\tUser identity cannot be resolved\n"
BARE = ("retry", "--source", "feed.json", "--log", "feed.log", "--correct-ids", "users.csv")
HEALTHY = ("zoe@contoso.com", "eve@contoso.com")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.csv").write_text(EXPORT, encoding="utf-8")
    return tmp_path


def put(folder: Path, *records: str, failed: tuple[str, ...]) -> None:
    (folder / "feed.json").write_text('{"value":[' + ",\n".join(records) + "]}", encoding="utf-8")
    (folder / "feed.log").write_text("".join(map(UNRESOLVED.format, failed)), encoding="utf-8")


def record(identity: str, **values: str) -> str:
    return json.dumps({"IdName": identity, **values}, ensure_ascii=False)


def written(folder: Path) -> list[Any]:
    return [one["IdName"] for one in json.loads((folder / "feed-retry.json").read_text("utf-8-sig"))["value"]]


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "feed-retry.manifest.json").read_text("utf-8")))


def test_only_proven_ids_are_corrected_and_each_is_listed(here: Path, upa: Callable[..., Ran]) -> None:
    failed = ("ada.old@contoso.com", "b.jones@contoso.com", "e.vence@contoso.com", "who@contoso.com")
    put(here, *map(record, (*HEALTHY, *failed)), failed=failed)
    ran = upa(*BARE)
    assert ran.code == 0
    assert written(here) == ["ada@contoso.com", "bob@contoso.com", "e.vence@contoso.com", "who@contoso.com"]
    assert "2 IDs are corrected by users.csv." in ran.err
    assert "ada.old@contoso.com → ada@contoso.com: it is an alias of ada@contoso.com." in ran.err
    assert "-IdType PrincipalName" in ran.err
    assert manifest(here)["corrected_ids"] == [
        {
            "record": 3,
            "before": "ada.old@contoso.com",
            "after": "ada@contoso.com",
            "proof": "an alias of ada@contoso.com",
        },
        {
            "record": 4,
            "before": "b.jones@contoso.com",
            "after": "bob@contoso.com",
            "proof": "the mail address of bob@contoso.com",
        },
    ]
    assert manifest(here)["choices"]["correct_ids"] == "users.csv"
    assert manifest(here)["id_type"] == "PrincipalName"
    assert "most IDs of the source file are user principal names in users.csv" in manifest(here)["id_type_because"]
    assert upa("retry", "--verify", "feed-retry.json").code == 0
    listed = json.loads(upa(*BARE, "--json").out)
    assert listed["corrected_ids"] == manifest(here)["corrected_ids"]
    assert listed["not_corrected"] == []


def test_every_other_byte_stays(here: Path, upa: Callable[..., Ran]) -> None:
    odd = '{ "City" : "K\\u00f6ln",\r\n\t"IdName"\t: "ADA.old@contoso.com" , "Note":"ada.old@contoso.com \\/ Ł" }'
    escaped = '{"IdName":"bob\\u002eold@contoso.com","Floor": 1.50e1}'
    put(here, *map(record, HEALTHY), odd, escaped, failed=("ada.old@contoso.com", "bob.old@contoso.com"))
    upa(*BARE[:-2], "-o", "plain.json")
    upa(*BARE)
    plain, corrected = (here / name for name in ("plain.json", "feed-retry.json"))
    expected = plain.read_bytes().replace(b'"ADA.old@contoso.com"', b'"ada@contoso.com"')
    assert corrected.read_bytes() == expected.replace(b'"bob\\u002eold@contoso.com"', b'"bob@contoso.com"')
    assert expected != plain.read_bytes()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("ada@contoso.com", id="the right ID"),
        pytest.param("A.King@contoso.com", id="another ID of the user"),
    ],
)
def test_an_id_is_not_corrected_if_another_record_is_the_same_users(
    here: Path, upa: Callable[..., Ran], other: str
) -> None:
    put(here, *map(record, (*HEALTHY, other, "ada.old@contoso.com")), failed=("ada.old@contoso.com",))
    ran = upa(*BARE)
    assert written(here) == ["ada.old@contoso.com"]
    assert (
        "No ID is corrected by users.csv. 1 ID isn't corrected, because another record, here or in a later file, is the"
        " same user's." in ran.err in ran.err
    )
    assert json.loads(upa(*BARE, "--json").out)["not_corrected"] == ["ada.old@contoso.com"]


def test_two_wrong_ids_of_one_user_stay(here: Path, upa: Callable[..., Ran]) -> None:
    wrong = (f"{{{ADA}}}", ADA.replace("-", ""))
    put(here, *map(record, (*HEALTHY, *wrong)), failed=wrong)
    upa(*BARE)
    assert written(here) == list(wrong)


def test_all_records_of_an_aborted_import_may_be_corrected(here: Path, upa: Callable[..., Ran]) -> None:
    put(here, *map(record, (*HEALTHY, "ada.old@contoso.com", BOB)), failed=())
    (here / "feed.log").write_text("InvalidProperty\tzoe@contoso.com\tThe property Floor is invalid\n")
    upa(*BARE)
    assert written(here) == [*HEALTHY, "ada@contoso.com", "bob@contoso.com"]


def test_a_record_is_corrected_beside_dropped_properties_and_repairs(here: Path, upa: Callable[..., Ran]) -> None:
    broken = '{"IdName":"ada.old@contoso.com","City":"A\\Z",}'
    put(here, *map(record, HEALTHY), broken, failed=("ada.old@contoso.com",))
    assert upa(*BARE, "--repair").code == 0
    assert written(here) == ["ada@contoso.com"]
    put(here, *map(record, HEALTHY), record("ada.old@contoso.com", City="A"), failed=("ada.old@contoso.com",))
    upa(*BARE, "--drop-property", "City")
    assert json.loads((here / "feed-retry.json").read_text("utf-8-sig"))["value"] == [{"IdName": "ada@contoso.com"}]


def test_without_a_clear_id_type_an_id_is_corrected_only_if_both_addresses_are_one(
    here: Path, upa: Callable[..., Ran]
) -> None:
    users = EXPORT + f"f@contoso.com;f@contoso.com;{EVE[:-1]}b;smtp:f.old@contoso.com\n"
    (here / "users.csv").write_text(users, encoding="utf-8")
    put(
        here,
        *map(record, ("ada.old@contoso.com", "f.old@contoso.com")),
        failed=("ada.old@contoso.com", "f.old@contoso.com"),
    )
    upa(*BARE)
    assert written(here) == ["ada.old@contoso.com", "f@contoso.com"]


def test_an_export_without_the_right_ids_is_an_error(here: Path, upa: Callable[..., Ran]) -> None:
    (here / "users.csv").write_text("name,town\nAda,London\n")
    put(here, record("ada.old@contoso.com"), failed=("ada.old@contoso.com",))
    ran = upa(*BARE)
    assert ran.code == 5
    assert "isn't a directory export" in ran.err
    assert not (here / "feed-retry.json").exists()


@pytest.mark.parametrize("option", ["--correct-ids", "--users"])
def test_the_export_and_the_list_of_users_are_never_replaced(here: Path, upa: Callable[..., Ran], option: str) -> None:
    put(here, record("ada.old@contoso.com"), failed=("ada.old@contoso.com",))
    ran = upa(*BARE[:-2], option, "users.csv", "-o", "./users.csv")
    assert (ran.code, (here / "users.csv").read_text("utf-8")) == (5, EXPORT)
    assert "users.csv is the list of users itself" in ran.err


_NAMES = st.sampled_from(["IdName", "City", 'a"b', "idName"])
_BLANK = st.sampled_from(["", " ", "\r\n", "\t"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_NAMES, st.text(max_size=4), _BLANK), max_size=4, unique_by=lambda one: one[0]), st.text())
def test_a_value_is_replaced_and_no_other_byte(members: list[tuple[str, str, str]], after: str) -> None:
    token = json.dumps(after)
    parts = [(f"{blank}{json.dumps(name)}{blank}:{blank}", json.dumps(value), blank) for name, value, blank in members]
    raw = "{" + ",".join("".join(part) for part in parts) + "}"
    kept = [
        (head, token if name == "IdName" else value, tail)
        for (head, value, tail), (name, _, _) in zip(parts, members, strict=True)
    ]
    found = with_value(raw.encode(), "IdName", token.encode())
    assert found.decode() == "{" + ",".join("".join(part) for part in kept) + "}"
    assert set(read_object(found, 0).members) == {name for name, _, _ in members}
