from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from analyzer.tenant.http.transport import LOGGER, correlation_id, log_request

if TYPE_CHECKING:
    import pytest

HEADERS = {"client-request-id": "4", "x-ms-request-id": "3", "request-id": "2", "sprequestguid": "1"}


def test_sharepoint_s_own_request_id_is_preferred() -> None:
    actual = dict(HEADERS)
    for name in reversed(HEADERS):
        assert correlation_id(actual) == actual.pop(name)
    assert correlation_id(actual) is None


def test_a_request_id_that_is_a_secret_is_masked() -> None:
    assert correlation_id({"sprequestguid": "Bearer made-up-token"}) == "Bearer ***"


def test_a_request_is_logged_with_milliseconds_and_bytes_even_if_zero(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG, LOGGER.name):
        headers = {"Content-Length": "0"}
        log_request("GET", "https://contoso.sharepoint.com/a", status=204, seconds=1.2344, headers=headers)
        log_request("GET", "https://contoso.sharepoint.com/a", status=None, seconds=0.0, headers={})
    assert caplog.messages == [
        "GET https://contoso.sharepoint.com/a 204 1234 ms 0 bytes",
        "GET https://contoso.sharepoint.com/a no answer 0 ms",
    ]
