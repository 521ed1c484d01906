from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from analyzer.errors import FaultError, RefusedError, SignInError, ThresholdError
from analyzer.tenant.http.throttle import Throttle
from analyzer.tenant.model import ClientPolicy
from analyzer.tenant.sharepoint.jobs import list_jobs
from tests.conftest import FOLDER, FastClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.conftest import Given, LoopbackTenant

_PASSING: Mapping[str, tuple[int, bytes, dict[str, str]]] = {
    "a page of a proxy": (200, b"<html>Sign in to the network", {}),
    "a list instead of an object": (200, b"[]", {}),
    "an answer cut off": (200, b'{"value": []}', {"Content-Length": "999"}),
    "a failure": (500, b"", {}),
    "a bad gateway": (502, b"<html>", {}),
    "a gateway that waited in vain": (504, b"", {}),
    "a request that came too slowly": (408, b"", {}),
}


@pytest.mark.parametrize("kind", _PASSING)
def test_a_fault_that_passes_is_got_over(loopback: LoopbackTenant, given: type[Given], kind: str) -> None:
    loopback.add_job(1)
    fault = given(*_PASSING[kind])
    loopback.fail("GetImport", fault, fault, then=True)
    assert len(list_jobs(loopback.session())) == 1
    first, second = loopback.clock.waited
    assert 0.5 <= first <= 1 <= second <= 2


@pytest.mark.parametrize("kind", _PASSING)
def test_a_fault_that_stays_is_an_error_after_five_tries(
    loopback: LoopbackTenant, given: type[Given], kind: str
) -> None:
    loopback.fail("GetImport", given(*_PASSING[kind]))
    with pytest.raises(FaultError):
        list_jobs(loopback.session())
    assert len(loopback.seen) == 5


def test_a_fault_that_lasts_is_shown(loopback: LoopbackTenant, given: type[Given]) -> None:
    loopback.fail("GetImport", given(502), given(502), given(502), then=True)
    list_jobs(loopback.session())
    host = loopback.origin.removeprefix("https://")
    assert [re.sub(r"\d+ s", "N s", sentence) for sentence in loopback.notices] == [
        f"Temporary failure of {host}. Retrying in N s (attempt 3 of 5)",
        f"Temporary failure of {host}. Retrying in N s (attempt 4 of 5)",
    ]


def test_a_fault_of_all_connections_is_shown_once_per_wait() -> None:
    notices: list[str] = []
    clock = FastClock()
    throttle = Throttle(ClientPolicy(notify=notices.append, clock=clock))
    for host in ("a.example.com", "a.example.com", "b.example.com"):
        throttle.show_once(host, "it fails", 5)
    assert notices == ["it fails", "it fails"]
    clock.wait(5, throttle.stopped)
    throttle.show_once("a.example.com", "it still fails", 5)
    assert notices[2:] == ["it still fails"]


def _error(code: str) -> bytes:
    return json.dumps({"odata.error": {"code": code, "message": {"lang": "es-ES", "value": "No."}}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (500, "-2147024860, Microsoft.SharePoint.SPQueryThrottledException", 1),
        (500, "-2147024749, Microsoft.SharePoint.SPQueryThrottledException", 1),
        (500, "-2147024809, System.ArgumentException", 1),
        (500, "-1, System.ArgumentException", 1),
        (500, "-2146232832, Microsoft.SharePoint.SPException", 1),
        (502, "-2147024860, Microsoft.SharePoint.SPQueryThrottledException", 1),
        (500, "-2146232060, Microsoft.SharePoint.SPException", 5),
        (500, "-1, System.Configuration.ConfigurationErrorsException", 5),
        (500, "-2147467261, System.ArgumentNullException", 5),
        (500, "", 5),
    ],
)
def test_an_error_that_says_that_it_stays_is_not_tried_again(
    loopback: LoopbackTenant, given: type[Given], status: int, code: str, tries: int
) -> None:
    loopback.fail("GetImport", given(status, _error(code)))
    with pytest.raises(FaultError) as error:
        list_jobs(loopback.session())
    assert len(loopback.seen) == tries
    assert isinstance(error.value, ThresholdError) is ("-2147024860" in code)
    assert ("the same each time" in str(error.value)) is (tries == 1 and "-2147024860" not in code)


def test_what_to_write_to_support_names_the_request(loopback: LoopbackTenant, given: type[Given]) -> None:
    body = _error("-2147024860, Microsoft.SharePoint.SPQueryThrottledException")
    loopback.fail("GetImport", given(500, body, {"SPRequestGuid": "73b1a1a1-60b8-7000-2f6e-9b6f7d2f3c11"}))
    with pytest.raises(ThresholdError) as error:
        list_jobs(loopback.session())
    assert error.value.support.endswith("Request ID 73b1a1a1-60b8-7000-2f6e-9b6f7d2f3c11, 2026-11-23 04:00 UTC.")


@pytest.mark.parametrize(("status", "kind"), [(403, RefusedError), (404, FaultError), (400, FaultError)])
def test_what_would_be_the_same_the_next_time_is_not_tried_again(
    loopback: LoopbackTenant, status: int, kind: type[Exception]
) -> None:
    loopback.fail("GetImport", status)
    with pytest.raises(kind):
        list_jobs(loopback.session())
    assert len(loopback.seen) == 1


class _Renewing:
    """Tokens of which each is another."""

    def __init__(self) -> None:
        self.given = 0
        self.refused: list[str] = []

    def token(self, _origin: str) -> str:
        return f"token-{self.given}"

    def renew(self, origin: str, refused: str) -> str:
        self.refused.append(refused)
        self.given += 1
        return self.token(origin)


def test_a_token_that_is_refused_is_renewed(loopback: LoopbackTenant) -> None:
    loopback.fail("GetImport", 401, 401, then=True)
    session = loopback.session()
    session._tokens = tokens = _Renewing()
    list_jobs(session)
    assert [seen.headers["authorization"] for seen in loopback.seen] == [f"Bearer token-{n}" for n in range(3)]
    assert tokens.refused == ["token-0", "token-1"]


def test_a_request_is_tried_with_three_tokens_at_most(loopback: LoopbackTenant) -> None:
    loopback.fail("GetImport", 401)
    session = loopback.session()
    session._tokens = _Renewing()
    with pytest.raises(SignInError):
        list_jobs(session)
    assert len(loopback.seen) == 3


def test_a_token_that_cannot_be_renewed_is_not_sent_again(loopback: LoopbackTenant) -> None:
    loopback.fail("GetImport", 401)
    with pytest.raises(SignInError):
        list_jobs(loopback.session())
    assert len(loopback.seen) == 1


@pytest.mark.parametrize("call", ["/Files", "feed.json", "/$value"])
def test_a_file_or_folder_at_which_the_tenant_fails_for_good_is_left_out_as_one_that_it_refuses(
    loopback: LoopbackTenant, given: type[Given], tmp_path: Path, call: str
) -> None:
    loopback.add_log(loopback.add_job(1), b"IdentityNotResolvable\tada@contoso.com\tNo.\r\n")
    loopback.files[f"{FOLDER}/feed.json"] = b"{}"
    loopback.fail(call, given(500, _error("-2147024809, System.ArgumentException")))
    pulled = loopback.pull_into(tmp_path)
    assert pulled.fault is None
    assert ["the tenant refused" in left.because for left in pulled.skipped] in ([True], [True, True])
    assert loopback.clock.waited == []
