# ruff: noqa: ANN401 - msal has no types
"""A tenant as a program with msal sees it: addresses, credentials, a browser."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import msal
import requests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from tests.emulator.client import Client


class Tenant:
    """What a program is told of the tenant, and the client that msal sends with."""

    def __init__(self, client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.folder, self.environment = client, folder, monkeypatch
        self.ready = client.emulator.ready
        self.authority = f"{self.ready['authority']}/{self.ready['tenant_id']}"
        self.scopes = [f"{self.ready['admin_url']}/.default"]
        # A session of our own, because in msal's one REQUESTS_CA_BUNDLE wins over what it is told to trust.
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = self.ready["ca_file"]

    def confidential(self, credential: str | Mapping[str, object], **options: Any) -> Any:
        """msal for a program that has a credential."""
        given = {"authority": self.authority, "instance_discovery": False} | options
        return msal.ConfidentialClientApplication(
            self.ready["client_id"], client_credential=credential, http_client=self.http, **given
        )

    def public(self, **options: Any) -> Any:
        """msal for a program that a person signs in to."""
        given = {"authority": self.authority, "instance_discovery": False} | options
        return msal.PublicClientApplication(self.ready["client_id"], http_client=self.http, **given)

    def file(self, content: bytes) -> str:
        path = self.folder / "app.pfx"
        path.write_bytes(content)
        return str(path)

    def browse(self, address: str) -> tuple[str, dict[str, str]]:
        """Plays the browser: the form that the page has it post, and where to."""
        page = self.http.get(address, timeout=60).text
        fields = {name: unescape(text) for name, text in re.findall('name="(.*?)" value="(.*?)"', page)}
        return unescape(re.findall('action="(.*?)"', page)[0]), fields

    def sign_in(self, program: Any) -> dict[str, Any]:
        """By a code that the browser brings back."""
        flow = program.initiate_auth_code_flow(
            self.scopes, redirect_uri="http://localhost:8400", response_mode="form_post"
        )
        _, fields = self.browse(flow["auth_uri"])
        answer: dict[str, Any] = program.acquire_token_by_auth_code_flow(flow, fields)
        return answer

    def managed(self, identity: Any, **environment: str) -> dict[str, Any]:
        """A managed identity's token, its endpoint told by the environment."""
        for name, text in environment.items():
            self.environment.setenv(name, text)
        program = msal.ManagedIdentityClient(identity, http_client=self.http)
        answer: dict[str, Any] = program.acquire_token_for_client(resource=self.ready["admin_url"])
        return answer
