"""The proxy that spoils answers, seen by a plain client."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests

from tests.fault_injection.faults import Fault, Plan
from tests.fault_injection.quota import Quota
from tests.fault_injection.record import CROSSED, Waits
from tests.fault_injection.tenant import ORIGIN

if TYPE_CHECKING:
    from tests.fault_injection.library import Made
    from tests.fault_injection.tenant import FaultyTenant

_TIMEOUT = 20


def _path(made: Made) -> str:
    return max(path for path in made.truth if path.startswith("/sites/hr/") and path.endswith(".log"))


def _get(tenant: FaultyTenant, made: Made, **headers: str) -> requests.Response:
    path = quote(_path(made).replace("'", "''"), safe="")
    url = f"{ORIGIN}/sites/hr/_api/web/getFileByServerRelativePath(decodedUrl='{path}')/$value"
    token = {"Authorization": f"Bearer {tenant.ready['token']}"}
    return requests.get(url, headers=token | headers, verify=str(tenant.home / "ca.pem"), timeout=_TIMEOUT)


def _met(tenant: FaultyTenant, made: Made, fault: Fault) -> requests.Response:
    tenant.proxy.plan = Plan(1, 1.0, [fault])
    return _get(tenant, made)


def test_what_no_fault_meets_comes_as_it_is(tenant: FaultyTenant, made: Made) -> None:
    content = (made.root / _path(made)[1:]).read_bytes()
    assert _get(tenant, made).content == content
    assert _get(tenant, made, Range="bytes=3-").content == content[3:]
    assert [(seen.path, seen.range, seen.sent) for seen in tenant.proxy.seen] == [
        (_path(made), "", len(content)),
        (_path(made), "bytes=3-", len(content) - 3),
    ]


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (Fault.THROTTLED_SECONDS, 429, "0"),
        (Fault.THROTTLED_BARE, 429, None),
        (Fault.BUSY_SECONDS, 503, "0"),
        (Fault.BUSY_BARE, 503, None),
        (Fault.FAILED, 500, None),
        (Fault.BAD_GATEWAY, 502, None),
        (Fault.TIMED_OUT, 504, None),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
def test_a_status_comes_in_the_place_of_the_answer(
    tenant: FaultyTenant, made: Made, fault: Fault, status: int, told: str | None
) -> None:
    answer = _met(tenant, made, fault)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, told)


@pytest.mark.parametrize("fault", [Fault.THROTTLED_DATE, Fault.BUSY_DATE])
def test_a_wait_may_be_a_date(tenant: FaultyTenant, made: Made, fault: Fault) -> None:
    assert _met(tenant, made, fault).headers["Retry-After"].endswith(" GMT")


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_WITHIN, Fault.CUT_OFF, Fault.TOO_LONG])
def test_an_answer_breaks_off(tenant: FaultyTenant, made: Made, fault: Fault) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _met(tenant, made, fault)


@pytest.mark.parametrize("fault", [Fault.TOO_SHORT, Fault.TRUNCATED])
def test_an_answer_is_short_and_does_not_say_so(tenant: FaultyTenant, made: Made, fault: Fault) -> None:
    content = (made.root / _path(made)[1:]).read_bytes()
    answer = _met(tenant, made, fault)
    assert answer.status_code == 200
    assert content.startswith(answer.content)
    assert 0 < len(answer.content) < len(content)


def test_a_page_comes_with_status_200(tenant: FaultyTenant, made: Made) -> None:
    answer = _met(tenant, made, Fault.HTML)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


def test_a_slow_body_comes_whole(tenant: FaultyTenant, made: Made) -> None:
    assert _met(tenant, made, Fault.SLOW).content == (made.root / _path(made)[1:]).read_bytes()


def test_a_token_that_has_ended_stays_refused(tenant: FaultyTenant, made: Made) -> None:
    assert _met(tenant, made, Fault.TOKEN_ENDED).status_code == 401
    tenant.proxy.plan = Plan(1, 0.0)
    assert _get(tenant, made).json() == {"error_description": "Invalid JWT token. The token is expired."}


def test_a_limit_is_told_before_it_is_reached_and_kept() -> None:
    quota = Quota(10, 3.0)
    listing, file = "getFolderByServerRelativePath()/Files", "getFileByServerRelativePath()/$value"
    assert all(quota.takes(listing, 100.0) for _ in range(3))
    assert quota.headers(100.0) == {}
    assert quota.takes(listing, 100.5)
    assert quota.headers(100.5) == {"RateLimit_Limit": "10", "RateLimit_Remaining": "2", "RateLimit_Reset": "3"}
    assert quota.takes(file, 101.0)
    assert (quota.takes(listing, 101.5), quota.refused) == (False, 1)
    assert quota.takes(listing, 103.0)


def test_over_the_limit_the_tenant_asks_to_wait(tenant: FaultyTenant, made: Made) -> None:
    tenant.proxy.quota = Quota(1, 60.0)
    assert "RateLimit-Remaining" in _get(tenant, made).headers
    answer = _get(tenant, made)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)


def test_a_plan_spoils_the_same_requests_in_any_order() -> None:
    requests_ = [f"GET {number}" for number in range(400)]
    there, back = Plan(3, 0.2), Plan(3, 0.2)
    spoilt = {one for one in requests_ if there.fault(one)}
    assert spoilt == {one for one in reversed(requests_) if back.fault(one)}
    assert 40 < len(spoilt) < 120


def test_who_was_told_to_wait_and_comes_is_counted() -> None:
    waits = Waits()
    waits.tell(100.0, 2.0)
    assert waits.waited_for(99.9) is None
    assert waits.waited_for(100.0 + CROSSED / 2) == pytest.approx(CROSSED / 2)
    assert waits.waited_for(101.5) == pytest.approx(1.5)
    assert waits.waited_for(102.0) is None
