"""Lines of a log to entries, by their shape.

The shapes, as seen in the vendor's article, in its screenshots and in public threads (``docs/logs.md``)::

    IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
    MissingIdentity⇥⇥The identity is missing for the user object
    InvalidProperty - ada@contoso.com Property 'AboutMe' is not mapped to any property …
    IdentityNotResolvable ada@contoso.com User identity cannot be resolved
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.facts import GUID
from analyzer.logs.catalogue import LOG_CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

# IdentityNotResolvable⇥ada@contoso.com⇥User identity cannot be resolved
_TABBED = re.compile(
    r"""
    (?P<code> [A-Z][A-Za-z0-9]+ ) \t
    (?P<rest> .* )
    """,
    re.VERBOSE | re.DOTALL,
)

# InvalidProperty - ada@contoso.com Property 'AboutMe' is not …: only codes that we know, as any sentence begins so
_TABS_LOST = re.compile(
    rf"""
    (?P<code> {"|".join(sorted(LOG_CODES))} )
    (?: [ \u00a0]+ [-\u2013\u2014] )?
    [ \u00a0]+
    (?P<rest> \S .* )
    """,
    re.VERBOSE | re.DOTALL,
)

# The word that is an identity without a tab to say so: an address, an account, a claim, a Guid
# (possessive, and ended by any blank: a line of a million such characters must not take a minute)
_IDENTITY_WORD = re.compile(
    rf"(?P<identity> [^\s@\\|]*+[@\\|]\S*+ | {GUID.pattern} ) (?: \s++ | $ )",
    re.VERBOSE,
)

# Scripts that put no blank between words and no apostrophe into them: a quote may touch their letters
_LETTER = r"[^\W\d_\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc]"

_WITHIN_A_WORD = rf"(?<={_LETTER})['\u2019](?={_LETTER})"
"""An apostrophe between two letters, as in "n'est": it neither opens nor closes a quotation."""

# Names of properties are far shorter than 400 characters. The bound, and never going back (the second "+"), keep
# hostile text with a million quotation marks from taking minutes.
_QUOTED = rf"""
    (?:
        (?<!{_LETTER})['\u2019]
        (?P<straight> [^'\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'\u2019]{{1,400}}+ )*+ )
        ['\u2019]
      | [\u2018\u201a\u201b`]
        (?P<single> [^'`\u2018\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'`\u2018\u2019]{{1,400}}+ )*+ )
        ['`\u2018\u2019]
      | [\u201c\u201d\u201e\u201f"\uff02] (?P<double> [^\u201c\u201d"\uff02]{{1,400}}+ ) [\u201c\u201d"\uff02]
      | [\u00ab\u00bb] (?P<guillemets> [^\u00ab\u00bb]{{1,400}}+ ) [\u00ab\u00bb]
      | [\u2039\u203a] (?P<guillemet> [^\u2039\u203a]{{1,400}}+ ) [\u2039\u203a]
      | [\u300c\u300e\u300a\u3008] (?P<corner> [^\u300d\u300f\u300b\u3009]{{1,400}}+ ) [\u300d\u300f\u300b\u3009]
    )
"""
_FIRST_QUOTED = re.compile(_QUOTED, re.VERBOSE)
_PROPERTY_QUOTED = re.compile(rf"\b Property [\s\u00a0]* {_QUOTED}", re.VERBOSE)


@dataclass(slots=True)
class Entry:
    """One row of the table ``entries``, without the columns that name the file.

    Attributes:
        line: 1-based line where the entry starts.
        code: as written; None for text before the first entry.
        identity: as written; None where empty.
        message: the rest of the first line.
        further: the further lines, the blank ones at the end still among them.
    """

    line: int
    code: str | None
    identity: str | None
    message: str
    further: list[str] = field(default_factory=list)

    @property
    def property_name(self) -> str | None:
        """The profile or source property that the message names."""
        return property_named(self.code, self.message)

    @property
    def detail(self) -> str | None:
        """The further lines joined by LF, without blank ones at the end; None where nothing is left."""
        lines = self.further
        end = len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        return "\n".join(lines[:end]) or None


def entries(lines: list[str]) -> Iterator[Entry]:
    """The entries of a log in their order; what is no entry belongs to the one above, or is a row without a code."""
    current: Entry | None = None
    for number, line in enumerate(lines, 1):
        begun = _begin(number, line)
        if begun is not None:
            if current is not None:
                yield current
            current = begun
        elif current is not None:
            current.further.append(line)
        elif line.strip():
            current = Entry(number, None, None, line)
    if current is not None:
        yield current


@functools.lru_cache(maxsize=4096)
def property_named(code: str | None, message: str) -> str | None:
    """The property that a message names in quotes, whatever its language; None where it names none.

    In an ``InvalidProperty`` whatever stands in the first quotes; elsewhere only what follows the word ``Property``,
    as the path in a JSON parser's message stands in quotes, too.
    """
    expression = _FIRST_QUOTED if code == "InvalidProperty" else _PROPERTY_QUOTED
    found = expression.search(message) if code is not None else None
    if found is None:
        return None
    return next(group for group in found.groups() if group is not None).strip() or None


def _begin(number: int, line: str) -> Entry | None:
    """The entry that a line begins, if it begins one."""
    if "\t" in line:
        found = _TABBED.fullmatch(line)
        if found is not None:
            return _tabbed_entry(number, found["code"], found["rest"])
    found = _TABS_LOST.fullmatch(line)
    if found is None:
        return None
    identity, message = _leading_identity(found["rest"])
    return Entry(number, found["code"], identity, message)


def _tabbed_entry(number: int, code: str, rest: str) -> Entry:
    identity, tab, message = rest.partition("\t")
    if tab:
        return Entry(number, code, identity if identity.strip() else None, message)
    # One tab only: an identity where the line was cut off behind it, else a message.
    alone, message = _leading_identity(rest)
    return Entry(number, code, alone, message)


def _leading_identity(rest: str) -> tuple[str | None, str]:
    found = _IDENTITY_WORD.match(rest)
    return (found["identity"], rest[found.end() :]) if found else (None, rest)
