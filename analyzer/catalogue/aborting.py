"""The codes in a log that say what aborted an import, and what has to be done about it."""

from __future__ import annotations

from analyzer.model.service import NOT_JSON, UNMAPPED

WITHOUT_ID = "MissingIdentity"
"""The code of entries that tell of a record without an id."""

ABORTING_CODES = frozenset({NOT_JSON, UNMAPPED, WITHOUT_ID})
"""Codes of the validation, in which one entry aborts the import."""

GIVE_IDS = "give each record an ID, or queue with the right name of the ID property"
"""What has to be done before a retry file is queued, where the service missed IDs."""

SPLIT = "split it with --max-bytes or --max-properties: the service refuses a file of more than 2 GB or 500,000 values"
"""What has to be done before a retry file that is one file is queued, where the source file was too big."""
