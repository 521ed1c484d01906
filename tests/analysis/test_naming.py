"""Which entries name a user, and which spellings are one."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis.named_users import with_keys
from analyzer.model.identity import identity_key
from analyzer.model.tables import ENTRIES
from tests.analysis.frames import GUID, entry, named

OTHER = "11111111-2222-3333-4444-555555555555"

NAMES = {
    "an address": ([("IdentityNotResolvable", "ada@contoso.com")], [True]),
    "any text": ([("GenericError", "c1234")], [True]),
    "nothing": ([("IdentityNotResolvable", None)], [False]),
    "text that is no entry": ([(None, "ada@contoso.com")], [False]),
    "a Guid of another code": ([("IdentityNotResolvable", GUID)], [True]),
    "a Guid of the profile store": ([("GenericError", GUID)], [False]),
    "a Guid of the profile store with blanks": ([("GenericError", f" {GUID.upper()} ")], [False]),
    "a Guid in a longer text": ([("GenericError", f"{GUID}x")], [True]),
    "Guids whose like other entries name": ([("GenericError", GUID), ("IdentityNotResolvable", OTHER)], [True, True]),
    "Guids beside addresses": ([("GenericError", GUID), ("IdentityNotResolvable", "a@b.c")], [False, True]),
}


@pytest.mark.parametrize("job_id", ["a", None])
@pytest.mark.parametrize(("rows", "expected"), NAMES.values(), ids=NAMES.keys())
def test_an_entry_names_the_user_of_its_identity(
    rows: list[tuple[str | None, str | None]], expected: list[bool], job_id: str | None
) -> None:
    assert named(*(entry(job_id, *row) for row in rows))["names"].to_list() == expected


@pytest.mark.parametrize("job_id", ["a", None])
def test_a_guid_of_the_profile_store_is_a_user_where_the_source_has_guids(job_id: str | None) -> None:
    assert named(entry(job_id, "GenericError", GUID), guid_jobs=(job_id,))["names"].to_list() == [True]


def test_other_jobs_tell_nothing_of_a_guid() -> None:
    rows = (entry("a", "GenericError", GUID), entry("b", "IdentityNotResolvable", OTHER))
    assert named(*rows, guid_jobs=("b", "c"))["names"].to_list() == [False, True]


def test_spellings_of_one_user_have_one_key_and_entries_keep_their_order() -> None:
    spelled = ["Ada@Contoso.com", None, "i:0#.f|membership|ada@contoso.com", " ada@contoso.com", "bob"]
    table = named(*(entry("b" if index % 2 else "a", "E1", identity) for index, identity in enumerate(spelled)))
    assert table["identity"].to_list() == spelled
    assert table["key"].to_list() == ["ada@contoso.com", None, "ada@contoso.com", "ada@contoso.com", "bob"]


@pytest.mark.parametrize("rows", [(), (entry("a", None),)])
def test_the_columns_are_those_of_entries_and_two_more(rows: tuple[dict[str, object], ...]) -> None:
    assert dict(named(*rows).schema) == {**ENTRIES, "key": pl.String, "names": pl.Boolean}


_OTHER_LETTERS = st.sampled_from("łŁαΣςАя\u0301\u212aİ")
_IDS = st.one_of(st.text(st.one_of(st.characters(max_codepoint=0xFF), _OTHER_LETTERS), max_size=8), st.none())


@settings(deadline=None)
@given(st.lists(st.one_of(_IDS, st.just("ada@contoso.com"), st.just("i:0#.f|membership|Zo\xcb")), max_size=6))
def test_keys_of_a_column_are_those_of_each_id(identities: list[str | None]) -> None:
    keyed = with_keys(pl.DataFrame({"identity": identities}, {"identity": pl.String}))
    assert keyed["key"].to_list() == [identity_key(identity or "") or None for identity in identities]


def test_an_id_with_each_letter_of_latin_1_has_its_key() -> None:
    identities = [f"a{chr(code)}b{chr(code)}" for code in range(256)]
    assert with_keys(pl.DataFrame({"identity": identities}))["key"].to_list() == list(map(identity_key, identities))
