from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import RefusedError, UnreachableError
from analyzer.model.service import IdType
from analyzer.tenant.sharepoint.jobs import Import, queue_import

if TYPE_CHECKING:
    from tests.conftest import Given, LoopbackTenant, Seen

_JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
_TOLD = b'{"value": "%s"}' % _JOB.encode()
_EMPTY = b'{"value": "00000000-0000-0000-0000-000000000000"}'


def _import(loopback: LoopbackTenant) -> Import:
    return Import(f"{loopback.origin}/sites/hr/Shared Documents/feed.json", IdType.CloudId, "id", {"City": "City"})


def _queued(loopback: LoopbackTenant) -> list[Seen]:
    return [seen for seen in loopback.seen if seen.path.endswith("QueueImportProfileProperties")]


def test_an_import_is_queued_with_the_body_that_clients_send(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("QueueImport", given(body=_TOLD))
    assert (
        queue_import(loopback.session(), Import("https://x/a b.json", IdType.CloudId, "id", {"City": "City"})) == _JOB
    )
    assert _queued(loopback)[0].body == (
        b'{"idType": 1, "sourceDataIdProperty": "id", "propertyMap": {"City": "City"},'
        b' "sourceUri": "https://x/a b.json"}'
    )


@pytest.mark.parametrize("status", [400, 500])
def test_refused_properties_are_an_error_with_the_service_s_message(
    loopback: LoopbackTenant, given: type[Given], status: int
) -> None:
    body = b'{"error": {"message": {"value": "Property Names [AboutMe] are editable by user."}}}'
    loopback.fail("QueueImport", given(status, body))
    with pytest.raises(RefusedError, match=r"\[AboutMe\] are editable by user"):
        queue_import(loopback.session(), _import(loopback))
    assert len(_queued(loopback)) == 1


def test_a_tenant_that_asks_to_wait_is_not_asked_for_the_job_before(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("QueueImport", given(429, headers={"Retry-After": "70"}), given(body=_TOLD))
    assert queue_import(loopback.session(), _import(loopback)) == _JOB
    assert 70 <= sum(loopback.clock.waited) < 80


_DOUBTFUL = {
    "throttled": (429, b"", {"Retry-After": "30"}),
    "unavailable": (503, b"", {}),
    "failed": (502, b"<html>", {}),
    "no JSON": (200, b"<html>", {}),
    "cut off": (200, _TOLD, {"Content-Length": "99"}),
}


@pytest.mark.parametrize("kind", _DOUBTFUL)
def test_where_the_service_took_it_in_silence_it_is_not_queued_again(
    loopback: LoopbackTenant, given: type[Given], kind: str
) -> None:
    status, body, headers = _DOUBTFUL[kind]
    loopback.add_job(1)

    def fault(seen: Seen) -> Given | None:
        if not seen.path.endswith("QueueImportProfileProperties"):
            return None
        loopback.add_job(2, state=1, error=0)
        return given(status, body, headers)

    loopback.faults = fault
    assert queue_import(loopback.session(), _import(loopback))[:8] == "00000002"
    assert len(_queued(loopback)) == 1


@pytest.mark.parametrize("kind", _DOUBTFUL)
def test_where_the_service_did_not_take_it_it_is_queued_once_more(
    loopback: LoopbackTenant, given: type[Given], kind: str
) -> None:
    status, body, headers = _DOUBTFUL[kind]
    loopback.add_job(1)
    loopback.fail("QueueImport", given(status, body, headers), given(body=_TOLD))
    assert queue_import(loopback.session(), _import(loopback)) == _JOB
    assert len(_queued(loopback)) == 2


def test_a_queue_that_never_answers_is_given_up_after_a_last_look(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("QueueImport", given(502))
    with pytest.raises(UnreachableError, match="answered 502"):
        queue_import(loopback.session(), _import(loopback))
    assert loopback.seen[-1].path.endswith("GetImportProfilePropertyJobs")
    assert len(_queued(loopback)) == 5


def test_a_missing_job_id_is_no_reason_to_queue_again(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("QueueImport", given(body=_EMPTY))
    with pytest.raises(UnreachableError, match="lists 0 new jobs of that file"):
        queue_import(loopback.session(), _import(loopback))
    assert len(_queued(loopback)) == 1


def test_a_job_is_known_by_its_source_file_however_that_is_spelled(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    def fault(seen: Seen) -> Given | None:
        if not seen.path.endswith("QueueImportProfileProperties"):
            return None
        uri = json.loads(seen.body)["sourceUri"].replace(" ", "%20").replace("feed", "FEED")
        loopback.add_job(7, state=1, error=0, SourceUri=uri)
        return given(body=_EMPTY)

    loopback.faults = fault
    assert queue_import(loopback.session(), _import(loopback))[:8] == "00000007"


def test_a_list_that_is_refused_after_a_doubt_does_not_say_that_there_is_no_job(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    def fault(seen: Seen) -> Given | None:
        if seen.path.endswith("QueueImportProfileProperties"):
            return given(502, b"<html>")
        return given(403) if _queued(loopback) else None

    loopback.faults = fault
    with pytest.raises(UnreachableError, match="it is unknown whether"):
        queue_import(loopback.session(), _import(loopback))


def test_a_refusal_after_a_doubt_does_not_say_that_there_is_no_job(
    loopback: LoopbackTenant, given: type[Given]
) -> None:
    loopback.fail("QueueImport", given(502), given(400, b'{"error": {"message": {"value": "There is one."}}}'))
    with pytest.raises(UnreachableError, match=r"it is unknown whether .* There is one"):
        queue_import(loopback.session(), _import(loopback))


def test_a_status_that_does_not_pass_is_not_tried_again(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("QueueImport", given(404))
    with pytest.raises(RefusedError, match="answered 404"):
        queue_import(loopback.session(), _import(loopback))
    assert len(_queued(loopback)) == 1
