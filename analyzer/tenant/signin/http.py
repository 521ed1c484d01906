"""What msal sends through: passing faults of the authority are asked again, and a refusal is kept as it came."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import ProtocolError

from analyzer.tenant.protocol import wait_before_retry
from analyzer.tenant.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_WAITS = (1.0, 3.0)
"""Seconds before the second and the third try."""

_LONGEST_WAIT = 60.0
_SUCCESS, _REFUSED, _TOO_MANY, _FAULT = 200, 400, 429, 500


class SignInTransport(Transport):
    """Three tries a request.

    Attributes:
        refusal: what the authority said when it last refused something; empty when the last answer was none such.
        answered: how it answered last, for an error; empty while it did not.
    """

    def __init__(self, ca_file: Path | None, *, sleep: Callable[[float], None] | None = None) -> None:
        """Trusts ``ca_file``, or the platform's authorities where it is None; waits by ``sleep``."""
        super().__init__(ca_file)
        self.refusal: Mapping[str, Any] = {}
        self.answered = ""
        self._sleep = sleep

    def request(self, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """As ``requests.Session.request``."""
        for wait in _WAITS:
            try:
                response = super().request(*arguments, **options)
            except requests.RequestException as error:
                if not _broke_off(error):
                    raise
                told, asked_for = str(error), None
            else:
                if not _is_passing(response):
                    return self._noted(response)
                told = f"HTTP status {response.status_code}"
                asked_for = wait_before_retry(response.status_code, response.headers, datetime.now(UTC))
            seconds = min(wait if asked_for is None else asked_for, _LONGEST_WAIT)
            _LOG.info("the authority is asked again in %.0f s: %s", seconds, told)
            (self._sleep or time.sleep)(seconds)
        return self._noted(super().request(*arguments, **options))

    def _noted(self, response: requests.Response) -> requests.Response:
        content = _json_of(response)
        self.answered = f"HTTP status {response.status_code}{'' if content else ' and no JSON'}"
        self.refusal = content if response.status_code >= _REFUSED and "error" in content else {}
        return response


def _broke_off(error: requests.RequestException) -> bool:
    """Whether there was a connection, which then broke or fell silent."""
    if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ReadTimeout)):
        return True
    return isinstance(error, requests.ConnectionError) and any(isinstance(why, ProtocolError) for why in error.args)


def _is_passing(response: requests.Response) -> bool:
    """Whether an answer says that the next may be another: too many requests, a fault, something that is no JSON."""
    status = response.status_code
    return status == _TOO_MANY or status >= _FAULT or (status == _SUCCESS and not _json_of(response))


def _json_of(response: requests.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
