"""When two spellings of an ID are the same user to the service, and what looks like an ID.

IDs compare without regard to case, and an account name may carry a claims prefix (``i:0#.f|membership|``): both seen
in the vendor's article and in public threads. That composed and decomposed letters are the same is inferred.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from analyzer.model.service import GUID

if TYPE_CHECKING:
    from collections.abc import Sequence

# As in i:0#.f|membership|ada@contoso.com and i:0#.w|contoso\ada
_CLAIMS_PREFIX = re.compile(r"[ic]:0.*\|", re.DOTALL)
# ada@contoso.com, CONTOSO\\ada, i:0#.f|membership|ada@contoso.com, a Guid
_LIKE_AN_ID = re.compile(rf"[@\\|]|{GUID.pattern}")

# What a key is made without, and what an ID that is its own key does not have: in Latin-1, whose letters are all
# composed, a key differs from its ID by these alone. Worth a fifth of a retry over 2 GB of small records.
_BLANKS = bytes([*range(0x21), 0x7F, 0x85, 0xA0])
_LATIN_1 = bytes(range(256)).decode("latin-1")
_NOT_ITS_OWN_KEY = _BLANKS + "".join(letter for letter in _LATIN_1 if letter.lower() != letter).encode("latin-1") + b"|"
_LOWER = _LATIN_1.lower().encode("latin-1")


def identity_key(identity: str) -> str:
    """Return what is equal for two spellings of one user's ID.

    >>> identity_key("i:0#.f|membership|Ada@Contoso.com")
    'ada@contoso.com'
    """
    text = _composed(identity)
    prefix = _CLAIMS_PREFIX.match(text) if "|" in text else None
    return text[prefix.end() :].strip() if prefix else text


def identity_keys(identities: Sequence[str | None]) -> Sequence[str]:
    """Return the key of each ID, empty without one: ``identity_key`` at once for those in Latin-1, as most are."""
    try:
        raw = "\n".join(identities).encode("latin-1")  # type: ignore[arg-type]  # the exception tells
    except (TypeError, UnicodeEncodeError):
        return [identity_key(identity or "") for identity in identities]
    between = max(0, len(identities) - 1)
    if len(raw.translate(None, _NOT_ITS_OWN_KEY)) == len(raw) - between:
        return identities  # type: ignore[return-value]  # they were joined
    if len(raw.translate(None, _BLANKS)) == len(raw) - between:
        keys = raw.translate(_LOWER).decode("latin-1").split("\n")
        return [identity_key(key) if "|" in key else key for key in keys] if b"|" in raw else keys
    return [identity_key(identity or "") for identity in identities]


def looks_like_id(text: str) -> bool:
    """Whether a text looks like a user's ID."""
    return _LIKE_AN_ID.search(text) is not None


def _composed(identity: str) -> str:
    # Composed after lowering: some letters have a composed form in lower case only.
    text = identity.lower()
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()
