from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest

from analyzer.errors import SignInError, UnreachableError
from analyzer.model.redaction import without_literals
from analyzer.tenant.signin import Application
from analyzer.tenant.signin.entra_errors import SignInContext
from analyzer.tenant.signin.tokens import AccessToken, CachedTokens, token_in

ADMIN, SITE = "https://contoso-admin.sharepoint.com", "https://contoso.sharepoint.com"


class Counted(CachedTokens):
    """Tokens by number; ``asked`` has what was asked for."""

    def __init__(self, seconds: float = 3600) -> None:
        self.time = 0.0
        super().__init__(now=lambda: self.time)
        self.asked: list[tuple[str, bool]] = []
        self.seconds = seconds
        self.fault: Exception | None = None

    def _ask(self, origin: str, *, fresh: bool) -> AccessToken:
        self.asked.append((origin, fresh))
        if self.fault is not None:
            raise self.fault
        return AccessToken(f"{origin}#{len(self.asked)}", self.seconds)


def test_a_token_is_asked_for_once_an_audience() -> None:
    tokens = Counted()
    assert [tokens.token(origin) for origin in (ADMIN, SITE, ADMIN)] == [f"{ADMIN}#1", f"{SITE}#2", f"{ADMIN}#1"]
    assert tokens.asked == [(ADMIN, False), (SITE, False)]


def test_a_token_is_masked_from_then_on_whatever_it_looks_like() -> None:
    token = Counted().token(SITE)
    assert without_literals(f"you sent {token}") == "you sent ***"


@pytest.mark.parametrize(("seconds", "good_until"), [(3600, 3300), (400, 200)])
def test_a_token_is_refreshed_before_it_ends(seconds: float, good_until: float) -> None:
    tokens = Counted(seconds)
    tokens.token(SITE)
    tokens.time = good_until - 1
    tokens.token(SITE)
    assert len(tokens.asked) == 1
    tokens.time = good_until
    tokens.token(SITE)
    assert tokens.asked[1:] == [(SITE, False)]


def test_while_the_authority_cannot_be_reached_a_token_is_used_to_its_end() -> None:
    tokens = Counted()
    first = tokens.token(SITE)
    tokens.fault, tokens.time = UnreachableError("gone"), 3500
    assert tokens.token(SITE) == first
    tokens.time = 3600
    with pytest.raises(UnreachableError):
        tokens.token(SITE)


def test_of_many_threads_with_the_same_refused_token_one_renews() -> None:
    tokens = Counted()
    refused = tokens.token(SITE)
    together = Barrier(8)

    def renew(_: int) -> str:
        together.wait()
        return tokens.renew(SITE, refused)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(renew, range(8))) == {f"{SITE}#2"}
    assert tokens.asked == [(SITE, False), (SITE, True)]
    assert tokens.token(SITE) == f"{SITE}#2"


class Met(dict[str, Any]):
    """Eight threads look into it together before one goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._together, self._looks = Barrier(8), count()

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - a dictionary's
        found = super().get(key, default)
        if next(self._looks) < 8:
            self._together.wait()
        return found


def test_threads_that_need_the_first_token_ask_once() -> None:
    tokens = Counted()
    tokens._cached = Met()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(tokens.token, [SITE] * 8)) == {f"{SITE}#1"}
    assert len(tokens.asked) == 1


def test_a_refused_sign_in_is_not_tried_again_and_an_unreachable_authority_is() -> None:
    tokens = Counted()
    tokens.fault = UnreachableError("gone")
    with pytest.raises(UnreachableError):
        tokens.token(SITE)
    tokens.fault = SignInError("no")
    for _ in range(3):
        with pytest.raises(SignInError):
            tokens.renew(SITE, "")
    assert len(tokens.asked) == 2


def test_a_token_that_was_refused_is_not_given_again_though_none_could_be_had() -> None:
    tokens = Counted()
    refused = tokens.token(SITE)
    tokens.fault = UnreachableError("gone")
    with pytest.raises(UnreachableError):
        tokens.renew(SITE, refused)
    tokens.fault = None
    assert tokens.token(SITE) == f"{SITE}#3"


CONTEXT = SignInContext(Application("https://login.microsoftonline.com", "t", "c"), "https://contoso.sharepoint.com")


@pytest.mark.parametrize(("answer", "seconds"), [({"expires_in": 600}, 600), ({"expires_in": "600"}, 600), ({}, 3600)])
def test_a_token_is_good_for_as_long_as_the_authority_says_else_for_an_hour(
    answer: dict[str, object], seconds: float
) -> None:
    assert token_in({"access_token": "made-up", **answer}, CONTEXT).seconds == seconds
