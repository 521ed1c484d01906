"""Kinds of findings about what a file changes, compared with that of the feed's last run."""

from __future__ import annotations

from typing import Final

from analyzer.catalogue.finding_kind import Certainty, FindingKind, Severity
from analyzer.catalogue.model import THREADS

FEWER_USERS: Final = FindingKind(
    "fewer-users",
    "",
    Severity.harm,
    Certainty.possible,
    "has far fewer users than the feed's runs before",
    "have far fewer users than the feed's runs before",
    "Look at the feed's query. The profiles of users who are missing keep their old values.",
    "inferred from the feed's earlier runs",
)
EMPTIED_PROPERTY: Final = FindingKind(
    "emptied-property",
    "",
    Severity.harm,
    Certainty.possible,
    "has no value for most users who had one in the last run",
    "have no value for most users who had one in the last run",
    "Look at the feed's query. An empty text overwrites the value; with null, the profile keeps it.",
    f"inferred from the last run's file; that null changes nothing was seen in {THREADS}",
)
CHANGED_PROPERTY: Final = FindingKind(
    "changed-property",
    "",
    Severity.harm,
    Certainty.possible,
    "changes a property for nearly everyone",
    "change a property for nearly everyone",
    "Look at some users. If it isn't intended, look at the feed's query: its values may belong to other users or to"
    " another property.",
    "inferred from the last run's file",
)
GONE_PROPERTY: Final = FindingKind(
    "gone-property",
    "",
    Severity.note,
    Certainty.possible,
    "lacks a property that the last run had",
    "lack a property that the last run had",
    "If it isn't intended, look at the feed's query. Profiles keep the old values.",
    "inferred from the last run's file",
)
CHANGED_DATE: Final = FindingKind(
    "changed-date",
    "",
    Severity.note,
    Certainty.possible,
    "changes a date for nearly everyone",
    "change a date for nearly everyone",
    "If it is the date of the run, leave it out of the feed: it makes each run write each profile.",
    "inferred from the last run's file",
)

CHANGE_KINDS: Final = (FEWER_USERS, EMPTIED_PROPERTY, CHANGED_PROPERTY, GONE_PROPERTY, CHANGED_DATE)
