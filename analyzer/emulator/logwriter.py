"""The log as the service writes it: ``CODE<TAB>IDENTITY<TAB>MESSAGE``, CRLF, UTF-8 with a byte order mark.

Codes, messages and the file's name were seen in the vendor's article "Introducing bulk UPA custom profile properties
update API" and in public threads; encoding and line ends are inferred.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC
from typing import TYPE_CHECKING, Final

from analyzer.model.service import LogCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

LINE_END: Final = "\r\n"
_BREAKING: Final = re.compile(r"[\t\r\n]")


def log_file_name(job_id: str, when: datetime) -> str:
    """``ImportProfileProperties-JOBID-YYYYMMDD-HHMMSS-mmm.log``; ``when`` knows its zone, the name is in UTC.

    >>> from datetime import datetime
    >>> log_file_name("5f05e38c-bd0e-49ec-8c9c-c4cfe370248c", datetime(2015, 11, 30, 17, 42, 5, 993_400, UTC))
    'ImportProfileProperties-5f05e38c-bd0e-49ec-8c9c-c4cfe370248c-20151130-174205-993.log'
    """
    utc = when.astimezone(UTC)
    return f"ImportProfileProperties-{job_id}-{utc:%Y%m%d-%H%M%S}-{utc.microsecond // 1000:03d}.log"


def not_json(problem: str) -> str:
    """The one entry of a source file that could not be read; ``problem`` is Json.NET's message."""
    return _entry(LogCode.DataFileNotJson, "", problem)


def missing_identity() -> str:
    """The entry of a record without an id."""
    return _entry(LogCode.MissingIdentity, "", "The identity is missing for the user object")


def invalid_property(identity: str, name: str) -> str:
    """The entry of a record that has the property ``name``, which the property map lacks."""
    message = f"Property '{name}' is not mapped to any property in the user profile application."
    return _entry(LogCode.InvalidProperty, identity, message)


def not_resolvable(identity: str) -> str:
    """The entry of a record whose id, as written there, is no user's."""
    return _entry(LogCode.IdentityNotResolvable, identity, "User identity cannot be resolved")


def generic_error(guid: str, failure: Sequence[str]) -> str:
    """The entry of a failure of the profile store: a .NET exception and, on further lines, its stack trace."""
    return _entry(LogCode.GenericError, guid, LINE_END.join(failure))


def _entry(code: LogCode, identity: str, message: str) -> str:
    # An entry is one line of three fields (seen); what becomes of an id that would break it is inferred.
    return f"{code}\t{_BREAKING.sub(' ', identity)}\t{message}"


def encode(entries: Iterable[str]) -> bytes:
    """The bytes of a log with these entries, the last line ended as well."""
    text = "".join(f"{entry}{LINE_END}" for entry in entries)
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace")
