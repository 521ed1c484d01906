import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.emulator.importing import (
    ImportRequest,
    ImportResult,
    Validated,
    refused,
    run_import,
    service_failed,
    validate,
    write,
)
from analyzer.emulator.profiles import ProfileStore, Property, User
from analyzer.model.service import IdType, JobError

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
PROPERTIES = [Property("City"), Property("OfficeCode", max_length=5), Property("Birthday", type="date")]
PROPERTY_MAP = {"City": "City", "Office": "OfficeCode", "Born": "birthday"}


def ask(id_type: IdType = IdType.Email) -> ImportRequest:
    return ImportRequest(JOB, id_type, "IdName", PROPERTY_MAP, "https://contoso.sharepoint.com/sites/hr/x/a.json")


def tenant(*names: str) -> ProfileStore:
    return ProfileStore([user(name) for name in names or ("ada", "bo")], PROPERTIES)


def user(name: str) -> User:
    guid = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return User(f"{name}@contoso.com", guid, f"{name}.x@contoso.com")


def source(*records: Mapping[str, object]) -> bytes:
    return json.dumps({"value": records}).encode()


def values(store: ProfileStore, name: str) -> dict[str, str]:
    found = store.user(IdType.Email, f"{name}@contoso.com")
    assert found is not None
    return found.values


def lines(result: ImportResult) -> list[str]:
    assert result.log is not None
    text = result.log.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return text.removesuffix("\r\n").split("\r\n")


def test_everybody_is_written_and_no_log_is_left() -> None:
    store = tenant()
    result = run_import(
        ask(),
        source(
            {"IdName": "ada@contoso.com", "City": "Espoo", "Office": "E1"}, {"IdName": "BO@contoso.com", "City": ""}
        ),
        store,
    )
    assert result == ImportResult(JobError.NoError, "", None, 2)
    assert values(store, "ada") == {"City": "Espoo", "OfficeCode": "E1"}
    assert values(store, "bo") == {"City": ""}


def test_an_import_reads_from_disk_as_from_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(source({"IdName": "ada@contoso.com", "City": "Espoo"}))
    store = tenant()
    assert run_import(ask(), path, store).updated == 1
    assert values(store, "ada") == {"City": "Espoo"}


def test_null_leaves_a_value_alone_and_an_empty_date_becomes_the_first_of_january() -> None:
    store = tenant()
    values(store, "ada").update({"City": "Turku", "Birthday": "3/4/1990"})
    run_import(ask(), source({"IdName": "ada@contoso.com", "City": None, "Office": "", "Born": ""}), store)
    assert values(store, "ada") == {"City": "Turku", "OfficeCode": "", "Birthday": "01/01/0001 00:00:00"}


def test_numbers_and_truth_values_are_written_as_text() -> None:
    store = tenant()
    run_import(ask(), source({"IdName": "ada@contoso.com", "City": 1.50, "Office": True}), store)
    assert values(store, "ada") == {"City": "1.5", "OfficeCode": "True"}


def test_a_number_can_be_an_id() -> None:
    result = run_import(ask(), source({"IdName": 4711, "City": "x"}), tenant())
    assert lines(result) == ["IdentityNotResolvable\t4711\tUser identity cannot be resolved"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_source_that_is_not_there_ends_the_job_without_a_log(tmp_path: Path, gone: bool) -> None:
    result = run_import(ask(), None if gone else tmp_path / "gone.json", tenant())
    assert (result.error, result.log, result.updated) == (JobError.DataFileNotExist, None, 0)
    assert result.error_message


def test_no_json_leaves_one_entry_with_path_and_position() -> None:
    result = run_import(ask(), rb'{"value":[{"IdName":"ada@contoso.com","City":"R\V"}]}', tenant())
    assert result.error is JobError.InvalidDataFile
    problem = r"Bad JSON escape sequence: \V. Path 'value[0].City', line 1, position 49."
    assert lines(result) == [f"DataFileNotJson\t\t{problem}"]


def test_no_json_leaves_that_entry_alone_even_behind_unmapped_properties() -> None:
    result = run_import(ask(), b'{"value":[{"IdName":"ada@contoso.com","Floor":"3"},', tenant())
    assert [line.split("\t")[0] for line in lines(result)] == ["DataFileNotJson"]


def test_one_unmapped_property_aborts_for_everybody_and_each_is_named_in_order() -> None:
    store = tenant("ada", "bo", "cy")
    result = run_import(
        ask(),
        source(
            {"IdName": "ada@contoso.com", "City": "Espoo", "Floor": "3", "Desk": None},
            {"IdName": "bo@contoso.com", "City": "Turku"},
            {"IdName": "nobody@contoso.com", "city": "Oulu"},
        ),
        store,
    )
    assert (result.error, result.updated) == (JobError.InvalidDataFile, 0)
    words = "is not mapped to any property in the user profile application."
    assert lines(result) == [
        f"InvalidProperty\tada@contoso.com\tProperty 'Floor' {words}",
        f"InvalidProperty\tada@contoso.com\tProperty 'Desk' {words}",
        f"InvalidProperty\tnobody@contoso.com\tProperty 'city' {words}",
    ]
    assert [values(store, name) for name in ("ada", "bo", "cy")] == [{}, {}, {}]


@pytest.mark.parametrize("record", [{"City": "x"}, {"IdName": None}, {"idName": "ada@contoso.com"}])
def test_a_record_without_an_id_aborts_for_everybody(record: dict[str, object]) -> None:
    store = tenant()
    result = run_import(ask(), source({"IdName": "bo@contoso.com", "City": "Turku"}, record), store)
    assert (result.error, result.updated) == (JobError.InvalidDataFile, 0)
    assert lines(result) == ["MissingIdentity\t\tThe identity is missing for the user object"]
    assert values(store, "bo") == {}


def test_an_empty_id_is_nobodys_and_the_others_are_written() -> None:
    store = tenant()
    result = run_import(ask(), source({"IdName": "bo@contoso.com", "City": "Turku"}, {"IdName": ""}), store)
    assert (result.error, result.updated) == (JobError.ImportCompleteWithError, 1)
    assert lines(result) == ["IdentityNotResolvable\t\tUser identity cannot be resolved"]


def test_an_id_that_would_break_its_line_does_not() -> None:
    result = run_import(ask(), source({"IdName": "a\tb\r\nc@contoso.com"}), tenant())
    assert lines(result) == ["IdentityNotResolvable\ta b  c@contoso.com\tUser identity cannot be resolved"]


def test_an_unknown_user_is_named_as_written_and_the_others_are_written() -> None:
    store = tenant()
    unknown = "i:0#.f|membership|O'Brien+x@Contoso.com"
    result = run_import(
        ask(), source({"IdName": unknown, "City": "x"}, {"IdName": "ada@contoso.com", "City": "Espoo"}), store
    )
    assert (result.error, result.updated) == (JobError.ImportCompleteWithError, 1)
    assert lines(result) == [f"IdentityNotResolvable\t{unknown}\tUser identity cannot be resolved"]
    assert values(store, "ada") == {"City": "Espoo"}


def test_an_unknown_user_is_named_as_often_as_the_file_has_it() -> None:
    result = run_import(ask(), source({"IdName": "x@contoso.com"}, {"IdName": "X@contoso.com"}), tenant())
    assert [line.split("\t")[1] for line in lines(result)] == ["x@contoso.com", "X@contoso.com"]


@pytest.mark.parametrize("again", ["ada@contoso.com", "ADA@contoso.com", "i:0#.f|membership|ada@contoso.com"])
def test_a_user_who_stands_there_twice_is_not_written_and_fails_once(again: str) -> None:
    store = tenant()
    result = run_import(
        ask(),
        source(
            {"IdName": "ada@contoso.com", "City": "a"},
            {"IdName": "bo@contoso.com", "City": "b"},
            {"IdName": again, "City": "c"},
            {"IdName": again, "City": "d"},
        ),
        store,
    )
    assert (result.error, result.updated) == (JobError.ImportCompleteWithError, 1)
    first, *trace = lines(result)
    assert re.fullmatch(
        r"GenericError\t[0-9a-f-]{36}\tSystem\.Data\.SqlClient\.SqlException .*RecordId \[\d{7}\]", first
    )
    assert trace[0].startswith("   at System.Data.")
    assert not [line for line in trace if line.startswith("GenericError")]
    assert (values(store, "ada"), values(store, "bo")) == ({}, {"City": "b"})


@pytest.mark.parametrize("id_type", IdType)
def test_the_guid_of_a_duplicate_is_no_user_s_whatever_the_ids_are(id_type: IdType) -> None:
    store = tenant()
    identity = user("ada").identity(id_type)
    result = run_import(ask(id_type), source({"IdName": identity}, {"IdName": identity}), store)
    guid = lines(result)[0].split("\t")[1]
    assert str(uuid.UUID(guid)) == guid
    assert store.user(IdType.CloudId, guid) is None


@pytest.mark.parametrize("id_type", IdType)
def test_the_guid_of_a_value_that_is_too_long_is_the_user_s_only_where_ids_are_guids(id_type: IdType) -> None:
    ada = user("ada")
    result = run_import(ask(id_type), source({"IdName": ada.identity(id_type), "Office": "123456"}), tenant())
    assert (lines(result)[0].split("\t")[1] == ada.object_id) is (id_type is IdType.CloudId)


def test_null_records_are_passed_over_and_the_others_are_written() -> None:
    store = tenant()
    text = b'{"value":[null,{"IdName":"ada@contoso.com","City":"Oslo"},null,{"IdName":"eve@contoso.com"}]}'
    result = run_import(ask(), text, store)
    assert (result.error, result.updated) == (JobError.ImportCompleteWithError, 1)
    assert lines(result) == ["IdentityNotResolvable\teve@contoso.com\tUser identity cannot be resolved"]
    assert values(store, "ada") == {"City": "Oslo"}


def test_the_same_import_leaves_the_same_log() -> None:
    twice = source({"IdName": "ada@contoso.com"}, {"IdName": "ada@contoso.com"})
    assert run_import(ask(), twice, tenant()).log == run_import(ask(), twice, tenant()).log


@pytest.mark.parametrize(("value", "fits"), [("12345", True), ("123456", False), ("123😀", True), ("1234😀", False)])
def test_a_value_must_fit_its_property_in_utf_16(value: str, fits: bool) -> None:
    store = tenant()
    result = run_import(ask(), source({"IdName": "ada@contoso.com", "City": "Espoo", "Office": value}), store)
    assert (result.log is None) is fits
    assert values(store, "ada") == ({"City": "Espoo", "OfficeCode": value} if fits else {})


def test_a_value_that_does_not_fit_is_told_with_its_property() -> None:
    result = run_import(ask(), source({"IdName": "ada@contoso.com", "Office": "123456"}), tenant())
    assert result.error is JobError.ImportCompleteWithError
    first, *trace = lines(result)
    assert first.endswith(
        "\tSystem.ArgumentException: Property 'OfficeCode' takes at most 5 characters; the value has 6."
    )
    assert trace
    assert all(line.startswith("   at ") for line in trace)


@pytest.mark.parametrize(
    ("properties", "error"), [(500_000, JobError.InvalidDataFile), (500_001, JobError.DataFileTooBig)]
)
def test_more_than_half_a_million_values_are_too_many_and_ids_do_not_count(properties: int, error: JobError) -> None:
    # In two records, so that no record alone is too large.
    half = {str(number): "" for number in range(properties // 2)}
    rest = {str(number): "" for number in range(properties - len(half))}
    store = tenant()
    result = run_import(ask(), source({"IdName": "ada@contoso.com"} | half, {"IdName": "bo@contoso.com"} | rest), store)
    assert result.error is error
    assert (result.log is None) is (error is JobError.DataFileTooBig)
    assert result.updated == 0


def test_a_file_without_records_succeeds() -> None:
    assert run_import(ask(), b'{"value":[]}', tenant()) == ImportResult(JobError.NoError, "", None, 0)


def test_validation_touches_nobody_and_writing_needs_the_file_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(source({"IdName": "ada@contoso.com", "City": "Espoo"}, {"IdName": "cy@contoso.com", "City": "x"}))
    store = tenant()
    validated = validate(path, ask())
    assert isinstance(validated, Validated)
    path.unlink()
    assert values(store, "ada") == {}
    store.add_user(user("cy"))
    assert write(validated, store) == ImportResult(JobError.NoError, "", None, 2)
    assert values(store, "cy") == {"City": "x"}


def test_a_property_that_went_meanwhile_is_left_out_in_silence() -> None:
    store = ProfileStore([user("ada")], [Property("City")])
    result = run_import(ask(), source({"IdName": "ada@contoso.com", "City": "a", "Office": "123456"}), store)
    assert result.error is JobError.NoError
    assert values(store, "ada") == {"City": "a"}


@pytest.mark.parametrize("error", JobError)
def test_a_refusal_says_something_and_leaves_no_log(error: JobError) -> None:
    assert refused(error, "words") == ImportResult(error, "words", None, 0)
    assert bool(refused(error).error_message) is (error is not JobError.NoError)


def test_a_failure_of_the_service_is_told_as_it_was_seen() -> None:
    result = service_failed()
    assert result.error is JobError.InternalError
    assert result.error_message == "Failed to import the custom properties due to an unexpected error."
    assert result.log is None


NAMES = ["ada", "bo", "cy", "dee"]


@given(st.lists(st.tuples(st.sampled_from([*NAMES, "eve"]), st.sampled_from(["x", "y", "too long"])), max_size=8))
def test_everybody_in_the_file_is_either_written_or_in_the_log(rows: Sequence[tuple[str, str]]) -> None:
    store = tenant(*NAMES)
    records = [{"IdName": f"{name}@contoso.com", "Office": value} for name, value in rows]
    result = run_import(ask(), source(*records), store)
    listed = [name for name, _ in rows]
    good = {name for name, value in rows if listed.count(name) == 1 and name != "eve" and value != "too long"}
    assert {name for name in NAMES if values(store, name)} == good
    assert result.updated == len(good)
    entries = [] if result.log is None else [line for line in lines(result) if "\t" in line]
    assert len(entries) == len(set(listed) - good - {"eve"}) + listed.count("eve")
    assert (result.error is JobError.NoError) is (not entries)


def test_a_deadlock_fails_a_user_as_often_as_it_is_said_to_and_writes_nothing() -> None:
    store = tenant()
    found = store.user(IdType.Email, "ada@contoso.com")
    assert found is not None
    found.deadlocks = 1
    content = source({"IdName": "ada@contoso.com", "City": "Espoo"}, {"IdName": "bo@contoso.com", "City": "Oslo"})
    first = run_import(ask(), content, store)
    assert (first.error, first.updated, values(store, "ada")) == (JobError.ImportCompleteWithError, 1, {})
    assert any("deadlock victim" in line for line in lines(first))
    assert run_import(ask(), content, store).updated == 2
