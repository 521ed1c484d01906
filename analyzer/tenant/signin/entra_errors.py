"""The application that signs in, and Entra's errors by number: what is wrong, and what to do.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.errors import SignInError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PUBLIC_CLOUD = "https://login.microsoftonline.com"
_NUMBER = re.compile(r"AADSTS(\d+)")
_SUPPORT_DATA = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp): .*", re.DOTALL)
_UNAVAILABLE = frozenset({"server_error", "temporarily_unavailable"})
LATE = 300.0
"""Seconds that a clock may be off: the tolerance of Kerberos and Entra."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application of a directory.

    Attributes:
        authority: ``https://login.microsoftonline.com``, or a national cloud's.
        tenant_id: the directory.
        client_id: the application.
        ca_file: a private certificate authority of the authority's host.
    """

    authority: str
    tenant_id: str
    client_id: str
    ca_file: Path | None = None

    @property
    def directory_url(self) -> str:
        """The authority of the directory, as msal expects it."""
        return f"{self.authority.rstrip('/')}/{self.tenant_id}"


@dataclass(frozen=True, slots=True)
class SignInContext:
    """The configured values that error sentences name.

    Attributes:
        application: the application, its directory and authority.
        resource: the host that the token is for, ``https://HOST``.
        certificate: the file's name; empty if none is used.
        identity: whether a managed identity is used.
    """

    application: Application
    resource: str
    certificate: str = ""
    identity: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in words, with placeholders such as ``{directory}`` for the configured values."""

    sentence: str
    advice: str


_NO_TENANT = Refusal(
    "there is no directory {directory} at {authority}",
    "Correct tenant_id in the configuration: Entra shows it as Tenant ID. A national cloud has its own authority.",
)
_NO_APPLICATION = Refusal(
    "the directory {directory} has no application {application}",
    "Correct client_id, or tenant_id, in the configuration: Entra shows both where the application is registered.",
)
_CERTIFICATE = Refusal(
    "the certificate {certificate} doesn't belong to the application {application}, or has expired",
    "Upload it to the application in Entra, under Certificates & secrets. upa-analyzer doctor checks it.",
)
_SECRET = Refusal(
    "the client secret of the application {application} is wrong or has expired",
    'SharePoint accepts no client secret anyway: use auth = "certificate".',
)
_MFA = Refusal(
    "the account has to confirm the sign-in with a second factor",
    'Sign in again with auth = "interactive"; unattended, use auth = "certificate".',
)
_SIGNED_OUT = Refusal(
    "the sign-in has expired, or was revoked",
    "Run upa-analyzer sign-out, then the command again, and sign in again.",
)
_CONDITIONAL = Refusal(
    "a Conditional Access policy of the tenant does not allow it",
    "The administrator of Conditional Access sees in Entra's sign-in logs which policy it was. Device codes are often"
    ' blocked: auth = "interactive" or "certificate" may be allowed.',
)
_CONSENT = Refusal(
    "the permissions that the application {application} requests were not granted",
    "An administrator grants them in Entra: the application, API permissions, Grant admin consent (docs/sign-in.md).",
)
_RESOURCE = Refusal(
    "{resource} is unknown in the directory {directory}",
    "Correct admin_url, hosts or tenant_id in the configuration: they have to belong to one tenant.",
)
_NOT_PUBLIC = Refusal(
    "the application {application} doesn't allow people to sign in on this machine",
    "In Entra, under Authentication, add the platform Mobile and desktop applications with http://localhost, and allow"
    " public client flows.",
)
_ACCOUNT = Refusal(
    "the account doesn't belong to the directory {directory}",
    "Sign in with an account of this tenant, or correct tenant_id.",
)
_CLOCK = Refusal(
    "the request is outside its time of validity",
    "Compare this machine's clock with the real time. upa-analyzer doctor does.",
)
_CODE_TIME = Refusal("the code was not entered in time", "Run the command again, and sign in within 15 minutes.")

CLOCK = frozenset({700024, 700027, 1000502})
"""Numbers that a wrong clock may cause."""

_DECLINED = Refusal("consent was declined", "Sign in again and accept, or have an administrator consent.")
_DECLINED_CODE = Refusal("the sign-in was declined on the page for codes", "Run the command again.")

BY_NUMBER: dict[int, Refusal] = {
    **dict.fromkeys((50001, 500011), _RESOURCE),
    **dict.fromkeys((50011, 7000218), _NOT_PUBLIC),
    **dict.fromkeys((50020, 50034, 90072), _ACCOUNT),
    50057: Refusal("the account is disabled", "An administrator enables it in Entra, or sign in with another."),
    **dict.fromkeys((50076, 50079), _MFA),
    **dict.fromkeys((50078, 50173, 70043, 700082, 700084), _SIGNED_OUT),
    50105: Refusal(
        "the account is not assigned to the application {application}",
        "Assign it in Entra: Enterprise applications, the application, Users and groups.",
    ),
    **dict.fromkeys((53000, 53001, 53002, 53003, 53004, 53011, 530002, 530003, 530032, 530034, 530035), _CONDITIONAL),
    **dict.fromkeys((65001, 90094, 650057), _CONSENT),
    65004: _DECLINED,
    70017: _DECLINED_CODE,
    70020: _CODE_TIME,
    **dict.fromkeys((90002, 900023), _NO_TENANT),
    **dict.fromkeys((700016, 7000229), _NO_APPLICATION),
    700024: _CLOCK,
    700025: Refusal(
        "the application {application} is registered for people only",
        "Register one with a certificate in Entra, and name its client_id.",
    ),
    700027: _CERTIFICATE,
    1000502: Refusal(
        "the certificate {certificate} has expired, or is not valid yet",
        "Upload a new one to the application {application} and name it in the configuration. upa-analyzer doctor checks"
        " it.",
    ),
    7000112: Refusal("the application {application} is disabled", "An administrator enables it in Entra."),
    **dict.fromkeys((7000215, 7000222), _SECRET),
}

BY_ERROR: dict[str, Refusal] = {
    "authorization_pending": _CODE_TIME,
    "authorization_declined": _DECLINED_CODE,
    "expired_token": _CODE_TIME,
    "access_denied": _DECLINED,
}
"""OAuth's names, for errors without a number."""

IDENTITY = Refusal(
    "the managed identity {application} gave no token for {resource}",
    "Check in Azure that the machine has an identity; client_id selects a user-assigned one.",
)


def refusal_of(answer: Mapping[str, Any], context: SignInContext, now: float) -> SignInError | UnreachableError:
    """Return the error for an authority's answer: the sign-in is refused, or the authority fails.

    Args:
        answer: with ``error``, ``error_description``, ``error_codes``, ``timestamp``, all optional.
        context: the configured values.
        now: seconds since 1970, by our clock.
    """
    description = str(answer.get("error_description") or answer.get("error") or "no reason given")
    numbers = [int(number) for number in _NUMBER.findall(description)] or _numbers(answer)
    known = next((number for number in numbers if number in BY_NUMBER), None)
    refusal = BY_NUMBER[known] if known is not None else BY_ERROR.get(str(answer.get("error")))
    if context.identity and known is None:
        refusal = IDENTITY
    off = _off(answer, now)
    if abs(off) > LATE and known in CLOCK:
        refusal = Refusal(
            f"this machine's clock is {span(off)}", "Set it by a time server, then run the command again."
        )
    reason = _SUPPORT_DATA.sub("", description.splitlines()[0]).rstrip(".")
    if answer.get("error") in _UNAVAILABLE and known is None:
        return UnreachableError(
            f"{context.application.authority} is temporarily unavailable: {reason}", "Try again later."
        )
    if refusal is None:
        advice = "See Entra's sign-in logs for details. upa-analyzer doctor shows how far it gets."
        return SignInError(f"the tenant refused the sign-in: {reason}", advice)
    shown = f"AADSTS{known}" if known is not None else reason
    words = _words(context)
    return SignInError(
        f"the tenant refused the sign-in: {refusal.sentence.format_map(words)} ({shown})",
        refusal.advice.format_map(words),
    )


def span(seconds: float) -> str:
    """Return in words how far a clock is off.

    >>> span(3600.0), span(-5400.0)
    ('1 hour fast', '90 minutes slow')
    """
    minutes = round(abs(seconds) / 60)
    hours = minutes / 60
    amount = f"{hours:.0f} hour{'s' if hours != 1 else ''}" if minutes % 60 == 0 else f"{minutes} minutes"
    return f"{amount} {'fast' if seconds > 0 else 'slow'}"


def _words(context: SignInContext) -> dict[str, str]:
    application = context.application
    return {
        "authority": application.authority,
        "directory": application.tenant_id,
        "application": application.client_id or "of this machine",
        "certificate": context.certificate,
        "resource": context.resource,
    }


def _numbers(answer: Mapping[str, Any]) -> list[int]:
    codes = answer.get("error_codes")
    return [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []


def _off(answer: Mapping[str, Any], now: float) -> float:
    """Return the seconds that our clock is ahead of the authority's timestamp; 0 if it has none."""
    try:
        theirs = calendar.timegm(time.strptime(str(answer.get("timestamp")), "%Y-%m-%d %H:%M:%SZ"))
    except ValueError:
        return 0.0
    return now - theirs
