from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from analyzer.tenant.signin.http import SignInTransport

if TYPE_CHECKING:
    from tests.conftest import Given, LoopbackTenant

JSON = b'{"token_endpoint": "x"}'


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def http(loopback: LoopbackTenant, waits: list[float]) -> SignInTransport:
    return SignInTransport(loopback.ca_file, sleep=waits.append)


def test_a_passing_fault_of_the_authority_is_asked_again(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given], waits: list[float]
) -> None:
    page, cut = given(body=b"<html>"), given(body=JSON, cut=3)
    for fault in (given(503), given(429, headers={"Retry-After": "7"}), given(500), page, cut):
        loopback.fail("/x", fault, given(body=JSON))
        assert http.post(f"{loopback.origin}/x").json() == {"token_endpoint": "x"}
    assert waits == [1.0, 7.0, 1.0, 1.0, 1.0]


def test_after_three_tries_the_fault_is_the_answer(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given], waits: list[float]
) -> None:
    loopback.fail("/x", given(503, headers={"Retry-After": "100000"}))
    assert http.get(f"{loopback.origin}/x").status_code == 503
    assert (len(loopback.seen), waits) == (3, [60.0, 60.0])
    loopback.fail("/x", given(body=JSON, cut=3))
    with pytest.raises(requests.RequestException):
        http.get(f"{loopback.origin}/x")


def test_a_refusal_is_kept_as_it_came_and_asked_once(
    http: SignInTransport, loopback: LoopbackTenant, given: type[Given], waits: list[float]
) -> None:
    loopback.fail("/x", given(400, b'{"error": "invalid_tenant"}'), given(body=JSON))
    http.get(f"{loopback.origin}/x")
    assert (http.refusal, waits) == ({"error": "invalid_tenant"}, [])
    http.get(f"{loopback.origin}/x")
    assert http.refusal == {}


def test_nobody_there_is_said_at_once(http: SignInTransport, waits: list[float]) -> None:
    with pytest.raises(requests.ConnectionError):
        http.get("https://127.0.0.1:9/x")
    assert waits == []
