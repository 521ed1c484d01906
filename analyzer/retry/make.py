"""Make the retry file of one job, from inputs to files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.named_users import UserIds
from analyzer.errors import InputError, UsageError
from analyzer.model.job import FAILED, Outcome
from analyzer.model.service import LogCode, stem
from analyzer.retry.manifest import described_choices
from analyzer.retry.model import (
    DEFAULT_OPTIONS,
    EVERYTHING,
    NO_EARLIER_FILES,
    EarlierFiles,
    RetryFiles,
    RetryRequest,
    Selection,
)
from analyzer.retry.selection.match_records import complete_by_source
from analyzer.retry.selection.users_to_retry import select
from analyzer.retry.summary import sentence
from analyzer.retry.writing.write import clear, write_retry
from analyzer.source.id_property import IdProperty, InferredIdProperty, infer, infer_from
from analyzer.source.model import FaultKind, Trouble, marks_of
from analyzer.source.reader.fault import trouble_of, way_around
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, SourceFormatError
from analyzer.source.reader.records import has_no_users
from analyzer.storage.manifest_file import manifest_path

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.directory.model import Directory
    from analyzer.retry.inputs import RetryInputs
    from analyzer.retry.model import Choices, RetryOptions
    from analyzer.source.diagnosis.service_message import Diagnosis


@dataclass(frozen=True, slots=True)
class RetryResult:
    """A retry file, or the reason why there is nothing to retry.

    Attributes:
        selection: the users to retry.
        id_property: the property that contains the IDs; None if there was nothing to look for.
        retry: the files; None if there is nothing to retry.
        options: how they were written.
        earlier: files of an earlier retry under the same names.
    """

    selection: Selection
    id_property: IdProperty | None
    retry: RetryFiles | None
    options: RetryOptions = DEFAULT_OPTIONS
    earlier: EarlierFiles = NO_EARLIER_FILES

    @property
    def sentence(self) -> str:
        """What the file contains and why, or why there is none."""
        return sentence(self.selection, self.retry, self.id_property, self.options)

    @property
    def complete(self) -> bool:
        """Whether the file contains every user that it should."""
        return self.retry.complete if self.retry else not self.selection.unfinished_logs


def file_name(source_name: str, job_id: str | None) -> str:
    """Return ``STEM-JOBID-retry.json``; from bare files ``STEM-retry.json``."""
    return f"{stem(source_name)}-{job_id}-retry.json" if job_id else f"{stem(source_name)}-retry.json"


def variant(inputs: RetryInputs, outcome: Outcome) -> str:
    """Return the part of the file name that depends on the options; empty for the file that ``run`` makes.

    It is ``selection-1a2b3c4d`` if the options choose users, else ``variant-1a2b3c4d``.

    Args:
        inputs: of the retry.
        outcome: the job's own.
    """
    by_run = dataclasses.replace(inputs, outcome=outcome, choices=EVERYTHING, options=DEFAULT_OPTIONS, id_property=None)
    options = _normalized_options(inputs)
    if options == _normalized_options(by_run):
        return ""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()
    return f"{'selection' if inputs.choices.narrow else 'variant'}-{digest[:8]}"


def _normalized_options(inputs: RetryInputs) -> dict[str, object]:
    choices = inputs.choices
    return {
        **described_choices((), inputs.options, inputs.id_property or ""),
        "outcome": inputs.outcome.value,
        "only": sorted({code.casefold() for code in choices.only}),
        "except": sorted({code.casefold() for code in choices.except_}),
        "users": sorted(choices.users) if choices.users is not None else None,
        "retryable": choices.retryable,
        "without_culprits": choices.without_culprits,
        "drop_properties": sorted(inputs.options.drop_properties),
    }


def make_retry(inputs: RetryInputs, target: Path) -> RetryResult:
    """Write the retry file of a job in place of an earlier one, unless there is nothing to retry.

    Raises:
        InputError: there are users to retry, but no readable source file or no matching record.
        OutputError: the file can't be written.
        UsageError: the ID property can't be inferred, or a choice contradicts the job.
    """
    if inputs.source is None and inputs.outcome in (Outcome.aborted, Outcome.unknown) and not inputs.choices.narrow:
        _source(inputs)  # raises an error, before a log is read that can have millions of entries
    diagnosis = _diagnosis(inputs)
    selection = select(
        inputs.outcome,
        inputs.named_users,
        inputs.error,
        located=diagnosis.clause if diagnosis else "",
        unfinished_logs=inputs.unfinished_logs,
        choices=inputs.choices,
        retry_helps=inputs.retry_helps,
        readable=inputs.options.reads_around_faults or _drops(diagnosis, inputs.choices),
        newer=inputs.newer,
    )
    if not selection.none_left and inputs.outcome in FAILED and _has_no_users(inputs):
        selection = Selection(inputs.outcome, False, UserIds(), 0, "the source file has no users", none_left=True)
    if selection.empty:
        return _nothing_to_retry(inputs, selection, target)
    source = _source(inputs)
    try:
        selection, id_property, retry = _write(inputs, selection, source, target)
        if retry is None:
            raise _nothing_selected(selection, source, id_property)
    except InputError as error:
        if inputs.source_later:  # the likeliest cause
            error.what = f"{error.what}; the source file {inputs.source_later}"
        raise
    return RetryResult(selection, id_property, retry, inputs.options, retry.earlier)


def _nothing_to_retry(inputs: RetryInputs, selection: Selection, target: Path) -> RetryResult:
    """Remove an earlier retry.

    Raises:
        InputError: the job reports failed users.
    """
    if selection.outcome is Outcome.partial and inputs.job_id is not None and not selection.none_left:
        raise InputError(
            "the job reports users who were not updated, and no entry of its log identifies one",
            "Pull its log again; without it, import the whole source file again.",
        )
    read = [*inputs.logs, *([inputs.source] if inputs.source else [])]
    if inputs.job_id:
        read.append(manifest_path(target))  # its hash identifies a retry that was queued under another name
    return RetryResult(selection, None, None, earlier=clear(target, read))


def _has_no_users(inputs: RetryInputs) -> bool:
    """Return whether the job had no users to import; False if our copy may not be what the job read."""
    source = inputs.source
    if source is None or inputs.source_later or (inputs.source_changed and not inputs.options.force):
        return False
    try:
        return has_no_users(source)
    except InputError:
        return False  # raised again when the file is needed


def _source(inputs: RetryInputs) -> Path:
    if inputs.source is None:
        raise InputError(
            f"there is no source file to take the records from: {inputs.source_missing}",
            "Get a copy of it and specify it: upa-analyzer retry --source FILE --log PATH.",
        )
    if inputs.source_changed and not inputs.options.force:
        raise InputError(
            f"{inputs.source} is not what the job read: {inputs.source_changed}",
            "Put the job's version there, or use this one with --force.",
        )
    return inputs.source


def _nothing_selected(selection: Selection, source: Path, id_property: IdProperty) -> InputError:
    name = id_property.name
    if selection.duplicate_entries and not selection.all_records:
        duplicates = f"the log reports that two records of {source} belong to one user, but"
        if not name:
            return InputError(f"{duplicates} the ID property is unknown", "Specify it with --id-property.")
        return InputError(
            f"{duplicates} no two records have the same ID",
            "An old and a new name may belong to one user. Have the feed write object IDs, and queue with the ID type"
            " CloudId.",
        )
    if selection.left_to_later and not selection.choice_clauses:
        return InputError(
            "later imports of the feed had the records of all users who were not updated",
            "Nothing is left to retry. To make the file anyway, add --superseded.",
        )
    if selection.all_records:
        choice = f"the choice leaves none of its records ({'; '.join(selection.choice_clauses)})"
        because = choice if selection.choice_clauses else "it has no records that can be written"
    elif selection.doubtful >= selection.identities.keys():
        chosen = "chosen " if selection.choice_clauses else ""
        return InputError(f"no {chosen}entry of the log identifies a user", "Import the whole source file again.")
    elif name:
        because = f"no record has one of the log's IDs in {name!r}, or several have the same"
    else:
        because = f"the ID property is unknown ({id_property.because})"
    return InputError(
        f"no record of {source} can be selected: {because}",
        "Check that source and log belong to the same job, and --id-property.",
    )


def _write(
    inputs: RetryInputs, selection: Selection, source: Path, target: Path
) -> tuple[Selection, IdProperty, RetryFiles | None]:
    """Find the ID property, and write the files; None if no record can be written."""
    try:
        if inputs.options.reads_around_faults:
            from analyzer.source.salvage.read import check_shape

            check_shape(source, repair=inputs.options.repair)
        inferred = _id_property(inputs, selection, source)
        id_property = inferred.id_property
        if id_property.name in inputs.options.drop_properties:
            raise UsageError(f"{id_property.name} is the ID property, and can't be dropped", "Drop another property.")
        request = RetryRequest(
            source=source,
            logs=inputs.logs,
            job_id=inputs.job_id,
            id_property=id_property,
            selection=selection,
            target=target,
            options=inputs.options,
            named=inputs.named_users.certain if selection.all_records else frozenset(),
            source_sha256=inputs.source_sha256,
            source_later=inputs.source_later,
            given_id_property=inputs.id_property or "",
            error=inputs.error,
            source_uri=inputs.source_uri,
            found=None if selection.all_records else inferred.records,
        )
        request = complete_by_source(request, inputs.named_users)
        if inputs.is_id_type_proven and not selection.all_records:  # all users of a few may be new
            unconditional = dataclasses.replace(request.selection, condition=selection.condition)
            request = dataclasses.replace(request, selection=unconditional)
        if inputs.directory is not None:
            request = _corrected(request, inputs, inputs.directory, selection.condition)
        return request.selection, id_property, write_retry(request)
    except NotJsonError as error:
        from analyzer.source.diagnosis.service_message import name_person, unreadable

        name_person(error, source, unreadable(inputs.named_users.entries), inputs.id_property)
        error.advice = f"{error.advice} {_options_for_faults(error)}"
        raise
    except NotImportFormatError as error:
        error.advice = f"{error.advice} {_options_for_shape(error)}".strip()
        raise


def _corrected(request: RetryRequest, inputs: RetryInputs, directory: Directory, condition: str) -> RetryRequest:
    """Return the request with corrections of IDs; ``condition`` is what to do first whatever the IDs are."""
    from analyzer.retry.selection.correct_ids import with_corrections

    request = with_corrections(request, directory, inputs.id_type, inputs.in_later_files())
    selection = request.selection
    if selection.all_records or len(request.corrections.by_key) < len(selection.identities):
        return request
    # The users failed because of their IDs, not because of the ID type.
    return dataclasses.replace(request, selection=dataclasses.replace(selection, condition=condition))


def _options_for_faults(error: NotJsonError) -> str:
    """Return the options that take records of a file that isn't valid JSON, a sentence."""
    salvage_takes = "--salvage takes the records that can be read."
    if way_around(error) == "--salvage":
        return salvage_takes
    if trouble_of(error) in (Trouble.unclosed, Trouble.brackets):
        return "--repair closes the list and takes all records."
    return f"--repair doubles such a backslash if that is certain; {salvage_takes}"


def _options_for_shape(error: NotImportFormatError) -> str:
    """Return the options that take records of a file of another shape, a sentence; empty if none does."""
    return {
        "--salvage": "--salvage takes the records and lists the rest.",
        "--repair": "--repair takes the records as they are, and writes them in the import format.",
    }.get(way_around(error), "")


def _drops(diagnosis: Diagnosis | None, choices: Choices) -> bool:
    """Return whether what the service could not read is a list or an object in a property that is left out."""
    spot = diagnosis.spot if diagnosis else None
    return spot is not None and spot.fault.kind is FaultKind.nested_value and spot.property in choices.drop_properties


def _diagnosis(inputs: RetryInputs) -> Diagnosis | None:
    """Find what the service could not read in the source file, if the import was aborted for that."""
    unread = inputs.outcome is Outcome.aborted and LogCode.DataFileNotJson in inputs.named_users.codes
    if not unread or inputs.options.reads_around_faults:
        return None
    from analyzer.source.diagnosis.service_message import diagnose, unreadable

    try:
        return diagnose(unreadable(inputs.named_users.entries), inputs.source, inputs.id_property)
    except InputError:
        return None  # reading the source file raises a better error


def _id_property(inputs: RetryInputs, selection: Selection, source: Path) -> InferredIdProperty:
    if inputs.id_property:
        return InferredIdProperty(IdProperty(inputs.id_property, "you specified it", certain=True), None)
    wanted = marks_of(sorted(inputs.named_users.certain)) if selection.all_records else selection.identities.marks
    some_lack_it = selection.lacking_id > 0 and (selection.all_records or not selection.identities)
    try:
        return infer(source, wanted, some_lack_it=some_lack_it)
    except SourceFormatError:
        if not inputs.options.reads_around_faults:
            raise
        from analyzer.source.reader.tolerant import Record
        from analyzer.source.salvage.read import salvage

        items = salvage(source, repair=inputs.options.repair)
        records = (item for item in items if isinstance(item, Record))
        return InferredIdProperty(infer_from(source, records, wanted.keys(), some_lack_it=some_lack_it), None)
