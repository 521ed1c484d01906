"""SharePoint's REST conventions as pure functions: addresses, errors by status and body, when to ask again.

Conventions: https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest and
https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import email.utils
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from analyzer.errors import AnalyzerError, RefusedError, SignInError, UnreachableError
from analyzer.facts import TENANT_API
from analyzer.uri import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_REASON = re.compile(r'reason="(?P<reason>[^"]*)"')
_SITE = re.compile(r"/(?:sites|teams|personal)/[^/]+", re.IGNORECASE)

SUCCESS = range(200, 300)
REDIRECTION = range(300, 400)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
_ASK_AGAIN = frozenset({429, 503})
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_IN_BETWEEN = "Is a proxy, or a sign-in page of the network, in between? Open the address in a browser to see."
MUST_NOT_GO_ON = frozenset({UNAUTHORIZED, *_ASK_AGAIN})
"""What an answer says that concerns every request, and not the one alone."""


@dataclass(frozen=True, slots=True)
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


def tenant_call(name: str) -> str:
    """The path of one of the job calls."""
    return f"{TENANT_API}{name}"


def site_of(path: str) -> str:
    """The server-relative path of the site collection that a path lies in; empty for the root one."""
    site = _SITE.match(path)
    return site[0] if site else ""


def file_call(web: str, path: str, call: str = "") -> str:
    """The path of a call on a file, by its server-relative path: ``/sites/hr/_api/web/getFileBy…('…')/$value``."""
    return f"{quote(web)}/_api/web/getFileByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def folder_call(web: str, path: str, call: str = "") -> str:
    """The path of a call on a folder, by its server-relative path."""
    return f"{quote(web)}/_api/web/getFolderByServerRelativePath(decodedUrl='{_argument(path)}'){call}"


def web_of_page_call(web: str) -> str:
    """The path of the call that tells which web a page, a file or a folder belongs to."""
    return f"{quote(web)}/_api/SP.Web.GetWebUrlFromPageUrl"


def add_file_call(name: str) -> str:
    """The call on a folder that uploads a file whole, in place of one of that name."""
    return f"/Files/add(overwrite=true,url='{_argument(name)}')"


def wait_before_retry(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait before the same request may be sent again; None when the tenant did not ask to wait."""
    if status not in _ASK_AGAIN:
        return None
    told = headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(told) - now).total_seconds())
    except (ValueError, TypeError):
        return 1.0


def json_of(answer: Answer, url: str) -> dict[str, object]:
    """The body of an answer that has to be a success and a JSON object.

    Raises:
        RefusedError: the tenant refused us.
        UnreachableError: the answer is an error, or something else than JSON, as the page of a proxy.
    """
    if answer.status not in SUCCESS:
        raise error_of(answer, url)
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        if is_page(answer):
            raise UnreachableError(f"{url} gave a page instead of an answer", _IN_BETWEEN)
        shown = answer.body[:60].decode("utf-8", "replace")
        raise UnreachableError(f"{url} did not answer with JSON but with {shown!r}", "Is a proxy in between?")
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
        UnreachableError: it was asked already.
    """
    link = page.get("odata.nextLink") or page.get("@odata.nextLink")
    if not isinstance(link, str):
        return None
    if link in followed:
        raise UnreachableError(f"{link} leads to itself as the next page of the listing")
    followed.add(link)
    return link


def error_of(answer: Answer, url: str) -> AnalyzerError:
    """The error that an unsuccessful answer is."""
    message = service_message(answer.body) or _diagnosis(answer.headers) or f"HTTP status {answer.status}"
    if answer.status == UNAUTHORIZED:
        return SignInError(f"the tenant refused the token at {url}: {message}", "Sign in again, or renew the token.")
    if answer.status == FORBIDDEN:
        return RefusedError(
            f"the tenant denied access to {url}: {message}",
            "The application needs the SharePoint permissions Sites.FullControl.All and User.ReadWrite.All, consented.",
        )
    if answer.status in REDIRECTION:
        return _led_away(answer, url)
    if answer.status in _ASK_AGAIN:
        return UnreachableError(f"the tenant kept asking to wait at {url}: {message}", "Try again later.")
    return UnreachableError(f"the tenant answered {answer.status} at {url}: {message}")


def _led_away(answer: Answer, url: str) -> UnreachableError:
    to = answer.headers.get("Location", "")
    there = host_of(f"https:{to}" if to.startswith("//") else to).rpartition("@")[2] or host_of(url)
    if there == host_of(url):
        return UnreachableError(f"the tenant answered {answer.status} at {url} and led elsewhere on the same host")
    return UnreachableError(
        f"the tenant answered {answer.status} at {url} and led to {there}, which was not followed", _IN_BETWEEN
    )


def service_message(body: bytes) -> str:
    """The text in SharePoint's error body, whichever of its shapes; empty where there is none."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    if isinstance(content, dict) and isinstance(content.get("error_description"), str):
        return str(content["error_description"])  # why a token is refused (seen)
    error = (content.get("error") or content.get("odata.error")) if isinstance(content, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    value = message.get("value") if isinstance(message, dict) else message
    return value if isinstance(value, str) else ""


def _diagnosis(headers: Mapping[str, str]) -> str:
    """Why a token is refused, where the body does not say so (seen): ``3000003;reason="…";category="…"``."""
    told = _REASON.search(headers.get("x-ms-diagnostics", ""))
    return told["reason"] if told else ""


def _argument(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")
