"""Kinds of findings about the property map and about values, by the schema of the profile properties."""

from __future__ import annotations

from typing import Final

from analyzer.catalogue.finding_kind import QUEUE_CALL, Certainty, FindingKind, Severity
from analyzer.catalogue.model import ADMINISTRATOR, ARTICLE, THREADS
from analyzer.model.service import LogCode

_FAILED = LogCode.GenericError.value

UNKNOWN_PROPERTY: Final = FindingKind(
    "unknown-property",
    f"{QUEUE_CALL}/unknown-property",
    Severity.aborts,
    Certainty.likely,
    "is mapped to a property that doesn't exist",
    "are mapped to a property that doesn't exist",
    "Correct the name in the property map, or create the property under Manage User Properties in the SharePoint admin"
    " center.",
    f"seen: {ARTICLE}; the message is inferred",
    ADMINISTRATOR,
)
USER_EDITABLE: Final = FindingKind(
    "user-editable",
    f"{QUEUE_CALL}/editable-by-user",
    Severity.aborts,
    Certainty.sure,
    "is mapped to a property that users may edit",
    "are mapped to a property that users may edit",
    "If the feed owns the property, clear its option to let users edit it under Manage User Properties. Otherwise take"
    " it out of the property map and out of the feed.",
    f"seen: {ARTICLE}, {THREADS}",
    ADMINISTRATOR,
)
SEVERAL_VALUES: Final = FindingKind(
    "several-values",
    f"{QUEUE_CALL}/taxonomic-property",
    Severity.aborts,
    Certainty.sure,
    "is mapped to a property with terms or several values",
    "are mapped to a property with terms or several values",
    "Map the value to a property with one plain value, or take it out of the property map and out of the feed. The"
    ' service says "are Taxonomic Properties" of both kinds.',
    f"seen: {ARTICLE}, {THREADS}",
    ADMINISTRATOR,
)
NESTED_VALUE: Final = FindingKind(
    "nested-value",
    LogCode.DataFileNotJson.value,
    Severity.aborts,
    Certainty.likely,
    "has a list or an object as a value",
    "have a list or an object as a value",
    "Have the feed write one plain value, such as the first one. An import can't write several values.",
    f"seen: {ARTICLE}; that it aborts the job is inferred",
)
TOO_LONG: Final = FindingKind(
    "too-long",
    _FAILED,
    Severity.fails,
    Certainty.likely,
    "has a value that is longer than its property takes",
    "have a value that is longer than its property takes",
    "Shorten the value in the feed, or map it to a longer property.",
    "inferred from the properties' maximum lengths",
)
WRONG_TYPE: Final = FindingKind(
    "wrong-type",
    _FAILED,
    Severity.fails,
    Certainty.likely,
    "has a value that its property can't hold",
    "have a value that its property can't hold",
    "Have the feed write dates as 2026-11-23, whole numbers as 12, yes and no as true and false, and people as their"
    " user principal names.",
    "inferred from the properties' types; what the service does was not seen",
)
EMPTY_DATE: Final = FindingKind(
    "empty-date",
    "",
    Severity.harm,
    Certainty.sure,
    "has an empty text for a date, which becomes 1 January",
    "have an empty text for a date, which becomes 1 January",
    "Have the feed leave out the property of people without a date.",
    f"seen: {THREADS}",
)
SYNCED_PROPERTY: Final = FindingKind(
    "synced-property",
    "",
    Severity.harm,
    Certainty.likely,
    "is mapped to a property that the directory syncs",
    "are mapped to a property that the directory syncs",
    "Change the value in Entra ID instead, because the next sync may put its old value back.",
    "seen: the article allows custom properties only, but such properties are imported in practice",
    ADMINISTRATOR,
)
NULL_VALUE: Final = FindingKind(
    "null-value",
    "",
    Severity.note,
    Certainty.sure,
    "has null, which keeps the old value",
    "have null, which keeps the old value",
    "If the old value has to go, have the feed write an empty text, but not for a date.",
    f"seen: {THREADS}",
)

QUEUE_CALL_KINDS: Final = (UNKNOWN_PROPERTY, USER_EDITABLE, SEVERAL_VALUES)
"""Refused by the call that queues the import, in the order in which it looks for them (inferred)."""
VALUE_KINDS: Final = (TOO_LONG, WRONG_TYPE, EMPTY_DATE, SYNCED_PROPERTY, NULL_VALUE)
