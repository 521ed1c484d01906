"""A property that is to be left out goes from each record, and nothing else does."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError, UsageError
from analyzer.retry.make import make_retry
from analyzer.retry.model import RetryOptions
from analyzer.retry.writing.write import write_retry
from tests.analysis.frames import entry, named
from tests.retry.small_source import ADA, ALL_RECORDS, BOB, JOB, files, partial, request, write_source
from tests.retry.test_make import inputs
from tests.source.spellings import FLAT, RANDOM, Pairs, Pen, loaded, spelled

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from analyzer.retry.model import RetryFiles, RetryRequest


def without(wanted: RetryRequest, *names: str) -> RetryFiles:
    retry = write_retry(dataclasses.replace(wanted, options=RetryOptions(drop_properties=names)))
    assert retry is not None
    return retry


def test_only_that_property_goes_and_every_other_byte_stays(tmp_path: Path) -> None:
    odd = r'{ "IdName": "z@contoso.com", "Fl\u006for" : {"City":[1, 2]} , "City":1.50, "Floors":"Floor"}'
    retry = without(request(write_source(tmp_path, ADA, odd), ALL_RECORDS), "Floor")
    rest = '{ "IdName": "z@contoso.com",   "City":1.50, "Floors":"Floor"}'
    assert retry.path.read_bytes() == b'\xef\xbb\xbf{"value":[\n' + f"{ADA},\n{rest}".encode() + b"\n]}\n"
    assert retry.property_values == 3


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FLAT, min_size=1, max_size=5), RANDOM, st.sampled_from(["City", "Größe", "true", "名"]))
def test_of_any_records_the_property_goes_in_every_spelling(
    tmp_path: Path, models: list[Pairs], random: Random, name: str
) -> None:
    records = [
        Pairs((("IdName", f"user{number}@contoso.com"), *(one for one in model.members if one[0] != "IdName")))
        for number, model in enumerate(models)
    ]
    wanted = request(write_source(tmp_path, *(spelled(Pen(random), one)[0].decode() for one in records)), ALL_RECORDS)
    if not any(name in dict(one.members) for one in records):
        with pytest.raises(UsageError, match="has a property"):
            without(wanted, name)
        return
    retry = without(wanted, name)
    value = dict(loaded(retry.path.read_bytes()[3:]).members)["value"]  # type: ignore[union-attr]
    expected = [Pairs(tuple(pair for pair in one.members if pair[0] != name)) for one in records]
    assert value == expected


def test_a_property_that_no_record_has_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    wanted = request(write_source(tmp_path, ADA, BOB), ALL_RECORDS)
    with pytest.raises(UsageError, match="no record that is to be retried has a property 'Citty'") as refused:
        without(wanted, "Citty")
    assert refused.value.advice == "Did you mean City?"
    with pytest.raises(UsageError) as refused:
        without(wanted, "City", "Xyz")
    assert refused.value.advice == "Write it as the source file does."
    assert files(wanted.target.parent) == {}


@pytest.mark.parametrize("id_property", ["", "IdName"], ids=["inferred", "given"])
def test_the_id_property_is_never_dropped(tmp_path: Path, id_property: str) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "bob@contoso.com"))
    asked = inputs(write_source(tmp_path, ADA, BOB), entries, id_property=id_property)
    asked = dataclasses.replace(asked, options=RetryOptions(drop_properties=("IdName",)))
    with pytest.raises(UsageError, match="IdName is the ID property, and can't be dropped"):
        make_retry(asked, tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


def test_the_sentence_names_dropped_properties(tmp_path: Path) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "bob@contoso.com"))
    asked = dataclasses.replace(
        inputs(write_source(tmp_path, ADA, BOB), entries), options=RetryOptions(drop_properties=("City",))
    )
    made = make_retry(asked, tmp_path / "x.json")
    assert "Without City." in made.sentence
    assert json.loads((tmp_path / "x.json").read_text("utf-8-sig"))["value"] == [{"IdName": "bob@contoso.com"}]


def test_where_no_user_is_found_the_error_is_about_that_and_not_the_property(tmp_path: Path) -> None:
    entries = named(entry(JOB, "IdentityNotResolvable", "nobody@contoso.com"))
    asked = inputs(write_source(tmp_path, ADA, BOB), entries, id_property="IdName")
    with pytest.raises(InputError, match="no record has one of the log's IDs"):
        make_retry(dataclasses.replace(asked, options=RetryOptions(drop_properties=("City",))), tmp_path / "x.json")


def test_a_property_of_others_records_only_is_unknown(tmp_path: Path) -> None:
    source = write_source(tmp_path, ADA, '{"IdName":"bob@contoso.com","Floor":"1"}')
    with pytest.raises(UsageError, match="'Floor'"):
        without(request(source, partial("ada@contoso.com")), "Floor")
