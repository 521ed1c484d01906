"""Importing a source file: what the service does between picking a job up and ending it.

Two phases, as the job's states tell them: ``validate`` reads the whole file and refuses it, or passes it on (state
Processing to Queued); ``write`` writes what it can to the profiles (Queued to Succeeded or Error). A log is left
exactly when something failed.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from analyzer.emulator import failures, logwriter
from analyzer.emulator.jsonnet import JsonReaderError, read_records
from analyzer.emulator.jsonnet.numbers import as_text
from analyzer.emulator.jsonnet.places import units
from analyzer.emulator.values import is_of_type
from analyzer.model.service import MAX_PROPERTY_VALUES, IdType, JobError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from analyzer.emulator.jsonnet import Scalar
    from analyzer.emulator.profiles import ProfileStore, User

MESSAGES: Final[Mapping[JobError, str]] = MappingProxyType(
    {
        JobError.NoError: "",
        # Seen; the others are inferred.
        JobError.InternalError: "Failed to import the custom properties due to an unexpected error.",
        JobError.DataFileNotExist: "The data source file could not be found.",
        JobError.DataFileNotInTenant: "The data source file does not belong to this tenant.",
        JobError.DataFileTooBig: "The data source file is too big.",
        JobError.InvalidDataFile: "The data source file did not pass validation. See the log file for details.",
        JobError.ImportCompleteWithError: "The data has been imported, but there were errors. See the log file.",
    }
)
"""What a job says with an error."""

# Threads tell of "" that became 1 January; that it is .NET's default date, hence of the year 1, is inferred.
_EMPTY_DATE: Final = "01/01/0001 00:00:00"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What a job was queued with.

    Attributes:
        id_property: the source property that holds the id.
        property_map: profile property by source property.
    """

    job_id: str
    id_type: IdType
    id_property: str
    property_map: dict[str, str]
    source_uri: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How a job ended.

    Attributes:
        log: the log file's bytes; None where no log folder is made.
        updated: users whose profiles were written.
    """

    error: JobError
    error_message: str
    log: bytes | None
    updated: int


# No dataclass: half a million of them would keep the garbage collector busy, which has nothing to find in them.
class Record(msgspec.Struct, frozen=True, gc=False):
    """A record that passed validation: the id as written, and the values as text by source property, nulls left out."""

    identity: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Validated:
    """A source file that passed validation."""

    request: ImportRequest
    records: list[Record]


class _TooManyValuesError(Exception):
    pass


def refused(error: JobError, message: str | None = None) -> ImportResult:
    """A job that ended before its source file was read: no user updated, no log."""
    return ImportResult(error, MESSAGES[error] if message is None else message, None, 0)


def service_failed() -> ImportResult:
    """A job that ended because the service failed by itself, which nothing in a source file brings about."""
    return refused(JobError.InternalError)


def run_import(request: ImportRequest, source: bytes | Path | None, store: ProfileStore) -> ImportResult:
    """Imports a source file into ``store``: ``validate``, then ``write``."""
    validated = validate(source, request)
    return validated if isinstance(validated, ImportResult) else write(validated, store)


def validate(source: bytes | Path | None, request: ImportRequest) -> Validated | ImportResult:
    """Reads the source file whole; None is one that is not there.

    It is refused when it isn't valid JSON, has too many values, or has a record without an ID or with a property that
    the map lacks. Every such record is named, in order. That a missing id aborts the job is inferred.
    """
    if source is None:
        return refused(JobError.DataFileNotExist)
    records: list[Record] = []
    complaints: list[str] = []
    try:
        for members in _counted(read_records(source), request.id_property):
            found = _complaints(members, request)
            complaints += found
            if not found:
                records.append(_record(members, request.id_property))
    except FileNotFoundError:
        return refused(JobError.DataFileNotExist)
    except _TooManyValuesError:
        return refused(JobError.DataFileTooBig)
    except JsonReaderError as error:
        complaints = [logwriter.not_json(str(error))]
    if complaints:
        return _ended(JobError.InvalidDataFile, complaints, 0)
    return Validated(request, records)


def write(validated: Validated, store: ProfileStore) -> ImportResult:
    """Write what can be written to the profiles in ``store``; users that cannot be written are in the log."""
    request = validated.request
    users = [store.user(request.id_type, record.identity) for record in validated.records]
    occurrences = Counter(id(user) for user in users if user is not None)
    entries: list[str] = []
    updated = 0
    for record, user in zip(validated.records, users, strict=True):
        if user is None:
            entries.append(logwriter.not_resolvable(record.identity))
        elif occurrences[id(user)] != 1:
            # The store fails for the user, not for each record.
            entries += [_duplicate(user, request)] if occurrences[id(user)] else []
            occurrences[id(user)] = 0
        elif user.deadlocks:
            user.deadlocks -= 1
            entries.append(logwriter.generic_error(_guid(request, user), failures.deadlock()))
        elif failure := _value_failure(record, request, store):
            entries.append(logwriter.generic_error(_guid(request, user), failure))
        else:
            _write_values(user, record, request, store)
            updated += 1
    return _ended(JobError.ImportCompleteWithError if entries else JobError.NoError, entries, updated)


def _ended(error: JobError, entries: list[str], updated: int) -> ImportResult:
    return ImportResult(error, MESSAGES[error], logwriter.encode(entries) if entries else None, updated)


def _counted(records: Iterator[dict[str, Scalar]], id_property: str) -> Iterator[dict[str, Scalar]]:
    # Every property but the id counts, with or without a value (inferred).
    values = 0
    for members in records:
        values += len(members) - (id_property in members)
        if values > MAX_PROPERTY_VALUES:
            raise _TooManyValuesError
        yield members


def _complaints(members: Mapping[str, Scalar], request: ImportRequest) -> list[str]:
    identity = members.get(request.id_property)
    if identity is None:
        return [logwriter.missing_identity()]
    return [
        logwriter.invalid_property(as_text(identity), name)
        for name in members
        if name not in request.property_map and name != request.id_property
    ]


def _record(members: dict[str, Scalar], id_property: str) -> Record:
    values = {name: as_text(value) for name, value in members.items() if value is not None}
    return Record(values.pop(id_property), values)


def _duplicate(user: User, request: ImportRequest) -> str:
    made = uuid.uuid5(uuid.NAMESPACE_URL, f"{request.job_id}/{user.object_id}/{user.user_principal_name}")
    # Seven digits, as seen; they mean something to the profile store alone.
    failure = failures.duplicate(1_000_000 + made.int % 9_000_000, str(uuid.uuid5(made, "connection")))
    # The store fails for a batch of values: neither its Guid nor its RecordId is a user's, whatever the IDs are (seen).
    return logwriter.generic_error(_foreign_guid(request, user), failure)


def _guid(request: ImportRequest, user: User) -> str:
    """Return the object ID where that was the job's ID; else a Guid that is no user's."""
    return user.object_id if request.id_type is IdType.CloudId else _foreign_guid(request, user)


def _foreign_guid(request: ImportRequest, user: User) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request.job_id}/{user.object_id}/{user.user_principal_name}"))


def _value_failure(record: Record, request: ImportRequest, store: ProfileStore) -> list[str] | None:
    """The failure of the record's first value that its property does not take; None where all fit."""
    for name, value in record.values.items():
        known = store.property(request.property_map[name])
        if known is None:
            continue
        if known.max_length is not None and units(value) > known.max_length:
            return failures.too_long(known.name, known.max_length, units(value))
        if value and not is_of_type(value, known.type, store):
            return failures.wrong_type(known.name, known.type)
    return None


def _write_values(user: User, record: Record, request: ImportRequest, store: ProfileStore) -> None:
    for name, value in record.values.items():
        known = store.property(request.property_map[name])
        if known is not None:
            user.values[known.name] = _EMPTY_DATE if known.type == "date" and not value else value
