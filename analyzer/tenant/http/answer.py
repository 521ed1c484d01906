"""What came back, and what it says, as pure functions: content, errors by status and body.

Conventions: https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.errors import AnalyzerError, FaultError, ThresholdError, UnreachableError
from analyzer.model.redaction import redacted
from analyzer.model.uri import host_of, resolved
from analyzer.tenant.http.denials import denied_access, refused_token

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASON = re.compile(r'reason="(?P<reason>[^"]*)"')
_NUMBER = re.compile(r"-?\d+")
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Perhaps: of a pair there are two."""

SUCCESS = range(200, 300)
NO_CONTENT, PARTIAL_CONTENT = 204, 206
REDIRECTION = range(300, 400)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, RANGE_NOT_SATISFIABLE = 401, 403, 404, 416
ASK_AGAIN = frozenset({429, 503})
_MOST_PAGES = 1_000
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
IN_BETWEEN = "Is a proxy, or a sign-in page of the network, in between? Open the address in a browser to see."
UNFORESEEN = "Try again later. If it stays so, Microsoft's support asks for the id that --verbose shows."
NEVER_OTHERWISE = "SharePoint answers the same each time. Microsoft's support asks for the ID that --verbose shows."
_OVER_THRESHOLD = "-2147024860"
_PERMANENT_NUMBERS = frozenset({_OVER_THRESHOLD, "-2147024749", "-2147024809", "-2146232832"})
"""Numbers of errors that are the same each time, also with status 500 (seen).

Of a query with too many items, or too many lookup columns; of an argument that doesn't fit; of what SharePoint's own
code refuses. Others with that status pass, such as -2146232060 of SQL Server, and -1 of a server whose configuration is
being changed (seen).
"""
_PERMANENT_TYPES = frozenset({"Microsoft.SharePoint.SPQueryThrottledException", "System.ArgumentException"})
MUST_NOT_GO_ON = frozenset({UNAUTHORIZED, *ASK_AGAIN})
"""What an answer says that concerns every request, and not the one alone."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: names regardless of case.
        body: whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def content(self) -> dict[str, object] | None:
        """The body as a JSON object; None where it is none. Half a surrogate pair, which no file holds, becomes "?"."""
        try:
            content = json.loads(self.body)
            if _HALF_A_PAIR.search(self.body):
                content = json.loads(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):  # the latter where it is nested without end
            return None
        return content if isinstance(content, dict) else None


def json_of(answer: Answer, url: str) -> dict[str, object]:
    """The body of an answer that has to be a success and a JSON object.

    Raises:
        RefusedError: the tenant refused us.
        UnreachableError: the answer is an error, or something else than JSON, as the page of a proxy.
    """
    if answer.status not in SUCCESS:
        raise error_of(answer, url)
    content = answer.content
    if content is None:
        if is_page(answer):
            raise FaultError(f"{url} gave a page instead of an answer", IN_BETWEEN)
        shown = redacted(answer.body[:60].decode("utf-8", "replace"))
        raise FaultError(f"{url} did not answer with JSON but with {shown!r}", "Is a proxy in between?")
    return content


def is_page(answer: Answer) -> bool:
    """Whether an answer is a page for people: of a proxy, or of a network that one has to sign in to first."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind in _PAGES or _PAGE.match(answer.body) is not None


def next_page(page: Mapping[str, object], followed: set[str]) -> str | None:
    """The address of the page behind this one, as the service spells it; None behind the last.

    Args:
        page: an answer that is a collection.
        followed: the addresses that were asked already; the next one is added.

    Raises:
        FaultError: it was asked already, or there is no end of them.
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
    """Whether an error says of itself that it is the same the next time, whatever its status."""
    number, _, kind = str(_error_in(answer).get("code", "")).partition(",")
    return number.strip() in _PERMANENT_NUMBERS or kind.strip() in _PERMANENT_TYPES


def is_over_threshold(answer: Answer) -> bool:
    """Whether a list is refused because of the list view threshold, in whatever language it says so."""
    return answer.status not in SUCCESS and service_number(answer) == _OVER_THRESHOLD


def error_of(answer: Answer, url: str) -> AnalyzerError:
    """The error that an unsuccessful answer is."""
    message = service_message(answer) or _diagnosis(answer.headers) or f"HTTP status {answer.status}"
    if answer.status == UNAUTHORIZED:
        return refused_token(url, message, service_number(answer))
    if answer.status == FORBIDDEN:
        return denied_access(url, message, service_number(answer))
    if answer.status in REDIRECTION:
        return _led_away(answer, url)
    if answer.status in ASK_AGAIN:
        return UnreachableError(f"the tenant kept asking to wait at {url}: {message}", "Try again later.")
    if is_over_threshold(answer):
        return ThresholdError(f"SharePoint refuses {url} because it exceeds the list view threshold", NEVER_OTHERWISE)
    advice = NEVER_OTHERWISE if is_permanent(answer) else UNFORESEEN
    return FaultError(f"the tenant answered {answer.status} at {url}: {message}", advice)


def _led_away(answer: Answer, url: str) -> FaultError:
    to = resolved(answer.headers.get("Location", ""), url)
    if not to:
        return FaultError(
            f"the tenant answered {answer.status} at {url} and led to something that isn't an address", IN_BETWEEN
        )
    there = host_of(to).rpartition("@")[2]
    if there == host_of(url):
        return FaultError(f"the tenant answered {answer.status} at {url} and led elsewhere on the same host")
    return FaultError(
        f"the tenant answered {answer.status} at {url} and led to {there}, which was not followed", IN_BETWEEN
    )


def service_number(answer: Answer) -> str:
    """The number in SharePoint's error body, as ``-2147024891``; empty where there is none."""
    error = _error_in(answer)
    found = _NUMBER.match(str(error.get("code", "")))
    return found[0] if found else ""


def service_message(answer: Answer) -> str:
    """The text in SharePoint's error body, whichever of its shapes, without secrets; empty where there is none."""
    content = answer.content or {}
    if isinstance(content.get("error_description"), str):
        return redacted(str(content["error_description"]))  # why a token is refused (seen)
    message = _error_in(answer).get("message")
    value = message.get("value") if isinstance(message, dict) else message
    return redacted(value) if isinstance(value, str) else ""


def _error_in(answer: Answer) -> Mapping[str, object]:
    """What stands under ``error`` or ``odata.error``; empty where nothing does."""
    content = answer.content or {}
    error = content.get("error") or content.get("odata.error")
    return error if isinstance(error, dict) else {}


def _diagnosis(headers: Mapping[str, str]) -> str:
    """Why a token is refused, where the body does not say so (seen): ``3000003;reason="…";category="…"``."""
    told = _REASON.search(headers.get("x-ms-diagnostics", ""))
    return told["reason"] if told else ""
