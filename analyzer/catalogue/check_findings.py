"""The kinds of findings of ``check``: what the service would do, how certain that is, and what to do about it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from analyzer.catalogue import schema_findings as schema
from analyzer.catalogue.change_findings import CHANGE_KINDS
from analyzer.catalogue.directory_findings import USER_KINDS
from analyzer.catalogue.finding_kind import Certainty, FindingKind, Severity
from analyzer.catalogue.model import ADMINISTRATOR, ARTICLE, THREADS
from analyzer.catalogue.origin_findings import ORIGIN_KINDS
from analyzer.model.service import JobError, LogCode

if TYPE_CHECKING:
    from collections.abc import Mapping


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
UNREADABLE_ID: Final = FindingKind(
    "unreadable-id",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has an ID with letters that the service can't read",
    "have an ID with letters that the service can't read",
    "The file is Windows-1252 (ANSI): have the feed write UTF-8 with a byte order mark.",
    f"inferred: such letters are destroyed in values, as seen in {THREADS}",
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

OTHER_ID_KIND: Final = FindingKind(
    "other-id-kind",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has an ID of another kind than the ID type",
    "have an ID of another kind than the ID type",
    "Have the feed write IDs of one kind for everyone, and queue with the ID type for it.",
    f"seen: {ARTICLE}; that no other ID is resolved is inferred",
)
MIXED_IDS: Final = FindingKind(
    "mixed-ids",
    _UNRESOLVED,
    Severity.fails,
    Certainty.likely,
    "has an ID of another kind than others",
    "have IDs of another kind than others",
    "Have the feed write user principal names or object IDs for everyone.",
    f"seen: {ARTICLE}; that no other ID is resolved is inferred",
)
NO_ID_PROPERTY: Final = FindingKind(
    "no-id-property",
    LogCode.MissingIdentity.value,
    Severity.aborts,
    Certainty.possible,
    "has no property that looks like an ID",
    "have no property that looks like an ID",
    "Have the feed write the ID, or specify the property with --id-property.",
    "inferred from the values",
)
NOT_A_RECORD: Final = FindingKind(
    "not-a-record",
    _NOT_JSON,
    Severity.aborts,
    Certainty.likely,
    "isn't an object",
    "aren't objects",
    "Have the feed leave it out.",
    "inferred from Json.NET's source",
)
NULL_RECORD: Final = FindingKind(
    "null-record",
    "",
    Severity.note,
    Certainty.likely,
    "is null, and is skipped",
    "are null, and are skipped",
    "Have the feed leave it out.",
    f"inferred from jobs in {THREADS}",
)
NO_USERS: Final = FindingKind(
    "no-users",
    "",
    Severity.note,
    Certainty.likely,
    "has no users",
    "have no users",
    "There is nothing to import. If that isn't intended, look at the feed's query.",
    "inferred",
)
UNUSED_PROPERTY: Final = FindingKind(
    "unused-property",
    "",
    Severity.note,
    Certainty.sure,
    "lacks a property of the map",
    "lack a property of the map",
    "If the property should be imported, have the feed write it, in the spelling of the map.",
    f"seen: {ARTICLE}",
)
LETTERS_WITHOUT_MARK: Final = FindingKind(
    "letters-without-mark",
    "",
    Severity.harm,
    Certainty.likely,
    "has letters beyond ASCII and no byte order mark",
    "have letters beyond ASCII and no byte order mark",
    "Have the feed write UTF-8 with a byte order mark (in PowerShell 7: -Encoding utf8BOM).",
    f"seen: {ARTICLE} for letters beyond ISO-8859-1, {THREADS} for others",
)
GARBLED_LETTERS: Final = FindingKind(
    "garbled-letters",
    "",
    Severity.harm,
    Certainty.likely,
    "has garbled letters",
    "have garbled letters",
    "Have the feed read its data as UTF-8: it was read as another encoding.",
    f"seen: {THREADS}",
)
LOST_LETTERS: Final = FindingKind(
    "lost-letters",
    "",
    Severity.harm,
    Certainty.sure,
    "has lost letters (\ufffd)",
    "have lost letters (\ufffd)",
    "Have the feed read its data in the encoding that they have.",
    f"seen: {THREADS}",
)
DOUBLED_BACKSLASHES: Final = FindingKind(
    "doubled-backslashes",
    "",
    Severity.harm,
    Certainty.likely,
    "has doubled backslashes",
    "have doubled backslashes",
    "Have the feed escape each backslash once.",
    f"seen: {THREADS}",
)
TYPE_NAME: Final = FindingKind(
    "type-name",
    "",
    Severity.harm,
    Certainty.sure,
    "has the name of a type in place of a value",
    "have the name of a type in place of a value",
    "Have the feed write the value, and join a list into one text.",
    f"seen: {THREADS}",
)

_BY_SEVERITY = list(Severity)
FINDING_KINDS: Final[Mapping[str, FindingKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in sorted(
            (
                *schema.QUEUE_CALL_KINDS,
                NOT_JSON,
                schema.NESTED_VALUE,
                OTHER_SHAPE,
                NOT_A_RECORD,
                TOO_BIG,
                TOO_MANY_VALUES,
                NO_ID_PROPERTY,
                MISSING_ID,
                UNMAPPED_PROPERTY,
                OTHER_ID_KIND,
                MIXED_IDS,
                EMPTY_ID,
                UNREADABLE_ID,
                DUPLICATE_ID,
                *USER_KINDS,
                *schema.VALUE_KINDS,
                LETTERS_WITHOUT_MARK,
                GARBLED_LETTERS,
                LOST_LETTERS,
                DOUBLED_BACKSLASHES,
                TYPE_NAME,
                *ORIGIN_KINDS,
                *CHANGE_KINDS,
                NO_USERS,
                NULL_RECORD,
                UNUSED_PROPERTY,
            ),
            key=lambda kind: _BY_SEVERITY.index(kind.severity),
        )
    }
)
"""All kinds by name: the most severe first, and in the order in which the service looks for them."""
