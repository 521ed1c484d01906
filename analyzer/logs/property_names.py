"""Which property a message names, whatever its language and its kind of quotes."""

from __future__ import annotations

import functools
import re

from analyzer.model.service import LogCode

# Scripts that put no blank between words and no apostrophe into them: a quote may touch their letters
_LETTER = r"[^\W\d_\u0e00-\u0eff\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc]"

_WITHIN_A_WORD = rf"(?<={_LETTER})['\u2019](?={_LETTER})"
"""An apostrophe between two letters, as in "n'est": it neither opens nor closes a quotation."""

# Names of properties are far shorter than 400 characters. The bound, and never going back into a part (the second "+"),
# keep hostile text with a million quotation marks from taking minutes. A group that never goes back would be simpler
# than looking ahead for a closing quotation mark that is none, but before Python 3.11.5 such groups match wrongly.
_QUOTED = rf"""
    (?:
        (?<!{_LETTER})['\u2019]
        (?P<straight> [^'\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'\u2019]{{1,400}}+ )* )
        (?! {_WITHIN_A_WORD} ) ['\u2019]
      | [\u2018\u201a\u201b`]
        (?P<single> [^'`\u2018\u2019]{{1,400}}+ (?: {_WITHIN_A_WORD} [^'`\u2018\u2019]{{1,400}}+ )* )
        (?! {_WITHIN_A_WORD} ) ['`\u2018\u2019]
      | [\u201c\u201d\u201e\u201f"\uff02] (?P<double> [^\u201c\u201d"\uff02]{{1,400}}+ ) [\u201c\u201d"\uff02]
      | [\u00ab\u00bb] (?P<guillemets> [^\u00ab\u00bb]{{1,400}}+ ) [\u00ab\u00bb]
      | [\u2039\u203a] (?P<guillemet> [^\u2039\u203a]{{1,400}}+ ) [\u2039\u203a]
      | [\u300c\u300e\u300a\u3008] (?P<corner> [^\u300d\u300f\u300b\u3009]{{1,400}}+ ) [\u300d\u300f\u300b\u3009]
    )
"""


@functools.cache
def _quoted(behind: str) -> re.Pattern[str]:
    """What stands in quotes behind an expression; compiled when it is first needed, as that takes its time."""
    return re.compile(behind + _QUOTED, re.VERBOSE)


@functools.lru_cache(maxsize=4096)
def property_named(code: str | None, message: str) -> str | None:
    """The property that a message names in quotes, whatever its language; None where it names none.

    In an ``InvalidProperty`` whatever stands in the first quotes; elsewhere only what follows the word ``Property``,
    as the path in a JSON parser's message stands in quotes, too.
    """
    expression = _quoted("" if code == LogCode.InvalidProperty else r"\b Property [\s\u00a0]*")
    found = expression.search(message) if code is not None else None
    if found is None:
        return None
    return next(group for group in found.groups() if group is not None).strip() or None
