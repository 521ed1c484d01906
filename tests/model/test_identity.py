"""When two spellings of an id are one user."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model.identity import identity_key, identity_keys

SAME = {
    "as written": ("ada@contoso.com", "ada@contoso.com"),
    "case": ("Ada@CONTOSO.com", "ada@contoso.com"),
    "a claim of the cloud": ("i:0#.f|membership|Ada@contoso.com", "ada@contoso.com"),
    "a claim of Windows": ("i:0#.w|CONTOSO\\ada", "contoso\\ada"),
    "a claim in capitals": ("I:0#.F|MEMBERSHIP|ada@contoso.com", "ada@contoso.com"),
    "a group's claim": ("c:0-.f|rolemanager|s-1-5", "s-1-5"),
    "blanks around": (" ada@contoso.com\t", "ada@contoso.com"),
    "blanks behind a claim": ("i:0#.f|membership| ada@contoso.com", "ada@contoso.com"),
    "a decomposed letter": ("ju\u0308rgen@contoso.com", "j\u00fcrgen@contoso.com"),
    "a decomposed capital": ("JU\u0308RGEN@contoso.com", "j\u00fcrgen@contoso.com"),
    "a letter composed in lower case only": ("J\u030c", "\u01f0"),
    "a Guid": ("EB659162-3FB5-4F01-9A2E-8B1D5C3F7A10", "eb659162-3fb5-4f01-9a2e-8b1d5c3f7a10"),
}
OTHER = {
    "no claim": "x:0#.f|membership|ada@contoso.com",
    "a bar that is no claim's": "ada|bob",
    "another domain": "ada@fabrikam.com",
    "a letter without its dots": "jurgen@contoso.com",
}


@pytest.mark.parametrize(("identity", "key"), SAME.values(), ids=SAME.keys())
def test_spellings_of_one_user_have_one_key(identity: str, key: str) -> None:
    assert identity_key(identity) == identity_key(key) == key


@pytest.mark.parametrize("identity", OTHER.values(), ids=OTHER.keys())
def test_anything_else_stays_apart(identity: str) -> None:
    assert identity_key(identity) == identity


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_a_claim_and_composing_never_matter(identity: str) -> None:
    key = identity_key(identity)
    assert identity_key(f"i:0#.f|membership|{identity}") == identity_key(f"c:0|{identity}")
    assert identity_key(unicodedata.normalize("NFC", identity)) == key
    assert identity_key(f" {identity} ") == key


_LETTERS = st.one_of(
    st.characters(max_codepoint=0xFF),
    st.sampled_from("abcABC.@|\x85\xa0\n \tÀàßµÿÆ"),
    st.sampled_from("łŁαΣςАя\u0301\u212aİ"),
)


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(_LETTERS, max_size=8), st.just("i:0#.f|membership|Zo\xcb")), max_size=6))
def test_keys_of_many_are_those_of_each(identities: list[str | None]) -> None:
    assert list(identity_keys(identities)) == [identity_key(identity or "") for identity in identities]


def test_each_letter_of_latin_1_among_others() -> None:
    ids = [f"a{chr(code)}b{chr(code)}" for code in range(256)]
    assert [identity_keys([one, "ada"])[0] for one in ids] == [identity_key(one) for one in ids]
