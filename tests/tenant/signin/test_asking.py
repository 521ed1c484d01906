from __future__ import annotations

import pytest

from analyzer.tenant.signin import Applicant
from analyzer.tenant.signin.asking import granted
from analyzer.tenant.signin.entra import Named

NAMED = Named(Applicant("https://login.microsoftonline.com", "t", "c"), "https://contoso.sharepoint.com")


@pytest.mark.parametrize(("told", "seconds"), [({"expires_in": 600}, 600), ({"expires_in": "600"}, 600), ({}, 3600)])
def test_a_token_is_good_for_as_long_as_the_authority_says_else_for_an_hour(
    told: dict[str, object], seconds: float
) -> None:
    assert granted({"access_token": "made-up", **told}, NAMED).seconds == seconds
