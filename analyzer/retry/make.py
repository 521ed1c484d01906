"""A retry file for a job of a library, or from bare files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.analysis.outcomes import Outcome
from analyzer.errors import InputError
from analyzer.facts import stem
from analyzer.locate import locate, name_person, unreadable
from analyzer.retry.interface import Retry, RetryRequest
from analyzer.retry.select import select
from analyzer.retry.words import sentence
from analyzer.retry.write import write_retry
from analyzer.source.identify import IdProperty, infer_id_property
from analyzer.source.json_text import NotJsonError
from analyzer.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from analyzer.retry.interface import Selection


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a retry is made from.

    Attributes:
        source: our copy of the source file; None where there is none.
        source_missing: why there is none.
        logs: the log files.
        job_id: None for bare files.
        named: the logs' entries as ``analysis.naming`` gives them.
        outcome: of the job.
        id_property: as the user gave it; None to infer it.
        error: the job's, by name; empty for bare files.
        unfinished_logs: how many of the logs end inside an entry, were still being written, or could not be read to
            their end, so that they may lack users.
    """

    source: Path | None
    source_missing: str
    logs: Sequence[Path]
    job_id: str | None
    named: pl.DataFrame
    outcome: Outcome
    id_property: str | None = None
    error: str = ""
    unfinished_logs: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a retry: a file, or the reason why there is nothing to retry.

    Attributes:
        selection: whose records were wanted.
        id_property: the id property; None where there was nothing to look for.
        retry: the file; None where there is nothing to retry.
    """

    selection: Selection
    id_property: IdProperty | None
    retry: Retry | None

    @property
    def sentence(self) -> str:
        """What the file holds and why, or why there is none."""
        return sentence(self.selection, self.retry, self.id_property)


def file_name(source_name: str, job_id: str | None) -> str:
    """``STEM-JOBID-retry.json``; from bare files ``STEM-retry.json``."""
    return f"{stem(source_name)}-{job_id}-retry.json" if job_id else f"{stem(source_name)}-retry.json"


def make_retry(ingredients: Ingredients, target: Path) -> Made:
    """Writes the retry file of a job, unless there is nothing to retry.

    Raises:
        InputError: there is something to retry and no source file, or one that cannot be read; or no record matches.
        OutputError: it cannot be written.
        UsageError: the id property cannot be told.
    """
    selection = select(
        ingredients.outcome,
        ingredients.named,
        ingredients.error,
        located=_located(ingredients),
        unfinished_logs=ingredients.unfinished_logs,
    )
    if selection.outcome is Outcome.partial and selection.nobody and ingredients.job_id is not None:
        raise InputError(
            "the job says that some users were not updated, and there is no entry of its log that says who",
            "Pull its log again; without it, import the whole source file again.",
        )
    if selection.nobody:
        return Made(selection, None, None)
    if selection.outcome is Outcome.partial and not selection.identities:
        raise _naming_nobody(selection)
    source = ingredients.source
    if source is None:
        raise InputError(
            f"there is no source file to take the records from: {ingredients.source_missing}",
            "Get a copy of it and name it: upa-analyzer retry --source FILE --log PATH.",
        )
    id_property, retry = _written(ingredients, selection, source, target)
    if retry is None and not selection.everybody and selection.doubtful >= selection.identities.keys():
        raise _naming_nobody(selection)
    if retry is None:
        wanted = (
            "it has no records"
            if selection.everybody
            else f"no record has one of the log's ids in {id_property.name!r}"
        )
        raise InputError(
            f"nothing of {source} can be selected: {wanted}",
            "Check that source and log belong to the same job, and --id-property.",
        )
    return Made(selection, id_property, retry)


def _written(
    ingredients: Ingredients, selection: Selection, source: Path, target: Path
) -> tuple[IdProperty, Retry | None]:
    """Finds the id property and writes; None where no record matches."""
    try:
        known = _id_property(ingredients, selection, source)
        request = RetryRequest(source, ingredients.logs, ingredients.job_id, known, selection, target)
        return known, write_retry(request)
    except NotJsonError as error:
        name_person(error, source, unreadable(ingredients.named), ingredients.id_property)
        raise


def _located(ingredients: Ingredients) -> str:
    """What stands where the service could not read the source file, where an import was aborted for that."""
    message = unreadable(ingredients.named)
    if ingredients.outcome is not Outcome.aborted or not message:
        return ""
    try:
        return locate(message, ingredients.source, ingredients.id_property).clause
    except InputError:
        return ""  # said once more, and better, where the source file is read


def _naming_nobody(selection: Selection) -> InputError:
    number = selection.naming_nobody + len(selection.doubtful)
    return InputError(
        f"{count(number, 'entry of the log names', 'entries of the log name')} nobody, and no entry names a user",
        "Without a name there is nothing to select: import the whole source file again.",
    )


def _id_property(ingredients: Ingredients, selection: Selection, source: Path) -> IdProperty:
    if ingredients.id_property:
        return IdProperty(ingredients.id_property, "you said so", certain=True)
    if selection.identities:
        return infer_id_property(source, selection.identities.keys())
    named = ingredients.named.filter("names")["key"].drop_nulls()
    return infer_id_property(source, set(named), some_lack_it=selection.lacking_id > 0)
