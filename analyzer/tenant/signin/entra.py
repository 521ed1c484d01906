"""Entra's errors by their numbers, each as the sentence that an administrator needs, and what to do.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.errors import SignInError, UnreachableError
from analyzer.tenant.signin.refusals import BY_ERROR, BY_NUMBER, CLOCK, IDENTITY, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.tenant.signin.applicant import Applicant

_NUMBER = re.compile(r"AADSTS(\d+)")
_BEHIND = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp): .*", re.DOTALL)
_UNWELL = frozenset({"server_error", "temporarily_unavailable"})
LATE = 300.0
"""Seconds that a clock may be off; Kerberos and Entra forgive so much."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the configuration has, as sentences name it.

    Attributes:
        applicant: the application, its directory and authority.
        resource: the host that the token is for, ``https://HOST``.
        certificate: the file's name; empty where none is used.
        identity: whether a managed identity was asked for.
    """

    applicant: Applicant
    resource: str
    certificate: str = ""
    identity: bool = False


def refusal_of(answer: Mapping[str, Any], named: Named, now: float) -> SignInError | UnreachableError:
    """The error that an authority's answer is: it refuses us, or is not well itself.

    Args:
        answer: with ``error``, ``error_description``, ``error_codes``, ``timestamp``, as far as it has them.
        named: what the sentence names.
        now: seconds since 1970, by our clock.
    """
    description = str(answer.get("error_description") or answer.get("error") or "no reason given")
    numbers = [int(number) for number in _NUMBER.findall(description)] or _numbers(answer)
    known = next((number for number in numbers if number in BY_NUMBER), None)
    refusal = BY_NUMBER[known] if known is not None else BY_ERROR.get(str(answer.get("error")))
    if named.identity and known is None:
        refusal = IDENTITY
    off = _off(answer, now)
    if abs(off) > LATE and known in CLOCK:
        refusal = Refusal(
            f"this machine's clock is {span(off)}", "Set it by a time server, then run the command again."
        )
    told = _BEHIND.sub("", description.splitlines()[0]).rstrip(".")  # what follows is for Microsoft's support
    if answer.get("error") in _UNWELL and known is None:
        return UnreachableError(f"{named.applicant.authority} is not well at the moment: {told}", "Try again later.")
    if refusal is None:
        advice = "Entra's sign-in logs say more. upa-analyzer doctor shows how far it gets."
        return SignInError(f"the tenant refused the sign-in: {told}", advice)
    shown = f"AADSTS{known}" if known is not None else told
    words = _words(named)
    return SignInError(
        f"the tenant refused the sign-in: {refusal.sentence.format_map(words)} ({shown})",
        refusal.advice.format_map(words),
    )


def span(seconds: float) -> str:
    """How far a clock is off, as people say it.

    >>> span(3600.0), span(-5400.0)
    ('1 hour fast', '90 minutes slow')
    """
    minutes = round(abs(seconds) / 60)
    hours = minutes / 60
    amount = f"{hours:.0f} hour{'s' if hours != 1 else ''}" if minutes % 60 == 0 else f"{minutes} minutes"
    return f"{amount} {'fast' if seconds > 0 else 'slow'}"


def _words(named: Named) -> dict[str, str]:
    applicant = named.applicant
    return {
        "authority": applicant.authority,
        "directory": applicant.tenant_id,
        "application": applicant.client_id or "of this machine",
        "certificate": named.certificate,
        "resource": named.resource,
    }


def _numbers(answer: Mapping[str, Any]) -> list[int]:
    codes = answer.get("error_codes")
    return [code for code in codes if isinstance(code, int)] if isinstance(codes, list) else []


def _off(answer: Mapping[str, Any], now: float) -> float:
    """Seconds that our clock is ahead of the authority's, which dates its errors; 0 where it did not."""
    try:
        theirs = calendar.timegm(time.strptime(str(answer.get("timestamp")), "%Y-%m-%d %H:%M:%SZ"))
    except ValueError:
        return 0.0
    return now - theirs
