from __future__ import annotations

import base64
import json

import pytest

from analyzer.doctor.tenant_checks import claims_of

HOST = "contoso-admin.sharepoint.com"


def _token(claims: object) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.mark.parametrize(
    ("audience", "ours"),
    [
        (f"https://{HOST}", True),
        (f"https://{HOST}/", True),
        (f"00000003-0000-0ff1-ce00-000000000000/{HOST}@t", True),
        ("00000003-0000-0ff1-ce00-000000000000", True),
        ("https://graph.microsoft.com", False),
        ("https://contoso.sharepoint.com", False),
        ("", False),
    ],
)
def test_a_token_s_audience_is_recognized_in_any_spelling(audience: str, ours: bool) -> None:
    claims = claims_of(_token({"aud": audience}))
    assert claims is not None
    assert claims.is_for(HOST) is ours


@pytest.mark.parametrize(
    ("findings", "missing", "by_secret"),
    [
        ({}, ["Sites.FullControl.All", "User.ReadWrite.All"], False),
        ({"roles": ["User.ReadWrite.All", "Sites.FullControl.All"], "appidacr": "2"}, [], False),
        ({"roles": ["Sites.FullControl.All"], "appidacr": "1"}, ["User.ReadWrite.All"], True),
        ({"scp": "AllSites.FullControl", "appidacr": "1"}, [], False),
        ({"upn": "ada@contoso.com"}, [], False),
        ({"unique_name": "ada@contoso.com"}, [], False),
        ({"roles": "no list", "exp": "soon"}, ["Sites.FullControl.All", "User.ReadWrite.All"], False),
    ],
)
def test_missing_permissions_are_known_for_an_application_only(
    findings: dict[str, object], missing: list[str], by_secret: bool
) -> None:
    claims = claims_of(_token(findings))
    assert claims is not None
    assert (claims.missing, claims.by_secret, claims.ends) == (missing, by_secret, None)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.????.c", _token([]), _token(5), "a.\u00e4.c"])
def test_a_token_that_is_not_a_jwt_has_no_claims(token: str) -> None:
    assert claims_of(token) is None
