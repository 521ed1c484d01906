"""What the catalogue holds: explanations of codes, and patterns that part the messages of one code."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ARTICLE = "Microsoft's article on the bulk user profile update API"
THREADS = "public threads (PnP PowerShell, sp-dev-docs)"
NOT_SEEN = "not seen in such a log, inferred"
NOT_KNOWN = "not known"

MESSAGE_READ = 4_000
"""How many characters of a message count. What an exception is stands in its first words; a log may hold 100 MB."""

DETAIL_READ = 64_000
"""The same of its further lines; the number of a SQL error stands below a stack trace."""

#    at System.Data.SqlClient.SqlConnection.OnError(SqlException exception, …)
# ClientConnectionId:26fdb134-8298-5bcb-986a-fcb349e2e056
SAYS_NOTHING = r"(?m)^(?: {3}|ClientConnectionId:).*$"
"""Lines of a detail that say where something failed, not what; an expression for Python's ``re`` and for Rust's."""

_SAYS_NOTHING = re.compile(SAYS_NOTHING)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code, or one pattern of a code's messages, in plain words.

    Attributes:
        code: the log code or job error; of a pattern ``CODE/NAME``.
        title: what happened, as a clause that can stand in a sentence.
        meaning: what happened, in a sentence or two.
        causes: likely causes, the likeliest first.
        remedies: what to do, in the order in which to try it.
        who: who can do it: ``administrator``, ``feed owner`` or ``vendor``.
        retry_helps: whether importing the same records unchanged can help; None where that is not known.
        known_from: where the knowledge comes from, and whether it was seen or inferred.
        takes: how long it usually takes, in a sentence; empty where there is nothing to wait for.
    """

    code: str
    title: str
    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    who: str
    retry_helps: bool | None
    known_from: str
    takes: str = ""

    @property
    def known(self) -> bool:
        """Whether anything is known of the code."""
        return self.known_from != NOT_KNOWN


@dataclass(frozen=True, slots=True)
class Pattern:
    """Messages of one code that mean the same.

    Attributes:
        explanation: of ``CODE/NAME``.
        phrases: a message that holds one of them is meant, in whatever case; ``*`` stands for any text.
    """

    explanation: Explanation
    phrases: tuple[str, ...]

    @property
    def code(self) -> str:
        """The code whose messages it parts."""
        return self.explanation.code.partition("/")[0]

    def matches(self, text: str) -> bool:
        """Whether a message is meant; ``text`` is its ``evidence``."""
        whole, gapped = _folded(self.phrases)
        return any(map(text.__contains__, whole)) or any(_holds(text, parts) for parts in gapped)


def evidence(message: str, detail: str | None) -> str:
    r"""What patterns are matched against: the beginning of a message and of its detail, without stack frames and case.

    >>> evidence("TimeoutException: x", "   at System.Y()\nError Number:-2,State:0,Class:11")
    'timeoutexception: x\n\nerror number:-2,state:0,class:11'
    """
    further = _SAYS_NOTHING.sub("", (detail or "")[:DETAIL_READ])
    return f"{message[:MESSAGE_READ]}\n{further}".casefold()


def first_match(patterns: Sequence[Pattern], message: str, detail: str | None) -> Explanation | None:
    """The first pattern that a message matches; None where it matches none."""
    text = evidence(message, detail)
    return next((pattern.explanation for pattern in patterns if pattern.matches(text)), None)


def _holds(text: str, parts: tuple[str, ...]) -> bool:
    """Whether the parts stand in a text one behind the other; takes time linear in the text."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@functools.cache
def _folded(phrases: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The phrases without a gap, and the parts of the others."""
    folded = [phrase.casefold() for phrase in phrases]
    gapped = tuple(tuple(phrase.split("*")) for phrase in folded if "*" in phrase)
    return tuple(phrase for phrase in folded if "*" not in phrase), gapped
