"""Errors for users: what is wrong and where, what to do, and the exit code."""

from __future__ import annotations

from typing import ClassVar


class AnalyzerError(Exception):
    """An error that ends a command with a message instead of a traceback.

    Attributes:
        what: what is wrong and where, a clause without a full stop.
        advice: what to do about it, sentences; may be empty.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what, advice)
        # The service's messages often end with a full stop.
        self.what = what.rstrip(".")
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what}. {self.advice}" if self.advice else f"{self.what}."


class UsageError(AnalyzerError):
    """Invalid options or configuration."""

    exit_code = 2


class RefusedError(AnalyzerError):
    """The tenant refused the sign-in, or the permission is missing."""

    exit_code = 3


class SignInError(RefusedError):
    """The tenant refused the sign-in: no token, or an invalid one. No other request would work either."""


class UnreachableError(AnalyzerError):
    """The tenant could not be reached, kept throttling, or sent an invalid answer."""

    exit_code = 4


class FaultError(UnreachableError):
    """One request failed repeatedly; others may work."""


class ThresholdError(FaultError):
    """SharePoint refuses a list that exceeds its view threshold; retrying doesn't help.

    Attributes:
        support: the text of a request to Microsoft, which has to change it; empty for the customer's own list.
    """

    def __init__(self, what: str, advice: str = "", support: str = "") -> None:
        super().__init__(what, advice)
        self.support = support


class InputError(AnalyzerError):
    """Something cannot be read."""

    exit_code = 5


class LockedError(AnalyzerError):
    """Another process is using the folder."""

    exit_code = 5


class OutputError(AnalyzerError):
    """Something cannot be written."""

    exit_code = 5
