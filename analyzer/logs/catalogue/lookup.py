"""Names and messages to explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.logs.catalogue import (
    codes,
    generic_access,
    generic_store,
    generic_values,
    job_errors,
    not_json,
    queue_call,
)
from analyzer.logs.catalogue.interface import NOT_KNOWN, Explanation, Pattern, evidence, first_match

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is known of codes and of their messages.

    Attributes:
        explanations: of codes, job errors and calls.
        patterns: of their messages; of those of one code the first that matches is meant.
    """

    explanations: tuple[Explanation, ...]
    patterns: tuple[Pattern, ...]

    @property
    def names(self) -> list[str]:
        """Every name that is explained: codes, job errors and calls, then patterns."""
        return [one.code for one in (*self.explanations, *(pattern.explanation for pattern in self.patterns))]

    def explain(self, name: str) -> Explanation:
        """The explanation of a code, job error, call or pattern, regardless of case; an honest "not known" else."""
        wanted = name.casefold()
        every = (*self.explanations, *(pattern.explanation for pattern in self.patterns))
        return next((one for one in every if one.code.casefold() == wanted), None) or _unknown(name)

    def patterns_of(self, code: str) -> tuple[Pattern, ...]:
        """The patterns of a code, regardless of case."""
        return tuple(pattern for pattern in self.patterns if pattern.code.casefold() == code.casefold())

    def pattern_of(self, code: str, message: str, detail: str | None) -> Explanation | None:
        """The first pattern of a code that a message matches; None where it matches none."""
        return first_match(self.patterns_of(code), message, detail)

    def retry_helps(self, code: str, message: str, detail: str | None) -> bool | None:
        """Whether importing the same record unchanged can mend an entry: by its message, else by its code."""
        return (self.pattern_of(code, message, detail) or self.explain(code)).retry_helps

    def explain_message(self, message: str, detail: str | None) -> Explanation | None:
        """The code or the pattern of a message that stands without its code; None where nobody knows it."""
        text = evidence(message, detail)
        usual = (code for phrase, code in codes.USUAL_MESSAGES.items() if phrase.casefold() in text)
        code = next(usual, None)
        return self.explain(code) if code else first_match(self.patterns, message, detail)

    def with_own(self, explanations: Iterable[Explanation], patterns: Iterable[Pattern]) -> Catalogue:
        """A catalogue in which these stand for ours of the same names, and patterns are tried before ours."""
        own, own_patterns = tuple(explanations), tuple(patterns)
        names = {one.code.casefold() for one in (*own, *(pattern.explanation for pattern in own_patterns))}
        kept = (one for one in self.explanations if one.code.casefold() not in names)
        kept_patterns = (one for one in self.patterns if one.explanation.code.casefold() not in names)
        return Catalogue((*kept, *own), (*own_patterns, *kept_patterns))


OURS = Catalogue(
    (*codes.EXPLANATIONS, *job_errors.EXPLANATIONS, *queue_call.EXPLANATIONS),
    # Of a message without its code the most particular words come first; among a GenericError's those on its values.
    (
        *queue_call.PATTERNS,
        *not_json.PATTERNS,
        *generic_values.PATTERNS,
        *generic_store.PATTERNS,
        *generic_access.PATTERNS,
    ),
)
"""What is known without anybody's configuration."""


def explain(name: str) -> Explanation:
    """The explanation of a name by our own catalogue; see ``Catalogue.explain``."""
    return OURS.explain(name)


def known_names() -> list[str]:
    """Every name that our own catalogue explains."""
    return OURS.names


def _unknown(name: str) -> Explanation:
    return Explanation(
        name,
        "not known",
        f"{name} is not among the codes that are known. The message is all there is to go by.",
        (),
        ("Read the message; if it does not help, show it to Microsoft's support with the job's id.",),
        "administrator",
        retry_helps=None,
        known_from=NOT_KNOWN,
    )
