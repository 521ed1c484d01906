"""``upa-analyzer retry`` with source files as generators write them: the sentence, the exit code, the file."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Ran

ADA = '{"IdName":"ada@contoso.com","City":"Oslo"}'
BOB = '{"IdName":"bob@contoso.com","City":"Bergen"}'
EVE = '{"IdName":"eve@contoso.com","City":"Oslo"}'
UNREADABLE = "DataFileNotJson\t\t{}\r\n"
ONE_FAILED = "IdentityNotResolvable\tbob@contoso.com\tUser identity cannot be resolved\r\n"
NO_LIST = UNREADABLE.format("Cannot deserialize the current JSON object because the type requires a JSON array")
NOT_CLOSED = UNREADABLE.format("JsonToken EndObject is not valid for closing JsonType Array. Path 'value', line 2.")
SALES = '{"IdName":"bob@contoso.com","City":"Sales\\"}'
AFTER_VALUE = UNREADABLE.format(
    "After parsing a value an unexpected character was encountered: I. Path 'value[1].City'."
)

# Source, log, options; exit code, what is said, the records that are written.
CASES: dict[str, tuple[str, str, tuple[str, ...], int, tuple[str, ...], list[str]]] = {
    "one record": (f'{{"value":{BOB}}}', NO_LIST, (), 5, ("it is valid JSON", "--repair takes"), []),
    "one record, repaired": (f'{{"value":{BOB}}}', NO_LIST, ("--repair",), 0, ("1 repair, listed",), [BOB]),
    "one record, salvaged": (f'{{"value":{BOB}}}', NO_LIST, ("--salvage",), 5, ("--repair takes",), []),
    "a wrapper, repaired": (
        f'{{"value":{{"value":[{ADA},{BOB}],"Count":2}}}}',
        NO_LIST,
        ("--repair",),
        0,
        (),
        [ADA, BOB],
    ),
    "a bare list, of a job that ran": (f"[{ADA},{BOB}]", ONE_FAILED, ("--repair",), 0, ("1 user",), [BOB]),
    "cut by -Depth": ('{"value":["@{IdName=a}"]}', NO_LIST, ("--repair",), 5, ("-Depth", "make the file again"), []),
    "Value": (f'{{"Value":[{ADA},{BOB}]}}', ONE_FAILED, (), 5, ('is "Value" and has to be "value"',), []),
    "Value, repaired": (f'{{"Value":[{ADA},{BOB}]}}', ONE_FAILED, ("--repair",), 0, (), [BOB]),
    "a record a line, repaired": (f"{ADA}\n{BOB}\n", NO_LIST, ("--repair",), 0, (), [ADA, BOB]),
    "chunks, repaired": (f'{{"value":[{ADA}]}}{{"value":[{BOB}]}}', NO_LIST, ("--repair",), 0, (), [ADA, BOB]),
    "chunks and commas, repaired": (
        f'{{"value":[{ADA}]}},\n{{"value":[{BOB}]}}',
        NO_LIST,
        ("--repair",),
        0,
        (),
        [ADA, BOB],
    ),
    "a null in a job that ran": (
        f'{{"value":[null,{ADA},{BOB}]}}',
        ONE_FAILED,
        (),
        1,
        ("1 value in the list isn't a record",),
        [BOB],
    ),
    "a null in a job that was aborted": (
        f'{{"value":[{ADA},null]}}',
        NO_LIST,
        (),
        5,
        ("record 2 is null", "--salvage takes the records"),
        [],
    ),
    "a null, salvaged": (f'{{"value":[{ADA},null]}}', NO_LIST, ("--salvage",), 1, ("1 value in the list",), [ADA]),
    "a list not closed": (
        f'{{"value":[{ADA},{BOB}\n }}',
        NOT_CLOSED,
        (),
        5,
        ('the list\'s "]" is missing at the end', "--repair closes the list"),
        [],
    ),
    "a list not closed, repaired": (
        f'{{"value":[{ADA},{BOB}}}',
        NOT_CLOSED,
        ("--repair",),
        0,
        ("1 repair",),
        [ADA, BOB],
    ),
    "a list not closed, salvaged": (f'{{"value":[{ADA},{BOB},}}', NOT_CLOSED, ("--salvage",), 0, (), [ADA, BOB]),
    "an object not closed": (f'{{"value":[{ADA},{BOB}]', NOT_CLOSED, ("--repair",), 0, ("1 repair",), [ADA, BOB]),
    "brackets too many": (
        f'{{"value":[{ADA},{BOB}]}}]}}',
        NOT_CLOSED,
        (),
        5,
        ('too many at the end of the file ("]}")',),
        [],
    ),
    "brackets too many, repaired": (f'{{"value":[{ADA},{BOB}]]}}', NOT_CLOSED, ("--repair",), 0, (), [ADA, BOB]),
    "no comma between records, repaired": (f'{{"value":[{ADA}{BOB}]}}', NOT_CLOSED, ("--repair",), 0, (), [ADA, BOB]),
    "cut off behind a record": (
        f'{{"value":[{ADA},{BOB}',
        NOT_CLOSED,
        ("--repair",),
        1,
        ("1 record can't",),
        [ADA, BOB],
    ),
    "no users": ('{"value":[]}', NO_LIST, (), 0, ("Nothing to retry: the source file has no users",), []),
    "no users, in a job that ran": ('{"value":[]}', ONE_FAILED, (), 0, ("the source file has no users",), []),
    "no users, with choices": ("[]", ONE_FAILED, ("--only", "IdentityNotResolvable"), 0, ("has no users",), []),
    "a backslash before the end of a value": (
        f'{{"value":[{ADA},{SALES},{EVE}]}}',
        AFTER_VALUE,
        (),
        5,
        ("a single backslash before the quotation mark that ends a value", "is written twice", "--repair doubles"),
        [],
    ),
    "a backslash before the end of a value, repaired": (
        f'{{"value":[{ADA},{SALES},{EVE}]}}',
        AFTER_VALUE,
        ("--repair",),
        0,
        ("1 repair",),
        [ADA, SALES.replace("\\", "\\\\"), EVE],
    ),
    "a list as a value": (
        f'{{"value":[{ADA},{BOB[:-1]},"Phones":["+47 1"]}}]}}',
        ONE_FAILED,
        (),
        1,
        ("no multi-value property", "--drop-property Phones leaves it out"),
        [f'{BOB[:-1]},"Phones":["+47 1"]}}'],
    ),
    "a list as a value, dropped": (
        f'{{"value":[{ADA},{BOB[:-1]},"Phones":{{"value":["+47 1"],"Count":1}}}}]}}',
        ONE_FAILED,
        ("--drop-property", "Phones"),
        0,
        (),
        [BOB],
    ),
    "uneven properties": (
        f'{{ "value": [{{"IdName":"ada@contoso.com","Manager":"","SPS-Department":""}},{BOB}] }}',
        ONE_FAILED,
        (),
        0,
        (),
        [BOB],
    ),
    "blanks in a property": (
        f'{{"value":[{ADA},{BOB[:-1]},"Cost Center":"1"}}]}}',
        ONE_FAILED,
        (),
        0,
        (),
        [f'{BOB[:-1]},"Cost Center":"1"}}'],
    ),
}


@pytest.mark.parametrize(("source", "log", "options", "code", "words", "records"), CASES.values(), ids=CASES.keys())
def test_each_source_shape_has_its_sentence_exit_code_and_records(  # noqa: PLR0913, PLR0917 - a row
    upa: Callable[..., Ran],
    tmp_path: Path,
    source: str,
    log: str,
    options: tuple[str, ...],
    code: int,
    words: tuple[str, ...],
    records: list[str],
) -> None:
    (tmp_path / "feed.json").write_text(source, encoding="utf-8-sig", newline="")
    (tmp_path / "feed.log").write_text(log, encoding="utf-8", newline="")
    ran = upa("retry", "--source", "feed.json", "--log", "feed.log", *options)
    said = " ".join((ran.out + ran.err).split())
    assert ran.code == code, said
    assert all(word in said for word in words), said
    retry = tmp_path / "feed-retry.json"
    assert retry.exists() is bool(records)
    if records:
        assert retry.read_text("utf-8-sig") == '{"value":[\n' + ",\n".join(records) + "\n]}\n"
        assert len(json.loads(retry.read_text("utf-8-sig"))["value"]) == len(records)


def test_values_that_hold_no_user_are_listed_with_their_places(upa: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text(f'{{"value":[null,{ADA},"x",null,{BOB}]}}', encoding="utf-8")
    (tmp_path / "feed.log").write_text(ONE_FAILED, encoding="utf-8")
    assert upa("retry", "--source", "feed.json", "--log", "feed.log").code == 1
    rows = csv.DictReader((tmp_path / "feed-retry.unmatched.csv").read_text("utf-8-sig").splitlines())
    assert [(row["records"], row["detail"]) for row in rows] == [("1, 4", "null"), ("3", '"x"')]


def test_a_multi_value_is_listed_by_property_with_its_records_and_an_example(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    nested = [f'{{"IdName":"{name}@contoso.com","Phones":["+47 {name}"]}}' for name in ("ada", "bob")]
    (tmp_path / "feed.json").write_text(f'{{"value":[{",".join(nested)},{EVE}]}}', encoding="utf-8")
    (tmp_path / "feed.log").write_text(
        "InvalidProperty\tada@contoso.com\tThe property Floor is invalid\n", encoding="utf-8"
    )
    assert upa("retry", "--source", "feed.json", "--log", "feed.log").code == 1
    (row,) = csv.DictReader((tmp_path / "feed-retry.unmatched.csv").read_text("utf-8-sig").splitlines())
    assert (row["identity"], row["records"], row["detail"]) == ("ada@contoso.com", "1, 2", 'Phones: ["+47 ada"]')
