"""What aborted an import, what has to be done before its retry, and whether a retry would be aborted, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue.job_errors import GIVE_IDS, SPLIT
from analyzer.model.service import ABORTING_CODES, JobError, LogCode
from analyzer.model.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from analyzer.retry.model import Selection
    from analyzer.retry.selection.choices import RetryHelps

_BEFORE_RETRY = {
    JobError.DataFileTooBig.name: SPLIT,
    JobError.DataFileNotInTenant.name: "upload it to this tenant",
    JobError.DataFileNotExist.name: "upload it, and leave it in its place until the job has ended",
}


def met_again(
    coded: pl.DataFrame, selection: Selection, dropped: Collection[str], *, readable: bool = False
) -> pl.DataFrame:
    """The entries whose cause is still in the selected records.

    Args:
        coded: the entries that have a code, as ``analysis.naming`` gives them.
        selection: whose records.
        dropped: properties that the records are written without.
        readable: what cannot be read of the source file is mended or left out.
    """
    key, code = pl.col("key"), pl.col("code")
    named = list(selection.excluded if selection.everybody else selection.identities)
    of_user = key.is_in(named) ^ selection.everybody
    # A record without an id is never among those that are selected by their ids.
    of_nobody = (code != LogCode.MissingIdentity) | (selection.everybody and not selection.without_unnamed)
    mended = (code == LogCode.InvalidProperty) & pl.col("property").is_in(list(dropped)).fill_null(value=False)
    mended |= (code == LogCode.DataFileNotJson) & readable
    return coded.filter(pl.when(key.is_null()).then(of_nobody).otherwise(of_user) & ~mended)


def before_retry(coded: pl.DataFrame, error: str, located: str) -> str:
    """What has to be done before a retry file is queued, a clause; empty where nothing is known.

    Args:
        coded: the entries that the retry would meet again.
        error: the job's, by name.
        located: what stands where the service could not read the source file, a sentence without a full stop.
    """
    if error in _BEFORE_RETRY:
        return _BEFORE_RETRY[error]
    properties = (
        coded.filter(coded["code"] == LogCode.InvalidProperty)["property"].drop_nulls().unique(maintain_order=True)
    )
    if len(properties):
        return f"map {listed(properties)} or remove {'it' if len(properties) == 1 else 'them'} from the feed"
    unreadable = coded.filter(coded["code"] == LogCode.DataFileNotJson)["message"]
    if len(unreadable):
        where = f": {located[:1].lower()}{located[1:]}" if located else ""
        return f"correct what the service couldn't read ({unreadable[0].rstrip('.')}){where}"
    if LogCode.MissingIdentity in set(coded["code"]):
        return GIVE_IDS
    return ""


def aborted_again(
    coded: pl.DataFrame, selection: Selection, error: str, dropped: Collection[str], retry_helps: RetryHelps
) -> str:
    """Why a retry unchanged of the selected records would be aborted, too, a clause; empty where it would not.

    Args:
        coded: the entries that have a code.
        selection: whose records.
        error: the job's, by name; empty where it is not known.
        dropped: properties that the records are written without.
        retry_helps: what is known of codes.
    """
    if error in _BEFORE_RETRY or coded.is_empty():
        verdicts = [(error, retry_helps(error, "", None) if error else None)]
    else:
        validation = coded.filter(coded["code"].is_in(list(ABORTING_CODES)))
        # Other codes exist; where none of the validation's stands in the log, it was one of them.
        causes = met_again(coded if validation.is_empty() else validation, selection, dropped)
        verdicts = with_helps(causes, retry_helps).select("code", "helps").unique(maintain_order=True).rows()
    never = [name for name, helps in verdicts if helps is False]
    if never:
        return f"a retry unchanged would be aborted again ({listed(never)})"
    if any(helps is None for _, helps in verdicts):
        return "whether a retry unchanged would be aborted again is unknown"
    return ""


def with_helps(coded: pl.DataFrame, retry_helps: RetryHelps) -> pl.DataFrame:
    """The entries with a column ``helps``: whether a retry unchanged can mend them, null where nobody knows."""
    # Asked once for those that are the same, as a log can hold 100,000 failures of one kind.
    distinct = coded.select("code", "message", "detail").unique(maintain_order=True)
    helps = [retry_helps(code, message or "", detail) for code, message, detail in distinct.iter_rows()]
    answers = distinct.with_columns(helps=pl.Series(helps, dtype=pl.Boolean))
    return coded.join(answers, on=distinct.columns, how="left", nulls_equal=True, maintain_order="left")
