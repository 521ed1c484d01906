"""Several faults at once, and the public cases' kinds in other spellings: the answer, and a next step that works."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.conftest import Ran

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
RETRY = f"retry {JOB[:8]}"
FOLDER = "https://contoso.sharepoint.com/sites/sync/Shared Documents"
INVALID, PARTIAL = 23, 30
NO_ID = "MissingIdentity\t\tThe identity is missing for the user object\r\n"
UNREADABLE = "DataFileNotJson\t\t{}\r\n"
AFTER_VALUE = UNREADABLE.format("After parsing a value an unexpected character was encountered: {}. Path '{}', line 1.")
DUPLICATE = (
    "GenericError\teb659162-c499-4fe9-a38d-c579d3c380f6\tSystem.Data.SqlClient.SqlException (0x80131904): Input data"
    " contains multiple instances of the same single-value property for RecordId [2923275]\r\n"
)
UNMAPPED = (
    "InvalidProperty\tada@contoso.com\tProperty 'Floor' is not mapped to any property in the user profile"
    " application.\r\n"
)
GUIDS = [str(uuid5(NAMESPACE_DNS, str(number))).upper() for number in range(10_000)]


def feed(*records: Mapping[str, object]) -> str:
    """A source file."""
    return json.dumps({"value": list(records)}, ensure_ascii=False)


def unresolved(*identities: str) -> str:
    """Entries of a log for users that are not known."""
    return "".join(
        f"IdentityNotResolvable\t{identity}\tUser identity cannot be resolved\r\n" for identity in identities
    )


@dataclass(frozen=True)
class Variant:
    """A job, and what ``show`` answers: words, the command that it ends with, and the IDs that this writes."""

    source: str
    log: str
    error: int
    words: Sequence[str]
    following: str
    ids: Sequence[object] = ()
    id_property: str = "IdName"
    encoding: str = "utf-8-sig"
    not_said: str = "whole truth"


VARIANTS: dict[str, Variant] = {
    "empty IDs, duplicates and an unknown user, in German": Variant(
        feed(
            {"Benutzerprinzipalname": "jürgen@contoso.com", "Abteilung": "Öl"},
            {"Benutzerprinzipalname": "", "Abteilung": "x"},
            {"Benutzerprinzipalname": "eva@contoso.com", "Abteilung": "y"},
            {"Benutzerprinzipalname": "Eva@contoso.com", "Abteilung": "z"},
            {"Benutzerprinzipalname": "kai@contoso.com", "Abteilung": "y"},
        ),
        unresolved("") + DUPLICATE + unresolved("jürgen@contoso.com"),
        PARTIAL,
        ("There is no ID in Benutzerprinzipalname in record 2.", "The same ID is in more than one record: 3 and 4."),
        RETRY,
        ["jürgen@contoso.com"],
        "Benutzerprinzipalname",
    ),
    "garbled letters in a file without a mark, in French": Variant(
        feed({"courriel": "eva@contoso.com", "Ville": "KÃ¶ln"}, {"courriel": "zoe@contoso.com", "Ville": "Orléans"}),
        unresolved("zoe@contoso.com"),
        PARTIAL,
        ("Warning: letters beyond ASCII in Ville (2 records)", "Warning: garbled letters in Ville (1 record)"),
        RETRY,
        ["zoe@contoso.com"],
        "courriel",
        "utf-8",
    ),
    "backslashes at the end of two values": Variant(
        '{"value":[{"IdName":"a@contoso.com","Dept":"Sales\\"},{"IdName":"b@contoso.com","Dept":"IT"},'
        '{"IdName":"c@contoso.com","Dept":"HR\\"}]}',
        AFTER_VALUE.format("I", "value[0].Dept"),
        INVALID,
        ("A value ends in a single backslash", r"1. Have the feed write each backslash in a value twice: Sales\\."),
        f"{RETRY} --repair",
        ["a@contoso.com", "b@contoso.com", "c@contoso.com"],
    ),
    "null in a list of a job that was aborted": Variant(
        '{"value":[null,{"IdName":"ada@contoso.com","Floor":"1"},null]}',
        UNMAPPED,
        INVALID,
        ("1. Map Floor or remove it from the feed",),
        f"{RETRY} --salvage",
        ["ada@contoso.com"],
    ),
    "a wrapped list in UTF-16 with CRLF": Variant(
        '{\r\n "value": {\r\n "value": [\r\n {"mail":"a@contoso.com","Ort":"Köln"}\r\n ],\r\n "Count": 1\r\n}}\r\n',
        UNREADABLE.format("JsonToken StartObject is not valid"),
        INVALID,
        ("1. Windows PowerShell 5.1 writes such a wrapper",),
        f"{RETRY} --repair",
        ["a@contoso.com"],
        "mail",
        "utf-16",
        "at the position that the message names",
    ),
    "10,000 object IDs in capitals that the log has in small letters": Variant(
        feed(*({"objectId": guid, "Ort": "x"} for guid in GUIDS)),
        unresolved(*map(str.lower, GUIDS)),
        PARTIAL,
        ("10,000 of 10,000 users not updated.", "1. Queue with the ID type CloudId. All 10,000 users failed"),
        RETRY,
        GUIDS,
        "objectId",
    ),
    "a list as a value that aborted the import": Variant(
        '{"value":[{"IdName":"a@contoso.com","Telefone":["1","2"]},{"IdName":"b@contoso.com","Telefone":[]}]}',
        UNREADABLE.format(
            "Unexpected character encountered while parsing value: [. Path 'value[0].Telefone', line 1, position 51."
        ),
        INVALID,
        ("1. Have the feed write one text in Telefone, not a list or an object.",),
        f"{RETRY} --drop-property Telefone",
        ["a@contoso.com", "b@contoso.com"],
        not_said="Open the file at the line",
    ),
    "a quotation mark inside a value": Variant(
        '{"value":[{"IdName":"a@contoso.com","Titel":"der "Chef""},{"IdName":"b@contoso.com","Titel":"x"}]}',
        AFTER_VALUE.format("C", "value[0].Titel"),
        INVALID,
        ('write \\" for a quotation mark inside a value',),
        f"{RETRY} --salvage",
        ["b@contoso.com"],
        not_said="double the backslash that ends",
    ),
    "a backslash in a file that was refused without a log": Variant(
        '{"value":[{"IdName":"a@contoso.com","P":"CONTOSO\\ada"},{"IdName":"b@contoso.com","P":"x"}]}',
        "",
        INVALID,
        ("1. Correct the source file, then import it again.", 'a backslash before "a"'),
        f"{RETRY} --repair",
        ["a@contoso.com", "b@contoso.com"],
        not_said="Check the source file",
    ),
    "claims names, which no ID type takes": Variant(
        feed(*({"Konto": f"i:0#.f|membership|a{number}@contoso.com"} for number in range(3))),
        unresolved(*(f"i:0#.f|membership|a{number}@contoso.com" for number in range(3))),
        PARTIAL,
        ("1. Have the feed write only what follows the last |",),
        "",
        not_said="Create a retry file",
    ),
    "blanks in place of all IDs": Variant(
        feed(*({"Identifiant": "  ", "Nom": f"N{number}"} for number in range(5))),
        NO_ID * 5,
        INVALID,
        ("1. Have the feed write Identifiant. It is empty in every record.",),
        "",
        not_said="Create a retry file",
    ),
    "some records without an ID in an import that was aborted": Variant(
        feed(
            {"upn": "a@contoso.com", "x": "1"}, {"upn": None, "x": "2"}, {"x": "3"}, {"upn": "d@contoso.com", "x": "4"}
        ),
        NO_ID * 2,
        INVALID,
        ("There is no ID in upn in records 2 and 3.",),
        f"{RETRY} --without-culprits",
        ["a@contoso.com", "d@contoso.com"],
        "upn",
    ),
    "users under another name": Variant(
        '{"users":[{"IdName":"a@contoso.com"},{"IdName":"b@contoso.com"}]}',
        UNREADABLE.format("Cannot deserialize the current JSON object"),
        INVALID,
        ('1. If these are the users, call the list "value"',),
        "",
        not_said="Or create a retry file",
    ),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())
def test_show_answers_and_what_it_says_to_run_next_writes_those_users(
    upa: Callable[..., Ran], tmp_path: Path, variant: Variant
) -> None:
    put_library(tmp_path / "library", variant)
    shown = upa("show", "--library", "library")
    out = " ".join(shown.out.split())
    assert (shown.code, [words for words in variant.words if words not in out]) == (0, []), shown.out
    assert variant.not_said not in out
    if not variant.following:
        assert not shown.err
        return
    assert shown.err.strip() == f"next: upa-analyzer {variant.following} --library library"
    made = upa(*variant.following.split(), "--library", "library", "-o", tmp_path / "out.json")
    assert made.code in (0, 1), made.err
    records = json.loads((tmp_path / "out.json").read_text("utf-8-sig"))["value"]
    assert [record[variant.id_property] for record in records] == list(variant.ids)


def test_what_is_dropped_need_not_be_corrected_first(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put_library(tmp_path / "library", VARIANTS["a list as a value that aborted the import"])
    whole = upa("retry", JOB, "--library", "library", "-o", tmp_path / "whole.json")
    assert (whole.code, "Before you queue this file, correct what the service couldn't read" in whole.err) == (1, True)
    without = upa("retry", JOB, "--library", "library", "--drop-property", "Telefone", "-o", tmp_path / "out.json")
    assert (without.code, "Before you queue" in without.err) == (0, False)


def test_where_the_duplicated_ids_hide_their_property_it_is_asked_for(upa: Callable[..., Ran], tmp_path: Path) -> None:
    records = [
        {"Mail": mail, "x": "1"} for mail in ("A@contoso.com", "a@contoso.com", "a@CONTOSO.com", "b@contoso.com")
    ]
    put_library(tmp_path / "library", Variant(feed(*records), DUPLICATE * 2, PARTIAL, (), ""))
    retry = ("retry", JOB, "--library", "library", "-o", tmp_path / "out.json")
    refused = upa(*retry)
    assert (refused.code, "Specify it with --id-property." in refused.err) == (5, True)
    told = upa(*retry, "--id-property", "Mail")
    assert (told.code, "Records 1, 2 and 3 have the same ID" in told.err) == (1, True)


def put_library(library: Path, variant: Variant) -> None:
    """A library with the job, its source file and its log, if it has one."""
    folder = library / "sites" / "sync" / "Shared Documents"
    logs = folder / f"src-{JOB}-Logs"
    logs.mkdir(parents=True)
    job = {"JobId": JOB, "State": 5, "Error": variant.error, "ErrorMessage": "", "SourceUri": f"{FOLDER}/src.json"}
    (library / "jobs.json").write_text(json.dumps({"value": [job]}), encoding="utf-8")
    (folder / "src.json").write_text(variant.source, encoding=variant.encoding, newline="")
    if variant.log:
        name = f"ImportProfileProperties-{JOB}-20240301-101500-123.log"
        (logs / name).write_text(variant.log, encoding="utf-8-sig", newline="")
