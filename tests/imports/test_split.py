"""The parts of a file over the limits: every record exactly once, each part within the limits."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError, UsageError
from analyzer.imports.record_file import EMPTY_FILE, Limits
from analyzer.imports.split import split_file
from analyzer.model.identity import identity_key
from analyzer.source.reader.records import read_records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from analyzer.imports.split import SplitPart

Records = list[dict[str, "Any"]]


def write(path: Path, records: Sequence[object], encoding: str = "utf-8") -> Path:
    path.write_bytes(json.dumps({"value": records}, ensure_ascii=False).encode(encoding))
    return path


def names() -> Iterator[str]:
    return (f"hr-feed-{number}.json" for number in count(1))


def split(folder: Path, source: Path, limits: Limits) -> list[SplitPart]:
    return split_file(source, folder / "parts", names(), "IdName", limits)


def records_in(part: SplitPart) -> Records:
    found: Records = json.loads(part.path.read_text("utf-8-sig"))["value"]
    return found


def users(number: int, values: int = 1) -> Records:
    properties = {f"P{one}": "x" for one in range(values)}
    return [{"IdName": f"u{one}@contoso.com", **properties} for one in range(number)]


def test_a_file_within_the_limits_is_not_copied(tmp_path: Path) -> None:
    source = write(tmp_path / "feed.json", users(10, 2))
    size = source.stat().st_size
    (part,) = split(tmp_path, source, Limits(size, 20))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert (part.path, part.bytes, part.sha256) == (source, size, digest)
    assert (part.records, part.users, part.property_values) == (10, 10, 20)
    assert not (tmp_path / "parts").exists()


def test_parts_are_about_equal(tmp_path: Path) -> None:
    parts = split(tmp_path, write(tmp_path / "feed.json", users(10)), Limits(values=9))
    assert [part.records for part in parts] == [6, 4]
    assert [part.path.name for part in parts] == ["hr-feed-1.json", "hr-feed-2.json"]
    parts = split(tmp_path, write(tmp_path / "feed.json", users(1_000)), Limits(values=300))
    assert [part.records for part in parts] == [251, 251, 251, 247]


def test_a_file_over_the_limit_of_bytes_is_split(tmp_path: Path) -> None:
    source = write(tmp_path / "feed.json", users(100))
    limits = Limits(bytes=source.stat().st_size - 1)
    parts = split(tmp_path, source, limits)
    assert len(parts) == 2
    assert all(part.bytes <= limits.bytes for part in parts)


def test_all_records_of_a_user_are_in_one_part(tmp_path: Path) -> None:
    records = [*users(6), {"IdName": "U0@contoso.com", "P0": "last"}, {"P0": "without"}, {"P0": "without"}]
    parts = split(tmp_path, write(tmp_path / "feed.json", records), Limits(values=4))
    assert records_in(parts[0])[-1] == records[6]
    assert [one for part in parts for one in records_in(part) if one != records[6]] == records[:6] + records[7:]
    assert [part.users for part in parts] == [3, 3, 0][: len(parts)]


def test_a_record_beyond_the_limits_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    source = write(tmp_path / "feed.json", [*users(3), {"IdName": "bea@contoso.com", "A": "x", "B": "x", "C": "x"}])
    with pytest.raises(UsageError, match="record 4 alone is over the service's limits"):
        split(tmp_path, source, Limits(values=2))
    assert not (tmp_path / "parts").exists()


def test_tolerated_syntax_and_encodings_keep_their_values(tmp_path: Path) -> None:
    source = tmp_path / "feed.json"
    one = b"{IdName:'ada@contoso.com',/* was Oslo */City:'Z\xc3\xbcrich',}"
    other = b'{"IdName":"bea@contoso.com","City":"a\nb"}'
    source.write_bytes(b'{"value":[' + one + b",\n// more\n" + other + b",]}")
    parts = split(tmp_path, source, Limits(values=1))
    assert [part.path.read_bytes() for part in parts] == [
        b'\xef\xbb\xbf{"value":[\n' + raw + b"\n]}\n" for raw in (one, other)
    ]
    for encoding in ("utf-16", "cp1252"):
        write(source, [{"IdName": "ada@contoso.com", "City": "Zürich"}, *users(1)], encoding)
        assert records_in(split(tmp_path, source, Limits(values=1))[0])[0]["City"] == "Zürich"


def test_a_file_that_changes_while_it_is_split_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "feed.json", users(4))

    def changing() -> Iterator[str]:
        for name in names():
            with source.open("ab") as stream:
                stream.write(b" ")
            yield name

    with pytest.raises(InputError, match="changed while it was read"):
        split_file(source, tmp_path / "parts", changing(), "IdName", Limits(values=2))


RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "IdName": st.sampled_from(
                ["ada@contoso.com", "ADA@contoso.com", "bea@contoso.com", "cas@contoso.com", None]
            ),
            "City": st.text(max_size=8),
            "Floor": st.one_of(st.none(), st.integers()),
        },
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RECORDS, st.integers(100, 400), st.integers(2, 12))
def test_every_record_is_in_exactly_one_part_within_the_limits(
    tmp_path: Path, records: Records, most_bytes: int, most_values: int
) -> None:
    for number, one in enumerate(records):
        one["Number"] = number
    source = write(tmp_path / "feed.json", records)
    raws = [record.raw for record in read_records(source)]
    limits = Limits(EMPTY_FILE + most_bytes, most_values)
    try:
        parts = split(tmp_path, source, limits)
    except UsageError:
        of_users: dict[str, list[int]] = {}
        for at, one in enumerate(records):
            of_users.setdefault(identity_key(one.get("IdName") or "") or str(at), []).append(at)
        assert any(
            sum(len(raws[at]) + 2 for at in places) - 2 > most_bytes
            or sum(len(records[at].keys() - {"IdName"}) for at in places) > most_values
            for places in of_users.values()
        )
        return
    found = [[record.raw for record in read_records(part.path)] for part in parts]
    assert sorted(raw for part in found for raw in part) == sorted(raws)
    of_parts: dict[str, int] = {}
    for number, (part, in_part) in enumerate(zip(parts, found, strict=True)):
        order = [raws.index(raw) for raw in in_part]
        assert order == sorted(order)
        content = part.path.read_bytes()
        assert (part.bytes, part.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert part.bytes <= limits.bytes or part.path == source
        values = [json.loads(raw) for raw in in_part]
        assert part.property_values == sum(len(one.keys() - {"IdName"}) for one in values) <= most_values
        keys = {identity_key(one.get("IdName") or "") for one in values} - {""}
        assert (part.records, part.users) == (len(in_part), len(keys))
        assert all(of_parts.setdefault(key, number) == number for key in keys)
