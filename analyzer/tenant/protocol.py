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
from analyzer.tenant.denials import ACCESS, OTHER_ACCESS, OTHER_TOKEN, TOKEN, denial_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_REASON = re.compile(r'reason="(?P<reason>[^"]*)"')
_NUMBER = re.compile(r"-?\d+")
_SITE = re.compile(r"/(?:sites|teams|personal)/[^/]+", re.IGNORECASE)

SUCCESS = range(200, 300)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404
_ASK_AGAIN = frozenset({429, 503})
_DENIED = frozenset({UNAUTHORIZED, FORBIDDEN})
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
        shown = answer.body[:60].decode("utf-8", "replace")
        raise UnreachableError(f"{url} did not answer with JSON but with {shown!r}", "Is a proxy in between?")
    return content


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
    if answer.status in _DENIED:
        return _denied(answer, url, message)
    if answer.status in _ASK_AGAIN:
        return UnreachableError(f"the tenant kept asking to wait at {url}: {message}", "Try again later.")
    return UnreachableError(f"the tenant answered {answer.status} at {url}: {message}")


def _denied(answer: Answer, url: str, message: str) -> RefusedError:
    """The error of a token that is refused, or of a permission that is missing; the service's words and number stay."""
    number = service_number(answer.body)
    told = f"{message.rstrip('.')} ({number})" if number else message
    is_token = answer.status == UNAUTHORIZED
    denial = denial_of(message, TOKEN if is_token else ACCESS)
    shown = f"{denial.sentence}. It says: {told}" if denial else told
    if is_token:
        return SignInError(f"the tenant refused the token at {url}: {shown}", denial.advice if denial else OTHER_TOKEN)
    return RefusedError(f"the tenant denied access to {url}: {shown}", denial.advice if denial else OTHER_ACCESS)


def service_number(body: bytes) -> str:
    """The number in SharePoint's error body, as ``-2147024891``; empty where there is none."""
    error = _error_in(body)
    found = _NUMBER.match(str(error.get("code", "")))
    return found[0] if found else ""


def service_message(body: bytes) -> str:
    """The text in SharePoint's error body, whichever of its shapes; empty where there is none."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    if isinstance(content, dict) and isinstance(content.get("error_description"), str):
        return str(content["error_description"])  # why a token is refused (seen)
    message = _error_in(body).get("message")
    value = message.get("value") if isinstance(message, dict) else message
    return value if isinstance(value, str) else ""


def _error_in(body: bytes) -> Mapping[str, object]:
    """What stands under ``error`` or ``odata.error``; empty where nothing does."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    error = (content.get("error") or content.get("odata.error")) if isinstance(content, dict) else None
    return error if isinstance(error, dict) else {}


def _diagnosis(headers: Mapping[str, str]) -> str:
    """Why a token is refused, where the body does not say so (seen): ``3000003;reason="…";category="…"``."""
    told = _REASON.search(headers.get("x-ms-diagnostics", ""))
    return told["reason"] if told else ""


def _argument(text: str) -> str:
    return quote(text.replace("'", "''"), safe="")
