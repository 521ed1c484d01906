"""When two spellings of an id are the same user to the service.

Ids compare without regard to case, and an account name may carry a claims prefix (``i:0#.f|membership|``): both seen
in the vendor's article and in public threads. That composed and decomposed letters are the same is inferred.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# As in i:0#.f|membership|ada@contoso.com and i:0#.w|contoso\ada
_CLAIMS_PREFIX = re.compile(r"[ic]:0.*\|", re.DOTALL)

_BLANKS = bytes([*range(0x21), 0x7F])


def identity_key(identity: str) -> str:
    """What equals for two spellings of one user's id.

    >>> identity_key("i:0#.f|membership|Ada@Contoso.com")
    'ada@contoso.com'
    """
    text = _composed(identity)
    prefix = _CLAIMS_PREFIX.match(text) if "|" in text else None
    return text[prefix.end() :].strip() if prefix else text


def identity_keys(identities: Sequence[str | None]) -> list[str]:
    """The key of each id, empty where there is none: ``identity_key`` at once for the many that are plain."""
    try:
        text = "\n".join(identities)  # type: ignore[arg-type]  # the exception tells
        raw = text.encode()
    except (TypeError, UnicodeEncodeError):
        return [identity_key(one or "") for one in identities]
    if len(raw.translate(None, _BLANKS)) != len(raw) - len(identities) + 1:
        return [identity_key(one or "") for one in identities]
    # That letters of ASCII are lowered before the others changes no key.
    keys = raw.lower().decode().split("\n")
    if "|" in text:
        return [identity_key(key) if "|" in key or not key.isascii() else key for key in keys]
    return keys if text.isascii() else [key if key.isascii() else _composed(key) for key in keys]


def _composed(identity: str) -> str:
    # Composed after lowering: some letters have a composed form in lower case only.
    return unicodedata.normalize("NFC", identity.lower()).strip()
