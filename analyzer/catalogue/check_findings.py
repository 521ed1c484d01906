"""The kinds of findings of ``check``: what the service would do, how certain that is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from analyzer.catalogue.model import ADMINISTRATOR, ARTICLE, OWNER, THREADS
from analyzer.model.service import JobError, LogCode

if TYPE_CHECKING:
    from collections.abc import Mapping


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


_NOT_JSON = LogCode.DataFileNotJson.value
_FAILED = LogCode.GenericError.value
_UNRESOLVED = LogCode.IdentityNotResolvable.value

NOT_JSON: Final = FindingKind(
    "not-json",
    _NOT_JSON,
    Severity.aborts,
    Certainty.sure,
    "isn't valid JSON",
    "aren't valid JSON",
    "Correct it, and create the file with a JSON library, which escapes such characters.",
    f"seen: {ARTICLE}, {THREADS}",
)
OTHER_SHAPE: Final = FindingKind(
    "other-shape",
    _NOT_JSON,
    Severity.aborts,
    Certainty.likely,
    "is valid JSON, but not in the import format",
    "are valid JSON, but not in the import format",
    'Write {"value": [{…}, …]} with one record for each user.',
    f"seen: {ARTICLE}; the message is inferred",
)
TOO_BIG: Final = FindingKind(
    "too-big",
    JobError.DataFileTooBig.name,
    Severity.aborts,
    Certainty.sure,
    "is larger than 2 GB",
    "are larger than 2 GB",
    "Split the file, and import the parts one after the other.",
    f"seen: {ARTICLE}",
    ADMINISTRATOR,
)
TOO_MANY_VALUES: Final = FindingKind(
    "too-many-values",
    JobError.DataFileTooBig.name,
    Severity.aborts,
    Certainty.likely,
    "has more than 500,000 property values",
    "have more than 500,000 property values",
    "Split the file, and import the parts one after the other; or import only what has changed.",
    f"seen: {ARTICLE}; that every property but the ID counts is inferred",
    ADMINISTRATOR,
)
MISSING_ID: Final = FindingKind(
    "missing-id",
    LogCode.MissingIdentity.value,
    Severity.aborts,
    Certainty.likely,
    "has no ID",
    "have no ID",
    "Have the feed leave out people without an ID, and check the name of the ID property.",
    f"seen: {ARTICLE}; that it aborts the job is inferred",
)
EMPTY_ID: Final = FindingKind(
    "empty-id",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has an empty ID",
    "have an empty ID",
    "Have the feed leave out people without an ID.",
    f"inferred from logs in {THREADS}",
)
UNMAPPED_PROPERTY: Final = FindingKind(
    "unmapped-property",
    LogCode.InvalidProperty.value,
    Severity.aborts,
    Certainty.sure,
    "has a property that the map lacks",
    "have a property that the map lacks",
    "Add the property to the map, or take it out of the feed.",
    f"seen: {ARTICLE}",
    ADMINISTRATOR,
)
DUPLICATE_ID: Final = FindingKind(
    "duplicate-id",
    _FAILED,
    Severity.fails,
    Certainty.sure,
    "has the same ID as another one",
    "have the same ID as another one",
    "Have the feed write one record for each user.",
    f"seen: {THREADS}",
)

FINDING_KINDS: Final[Mapping[str, FindingKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            NOT_JSON,
            OTHER_SHAPE,
            TOO_BIG,
            TOO_MANY_VALUES,
            MISSING_ID,
            UNMAPPED_PROPERTY,
            EMPTY_ID,
            DUPLICATE_ID,
        )
    }
)
"""All kinds by name: the most severe first, and in the order in which the service looks for them."""
