"""Sign-ins in a browser: authorization codes with PKCE.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from html import escape
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from analyzer.emulator.entra.model import AuthorityError, AuthorityReply, required
from analyzer.emulator.entra.scopes import personal_scopes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.emulator.entra.directory import Directory
    from analyzer.emulator.entra.model import AuthorityCall
    from analyzer.emulator.entra.scopes import Scopes

_LIFETIME = 600
# What "Mobile and desktop applications" have; of localhost any port (documented). Nothing that ends a header's line.
_REDIRECT = re.compile(r"http://(?:localhost|127\.0\.0\.1)(?::\d+)?(?:/[!-~]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A code that was given to a browser; ``expires`` in seconds since 1970."""

    scopes: Scopes
    redirect_uri: str
    challenge: str
    is_hashed: bool
    nonce: str
    expires: float


class SignIns:
    """The codes that were given out."""

    def __init__(self, directory: Directory) -> None:
        """There are none yet."""
        self._directory = directory
        self._codes: dict[str, SignIn | None] = {}
        self._lock = Lock()

    def authorize(self, call: AuthorityCall) -> AuthorityReply:
        """Signs the administrator in without a question, and sends the browser back with a code.

        Raises:
            AuthorityError: the request is wrong, or its redirect address is not the application's.
        """
        asked = {**call.query, **call.form}
        redirect_uri = required(asked, "redirect_uri")
        if not _REDIRECT.fullmatch(redirect_uri):
            text = (
                f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs"
                f" configured for the application '{self._directory.application.client_id}'."
            )
            raise AuthorityError("invalid_request", 50011, text)
        if asked.get("response_type") != "code":
            raise AuthorityError("unsupported_response_type", 70005, "The app returned an unsupported response type.")
        code = secrets.token_urlsafe(48)
        signed_in = SignIn(
            personal_scopes(required(asked, "scope"), self._directory),
            redirect_uri,
            asked.get("code_challenge", ""),
            asked.get("code_challenge_method", "plain").upper() == "S256",
            asked.get("nonce", ""),
            call.now + _LIFETIME,
        )
        with self._lock:
            self._codes[code] = signed_in
        return _sent_back(redirect_uri, asked.get("response_mode", "query"), {"code": code} | _state(asked))

    def redeem(self, form: Mapping[str, str], now: float) -> SignIn:
        """What a code stands for, once.

        Raises:
            AuthorityError: the code is none, was redeemed, has expired, or is another's.
        """
        with self._lock:
            code = required(form, "code")
            if code not in self._codes:
                text = "The provided value for the input parameter 'code' is not valid."
                raise AuthorityError("invalid_grant", 70000, text)
            found = self._codes[code]
            if found is None:
                text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code."
                raise AuthorityError("invalid_grant", 54005, text)
            _check(found, form, now)
            self._codes[code] = None
            return found


def _check(signed_in: SignIn, form: Mapping[str, str], now: float) -> None:
    if signed_in.expires <= now:
        raise AuthorityError("invalid_grant", 70008, "The provided authorization code has expired.")
    if form.get("redirect_uri", "") != signed_in.redirect_uri:
        text = "The reply address does not match the reply address provided when requesting Authorization code."
        raise AuthorityError("invalid_grant", 500112, text)
    verifier = form.get("code_verifier", "")
    if signed_in.is_hashed:
        verifier = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if signed_in.challenge and verifier != signed_in.challenge:
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise AuthorityError("invalid_grant", 501481, text)


def _state(asked: Mapping[str, str]) -> dict[str, str]:
    return {"state": asked["state"]} if "state" in asked else {}


def _sent_back(redirect_uri: str, mode: str, fields: Mapping[str, str]) -> AuthorityReply:
    if mode == "form_post":
        inputs = "".join(f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in fields.items())
        form = f'<form method="post" action="{escape(redirect_uri)}">{inputs}<button>Continue</button></form>'
        return AuthorityReply(
            f"<!DOCTYPE html><title>Signed in</title>{form}<script>document.forms[0].submit()</script>"
        )
    if mode not in ("query", "fragment"):
        raise AuthorityError("invalid_request", 70007, "The app returned an unsupported value of 'response_mode'.")
    mark = "#" if mode == "fragment" else "&" if "?" in redirect_uri else "?"
    return AuthorityReply("", 302, {"Location": f"{redirect_uri}{mark}{urlencode(fields)}"})
