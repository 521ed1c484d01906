"""What tests of the authority share: requests for tokens, and the code of what came back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt

from tests.emulator.credentials import key, thumbprint, uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from tests.emulator.client import Client

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def endpoint(client: Client, call: str = "token") -> str:
    """The address of one of the tenant's endpoints."""
    return f"{client.origin}/{client.emulator.ready['tenant_id']}/oauth2/v2.0/{call}"


def post(client: Client, call: str, form: Mapping[str, str], **headers: str) -> Response:
    """The answer to a form; ``client_id`` is added."""
    sent = {"client_id": client.emulator.ready["client_id"], **form}
    return client.http.post(
        endpoint(client, call),
        data={name: text for name, text in sent.items() if text},
        headers=headers,
        verify=client.emulator.ready["ca_file"],
        timeout=60,
    )


def assertion(client: Client, headers: Mapping[str, Any] | None = None, **differences: object) -> str:
    """An assertion as msal makes it, with differences in its claims (None leaves one out)."""
    client_id = client.emulator.ready["client_id"]
    usual = {"aud": endpoint(client), "iss": client_id, "sub": client_id, "exp": time.time() + 600.5}
    claims = {name: value for name, value in (usual | differences).items() if value is not None}
    named = {"x5t": _x5t(), **(headers or {})}
    return jwt.encode(claims, key(), algorithm="RS256", headers={k: v for k, v in named.items() if v is not None})


def _x5t() -> str:
    import base64

    return base64.urlsafe_b64encode(bytes.fromhex(thumbprint(uploaded()))).decode()


def by_assertion(client: Client, signed: str, **differences: str) -> Response:
    """The answer to a request for an application's token."""
    usual = {
        "grant_type": "client_credentials",
        "client_assertion": signed,
        "client_assertion_type": ASSERTION_TYPE,
        "scope": f"{client.origin}/.default",
    }
    return post(client, "token", usual | differences)


def outcome(answer: Response) -> tuple[int, str, list[int]]:
    """Status, OAuth's error and Entra's numbers; no error and no number where it worked."""
    told = answer.json()
    assert ("error" in told) == (answer.status_code != 200)
    for number in told.get("error_codes", []):
        assert told["error_description"].startswith(f"AADSTS{number}: ")
    return answer.status_code, told.get("error", ""), told.get("error_codes", [])
