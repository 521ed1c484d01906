from __future__ import annotations

import pytest

from analyzer.errors import SignInError
from analyzer.model.redaction import without_literals
from analyzer.tenant.signin import ReadyToken

ADMIN = "https://contoso-admin.sharepoint.com"


@pytest.mark.parametrize("value", ["Bearer abc", "a\nb", "a\x7fb", "t\u00f6ken"])
def test_a_token_that_no_header_can_contain_is_an_error_and_not_shown(value: str) -> None:
    tokens = ReadyToken({"T": value}, ADMIN, "T")
    with pytest.raises(SignInError, match="the environment variable T isn't a token") as error:
        tokens.token(ADMIN)
    assert value not in str(error.value)


def test_blanks_around_a_token_are_ignored() -> None:
    assert ReadyToken({"T": " abc\r\n"}, ADMIN, "T").token(ADMIN) == "abc"


def test_a_token_is_masked_from_then_on_whatever_it_looks_like() -> None:
    ReadyToken({"T": "made up"}, ADMIN, "T")
    with pytest.raises(SignInError):
        ReadyToken({"T": "made up"}, ADMIN, "T").token(ADMIN)
    ReadyToken({"T": "made+up/opaque"}, ADMIN, "T").token(ADMIN)
    assert without_literals("it is made up, or made+up/opaque") == "it is ***, or ***"
