"""Interpret an answer, as functions from data to data: its JSON, numbers in its headers, and the error it means.

Conventions: https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

import email.utils
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, FaultError, RefusedError, SignInError, ThresholdError, UnreachableError
from analyzer.model.redaction import redacted
from analyzer.model.uri import host_of, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

SUCCESS = range(200, 300)
NO_CONTENT, PARTIAL_CONTENT = 204, 206
REDIRECTION = range(300, 400)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, RANGE_NOT_SATISFIABLE = 401, 403, 404, 416
ASK_AGAIN = frozenset({429, 503})
CONCERNS_ALL = frozenset({UNAUTHORIZED, *ASK_AGAIN})
"""Statuses that concern every request, not a single one."""
IN_BETWEEN = "Is a proxy, or a sign-in page of the network, in between? Open the address in a browser to see."
UNFORESEEN = "Try again later. If the error persists, Microsoft's support asks for the ID that --verbose shows."
ALWAYS_THE_SAME = "SharePoint answers the same each time. Microsoft's support asks for the ID that --verbose shows."

_REASON = re.compile(r'reason="(?P<reason>[^"]*)"')
_NUMBER = re.compile(r"-?\d+")
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Matches half a surrogate pair, and also each half of a complete one."""
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_MOST_PAGES = 1_000
_LONGEST_WAIT = 31_536_000.0
"""Seconds, a year: more would exceed any patience, and may overflow."""
_LONGEST_NUMBER = 18
"""Digits of a number of bytes."""
_OVER_THRESHOLD = "-2147024860"
_PERMANENT_NUMBERS = frozenset(
    {_OVER_THRESHOLD, "-2147024749", "-2147024809", "-2146232832", "-2130575223", "-2130575306"}
)
"""Numbers of errors that are the same each time, also with status 500 (seen).

A query with too many items, or too many lookup columns; an argument that doesn't fit; what SharePoint's own code
refuses; a folder with content under a retention policy; a file that somebody has checked out. Others with that status
pass, such as -2146232060 of SQL Server, and -1 of a server whose configuration is being changed (seen).
"""
_PERMANENT_TYPES = frozenset({"Microsoft.SharePoint.SPQueryThrottledException", "System.ArgumentException"})


@dataclass(frozen=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: HTTP status.
        headers: names regardless of case.
        body: complete.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def content(self) -> dict[str, object] | None:
        """The body as a JSON object, else None. Half a surrogate pair, which no file can store, becomes "?"."""
        try:
            content = json.loads(self.body)
            if _HALF_A_PAIR.search(self.body):
                content = json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):  # the latter if it is nested without end
            return None
        return content if isinstance(content, dict) else None


def json_of(answer: Answer, url: str) -> dict[str, object]:
    """Return the body of an answer that has to be a success and a JSON object.

    Raises:
        RefusedError: the tenant refused the request.
        UnreachableError: the answer is an error, or isn't JSON, such as a proxy's page.
    """
    if answer.status not in SUCCESS:
        raise error_of(answer, url)
    content = answer.content
    if content is None:
        if is_page(answer):
            raise FaultError(f"{url} returned a web page instead of an answer", IN_BETWEEN)
        shown = redacted(answer.body[:60].decode("utf-8", "replace"))
        raise FaultError(f"{url} did not answer with JSON but with {shown!r}", "Is a proxy in between?")
    return content


def is_page(answer: Answer) -> bool:
    """Return whether an answer is a web page: of a proxy, or of a network that requires a sign-in first."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind in _PAGES or _PAGE.match(answer.body) is not None


def next_page(page: Mapping[str, object], followed: set[str]) -> str | None:
    """Return the address of the next page as the service spells it; None after the last.

    Args:
        page: an answer that is a collection.
        followed: the addresses that were requested already; the next one is added.

    Raises:
        FaultError: it was requested already, or there is no end of them.
    """
    link = page.get("odata.nextLink") or page.get("@odata.nextLink")
    if not isinstance(link, str):
        return None
    if link in followed:
        raise FaultError(f"{link} leads to itself as the next page of the listing", UNFORESEEN)
    if len(followed) >= _MOST_PAGES:
        raise FaultError(f"the listing has no end: after {_MOST_PAGES:,} pages comes {link}", UNFORESEEN)
    followed.add(link)
    return link


def is_permanent(answer: Answer) -> bool:
    """Return whether an error's code shows that a retry gets the same error, whatever its status."""
    number, _, kind = str(_error_in(answer).get("code", "")).partition(",")
    return number.strip() in _PERMANENT_NUMBERS or kind.strip() in _PERMANENT_TYPES


def is_refused_by_sharepoint(answer: Answer) -> bool:
    """Return whether SharePoint's own code, and no fault of a server, refused a request (its type: ``SPException``)."""
    return str(_error_in(answer).get("code", "")).partition(",")[2].strip() == "Microsoft.SharePoint.SPException"


def is_over_threshold(answer: Answer) -> bool:
    """Return whether a list is refused because of the list view threshold, whatever the language."""
    return answer.status not in SUCCESS and service_number(answer) == _OVER_THRESHOLD


def service_number(answer: Answer) -> str:
    """Return the number in SharePoint's error body, as ``-2147024891``; empty if there is none."""
    found = _NUMBER.match(str(_error_in(answer).get("code", "")))
    return found[0] if found else ""


def service_message(answer: Answer) -> str:
    """Return the text in SharePoint's error body, in any of its shapes, without secrets; empty if there is none."""
    content = answer.content or {}
    if isinstance(content.get("error_description"), str):
        return redacted(str(content["error_description"]))  # why a token is refused (seen)
    message = _error_in(answer).get("message")
    value = message.get("value") if isinstance(message, dict) else message
    return redacted(value) if isinstance(value, str) else ""


def _error_in(answer: Answer) -> Mapping[str, object]:
    """Return the value of ``error`` or ``odata.error``; empty if there is none."""
    content = answer.content or {}
    error = content.get("error") or content.get("odata.error")
    return error if isinstance(error, dict) else {}


def number_in(text: str) -> float | None:
    """Return the number in a header, infinite if it has too many digits; None if it isn't a number."""
    text = text.strip()
    return float(text) if text.isascii() and text.replace(".", "", 1).isdecimal() else None


def seconds_in(text: str) -> float | None:
    """Return the number of seconds in a header, a year at most; None if it isn't a number."""
    seconds = number_in(text)
    return None if seconds is None else min(seconds, _LONGEST_WAIT)


def byte_count(text: str) -> int | None:
    """Return a number of bytes; None if no file can have it."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def date_in(text: str) -> datetime | None:
    """Return the date in a header; None if it isn't a date."""
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks to wait, as a number or as a date; None if it is missing or invalid.

    Args:
        headers: an answer's.
        now: our time, used if the answer doesn't have the tenant's.
    """
    text = headers.get("Retry-After", "").strip()
    # A proxy's second value follows in the same header after a comma; a date contains a comma, too.
    parts = text.split(",")
    numbers = [number for part in parts if (number := seconds_in(part)) is not None]
    if len(numbers) == len(parts):
        return max(numbers)
    until = date_in(text)
    if until is None:
        return None
    # Both by the tenant's clock, as ours may be off.
    left = (until - (date_in(headers.get("Date", "")) or now)).total_seconds()
    return min(max(0.0, left), _LONGEST_WAIT)


def error_of(answer: Answer, url: str) -> AnalyzerError:
    """Return the error for an unsuccessful answer."""
    message = service_message(answer) or _diagnostics(answer.headers) or f"HTTP status {answer.status}"
    if answer.status in {UNAUTHORIZED, FORBIDDEN}:
        return _refusal(answer, url, message)
    if answer.status in REDIRECTION:
        return _redirection(answer, url)
    if answer.status in ASK_AGAIN:
        return UnreachableError(f"the tenant kept asking to wait at {url}: {message}", "Try again later.")
    if is_over_threshold(answer):
        return ThresholdError(f"SharePoint refuses {url} because it exceeds the list view threshold", ALWAYS_THE_SAME)
    advice = ALWAYS_THE_SAME if is_permanent(answer) else UNFORESEEN
    return FaultError(f"the tenant answered {answer.status} at {url}: {message}", advice)


def _diagnostics(headers: Mapping[str, str]) -> str:
    """Return a header's reason for refusing a token (seen without a body): ``3000003;reason="…";category="…"``."""
    found = _REASON.search(headers.get("x-ms-diagnostics", ""))
    return found["reason"] if found else ""


def _redirection(answer: Answer, url: str) -> FaultError:
    problem = f"the tenant answered {answer.status} at {url} and redirected to"
    target = resolved(answer.headers.get("Location", ""), url)
    if not target:
        return FaultError(f"{problem} something that isn't an address", IN_BETWEEN)
    host = host_of(target).rpartition("@")[2]
    if host == host_of(url):
        return FaultError(f"{problem} another page of the same host")
    return FaultError(f"{problem} {host}, which was not followed", IN_BETWEEN)


@dataclass(frozen=True, slots=True)
class _Denial:
    """A message of the service, from public threads, and its meaning; Microsoft documents few.

    Attributes:
        words: alternatives that the service's message contains, in lower case.
        sentence: what is wrong, a clause.
        advice: what to do, sentences.
    """

    words: tuple[str, ...]
    sentence: str
    advice: str


_TOKEN_DENIALS = (
    _Denial(
        ("unsupported app only token", "token type is not allowed", "id3035"),
        "it was obtained with a client secret, which SharePoint accepts from no application",
        'Use auth = "certificate": a certificate is uploaded to the same application (docs/sign-in.md).',
    ),
    _Denial(
        ("invalid audience",),
        "it is for another host",
        "Correct admin_url; site_token_env names a ready token for the sites. upa-analyzer doctor shows what the"
        " token says.",
    ),
    _Denial(
        ("token is expired", "invalid_token: expired", "lifetime validation failed"),
        "it has expired",
        "Get a new one. If it is new, is this machine's clock right? upa-analyzer doctor compares it.",
    ),
    _Denial(
        ("issuer or signature", "invalid issuer"),
        "it belongs to another tenant, or was changed on the way",
        "Correct tenant_id and admin_url: they have to belong to one tenant. upa-analyzer doctor shows what the token"
        " says.",
    ),
)
_ACCESS_DENIALS = (
    _Denial(
        ("profile information",),
        "the application lacks User.ReadWrite.All",
        "Add it as an application permission of SharePoint (not of Microsoft Graph), and grant admin consent.",
    ),
    _Denial(
        ("network location", "organizational policies"),
        "a policy of the tenant allows access only from certain networks",
        "Run it on a machine in one of them, or have an administrator add this one's address.",
    ),
)
_OTHER_TOKEN = "Sign in again, or renew the token."  # noqa: S105 - an advice
_OTHER_ACCESS = (
    "The application needs the SharePoint permissions Sites.FullControl.All and User.ReadWrite.All, consented; a person"
    " needs the role of a SharePoint or Global Administrator."
)


def _refusal(answer: Answer, url: str, message: str) -> RefusedError:
    """Return the error for status 401 or 403, with the service's own words and number."""
    is_token = answer.status == UNAUTHORIZED
    denials, advice = (_TOKEN_DENIALS, _OTHER_TOKEN) if is_token else (_ACCESS_DENIALS, _OTHER_ACCESS)
    lowered = message.lower()
    denial = next((one for one in denials if any(word in lowered for word in one.words)), None)
    number = service_number(answer)
    reason = f"{message.rstrip('.')} ({number})" if number else message
    if denial is not None:
        reason, advice = f"{denial.sentence}. SharePoint says: {reason}", denial.advice
    if is_token:
        return SignInError(f"the tenant refused the token at {url}: {reason}", advice)
    return RefusedError(f"the tenant denied access to {url}: {reason}", advice)
