"""Check a source file before it is sent: what the service would refuse, which users would fail, what would do harm."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import (
    EMPTY_ID,
    MISSING_ID,
    NO_ID_PROPERTY,
    NO_USERS,
    NOT_A_RECORD,
    NOT_JSON,
    NULL_RECORD,
    OTHER_SHAPE,
    TOO_BIG,
    TOO_MANY_VALUES,
)
from analyzer.imports.damage_checks import DamageCheck
from analyzer.imports.directory_checks import DirectoryCheck
from analyzer.imports.findings import Findings
from analyzer.imports.foretold import foretold
from analyzer.imports.identity_checks import DuplicateIds, DuplicateTexts, IdKindCheck, MissingIds, UnreadableIds
from analyzer.imports.map_checks import MapCheck, check_map
from analyzer.imports.origin import note_origin
from analyzer.imports.value_checks import ValueChecks
from analyzer.model.identity import IdKind, MissingId, missing_id_advice
from analyzer.model.service import MAX_PROPERTY_VALUES, MAX_SOURCE_BYTES
from analyzer.model.text import capitalised, shortened
from analyzer.source.batches import BatchReader
from analyzer.source.id_property import IdProperty, infer_id_property, name_by_looks
from analyzer.source.model import FaultKind, GrammarError, ShapeKind
from analyzer.source.reader.json_text import (
    UTF_16,
    WINDOWS_1252,
    SourceFormatError,
    after_mark,
    is_ascii,
    opened,
    recoded_from,
)
from analyzer.source.reader.other_formats import shown_value
from analyzer.source.reader.records import records_of
from analyzer.source.salvage.model import Corrected, Lines, Unreadable
from analyzer.source.salvage.read import Record, salvage_of
from analyzer.storage.files import cannot_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from analyzer.imports.foretold import Foretold
    from analyzer.imports.model import ImportPlan, RecordCheck
    from analyzer.imports.property_schema import PropertySchema
    from analyzer.source.batches import Batch
    from analyzer.source.model import Shape
    from analyzer.source.reader.json_text import Buffer

_FIRST = 200
"""Records from which the ID property is inferred."""
_SHOWN = 40
"""Characters of a number that are shown."""
_AS_TEXT = "Have the feed write it as a text, in quotation marks."
_CUT_OFF = "Have the feed write the whole file, and check it again: what is missing isn't known."


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found.

    Attributes:
        path: the file.
        plan: what it was checked against, with the ID property.
        id_property: the ID property, and how it is known.
        records: number of records, including those that can't be read.
        values: number of property values, without IDs.
        findings: the findings.
        looked_up: whether the IDs were looked up in a directory export.
    """

    path: Path
    plan: ImportPlan
    id_property: IdProperty
    records: int
    values: int
    findings: Findings = field(compare=False)
    looked_up: bool = False

    def foretold(self) -> Foretold:
        """Return what the service would do with the file."""
        return foretold(self.findings)


def check_file(
    path: Path, plan: ImportPlan, further: Sequence[RecordCheck] = (), schema: PropertySchema | None = None
) -> CheckResult:
    """Check a source file.

    Args:
        path: the file.
        plan: what it is to be queued with, as far as it is known.
        further: more checks of each record, such as against a directory.
        schema: the properties of the profile store; None if unknown.

    Raises:
        InputError: the file can't be read.
    """
    findings = Findings(path.name)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot_read(path, error) from error
    if size > MAX_SOURCE_BYTES:
        findings.add(TOO_BIG, f"the file has {size:,} bytes")
    with opened(path) as buffer:
        id_property = _id_property(path, buffer, plan)
        marked = after_mark(buffer) > 0 or recoded_from(path) == UTF_16
        checks = [*further, *_value_checks(path, plan, id_property.name, schema, further)]
        checking = _Checking(buffer, plan, id_property.name, marked, checks, findings)
        checking.run()
        note_origin(path, buffer, findings)
    if plan.property_map is not None:
        check_map(plan.property_map, schema, findings)
    _advise_on_ids(path, id_property, findings)
    looked_up = bool(id_property.name) and _looks_up(further)
    return CheckResult(path, plan, id_property, findings.records, checking.values, findings, looked_up)


def _value_checks(
    path: Path, plan: ImportPlan, id_property: str, schema: PropertySchema | None, others: Sequence[RecordCheck]
) -> Iterator[RecordCheck]:
    accounts = next((check.accounts for check in others if isinstance(check, DirectoryCheck)), None)
    if recoded_from(path) == WINDOWS_1252:
        yield UnreadableIds()
        accounts = frozenset(filter(str.isascii, accounts)) if accounts is not None else None
    yield ValueChecks(plan.property_map, id_property, schema, accounts)


def _looks_up(checks: Sequence[RecordCheck]) -> bool:
    return any(isinstance(check, DirectoryCheck) and check.looks_up for check in checks)


class _Checking:
    """One pass over an open file with all checks, and a second one for duplicates if there are any."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a file is checked with
        self,
        buffer: Buffer,
        plan: ImportPlan,
        id_property: str,
        marked: bool,
        further: Sequence[RecordCheck],
        findings: Findings,
    ) -> None:
        self._buffer = buffer
        self._id_property = id_property
        self._findings = findings
        self._lines = Lines(buffer)
        self._duplicates = DuplicateIds()
        self._checks: list[RecordCheck] = [DamageCheck(marked=marked, is_ascii=lambda: is_ascii(buffer)), *further]
        if id_property:
            listed = not _looks_up(further)
            self._checks += [MissingIds(), self._duplicates, IdKindCheck(plan.id_type, listed=listed)]
        if plan.property_map is not None:
            self._checks.append(MapCheck(plan.property_map, id_property))
        self.values = 0
        self._some_read = False
        self._doubtful = 0

    def run(self) -> None:
        reader = self._read(self._checks)
        self._findings.records, self.values = reader.records, reader.values
        for check in self._checks:
            check.finish(self._findings)
        if self._duplicates.numbers:
            self._read([DuplicateTexts(self._duplicates.numbers)], faults=False)
        if self.values > MAX_PROPERTY_VALUES:
            self._findings.add(TOO_MANY_VALUES, f"the file has {self.values:,} property values")
        if not self._id_property and self._some_read:
            self._findings.add(NO_ID_PROPERTY, "no property looks like an ID")
        if not reader.records and not self._findings.counts:
            self._findings.add(NO_USERS, "the list is empty")
        self._add_others(reader)
        self._add_refused(reader)

    def _read(self, checks: Sequence[RecordCheck], *, faults: bool = True) -> BatchReader:
        def take(batch: Batch) -> None:
            self._some_read = True
            for check in checks:
                check.take(batch, self._findings)

        reader = BatchReader(self._buffer, self._id_property, take)
        try:
            reader.read()
        except GrammarError as error:
            self._go_on(reader, error, faults=faults)
        return reader

    def _go_on(self, reader: BatchReader, error: GrammarError, *, faults: bool) -> None:
        """Read what can be read of a file with faults, of which ``reader`` met the first one."""
        done = reader.records
        if faults and error.shape is not None and error.shape.kind is not ShapeKind.no_record:
            self._add_shape(error.shape)
        for item in salvage_of(self._buffer, repair=error.shape is not None):
            if isinstance(item, Record):
                if item.position >= done:
                    reader.add(item)
                continue
            if isinstance(item, Unreadable) and item.position is not None:
                reader.records = max(reader.records, item.position + 1)
            if faults and error.shape is None:
                self._add_fault(item)
        reader.flush()
        if faults and error.shape is None and not self._findings.count(NOT_JSON):
            self._add_grammar_error(error)
        if faults and self._doubtful:
            what = (
                "1 record beside a fault isn't"
                if self._doubtful == 1
                else f"{self._doubtful:,} records beside faults aren't"
            )
            self._findings.remarks.append(f"{what} checked: a record may be part of a faulty one before or after it.")

    def _add_shape(self, shape: Shape) -> None:
        line, column = self._place(shape.offset)
        self._findings.add(OTHER_SHAPE, shape.words, line=line, column=column)
        self._findings.advise(OTHER_SHAPE, shape.advice)
        if shape.kind is ShapeKind.empty:
            self._findings.add(NO_USERS, shape.words, line=line, column=column)

    def _add_fault(self, item: Unreadable | Corrected) -> None:
        if isinstance(item, Corrected):
            line, column = self._place(item.start)
            self._findings.add(NOT_JSON, item.kind, line=line, column=column)
            return
        if item.doubtful:  # the fault beside it is listed
            self._doubtful += 1
            return
        identity = item.identity(self._id_property) if self._id_property else None
        line, column = self._place(item.error.offset)
        self._findings.add(
            NOT_JSON,
            item.words,
            record=None if item.position is None else item.position + 1,
            identity=identity.text if identity else None,
            property_name=item.property_name,
            line=line,
            column=column,
            remedy=_CUT_OFF if item.fault.kind is FaultKind.cut_off else "",
        )
        if item.end >= len(self._buffer) and item.fault.kind is not FaultKind.cut_off:
            self._findings.remarks.append(f"Nothing after line {line:,} can be read, so its records aren't checked.")

    def _add_grammar_error(self, error: GrammarError) -> None:
        line, column = self._place(error.offset)
        self._findings.add(NOT_JSON, error.problem, record=error.record, line=line, column=column)

    def _add_others(self, reader: BatchReader) -> None:
        """Add values in the list that aren't records."""
        for number, offset in reader.others:
            shown = shown_value(self._buffer, offset)
            line, column = self._place(offset)
            kind = NULL_RECORD if shown == "null" else NOT_A_RECORD
            self._findings.add(kind, f"{shown} where a record should be", record=number, line=line, column=column)

    def _add_refused(self, reader: BatchReader) -> None:
        """Add numbers that the service can't read."""
        for offset, record, identity, name, text in sorted(reader.refused):
            line, column = self._place(offset)
            self._findings.add(
                NOT_JSON,
                f"{name} is {shortened(text, _SHOWN)}, a number that the service can't read",
                record=record,
                identity=identity,
                property_name=name,
                line=line,
                column=column,
                remedy=_AS_TEXT,
            )

    def _place(self, offset: int) -> tuple[int, int]:
        """Return line and column; of ascending offsets, as those of faults are, without reading the file for each."""
        try:
            return self._lines.at(offset)
        except ValueError:
            self._lines = Lines(self._buffer)
            return self._lines.at(offset)


def _id_property(path: Path, buffer: Buffer, plan: ImportPlan) -> IdProperty:
    """Return the ID property: as the plan says, else inferred; its name is empty if none is found."""
    if plan.id_property:
        return IdProperty(plan.id_property, "you specified it", certain=True)
    name = name_by_looks(_first_records(buffer))
    if name:
        return IdProperty(name, "its values look like IDs", certain=False)
    try:
        return infer_id_property(path, frozenset(), some_lack_it=True)
    except SourceFormatError:
        return IdProperty("", "nothing speaks for any property", certain=False)


def _first_records(buffer: Buffer) -> list[Record]:
    """Return the first records; of a file with a fault among them, those that can be read."""
    try:
        return list(islice(records_of(buffer, others=True), _FIRST))
    except GrammarError:
        return list(islice((one for one in salvage_of(buffer, repair=True) if isinstance(one, Record)), _FIRST))


def _advise_on_ids(path: Path, id_property: IdProperty, findings: Findings) -> None:
    """Say why no record has an ID, if none has one."""
    if not findings.records or findings.count(MISSING_ID) + findings.count(EMPTY_ID) < findings.records:
        return
    try:
        inferred = infer_id_property(path, frozenset(), some_lack_it=True)
    except SourceFormatError:
        return
    if inferred.missing is MissingId.other_name and id_property.certain:
        findings.advise(MISSING_ID, _other_property(id_property.name, inferred))
    elif inferred.missing is not None:
        advice = missing_id_advice(inferred.missing, inferred.name or id_property.name, inferred.kinds)
        findings.advise(MISSING_ID, f"{capitalised(advice.action)}: {advice.finding}.")


def _other_property(wanted: str, inferred: IdProperty) -> str:
    """Say that the IDs may be in another property than the one that was specified."""
    if wanted.casefold() == inferred.name.casefold():
        return f"Specify --id-property {inferred.name}, as the file has it: names are case-sensitive."
    id_type = " --id-type CloudId" if inferred.kinds and inferred.kinds.most is IdKind.object_id else ""
    return (
        f"Have the feed write {wanted}. Or specify --id-property {inferred.name}{id_type}, if its values are the IDs of"
        " these users: they look like IDs."
    )
