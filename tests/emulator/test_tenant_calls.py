"""The bodies of the job calls: the spellings that clients send, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.emulator import start
from analyzer.model.service import EMPTY_GUID, TENANT_API
from tests.emulator.client import JOB_ID, Client, StandingClock, error_of, job, write_library

if TYPE_CHECKING:
    from pathlib import Path

QUEUE = "QueueImportProfileProperties"
VERBOSE = {"Accept": "application/json;odata=verbose"}


@pytest.mark.parametrize(
    "property_map",
    [
        {"City": "City"},
        [{"Key": "City", "Value": "City"}],
        {"results": [{"Key": "City", "Value": "City", "ValueType": "Edm.String"}]},
        {},
    ],
    ids=["object", "key and value", "verbose", "empty"],
)
def test_a_property_map_may_be_written_in_each_way_that_is_seen(client: Client, property_map: object) -> None:
    assert client.queue(propertyMap=property_map) == client.jobs()[-1]["JobId"]


@pytest.mark.parametrize(
    ("differences", "parameter"),
    [
        ({"idType": 3}, "idType"),
        ({"idType": -1}, "idType"),
        ({"idType": True}, "idType"),
        ({"idType": "Email"}, "idType"),
        ({"idType": None}, "idType"),
        ({"sourceUri": None}, "sourceUri"),
        ({"sourceUri": " "}, "sourceUri"),
        ({"sourceUri": ["a"]}, "sourceUri"),
        ({"sourceDataIdProperty": ""}, "sourceDataIdProperty"),
        ({"propertyMap": None}, "propertyMap"),
        ({"propertyMap": "City"}, "propertyMap"),
        ({"propertyMap": {"City": 1}}, "propertyMap"),
        ({"propertyMap": [{"Key": "City"}]}, "propertyMap"),
        ({"propertyMap": [{"Key": ["City"], "Value": "City"}]}, "propertyMap"),
        ({"propertyMap": ["City"]}, "propertyMap"),
    ],
)
def test_a_parameter_that_is_wrong_is_named_and_queues_nothing(
    shared_client: Client, differences: dict[str, object], parameter: str
) -> None:
    status, message = error_of(shared_client.job_call(QUEUE, shared_client.import_of("hr.json") | differences))
    assert status == 400
    assert f"The parameter {parameter} " in message
    assert [listed["JobId"] for listed in shared_client.jobs()] == [JOB_ID]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"jobId": NaN', b"[" * 100_000, b'{"a": "' + b"x" * (3 << 20) + b'"}'],
    ids=["none", "cut", "list", "null", "no UTF-8", "no JSON", "deep", "long"],
)
@pytest.mark.parametrize("call", [QUEUE, "GetImportProfilePropertyJob", "DeleteImportProfilePropertiesJob"])
def test_a_body_that_is_no_json_object_is_a_bad_request(shared_client: Client, call: str, body: bytes) -> None:
    assert error_of(shared_client.send("POST", TENANT_API + call, body=body))[0] == 400


@pytest.mark.parametrize("job_id", ["", "x", 5, None, {}, "5f05e38c"])
def test_a_job_id_that_is_no_guid_is_a_bad_request(shared_client: Client, job_id: object) -> None:
    assert error_of(shared_client.job_call("GetImportProfilePropertyJob", {"jobId": job_id}))[0] == 400


def test_the_empty_guid_is_nobodys(shared_client: Client) -> None:
    assert shared_client.job_call("DeleteImportProfilePropertiesJob", {"jobId": EMPTY_GUID}).json()["value"] is False


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_calls_are_post_alone(shared_client: Client, verb: str) -> None:
    status, message = error_of(shared_client.send(verb, f"{TENANT_API}GetImportProfilePropertyJobs"))
    assert (status, verb in message) == (405, True)


def test_the_calls_answer_on_a_site_and_in_any_casing(shared_client: Client) -> None:
    address = f"/sites/hr{TENANT_API.lower()}getimportprofilepropertyJOBS"
    assert len(shared_client.send("POST", address).json()["value"]) == 1


def test_the_verbose_shape_names_the_function(client: Client) -> None:
    listed = client.job_call("GetImportProfilePropertyJobs", headers=VERBOSE).json()
    assert [one["JobId"] for one in listed["d"]["GetImportProfilePropertyJobs"]["results"]] == [JOB_ID]
    assert client.job_call("GetImportProfilePropertyJob", {"jobId": JOB_ID}, headers=VERBOSE).json()["d"]["State"] == 5
    queued = client.job_call(QUEUE, client.import_of("hr.json"), headers=VERBOSE).json()
    assert queued["d"][QUEUE] == client.jobs()[-1]["JobId"]


def test_a_property_that_cannot_be_imported_is_refused_in_the_services_words(tmp_path: Path) -> None:
    library = write_library(tmp_path / "library", job())
    properties = [{"name": "City"}, {"name": "AboutMe", "editable": True}]
    (library / "emulator.json").write_text(json.dumps({"properties": properties}), encoding="utf-8")
    with start(library, clock=StandingClock()) as running, Client(running) as client:
        wanted = client.import_of("hr.json") | {"propertyMap": {"City": "City", "About": "AboutMe"}}
        assert error_of(client.job_call(QUEUE, wanted)) == (400, "Property Names [AboutMe] are editable by user.")
        assert len(client.jobs()) == 1


def test_each_answer_has_an_id_that_support_finds_it_by(client: Client) -> None:
    told = [client.send("POST", f"{TENANT_API}GetImportProfilePropertyJobs", body=b"").headers for _ in range(2)]
    assert all(headers["SPRequestGuid"] == headers["request-id"] for headers in told)
    assert len({headers["SPRequestGuid"] for headers in told}) == 2
