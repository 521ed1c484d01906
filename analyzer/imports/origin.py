"""Say what a file's encoding and form tell about the program that made it.

PowerShell 5.1 writes UTF-16 with ``>`` and ``Out-File``, and the code page of the machine with ``Set-Content``. PnP
PowerShell's ``Sync-PnPSharePointUserProfilesFromAzureActiveDirectory`` puts its JSON together by hand (its source).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import DOUBLED_BACKSLASHES, LETTERS_WITHOUT_MARK, NOT_JSON
from analyzer.catalogue.origin_findings import SERIALIZED_DATE, UNMARKED_UTF_16, UTF_16_FILE
from analyzer.source.reader.json_text import UTF_16, WINDOWS_1252, after_mark, recoded_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.imports.findings import Findings
    from analyzer.source.batches import Batch
    from analyzer.source.reader.json_text import Buffer

_SYNC = "Sync-PnPSharePointUserProfilesFromAzureActiveDirectory"
_SYNC_NAME = re.compile(r"userprofilesyncdata-\d{14}-[0-9a-f]{32}(?: ?\(\d+\))?\.json", re.IGNORECASE)
_SYNC_BEGINS = b'{ "value": [{"IdName":"'
_AS_A_LIBRARY = (
    "Create the file with ConvertTo-Json and import it with New-PnPUPABulkImportJob, or correct the text in Entra ID."
)
SERIALIZED_DATE_BEGINS = "/Date("
_SERIALIZED_DATE = re.compile(r"/Date\(-?\d{1,15}(?:[+-]\d{4})?\)/")


def note_origin(path: Path, buffer: Buffer, findings: Findings) -> None:
    """Add what the encoding does, and advice for a generator that the file is likely from.

    Args:
        path: the file.
        buffer: its UTF-8.
        findings: what the other checks found.
    """
    encoding = recoded_from(path)
    if encoding == WINDOWS_1252:
        findings.advise(
            LETTERS_WITHOUT_MARK,
            "The file is Windows-1252 (ANSI): have the feed write UTF-8 with a byte order mark (in PowerShell 5.1:"
            " Set-Content -Encoding UTF8).",
        )
    elif encoding == UTF_16:
        findings.add(UTF_16_FILE, f"the file is {encoding}")
    elif encoding:
        findings.add(UNMARKED_UTF_16, f"the file is {encoding}")
    start = after_mark(buffer)
    if _SYNC_NAME.fullmatch(path.name) or bytes(buffer[start : start + len(_SYNC_BEGINS)]) == _SYNC_BEGINS:
        _note_sync(findings)


def _note_sync(findings: Findings) -> None:
    findings.remarks.append(
        f"The file looks as if {_SYNC} made it: that escapes no quotation marks, joins lists with commas, and writes an"
        " empty text for missing values."
    )
    for kind in (NOT_JSON, DOUBLED_BACKSLASHES):
        if findings.count(kind):
            findings.advise(kind, f"{_SYNC} escapes texts wrongly. {_AS_A_LIBRARY}")


def find_serialized_dates(batch: Batch, name: str, texts: Sequence[str], findings: Findings) -> None:
    """Find dates as Windows PowerShell 5.1 writes them, ``/Date(1764300000000)/``, in the texts of a property."""
    indexes = [index for index, text in enumerate(texts) if _SERIALIZED_DATE.fullmatch(text)]
    findings.add_records(
        SERIALIZED_DATE,
        [f"{name} is {texts[index]}" for index in indexes],
        [batch.numbers[index] for index in indexes],
        [batch.identities[index] for index in indexes],
        name,
    )
