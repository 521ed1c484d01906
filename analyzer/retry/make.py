"""A retry file for a job of a library, or from bare files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.naming import UserIds
from analyzer.errors import InputError, UsageError
from analyzer.model.outcome import FAILED, Outcome
from analyzer.model.service import LogCode, stem
from analyzer.retry.manifest import described_choices
from analyzer.retry.model import DEFAULT_OPTIONS, NO_EARLIER_FILES, EarlierFiles, RetryFiles, RetryRequest, Selection
from analyzer.retry.selection.choices import EVERYTHING
from analyzer.retry.selection.gather import by_source
from analyzer.retry.selection.select import helps_unknown, select
from analyzer.retry.words import sentence
from analyzer.retry.writing.write import clear, write_retry
from analyzer.source.id_property import IdProperty, InferredIdProperty, infer, infer_from
from analyzer.source.model import FaultKind, Trouble, marks_of
from analyzer.source.reader.fault import trouble_of, way_around
from analyzer.source.reader.json_text import NotImportFormatError, NotJsonError, SourceFormatError
from analyzer.source.reader.records import has_no_users
from analyzer.storage.manifest import manifest_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.analysis.naming import NamedUsers
    from analyzer.retry.model import RetryOptions
    from analyzer.retry.selection.choices import Choices, RetryHelps
    from analyzer.source.diagnosis.message import Diagnosis


@dataclass(frozen=True, slots=True)
class RetryInputs:
    """What a retry is made from.

    Attributes:
        source: our copy of the source file; None where there is none.
        source_missing: why there is none.
        logs: the log files.
        job_id: None for bare files.
        named_users: by the logs.
        outcome: of the job.
        id_property: as the user gave it; None to infer it.
        error: the job's, by name; empty for bare files.
        unfinished_logs: how many of the logs end inside an entry, were still being written, or could not be read to
            their end, so that they may lack users.
        source_sha256: of the source file, where it is known.
        source_changed: what speaks for it that our copy is not what the job read, a clause; empty where nothing does.
        source_later: what tells that our copy is of a later time than the job, a clause without its subject; empty
            where nothing does.
        choices: the user's, of whose records.
        options: how they are written.
        retry_helps: what is known of codes.
        source_uri: of the source file, as the job has it; empty for bare files.
        newer: users whose newer records later files of the feed hold, by their marks (``mark_of``).
    """

    source: Path | None
    source_missing: str
    logs: Sequence[Path]
    job_id: str | None
    named_users: NamedUsers
    outcome: Outcome
    id_property: str | None = None
    error: str = ""
    unfinished_logs: int = 0
    source_sha256: str = ""
    source_changed: str = ""
    source_later: str = ""
    choices: Choices = EVERYTHING
    options: RetryOptions = DEFAULT_OPTIONS
    retry_helps: RetryHelps = helps_unknown
    source_uri: str = ""
    newer: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RetryResult:
    """What came of a retry: a file, or the reason why there is nothing to retry.

    Attributes:
        selection: whose records were wanted.
        id_property: the id property; None where there was nothing to look for.
        retry: the file; None where there is nothing to retry.
        options: how it was written.
        earlier: what an earlier retry left in its places.
    """

    selection: Selection
    id_property: IdProperty | None
    retry: RetryFiles | None
    options: RetryOptions = DEFAULT_OPTIONS
    earlier: EarlierFiles = NO_EARLIER_FILES

    @property
    def sentence(self) -> str:
        """What the file holds and why, or why there is none."""
        return sentence(self.selection, self.retry, self.id_property, self.options)

    @property
    def complete(self) -> bool:
        """Whether the file holds everything that it should."""
        return self.retry.complete if self.retry else not self.selection.unfinished_logs


def file_name(source_name: str, job_id: str | None) -> str:
    """``STEM-JOBID-retry.json``; from bare files ``STEM-retry.json``."""
    return f"{stem(source_name)}-{job_id}-retry.json" if job_id else f"{stem(source_name)}-retry.json"


def variant(inputs: RetryInputs, outcome: Outcome) -> str:
    """What sets a retry apart from the one that ``run`` makes of the job, for its name; empty where nothing does.

    The same options give the same name. ``selection-1a2b3c4d`` where they choose users, else ``variant-1a2b3c4d``.

    Args:
        inputs: of the retry.
        outcome: the job's own.
    """
    by_run = dataclasses.replace(inputs, outcome=outcome, choices=EVERYTHING, options=DEFAULT_OPTIONS, id_property=None)
    options = _options(inputs)
    if options == _options(by_run):
        return ""
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()
    return f"{'selection' if inputs.choices.narrow else 'variant'}-{digest[:8]}"


def _options(inputs: RetryInputs) -> dict[str, object]:
    """What the user can choose of a retry, in a spelling in which the same is equal."""
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
    """Writes the retry file of a job, unless there is nothing to retry; an earlier one in its place gives way.

    Raises:
        InputError: there is something to retry and no source file, or one that cannot be read or need not be the
            job's; or no record matches.
        OutputError: it cannot be written.
        UsageError: the id property cannot be told, or a choice makes no sense here.
    """
    located = _located(inputs)
    selection = select(
        inputs.outcome,
        inputs.named_users,
        inputs.error,
        located=located.clause if located else "",
        unfinished_logs=inputs.unfinished_logs,
        choices=inputs.choices,
        retry_helps=inputs.retry_helps,
        readable=inputs.options.reads_around_faults or _drops(located, inputs.choices),
        newer=inputs.newer,
    )
    if not selection.none_left and inputs.outcome in FAILED and _has_no_users(inputs):
        selection = Selection(inputs.outcome, False, UserIds(), 0, "the source file has no users", none_left=True)
    if selection.empty:
        _check_nobody(selection, inputs)
        read = [*inputs.logs, *([inputs.source] if inputs.source else [])]
        if inputs.job_id:
            read.append(manifest_path(target))  # by the hash in it, a retry that was queued under another name is known
        return RetryResult(selection, None, None, earlier=clear(target, read))
    source = _source(inputs)
    try:
        selection, id_property, retry = _written(inputs, selection, source, target)
        if retry is None:
            raise _nothing_selected(selection, source, id_property)
    except InputError as error:
        if inputs.source_later:  # which is why, most likely
            error.what = f"{error.what}; the source file {inputs.source_later}"
        raise
    return RetryResult(selection, id_property, retry, inputs.options, retry.earlier)


def _has_no_users(inputs: RetryInputs) -> bool:
    """Whether the job had nobody to import, whatever its log says; a copy that is not what it read tells nothing."""
    source = inputs.source
    if source is None or inputs.source_later or (inputs.source_changed and not inputs.options.force):
        return False
    try:
        return has_no_users(source)
    except InputError:
        return False  # said where it is needed


def _check_nobody(selection: Selection, inputs: RetryInputs) -> None:
    """Refuses to say that there is nothing to retry where the job says that there is."""
    if selection.outcome is Outcome.partial and inputs.job_id is not None and not selection.none_left:
        raise InputError(
            "the job says that some users were not updated, and there is no entry of its log that says who",
            "Pull its log again; without it, import the whole source file again.",
        )


def _source(inputs: RetryInputs) -> Path:
    source = inputs.source
    if source is None:
        raise InputError(
            f"there is no source file to take the records from: {inputs.source_missing}",
            "Get a copy of it and name it: upa-analyzer retry --source FILE --log PATH.",
        )
    if inputs.source_changed and not inputs.options.force:
        raise InputError(
            f"{source} is not what the job read: {inputs.source_changed}",
            "Put the job's version there, or take this one with --force.",
        )
    return source


def _nothing_selected(selection: Selection, source: Path, id_property: IdProperty) -> InputError:
    if not selection.everybody and selection.duplicate_entries and not id_property.name:
        return InputError(
            f"the log says that two records of {source} lead to one user, and which property holds the IDs is unknown",
            "Name it with --id-property.",
        )
    if not selection.everybody and selection.duplicate_entries:
        return InputError(
            f"the log says that two records of {source} lead to one user, and no two records have the same ID",
            "An old and a new name may belong to one user. Have the feed write object IDs, and queue with the ID type"
            " CloudId.",
        )
    if selection.left_to_later and not selection.chosen:
        return InputError(
            "later imports of the feed had the records of all users who were not updated",
            "Nothing is left to retry. To make the file all the same, add --superseded.",
        )
    if not selection.everybody and selection.doubtful >= selection.identities.keys():
        return _naming_nobody(selection)
    if not selection.everybody and not id_property.name:
        wanted = f"which property holds the ids is not known ({id_property.because})"
    elif not selection.everybody:
        wanted = f"no record has one of the log's ids in {id_property.name!r}, or several have the same"
    elif selection.chosen:
        wanted = f"of its records the choice leaves none ({'; '.join(selection.chosen)})"
    else:
        wanted = "it has no records that can be written"
    return InputError(
        f"nothing of {source} can be selected: {wanted}",
        "Check that source and log belong to the same job, and --id-property.",
    )


def _written(
    inputs: RetryInputs, selection: Selection, source: Path, target: Path
) -> tuple[Selection, IdProperty, RetryFiles | None]:
    """Finds the id property and writes; None where no record can be."""
    try:
        if inputs.options.reads_around_faults:
            from analyzer.source.salvage.read import check_shape

            check_shape(source, repair=inputs.options.repair)
        inferred = _id_property(inputs, selection, source)
        request = RetryRequest(
            source=source,
            logs=inputs.logs,
            job_id=inputs.job_id,
            id_property=inferred.id_property,
            selection=selection,
            target=target,
            options=inputs.options,
            named=inputs.named_users.certain if selection.everybody else frozenset(),
            source_sha256=inputs.source_sha256,
            source_later=inputs.source_later,
            given_id_property=inputs.id_property or "",
            error=inputs.error,
            source_uri=inputs.source_uri,
            found=None if selection.everybody else inferred.found,
        )
        if inferred.id_property.name in inputs.options.drop_properties:
            raise UsageError(
                f"{inferred.id_property.name} holds the ids, and cannot be dropped", "Name the property to drop."
            )
        request = by_source(request, inputs.named_users)
        return request.selection, inferred.id_property, write_retry(request)
    except NotJsonError as error:
        from analyzer.source.diagnosis.message import name_person, unreadable

        name_person(error, source, unreadable(inputs.named_users.entries), inputs.id_property)
        error.advice = f"{error.advice} {_ways_around(error)}"
        raise
    except NotImportFormatError as error:
        error.advice = f"{error.advice} {_other_ways(error)}".strip()
        raise


def _ways_around(error: NotJsonError) -> str:
    """What can be had of the file as it is, a sentence."""
    salvage_takes = "--salvage takes the records that can be read."
    if way_around(error) == "--salvage":
        return salvage_takes
    if trouble_of(error) in (Trouble.unclosed, Trouble.brackets):
        return "--repair closes the list and takes all records."
    return f"--repair doubles such a backslash where that is certain; {salvage_takes}"


def _other_ways(error: NotImportFormatError) -> str:
    """What can be had of a file of another shape, a sentence; empty where nothing can."""
    return {
        "--salvage": "--salvage takes the records and lists the rest.",
        "--repair": "--repair takes the records as they are, and writes them in the import format.",
    }.get(way_around(error), "")


def _drops(located: Diagnosis | None, choices: Choices) -> bool:
    """Whether what the service could not read is a list or an object in a property that is left out."""
    spot = located.spot if located else None
    return spot is not None and spot.fault.kind is FaultKind.nested_value and spot.property in choices.drop_properties


def _located(inputs: RetryInputs) -> Diagnosis | None:
    """What stands where the service could not read the source file, where an import was aborted for that."""
    codes = inputs.named_users.codes
    if (
        inputs.outcome is not Outcome.aborted
        or LogCode.DataFileNotJson not in codes
        or inputs.options.reads_around_faults
    ):
        return None
    from analyzer.source.diagnosis.message import diagnose, unreadable

    message = unreadable(inputs.named_users.entries)
    try:
        return diagnose(message, inputs.source, inputs.id_property)
    except InputError:
        return None  # said once more, and better, where the source file is read


def _naming_nobody(selection: Selection) -> InputError:
    return InputError(
        f"no {'chosen ' if selection.chosen else ''}entry of the log identifies a user",
        "Import the whole source file again.",
    )


def _id_property(inputs: RetryInputs, selection: Selection, source: Path) -> InferredIdProperty:
    if inputs.id_property:
        return InferredIdProperty(IdProperty(inputs.id_property, "you said so", certain=True), None)
    wanted = marks_of(sorted(inputs.named_users.certain)) if selection.everybody else selection.identities.marks
    some_lack_it = selection.lacking_id > 0 and (selection.everybody or not selection.identities)
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
