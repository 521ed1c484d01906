"""Asking msal: its errors and the authority's, whichever way they come, become ours."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from analyzer.errors import UnreachableError
from analyzer.tenant.http.unreachable import unreachable
from analyzer.tenant.signin.entra import refusal_of
from analyzer.tenant.signin.held import Granted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from analyzer.tenant.signin.entra import Named
    from analyzer.tenant.signin.http import SignInTransport

_HOUR = 3600.0


@contextmanager
def asking(http: SignInTransport, origin: str, named: Named) -> Iterator[None]:
    """Turns what msal raises inside of it into errors of ours.

    Args:
        http: what msal sends through.
        origin: where to, for the error.
        named: what the configuration has, for the error.

    Raises:
        SignInError: the authority refused.
        UnreachableError: it can't be reached, or its answer is none.
    """
    from msal.exceptions import MsalError

    http.refusal = {}
    try:
        yield
    except requests.RequestException as error:
        raise unreachable(error, origin) from error
    except (MsalError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        # What msal raises when an answer is an error, no JSON, or lacks what it looks for.
        if http.refusal:
            raise refusal_of(http.refusal, named, time.time()) from error
        raise UnreachableError(
            f"{origin} gave no sign-in: it answered with {http.answered or 'nothing'}",
            "Is a proxy or a sign-in page of the network in between? Check authority in the configuration, too.",
        ) from error


def granted(answer: Mapping[str, Any], named: Named) -> Granted:
    """The token in an answer of msal's.

    Raises:
        SignInError: it is an error.
    """
    if "access_token" not in answer:
        raise refusal_of(answer, named, time.time())
    return Granted(str(answer["access_token"]), float(answer.get("expires_in") or _HOUR))
