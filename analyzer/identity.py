"""When two spellings of an id are the same user to the service.

Ids compare without regard to case, and an account name may carry a claims prefix (``i:0#.f|membership|``): both seen
in the vendor's article and in public threads. That composed and decomposed letters are the same is inferred.
"""

from __future__ import annotations

import re
import unicodedata

# As in i:0#.f|membership|ada@contoso.com and i:0#.w|contoso\ada
_CLAIMS_PREFIX = re.compile(r"[ic]:0.*\|", re.DOTALL)


def identity_key(identity: str) -> str:
    """What equals for two spellings of one user's id.

    >>> identity_key("i:0#.f|membership|Ada@Contoso.com")
    'ada@contoso.com'
    """
    # Composed after lowering: some letters have a composed form in lower case only.
    text = unicodedata.normalize("NFC", identity.lower()).strip()
    prefix = _CLAIMS_PREFIX.match(text)
    return text[prefix.end() :].strip() if prefix else text
