"""What a kind of finding of ``check`` is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from analyzer.catalogue.model import OWNER


class Severity(StrEnum):
    """What a fault does, the worst first."""

    aborts = auto()
    """The service refuses the queue call or aborts the job: no user is updated."""
    fails = auto()
    """The user isn't updated."""
    harm = auto()
    """A wrong value is written without an error."""
    note = auto()
    """Nothing goes wrong, but it may not be intended."""


class Certainty(StrEnum):
    """How certain it is that the service does this with this file."""

    sure = auto()
    likely = auto()
    possible = auto()


QUEUE_CALL = "QueueImportProfileProperties"
"""The code of faults for which the call that queues the import is refused; there is no job and no log."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A kind of finding.

    Attributes:
        name: identifies the kind in output, such as ``unmapped-property``.
        code: what the log or the job would show; empty if neither shows anything.
        severity: what it does.
        certainty: how certain that is.
        one: what is wrong with one record (or with the file), as a clause that follows "1 record" or "The file".
        many: the same for several records.
        remedy: what to do, sentences in the imperative.
        known_from: the source, and whether it was seen or inferred.
        who: who can do it: ``administrator`` or ``feed owner``.
    """

    name: str
    code: str
    severity: Severity
    certainty: Certainty
    one: str
    many: str
    remedy: str
    known_from: str
    who: str = OWNER
