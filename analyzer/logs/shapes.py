"""The shapes of a log's lines that begin an entry.

The shapes, as seen in the vendor's article, in its screenshots and in public threads (``docs/logs.md``)::

    IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    MissingIdentity⇥⇥The identity is missing for the user object
    InvalidProperty - ada@contoso.com Property 'AboutMe' is not mapped to any property …
    IdentityNotResolvable ada@contoso.com User identity cannot be resolved
"""

from __future__ import annotations

import re
from typing import NamedTuple

from analyzer.facts import GUID
from analyzer.logs.catalogue import LOG_CODES

MARK = "\ufeff"
"""The byte order mark."""

CODE = "[A-Z][A-Za-z0-9]+"
"""The shape of a code, as a regular expression."""

_CODE_ALONE = re.compile(CODE.encode())

# IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
_TABBED = re.compile(rf"(?P<code> {CODE} ) \t", re.VERBOSE)

# InvalidProperty - ada@contoso.com Property 'AboutMe' is not …: only codes that we know, as any sentence begins so
_TABS_LOST = re.compile(
    rf"""
    (?P<code> {"|".join(sorted(LOG_CODES))} )
    (?: [ \u00a0]+ [-\u2013\u2014] )?
    [ \u00a0]+ (?= \S )
    """,
    re.VERBOSE,
)

# The word that is an identity without a tab to say so: an address, an account, a claim, a Guid
# (possessive, and ended by any blank: a line of a million such characters must not take a minute)
_IDENTITY_WORD = re.compile(
    rf"(?P<identity> [^\s@\\|]*+[@\\|]\S*+ | {GUID.pattern} ) (?: \s++ | $ )",
    re.VERBOSE,
)


# The beginning of an entry, up to where its message would begin; without tabs only of a code that we know
_CUT_OFF = re.compile(
    rf"""
    {MARK}?
    (?: [A-Z][A-Za-z0-9]* (?: \t [^\t]* )?
      | (?: {"|".join(sorted(LOG_CODES))} ) [ \u00a0]+ (?: [-\u2013\u2014] [ \u00a0]* )? \S*
    )
    """,
    re.VERBOSE,
)


class Beginning(NamedTuple):
    """Where the fields stand in a line that begins an entry; the message goes on to the line's end.

    Attributes:
        code: where the code begins.
        code_end: behind the code.
        identity: where the identity begins; where the message begins when there is none.
        identity_end: behind the identity.
        message: where the message begins.
    """

    code: int
    code_end: int
    identity: int
    identity_end: int
    message: int


def is_code(word: bytes) -> bool:
    """Whether a line's first field has the shape of a code."""
    return _CODE_ALONE.fullmatch(word) is not None


def is_cut_off(line: str) -> bool:
    """Whether a last line without an end breaks off before its message, where a user would have been named."""
    return _CUT_OFF.fullmatch(line) is not None


def beginning(line: str) -> Beginning | None:
    """The entry that a line begins; None where it belongs to the entry above."""
    # A byte order mark within a log: somebody put one log behind another.
    start = len(MARK) if line.startswith(MARK) else 0
    found = _TABBED.match(line, start) or _TABS_LOST.match(line, start)
    if found is None:
        return None
    rest = found.end()
    tab = line.find("\t", rest) if found.re is _TABBED else -1
    if tab >= 0:
        blank = not line[rest:tab].strip()
        return Beginning(start, found.end("code"), *((tab + 1,) * 3 if blank else (rest, tab, tab + 1)))
    # No second tab: an identity where the line was cut off behind it or its tabs were lost, else a message.
    word = _IDENTITY_WORD.match(line, rest)
    if word is None:
        return Beginning(start, found.end("code"), rest, rest, rest)
    return Beginning(start, found.end("code"), rest, word.end("identity"), word.end())
