"""The catalogue: look up the explanations of names and messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.catalogue import generic_error, queue_errors
from analyzer.catalogue import job_errors as jobs
from analyzer.catalogue import log_codes as codes
from analyzer.catalogue.model import NOT_KNOWN, Explanation, Pattern, evidence, first_match
from analyzer.model.language import N_
from analyzer.model.language import gettext as _
from analyzer.model.service import error_name, state_name

if TYPE_CHECKING:
    from collections.abc import Iterable

# Error 31, State 7: names in the table jobs for numbers that the service's enumerations lack
_NUMBER = re.compile(r"(?P<what> error | state )\ (?P<number> [0-9]{1,9} )", re.VERBOSE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Explanations of codes and of their messages.

    Attributes:
        explanations: explanations of codes, job errors and calls.
        patterns: patterns of messages; the first match counts among those of one code.
    """

    explanations: tuple[Explanation, ...]
    patterns: tuple[Pattern, ...]

    @property
    def names(self) -> list[str]:
        """All explained names: codes, job errors and calls, then patterns."""
        return [one.code for one in (*self.explanations, *(pattern.explanation for pattern in self.patterns))]

    def explain(self, name: str) -> Explanation:
        """Explain a code, a job's error, state or outcome, a call or a pattern, regardless of case.

        ``State 3`` and ``Error 23`` are looked up by number. An unknown name has an explanation that says so.
        """
        wanted = _without_number(name).casefold()
        every = (*self.explanations, *(pattern.explanation for pattern in self.patterns))
        return next((one for one in every if one.code.casefold() == wanted), None) or _unknown(name)

    def explain_job(self, error: str, outcome: str, *, has_log: bool, message: str = "") -> Explanation:
        """Explain a job: by its outcome while it runs, else by its error, its message, and whether it has a log.

        Args:
            error: name of the error, as in the table ``jobs``: ``InternalError``, ``Error 31``.
            outcome: ``succeeded``, ``partial``, ``aborted``, ``unknown``, ``running`` or ``stuck``.
            has_log: whether there is a log.
            message: the job's ``ErrorMessage``.
        """
        if outcome in {"running", "stuck"} or error == "NoError":
            return self.explain(outcome)
        pattern = self.pattern_of(error, message, None)
        without_log = None if has_log else jobs.WITHOUT_LOG.get(error)
        return pattern or self.explain(without_log or error)

    def patterns_of(self, code: str) -> tuple[Pattern, ...]:
        """Return the patterns of a code, regardless of case."""
        return tuple(pattern for pattern in self.patterns if pattern.code.casefold() == code.casefold())

    def pattern_of(self, code: str, message: str, detail: str | None) -> Explanation | None:
        """Return the first pattern of a code that a message matches; None if there is none."""
        return first_match(self.patterns_of(code), message, detail)

    def retry_helps(self, code: str, message: str, detail: str | None) -> bool | None:
        """Return whether importing the same record unchanged can help, by the message's pattern, else by its code."""
        return self.explain_entry(code, message, detail).retry_helps

    def explain_entry(self, code: str, message: str, detail: str | None) -> Explanation:
        """Explain an entry of a log: by the pattern of its message, else by its code."""
        return self.pattern_of(code, message, detail) or self.explain(code)

    def explain_message(self, message: str, detail: str | None) -> Explanation | None:
        """Explain a message without its code; None if it is unknown."""
        text = evidence(message, detail)
        usual = (code for phrase, code in codes.USUAL_MESSAGES.items() if phrase.casefold() in text)
        code = next(usual, None)
        return self.explain(code) if code else first_match(self.patterns, message, detail)

    def with_own(self, explanations: Iterable[Explanation], patterns: Iterable[Pattern]) -> Catalogue:
        """Return a catalogue in which these replace ours of the same name; these patterns are tried first."""
        own, own_patterns = tuple(explanations), tuple(patterns)
        names = {one.code.casefold() for one in (*own, *(pattern.explanation for pattern in own_patterns))}
        kept = (one for one in self.explanations if one.code.casefold() not in names)
        kept_patterns = (one for one in self.patterns if one.explanation.code.casefold() not in names)
        return Catalogue((*kept, *own), (*own_patterns, *kept_patterns))


OURS = Catalogue(
    (*codes.EXPLANATIONS, *jobs.EXPLANATIONS, *queue_errors.EXPLANATIONS),
    # The more specific patterns come first, as a message without its code is tried against all.
    (*queue_errors.PATTERNS, *codes.PATTERNS, *generic_error.PATTERNS),
)
"""The built-in catalogue."""


def explain(name: str) -> Explanation:
    """Explain a name by the built-in catalogue; see ``Catalogue.explain``."""
    return OURS.explain(name)


def _without_number(name: str) -> str:
    """Convert the number of a state or error to its name; return other names unchanged."""
    number = _NUMBER.fullmatch(name)
    if number is None:
        return name
    return (state_name if number["what"].lower() == "state" else error_name)(int(number["number"]))


def _unknown(name: str) -> Explanation:
    if _NUMBER.fullmatch(name):
        return jobs.undocumented(_without_number(name))
    return Explanation(
        name,
        N_("not known"),
        _("{name} is not a known code. Only the message shows what happened.").format(name=name),
        (),
        (N_("Read the message; if it does not help, show it to Microsoft's support with the job's ID."),),
        "administrator",
        retry_helps=None,
        known_from=NOT_KNOWN,
    )
