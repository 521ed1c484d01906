"""The secrets that this process was given, which are masked wherever they appear, however they are spelled there.

They are known once for the whole process: whatever writes a text cannot know which sign-in or proxy it is about.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MASK = "***"
SHORTEST = 6
"""Characters. A shorter secret is part of too many words; it is masked by its place alone, as in an address."""
_FEWEST = 4
"""Different characters, as for ``SHORTEST``."""
_WORDS = frozenset({"password", "passwort", "passphrase", "secret", "bearer", "sharepoint", "microsoft", "contoso"})
"""Words that somebody may take for a password, and that texts of ours are full of."""
_SECRET_NAME = re.compile(
    r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|API_?KEY|ACCESS_?KEY|IDENTITY_HEADER)", re.IGNORECASE
)
_LONGEST = 1 << 14
_PROXY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?P<user>[^:]*):(?P<password>.*)@[^@]*", re.DOTALL)

_lock = threading.Lock()
_values: set[str] = set()
_spellings: tuple[str, ...] = ()


def remember(secret: str) -> None:
    """Have a secret masked from now on. One that is too short or too common is not."""
    value = secret.strip()
    if value not in _values and _is_worth_it(value) and len(value) <= _LONGEST:
        _add(value, set(_spelled(value)))


def remember_login(user: str, password: str) -> None:
    """Have a password masked, and its pair with the user's name as HTTP's basic sign-in sends it."""
    for name, word in {(user, password), (unquote(user), unquote(password))}:
        remember(word)
        remember(f"{name}:{word}")


def remember_environment(environment: Mapping[str, str]) -> None:
    """Have masked what the environment has of secrets: variables whose names end as those of secrets, and proxies'."""
    for name, value in environment.items():
        if re.search(f"{_SECRET_NAME.pattern}$", name, re.IGNORECASE):
            remember(value)
    named = [value for name, value in environment.items() if name.lower().endswith("_proxy")]
    for proxy in {*named, *urllib.request.getproxies().values()}:
        login = _PROXY.fullmatch(proxy)
        if login is not None:
            remember_login(login["user"], login["password"])


def forget_all() -> None:
    """Mask nothing any more, for tests."""
    global _spellings  # noqa: PLW0603 - one for the process
    with _lock:
        _values.clear()
        _spellings = ()


def without_literals(text: str) -> str:
    """A text in which what was remembered is masked."""
    for spelling in _spellings:
        if spelling in text:
            text = text.replace(spelling, MASK)
    return text


def _add(value: str, spellings: set[str]) -> None:
    global _spellings  # noqa: PLW0603 - one for the process
    with _lock:
        _values.add(value)
        # The longest first: a part of a longer one would leave the rest of it.
        _spellings = tuple(sorted({*_spellings, *spellings}, key=len, reverse=True))


def _is_worth_it(value: str) -> bool:
    return len(value) >= SHORTEST and len(set(value)) >= _FEWEST and value.lower() not in _WORDS


def _spelled(value: str) -> Iterator[str]:
    """A secret as it is, percent-encoded, as a part of JSON, of HTML, of Python's ``repr``, and in base64."""
    encoded = {quote(value, safe=""), quote(value), quote_plus(value), quote(value, safe="!*'()~")}
    as_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    spellings = {
        value,
        unquote(value),
        *encoded,
        *(re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in encoded),
        *as_json,
        *(one.replace("/", "\\/") for one in as_json),
        html.escape(value),
        html.escape(value, quote=False),
        repr(value)[1:-1],
    }
    for charset in ("utf-8", "latin-1"):
        content = value.encode(charset, "ignore")
        for packed in (base64.b64encode(content), base64.urlsafe_b64encode(content)):
            spellings |= {packed.decode("ascii"), packed.decode("ascii").rstrip("=")}
    yield from (spelling for spelling in spellings if len(spelling) >= SHORTEST)
