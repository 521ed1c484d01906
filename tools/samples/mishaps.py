"""What a run of the import engine does not give: outcomes from before or beyond it, and what became of logs later."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from analyzer.emulator.importing import MESSAGES
from analyzer.model.service import JobError, State

NEWEST_ERROR = 31
"""An undocumented number."""

_UNRESOLVABLE = "IdentityNotResolvable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A job's outcome that did not come from reading the source file."""

    state: State
    error: int
    message: str = ""


AT_WORK = Verdict(State.Processing, JobError.NoError)
OF_ANOTHER_TENANT = Verdict(State.Error, JobError.DataFileNotInTenant, MESSAGES[JobError.DataFileNotInTenant])
TOO_BIG = Verdict(State.Error, JobError.DataFileTooBig, MESSAGES[JobError.DataFileTooBig])
INTERNAL = Verdict(State.Error, JobError.InternalError, MESSAGES[JobError.InternalError])
UNDOCUMENTED = Verdict(State.Error, NEWEST_ERROR, "The import was not completed.")


def untouched(log: bytes) -> bytes:
    """The log as the service wrote it."""
    return log


def as_utf16(log: bytes) -> bytes:
    """The log saved again by an editor: UTF-16, little endian, with its mark."""
    return codecs.BOM_UTF16_LE + log.decode("utf-8-sig").encode("utf-16-le")


def without_identities(log: bytes) -> bytes:
    """Three entries whose identity the service left empty: its second, fifth and eighth."""
    lines = log.decode("utf-8-sig").split("\r\n")
    for place in (1, 4, 7):
        lines[place] = "\t".join((_UNRESOLVABLE, "", lines[place].rsplit("\t", 1)[1]))
    return _as_the_service(lines)


def without_tabs(log: bytes) -> bytes:
    """The text pasted back from a mail: no tabs, once a space in their place, once a dash."""
    lines = log.decode("utf-8-sig").split("\r\n")
    lost = [line.replace("\t", " - " if place % 2 else " ", 1).replace("\t", " ") for place, line in enumerate(lines)]
    return _as_the_service(lost)


def in_german(log: bytes) -> bytes:
    """An ``InvalidProperty`` with the words of a tenant whose language is German; the quotes are German, too."""
    lines = log.decode("utf-8-sig").split("\r\n")
    return _as_the_service([_german(line) for line in lines])


def _german(line: str) -> str:
    if "'" not in line:
        return line
    before, name, _ = line.split("'", 2)
    code_and_identity = before.removesuffix("Property ")
    return f"{code_and_identity}Die Eigenschaft „{name}“ ist keiner Eigenschaft der Benutzerprofilanwendung zugeordnet."


def _as_the_service(lines: list[str]) -> bytes:
    return codecs.BOM_UTF8 + "\r\n".join(lines).encode()
