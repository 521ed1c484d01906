"""Users' IDs in texts are replaced by pseudonyms in every spelling."""

from __future__ import annotations

import pytest

from analyzer.model.identity import id_kinds, identity_key
from analyzer.model.pseudonyms import HIDDEN, Pseudonyms

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
OTHER = "25f05e38-bd0e-49ec-8c9c-c4cfe370248c"
HTML = "<script>alert(1)</script>@contoso.com"
KNOWN = [
    "ada@contoso.com",
    "jürgen.müller@contoso.com",
    "o'neil@contoso.com",
    "1002",
    HTML,
    "contoso\\nora",
    "日本 太郎",
]


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    return Pseudonyms(b"k" * 32, map(identity_key, KNOWN), {JOB})


@pytest.mark.parametrize(
    ("text", "user", "around"),
    [
        ("ADA@Contoso.com.", KNOWN[0], "{}."),
        ("/hr/ada%40contoso.com/x", KNOWN[0], "/hr/{}/x"),
        ("i%3A0%23.f%7Cmembership%7Cada%2540contoso.com", KNOWN[0], "{}"),
        ("/personal/ada_contoso_com/Documents", KNOWN[0], "/personal/{}/Documents"),
        ("&#97;da&commat;contoso.com", KNOWN[0], "{}"),
        ("_x0061_da@contoso.com", KNOWN[0], "{}"),
        ("Ju\u0308rgen.M\\u00fcller@contoso.com failed", KNOWN[1], "{} failed"),
        ("j%FCrgen.m%C3%BCller@contoso.com", KNOWN[1], "{}"),
        ("o''neil@contoso.com", KNOWN[2], "{}"),
        ("record [1002], not 21002", KNOWN[3], "record [{}], not 21002"),
        (f"no {HTML} here", KNOWN[4], "no {} here"),
        ("CONTOSO\\\\Nora", KNOWN[5], "{}"),
        ("太郎: 日本 太郎", KNOWN[6], "太郎: {}"),
        ("stranger@fabrikam.com", "stranger@fabrikam.com", "{}"),
        ("FABRIKAM\\stranger", "fabrikam\\stranger", "{}"),
        (f"job {JOB}, user {OTHER.upper()}", OTHER, f"job {JOB}, user {{}}"),
    ],
)
def test_an_id_is_replaced_however_it_is_spelled(pseudonyms: Pseudonyms, text: str, user: str, around: str) -> None:
    redacted = pseudonyms.text(text)
    assert redacted == around.format(pseudonyms.user(user))
    assert pseudonyms.text(redacted) == redacted


def test_texts_without_ids_stay(pseudonyms: Pseudonyms) -> None:
    for text in (
        "",
        "100 %",
        f"Correlation ID: {OTHER}",
        "Bad JSON escape sequence: \\V. Path 'value[1].City', line 1.",
    ):
        assert pseudonyms.message(text) == text


def test_a_message_keeps_the_names_of_properties_and_hides_values(pseudonyms: Pseudonyms) -> None:
    message = (
        "Property 'Floor' of \u201eada@contoso.com\u201c has the value 'Ada Lovelace' (+49 431 123456); don't retry"
    )
    shown = pseudonyms.user("ada@contoso.com")
    assert pseudonyms.message(message, {"Floor"}) == (
        f"Property 'Floor' of \u201e{shown}\u201c has the value '{HIDDEN}' ({HIDDEN}); don't retry"
    )


def test_a_pseudonym_depends_on_the_user_and_the_key_alone(pseudonyms: Pseudonyms) -> None:
    assert pseudonyms.user("ADA@contoso.com") == Pseudonyms(b"k" * 32).user("ada@contoso.com ")
    assert pseudonyms.user("ada@contoso.com") != Pseudonyms(b"l" * 32).user("ada@contoso.com")
    assert pseudonyms.user("ada@contoso.com") != pseudonyms.user("ada@fabrikam.com")
    assert pseudonyms.user("") == ""


def test_a_pseudonym_is_of_the_kind_of_the_id(pseudonyms: Pseudonyms) -> None:
    ids = [*KNOWN, OTHER, "i:0#.f|membership|ada@contoso.com", "ada_contoso.com#EXT#@fabrikam.onmicrosoft.com"]
    for one in ids:
        assert one == HTML or id_kinds([pseudonyms.user(one)]) == id_kinds([one])
