"""What is found in a source file, chunk by chunk, as record by record."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer.source.scan
from analyzer.analysis.failures import Traits
from analyzer.history.source_findings import PLACE, examine_source, traits_of
from analyzer.model.identity import identity_key, kind_of
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from analyzer.source.reader.tolerant import Record

_IDS = ["ada@contoso.com", "Bob@Contoso.com", "zoë@fabrikam.com", "i:0#.f|membership|ada@contoso.com", "007", "", None]
_VALUES = [None, "", "Kiel", "Köln", 'a"\\b', "x" * 90, 7, 1.50, True, ["a"], {"b": 1}]
_RECORDS = st.lists(
    st.fixed_dictionaries(
        {"Name": st.sampled_from(_IDS) | st.integers(0, 60).map("user{}@contoso.com".format)},
        optional=dict.fromkeys(("City", "Office", "Tags"), st.sampled_from(_VALUES)),
    ),
    min_size=40,
    max_size=120,
)


@given(records=_RECORDS, others=st.lists(st.integers(0, 39), max_size=3), most=st.sampled_from([30, 60, 1_000]))
@settings(deadline=None, max_examples=60)
def test_chunks_show_what_single_records_do(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]], others: list[int], most: int
) -> None:
    people: list[object] = [*records]
    for at in others:
        people.insert(at, "no record")
    path = tmp_path_factory.mktemp("source") / "hr.json"
    path.write_text(json.dumps({"value": people}, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    failed = {f"user{number}@contoso.com" for number in range(0, 90, 3)}
    with_chunk = analyzer.source.scan.CHUNK
    analyzer.source.scan.CHUNK = 600
    try:
        found = examine_source(path, failed, most=most)
    finally:
        analyzer.source.scan.CHUNK = with_chunk
    expected, places = Traits(), dict[str, list[int]]()
    kinds: Counter[str] = Counter()
    first: dict[str, int] = {}
    read = list(read_records(path))
    name = found.facts.id_property
    for record in read[:most] if name else ():
        text = record.text(name) or ""
        if key := identity_key(text):
            place = str(record.offset * 10 // path.stat().st_size)
            places.setdefault(place, []).append(record.position + 1)
            expected.add(traits_of(record, key, text, name, place), failed=key in failed)
            kinds[kind_of(text.strip())] += 1
            first.setdefault(key, record.position + 1)
    shared = [(one.trait, one.value, one.failed, one.users, one.probability) for one in found.shared]
    assert sorted(shared) == sorted(
        (one.trait, value, one.failed, one.users, one.probability)
        for one in expected.shared()
        for value in [f"{places[one.value][0]} to {places[one.value][-1]}" if one.trait == PLACE else one.value]
    )
    facts = found.facts
    assert (facts.records, facts.whole) == (min(most, len(read)), len(read) <= most)
    assert facts.not_records == tuple(
        sorted(set(range(1, read[: facts.records][-1].position + 1)) - {one.position + 1 for one in read})
    )
    if name:
        assert facts.ids.counts == kinds
        assert facts.without_id_count == facts.records - kinds.total()
        assert all(first[identity_key(read_text)] == one for one, read_text in _ids_at(read, facts.duplicates, name))
        assert facts.strangers == (tuple(sorted(failed - first.keys())) if facts.whole else ())


def _ids_at(read: Sequence[Record], duplicates: tuple[tuple[int, int], ...], name: str) -> list[tuple[int, str]]:
    texts = {record.position + 1: record.text(name) or "" for record in read}
    return [(first, texts[second]) for first, second in duplicates]
