"""Of any source, in any spelling that the service tolerates: exactly the wanted records, in JSON; the rest listed."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.model.identity import identity_key
from analyzer.retry.model import Reason
from analyzer.retry.writing.write import write_retry
from analyzer.source import scan
from tests.retry.small_source import ALL_RECORDS, files, partial, request
from tests.source.spellings import RECORD, Pairs, Pen, spelled

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import RetryFiles, RetryRequest
    from tests.source.spellings import Model

IDS = [
    "ada@contoso.com", "ADA@contoso.com", "i:0#.f|membership|ada@contoso.com", "bob@contoso.com", "Bob@contoso.com ",
    "zo\u00eb@contoso.com", "zoe\u0308@contoso.com", "eve@contoso.com", "a/b@contoso.com", "},{@contoso.com",
    '"@contoso.com', "//@contoso.com", "", None,
]  # fmt: skip
KEYS = sorted({identity_key(one) for one in IDS if one})
WITHOUT_SPELLING = ['"X":undefined,', "X:NaN,", '"X":new Date(2026, 11, 23),', "'X':-Infinity,"]
EXPECTED_HEAD = b'\xef\xbb\xbf{"value":[\n'


@dataclass(frozen=True)
class Written:
    """A record as the source has it, as JSON has it, and whose it is; without a spelling in JSON ``json`` is None."""

    raw: bytes
    json: bytes | None
    key: str


@st.composite
def records(draw: st.DrawFn) -> Written:
    others = [one for one in draw(RECORD).members if one[0] != "IdName"]
    identity = draw(st.sampled_from(IDS))
    if identity is not None:
        others.insert(draw(st.integers(0, len(others))), ("IdName", identity))
    if draw(st.booleans()):  # as most feeds write it
        plain = json.dumps(dict(_plain(others))).encode()
        return Written(plain, plain, identity_key(identity or ""))
    raw, as_json = spelled(Pen(draw(RANDOM)), Pairs(tuple(others)))
    if draw(st.integers(0, 9)) == 0:
        fault = draw(st.sampled_from(WITHOUT_SPELLING))
        return Written(raw[:1] + fault.encode() + raw[1:], None, identity_key(identity or ""))
    return Written(raw, as_json, identity_key(identity or ""))


RANDOM = st.randoms(use_true_random=False)


def _plain(members: list[tuple[str, Model]]) -> list[tuple[str, str | int | float | None]]:
    return [(name, value) for name, value in members if value is None or isinstance(value, (str, int, float))]


def _gap(random: Random) -> bytes:
    pen = Pen(random)
    pen.gap()
    return "".join(pen.raw).encode()


@st.composite
def sources(draw: st.DrawFn) -> tuple[bytes, list[Written]]:
    """A source file in its encoding, and its records."""
    found = draw(st.lists(records(), max_size=9))
    random = draw(RANDOM)
    raw = b'{"odata":{"value":[{}]},' + _gap(random) + random.choice([b'"value"', b"'value'", b"value"]) + b":["
    for number, record in enumerate(found):
        raw += _gap(random) + record.raw + _gap(random)
        raw += b"," if number + 1 < len(found) or random.random() < 0.3 else b""
    raw += b"]" + _gap(random) + random.choice([b"}", b',"more":[{"IdName":"ada@contoso.com"}],}'])
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return raw.decode().encode(encoding), found


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "CHUNK", 60)
    monkeypatch.setattr(scan, "_MAX_RECORD", 200)


def written(wanted: RetryRequest) -> RetryFiles | None:
    try:
        return write_retry(wanted)
    except InputError as error:
        assert "can be written" in error.what  # noqa: PT017 - of records that are there
        return None


def places(found: list[Written], key: str) -> str:
    return ", ".join(str(number) for number, record in enumerate(found, start=1) if record.key == key)


def check(wanted: RetryRequest, found: list[Written], chosen: list[bool], listed: list[tuple[Reason, str]]) -> None:
    """Holds what is written against the records that were chosen, of which some are to be listed instead."""
    number = Counter(record.key for record in found if record.key)
    pairs = list(zip(found, chosen, strict=True))
    twice = {record.key for record, is_chosen in pairs if is_chosen and number[record.key] > 1}
    listed += [(Reason.duplicate, places(found, key)) for key in twice]
    expected = []
    nested: dict[str, list[str]] = {}
    for position, (record, is_chosen) in enumerate(pairs, start=1):
        if is_chosen and record.key not in twice:
            if record.json is None:
                listed.append((Reason.uncertain, str(position)))
            else:
                expected.append(record.json)
                for name, value in json.loads(record.json, parse_int=str, object_pairs_hook=dict).items():
                    if isinstance(value, list | dict):
                        nested.setdefault(name, []).append(str(position))
    listed += [(Reason.multi_value, ", ".join(where)) for where in nested.values()]
    retry = written(wanted)
    if retry is None:
        assert expected == []
        assert files(wanted.target.parent) == {}
        return
    if retry.paths:
        content = retry.path.read_bytes()
        assert content == EXPECTED_HEAD + b",\n".join(expected) + b"\n]}\n"
        values = json.loads(content.decode("utf-8-sig"), parse_int=str)["value"]
        assert len(values) == len(expected) == retry.records
    else:
        assert expected == []
        assert any(one.reason is Reason.duplicate for one in retry.unmatched)
    assert sorted((one.reason, one.records) for one in retry.unmatched) == sorted(listed)
    assert retry.complete is (not listed)
    before = files(wanted.target.parent)
    assert not any(name.endswith(".part") for name in before)
    assert write_retry(wanted) == retry
    assert files(wanted.target.parent) == before
    for path in before:
        (wanted.target.parent / path).unlink()


no_deadline = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=150
)


@no_deadline
@given(sources(), st.sets(st.sampled_from([*KEYS, "stranger@example.com"]), min_size=1))
def test_the_file_contains_the_selected_records_and_lists_the_rest(
    tmp_path: Path, source: tuple[bytes, list[Written]], keys: set[str]
) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_bytes(source[0])
    found = source[1]
    there = {record.key for record in found}
    listed = [(Reason.not_in_source, "") for key in keys if key not in there]
    check(request(path, partial(*sorted(keys))), found, [record.key in keys for record in found], listed)


@no_deadline
@given(sources())
def test_a_file_of_all_users_contains_each_record_and_lists_the_rest(
    tmp_path: Path, source: tuple[bytes, list[Written]]
) -> None:
    path = tmp_path / "hr-feed.json"
    path.write_bytes(source[0])
    found = source[1]
    listed = [(Reason.without_id, str(place)) for place, record in enumerate(found, start=1) if not record.key]
    check(request(path, ALL_RECORDS), found, [True] * len(found), listed)


@no_deadline
@given(st.lists(RECORD, max_size=6), st.booleans())
def test_records_in_json_are_copied_byte_for_byte(tmp_path: Path, models: list[Pairs], everybody: bool) -> None:
    raws = [_in_json(model, number) for number, model in enumerate(models)]
    path = tmp_path / "hr-feed.json"
    path.write_bytes(codecs.BOM_UTF8 + b'{"value":[' + b" ,\r\n".join(raws) + b"]}")
    ids = [f"user{number}@contoso.com" for number in range(len(models))]
    retry = write_retry(request(path, ALL_RECORDS if everybody else partial(*ids)))
    content = b"" if retry is None else retry.path.read_bytes()
    assert content == (EXPECTED_HEAD + b",\n".join(raws) + b"\n]}\n" if models else b"")
    assert retry is None or retry.respelled == 0


def _in_json(model: Pairs, number: int) -> bytes:
    members = [one for one in model.members if one[0] != "IdName"]
    return spelled(Pen(Random(number)), Pairs((("IdName", f"user{number}@contoso.com"), *members)))[1]
