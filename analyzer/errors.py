"""Errors that a person reads: what was wrong and where, what to do, and the exit code of the contract."""

from __future__ import annotations

from typing import ClassVar


class AnalyzerError(Exception):
    """Anything that ends a command with one plain line.

    Attributes:
        what: what was wrong and where, a clause without a full stop.
        advice: what to do about it, sentences; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what, advice)
        # What the service says often ends with its own full stop.
        self.what = what.rstrip(".")
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what}. {self.advice}" if self.advice else f"{self.what}."


class UsageError(AnalyzerError):
    """Invalid options or configuration."""

    exit_code = 2


class RefusedError(AnalyzerError):
    """The tenant refused us: sign-in or permission."""

    exit_code = 3


class SignInError(RefusedError):
    """The tenant does not accept our sign-in: no token, or an invalid one. No other request would work either."""


class UnreachableError(AnalyzerError):
    """The tenant could not be reached, kept throttling, or sent an invalid answer."""

    exit_code = 4


class FaultError(UnreachableError):
    """The tenant failed at one request each time; others may work."""


class ThresholdError(FaultError):
    """SharePoint refuses a list because it has more items than it shows at once, and will each time.

    Attributes:
        support: what to write to Microsoft, which has to change that; empty for the customer's own list.
    """

    def __init__(self, what: str, advice: str = "", support: str = "") -> None:
        super().__init__(what, advice)
        self.support = support


class InputError(AnalyzerError):
    """Something that was to be read cannot be read."""

    exit_code = 5


class LockedError(AnalyzerError):
    """Another process works on the same folder."""

    exit_code = 5


class OutputError(AnalyzerError):
    """Something that was to be written cannot be written."""

    exit_code = 5
