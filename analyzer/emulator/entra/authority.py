"""The authority: Entra ID, as far as msal needs it for each of its ways to sign in.

https://learn.microsoft.com/entra/identity-platform/v2-protocols
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from analyzer.emulator.entra.device_codes import INTERVAL, LIFETIME, DeviceCodes
from analyzer.emulator.entra.discovery import configuration, instance
from analyzer.emulator.entra.grants import Grants, check_client
from analyzer.emulator.entra.managed_identity import APP_SERVICE, VIRTUAL_MACHINE, ManagedIdentity
from analyzer.emulator.entra.model import AuthorityError, AuthorityReply, required
from analyzer.emulator.entra.scopes import personal_scopes
from analyzer.emulator.entra.sign_ins import SignIns

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.emulator.entra.directory import Directory
    from analyzer.emulator.entra.model import AuthorityCall
    from analyzer.emulator.entra.tokens import Tokens

    Answer = Callable[[AuthorityCall, str], AuthorityReply]

_IN_TENANT = re.compile(
    r"/(?P<tenant>[^/]+)/(?P<call>v2\.0/\.well-known/openid-configuration|(?:oauth2|discovery)/v2\.0/\w+)"
)
_DEVICE_PAGE = "/devicelogin"


class Authority:
    """Signs applications and their administrator in."""

    def __init__(self, directory: Directory, tokens: Tokens) -> None:
        """Knows one directory, and gives out ``tokens``."""
        self._directory = directory
        self._tokens = tokens
        self._devices = DeviceCodes()
        sign_ins = SignIns(directory)
        grants = Grants(directory, tokens, self._devices, sign_ins)
        identity = ManagedIdentity(directory, tokens)
        self._in_tenant: dict[tuple[str, str], Answer] = {
            ("v2.0/.well-known/openid-configuration", "GET"): lambda call, tenant: AuthorityReply(
                configuration(call, tenant, directory)
            ),
            ("discovery/v2.0/keys", "GET"): lambda _, __: AuthorityReply(tokens.keys()),
            ("oauth2/v2.0/token", "POST"): lambda call, tenant: AuthorityReply(grants.token(call, tenant)),
            ("oauth2/v2.0/devicecode", "POST"): lambda call, _: self._device_code(call),
            ("oauth2/v2.0/authorize", "GET"): lambda call, _: self._authorize(call, sign_ins),
            ("oauth2/v2.0/authorize", "POST"): lambda call, _: self._authorize(call, sign_ins),
        }
        self._elsewhere: dict[tuple[str, str], Answer] = {
            ("/common/discovery/instance", "GET"): lambda call, _: AuthorityReply(instance(call, directory)),
            (_DEVICE_PAGE, "GET"): lambda _, __: AuthorityReply(_page("")),
            (_DEVICE_PAGE, "POST"): lambda call, _: self._decide(call),
            (VIRTUAL_MACHINE, "GET"): lambda call, _: identity.machine(call),
            (APP_SERVICE, "GET"): lambda call, _: identity.service(call),
        }

    def answer(self, call: AuthorityCall) -> AuthorityReply | None:
        """The reply to a request; None where the address is none of the authority's."""
        found = _IN_TENANT.fullmatch(call.path)
        name, tenant = (found["call"], found["tenant"]) if found else (call.path, "")
        answers = self._in_tenant if found else self._elsewhere
        verbs = sorted(verb for known, verb in answers if known == name)
        if not verbs:
            return None
        try:
            self._check(call, tenant, verbs)
            return answers[name, call.verb](call, tenant)
        except AuthorityError as error:
            return error.reply(call)

    def _check(self, call: AuthorityCall, tenant: str, verbs: list[str]) -> None:
        if tenant and not self._directory.knows(tenant):
            raise _unknown_tenant(tenant)
        if call.verb not in verbs:
            text = f"The endpoint only accepts {', '.join(verbs)} requests. Received a {call.verb} request."
            raise AuthorityError("invalid_request", 900561, text, 405)

    def _device_code(self, call: AuthorityCall) -> AuthorityReply:
        check_client(call, self._directory)
        begun = self._devices.begin(personal_scopes(required(call.form, "scope"), self._directory), call.now)
        page = f"{call.origin}{_DEVICE_PAGE}"
        return AuthorityReply(
            {
                "user_code": begun.user_code,
                "device_code": begun.device_code,
                "verification_uri": page,
                "expires_in": LIFETIME,
                "interval": INTERVAL,
                "message": f"To sign in, use a web browser to open the page {page} and enter the code"
                f" {begun.user_code} to authenticate.",
            }
        )

    def _authorize(self, call: AuthorityCall, sign_ins: SignIns) -> AuthorityReply:
        """What is wrong is shown to the person, as a page: a wrong address must not be sent a browser."""
        try:
            check_client(call, self._directory)
            return sign_ins.authorize(call)
        except AuthorityError as error:
            return AuthorityReply(_page(f"AADSTS{error.number}: {error.text}"), error.status)

    def _decide(self, call: AuthorityCall) -> AuthorityReply:
        approved = call.form.get("decision", "approve") != "decline"
        try:
            self._devices.decide(call.form.get("user_code", ""), approved=approved, now=call.now)
        except AuthorityError as error:
            return AuthorityReply(_page(f"AADSTS{error.number}: {error.text}"), error.status)
        return AuthorityReply(_page("You have signed in." if approved else "You have declined."))


def _page(text: str) -> str:
    """The page for device codes, with a text above it."""
    return (
        f"<!DOCTYPE html><title>Sign in</title><p>{escape(text)}</p>"
        f'<form method="post" action="{_DEVICE_PAGE}"><label>Code <input name="user_code"></label>'
        '<button name="decision" value="approve">Sign in</button>'
        '<button name="decision" value="decline">Decline</button></form>'
    )


def _unknown_tenant(tenant: str) -> AuthorityError:
    text = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
        " correct cloud. Check with your subscription administrator, this may happen if there are no active"
        " subscriptions for the tenant."
    )
    return AuthorityError("invalid_tenant", 90002, text)
