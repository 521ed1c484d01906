"""What ``check`` foretells of a file, and what the emulator's import of it does, in the same terms."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue import OURS
from analyzer.directory.headings import Column
from analyzer.directory.users import directory_of
from analyzer.emulator.importing import ImportRequest, Record, Validated, run_import, validate, write
from analyzer.imports.check import check_file
from analyzer.imports.directory_checks import DirectoryCheck
from analyzer.imports.foretold import Ending
from analyzer.imports.model import ImportPlan
from analyzer.model.identity import identity_key
from analyzer.model.service import JobError, LogCode
from tests.imports.faulty_files import ID, SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.imports.check import CheckResult
    from tests.imports.faulty_files import Case

JOB = "5f05e38c-bd0e-49ec-8c9c-c4cfe370248c"
_FIELDS = 3
_ENDINGS = {JobError.NoError: Ending.succeeded, JobError.ImportCompleteWithError: Ending.partial}


def shown(identity: str, case: Case) -> str:
    """An ID as a log shows it: in one line; letters that the service can't decode are no longer there."""
    text = re.sub("[\t\r\n]", " ", identity)
    return re.sub(r"[^\x00-\x7f]", "?", text) if case.is_ansi else text


def checked(case: Case, path: Path) -> CheckResult:
    """What ``check`` finds, with the schema and a directory export of the tenant's users."""
    path.write_bytes(case.source)
    users = pl.DataFrame(
        {
            Column.principal_name: [one.user_principal_name for one in case.users],
            Column.mail: [one.mail for one in case.users],
            Column.object_id: [one.object_id for one in case.users],
        }
    )
    directory = directory_of(users, "users.csv")
    plan = ImportPlan(case.id_type, ID, case.property_map)
    return check_file(path, plan, [DirectoryCheck(directory, case.id_type)], SCHEMA)


@dataclass(frozen=True)
class Outcome:
    """How an import ended, or is foretold to end.

    Attributes:
        ending: how.
        error: the job's error; None without a job.
        entries: of a refusal or an aborted job code, identity, and property of each; else code and, if the user isn't
            found, identity.
        failing: keys of the users who aren't updated although the job isn't aborted.
    """

    ending: Ending
    error: JobError | None
    entries: Counter[tuple[str, str, str]]
    failing: frozenset[str]


def foretold_of(result: CheckResult, case: Case) -> Outcome:
    """What ``check`` foretells, as a log would show it."""
    foretold = result.foretold()
    entries = Counter[tuple[str, str, str]]()
    for code, identity, name in foretold.entries.iter_rows():
        entries[code, "" if code == LogCode.GenericError else shown(identity or "", case), name or ""] += 1
    failing: frozenset[str] = frozenset()
    if foretold.ending is Ending.partial:
        failing = frozenset(identity_key(shown(identity, case)) for identity in foretold.entries["identity"])
    return Outcome(foretold.ending, foretold.error, entries, failing)


def run_of(case: Case, path: Path) -> Outcome:
    """What the emulator does: the refusal of the queue call, or the job's log and whose profiles it wrote."""
    refusal = case.store().refusal(case.property_map)
    if refusal is not None:
        return _refused(refusal)
    request = ImportRequest(JOB, case.id_type, ID, case.property_map, "https://contoso.sharepoint.com/a.json")
    result = run_import(request, path, case.store())
    entries = Counter[tuple[str, str, str]]()
    for line in (result.log or b"").decode("utf-8-sig").split("\r\n"):
        fields = line.split("\t", 2)
        if len(fields) == _FIELDS and fields[0] in LogCode.__members__:
            code, identity, message = fields
            name = re.match(r"Property '(.*)' is not mapped", message, re.DOTALL)
            entries[code, "" if code == LogCode.GenericError else shown(identity, case), name[1] if name else ""] += 1
    ending = _ENDINGS.get(result.error, Ending.aborted)
    failing = _not_written(case, request, path) if ending is Ending.partial else frozenset()
    return Outcome(ending, result.error, entries, failing)


def _refused(refusal: str) -> Outcome:
    pattern = OURS.pattern_of("QueueImportProfileProperties", refusal, None)
    names = re.search(r"\[(.*)\]", refusal)
    assert pattern is not None
    assert names is not None
    entries = Counter((pattern.code, "", name) for name in names[1].split(","))
    return Outcome(Ending.refused, None, entries, frozenset())


def _not_written(case: Case, request: ImportRequest, path: Path) -> frozenset[str]:
    """The keys of the users in the file whose profiles the import doesn't write: a further value shows it."""
    validated = validate(path, request)
    assert isinstance(validated, Validated)
    marked = [Record(record.identity, {**record.values, "\0": "!"}) for record in validated.records]
    property_map = {**case.property_map, "\0": "Mark"}
    store = case.store()
    request = ImportRequest(JOB, case.id_type, ID, property_map, request.source_uri)
    write(Validated(request, marked), store)
    users = [user for one in case.users if (user := store.user(case.id_type, one.identity(case.id_type)))]
    written = {identity_key(user.identity(case.id_type)) for user in users if user.values.get("Mark") == "!"}
    return frozenset({identity_key(shown(record.identity, case)) for record in marked} - written)
