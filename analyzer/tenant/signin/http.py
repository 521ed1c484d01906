"""What msal sends through: what passes is tried again as with the tenant, and a refusal is kept as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from analyzer.tenant.http.answer import Answer
from analyzer.tenant.http.throttle import Attempts, Throttle
from analyzer.tenant.http.transport import Transport
from analyzer.tenant.model import ClientPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class SignInTransport(Transport):
    """Requests to an authority, which has a budget of waiting of its own.

    Attributes:
        refusal: what the authority said when it last refused something; empty when the last answer was none such.
        answered: how it answered last, for an error; empty while it did not.
    """

    def __init__(self, ca_file: Path | None, policy: ClientPolicy | None = None, *, is_near: bool = False) -> None:
        """Nothing is sent yet.

        Args:
            ca_file: whom to trust; the platform's authorities where None.
            policy: how to wait.
            is_near: whether it is this machine that answers, so that nobody there means that there is nobody.
        """
        policy = policy or ClientPolicy()
        super().__init__(ca_file, limits=policy.limits, now=policy.clock.monotonic)
        self.refusal: Mapping[str, Any] = {}
        self.answered = ""
        self._throttle = Throttle(policy)
        self._is_near = is_near

    def request(self, method: str | bytes, url: str | bytes, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """As ``requests.Session.request``.

        Raises:
            UnreachableError: the authority asks to wait longer than our patience lasts.
        """
        attempts = Attempts(self._throttle, urlsplit(str(url)).netloc)
        while True:
            self._throttle.pass_through()
            try:
                response = super().request(method, url, *arguments, **options)
            except requests.RequestException as error:
                if not self._is_near and attempts.after_error(error):
                    continue
                raise
            answer = Answer(response.status_code, response.headers, response.content)
            if not attempts.after(answer, is_complete=answer.content is not None):
                self.answered = f"HTTP status {answer.status}{' and no JSON' if answer.content is None else ''}"
                content = answer.content or {}
                self.refusal = content if "error" in content else {}
                return response
