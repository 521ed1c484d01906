"""Retry files within the service's limits: several where one would be too large, each valid alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import OutputError, UsageError
from analyzer.retry.manifest import verify
from analyzer.retry.model import RetryOptions
from analyzer.retry.summary import sentence
from analyzer.retry.writing.parts import HEAD, TAIL
from analyzer.retry.writing.write import write_retry
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, EVE, files, manifest_of, partial, request, write_source

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.retry.model import RetryFiles, RetryRequest

no_deadline = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def split(wanted: RetryRequest, **limits: int) -> RetryFiles:
    retry = write_retry(dataclasses.replace(wanted, options=RetryOptions(**limits)))  # type: ignore[arg-type]
    assert retry is not None
    return retry


def values(path: Path) -> list[dict[str, object]]:
    content = json.loads(path.read_text("utf-8-sig"))
    assert content.keys() == {"value"}
    return list(content["value"])


def record(number: int, properties: int, length: int) -> str:
    return json.dumps({"IdName": f"u{number}@contoso.com"} | {f"P{one}": "x" * length for one in range(properties)})


SIZES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=12)


@no_deadline
@given(SIZES, st.integers(0, 300), st.integers(0, 9))
def test_parts_stay_within_the_limits_and_are_together_the_whole(
    tmp_path: Path, sizes: list[tuple[int, int]], more_bytes: int, more_properties: int
) -> None:
    records = [record(number, *size) for number, size in enumerate(sizes)]
    wanted = request(write_source(tmp_path, *records), ALL_RECORDS)
    whole = split(wanted)
    expected = values(whole.path)
    longest = max(map(len, records)) + len(HEAD) + len(TAIL) + more_bytes
    most = max(1, *(size[0] for size in sizes), more_properties) if len(sizes) > 1 else max(1, sizes[0][0])
    retry = split(wanted, max_bytes=longest, max_properties=most)
    number = len(retry.paths)
    assert [path.name for path in retry.paths] == (
        ["hr-feed-retry.json"]
        if number == 1
        else [f"hr-feed-retry-{part}-of-{number}.json" for part in range(1, number + 1)]
    )
    parts = [values(path) for path in retry.paths]
    assert [one for part in parts for one in part] == expected
    for path, part in zip(retry.paths, parts, strict=True):
        assert part
        assert path.stat().st_size <= longest
        assert sum(len(one) - 1 for one in part) <= most
    # No file is begun while the record still fits the one before.
    for (path, part), following in zip(zip(retry.paths, parts, strict=True), parts[1:], strict=False):
        first = json.dumps(following[0])
        full = path.stat().st_size + len(",\n") + len(first) > longest
        assert full or sum(len(one) - 1 for one in [*part, following[0]]) > most
    described = manifest_of(wanted.target)["files"]
    assert described == [
        {
            "name": path.name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "records": len(part),
            "property_values": sum(len(one) - 1 for one in part),
        }
        for path, part in zip(retry.paths, parts, strict=True)
    ]
    assert verify(retry.paths[-1]).differences == ()
    for path in wanted.target.parent.iterdir():
        path.unlink()


def test_a_single_file_keeps_its_name_and_several_are_to_be_queued_one_after_the_other(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, BOB, EVE), ALL_RECORDS)
    assert [path.name for path in split(wanted, max_properties=3).paths] == ["hr-feed-retry.json"]
    retry = split(wanted, max_properties=1)
    assert [path.name for path in retry.paths] == [f"hr-feed-retry-{number}-of-3.json" for number in (1, 2, 3)]
    assert "In 3 files, to be queued one after the other." in sentence(ALL_RECORDS, retry, wanted.id_property)


def test_ids_do_not_count_but_a_record_without_one_counts_all_its_values(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, '{"City":"Oslo","Floor":"1"}'), ALL_RECORDS)
    retry = split(wanted, max_properties=2)
    assert (len(retry.paths), retry.property_values) == (2, 3)


@pytest.mark.parametrize("second", [False, True], ids=["the first record", "a further record"])
def test_a_record_beyond_the_limit_by_itself_is_an_error_and_nothing_is_written(tmp_path: Path, second: bool) -> None:
    large = record(7, 3, 200)
    records = (BOB, large) if second else (large, BOB)
    wanted = request(write_source(tmp_path, *records), ALL_RECORDS)
    place = 2 if second else 1
    length = len(large) + len(HEAD) + len(TAIL)
    with pytest.raises(UsageError, match=f"record {place} alone makes a file of {length:,} bytes, more than 650"):
        split(wanted, max_bytes=650)
    with pytest.raises(UsageError, match=f"record {place} alone has 3 values, more than 2") as refused:
        split(wanted, max_properties=2)
    assert "--max-properties" in refused.value.advice
    with pytest.raises(UsageError, match="alone makes a file"):
        split(wanted, max_bytes=length - 1)
    assert files(wanted.target.parent) == {}
    assert len(split(wanted, max_bytes=length).paths) == 2


def test_a_part_never_goes_onto_the_source(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA, BOB, name="x-1-of-2.json")
    wanted = dataclasses.replace(request(source, ALL_RECORDS), target=tmp_path / "x.json")
    before = files(tmp_path)
    with pytest.raises(OutputError, match=r"x-1-of-2\.json is the source file itself"):
        split(wanted, max_properties=1)
    assert files(tmp_path) == before


def test_a_part_of_some_users_is_valid_too(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, BOB, EVE), partial("ada@contoso.com", "eve@contoso.com"))
    assert [values(path) for path in split(wanted, max_properties=1).paths] == [[json.loads(ADA)], [json.loads(EVE)]]
