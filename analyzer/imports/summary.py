"""Say what a check found, in one sentence for each kind of finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from analyzer.catalogue.check_findings import FINDING_KINDS
from analyzer.catalogue.finding_kind import Certainty, FindingKind, Severity
from analyzer.catalogue.schema_findings import QUEUE_CALL_KINDS
from analyzer.model.text import count, listed_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.imports.check import CheckResult

_NAMED = 5
"""Properties that are named in a sentence."""
VERDICTS = {
    Severity.aborts: "Would abort",
    Severity.fails: "Users would fail",
    Severity.harm: "Would do harm",
    Severity.note: "Note",
}


_REFUSED = "Would be refused when it is queued"
_UNCERTAIN_HARM = "May do harm"


def summary(result: CheckResult) -> str:
    """Return the answer in one sentence: the worst kind of finding, and how many others there are."""
    sentences = list(kind_sentences(result))
    if not sentences:
        return f"No findings in {count(result.records, 'record')}."
    further = len(sentences) - 1
    more = f" {count(further, 'more kind')} of findings." if further else ""
    return f"{sentences[0][1]}{more}"


def kind_sentences(result: CheckResult) -> Iterator[tuple[FindingKind, str]]:
    """Yield the kinds of findings, the worst first, each with a sentence.

    The sentence is like ``Would abort: 3 of 12,480 records have a property that the map lacks (Floor).``
    """
    counted = result.findings.table().group_by("kind")
    table = counted.agg(pl.col("record").n_unique(), of_file=pl.col("record").null_count())
    records = {kind: 0 if of_file else number for kind, number, of_file in table.iter_rows()}
    for kind in FINDING_KINDS.values():
        properties = {name: number for (one, name), number in result.findings.counts.items() if one == kind.name}
        if not properties:
            continue
        number = records.get(kind.name, 0)
        if number:
            of_all = f"{number:,} of {count(result.records, 'record')}"
            what = f"{of_all} {kind.one if number == 1 else kind.many}"
        else:
            what = f"the file {kind.one}"
        names = [name for name in sorted(properties, key=lambda name: (-properties[name], name)) if name]
        where = f" ({listed_first(names, _NAMED, more='more properties')})" if names else ""
        yield kind, f"{_verdict(kind)}: {what}{where}."


def _verdict(kind: FindingKind) -> str:
    if kind in QUEUE_CALL_KINDS:
        return _REFUSED
    if kind.severity is Severity.harm and kind.certainty is not Certainty.sure:
        return _UNCERTAIN_HARM
    return VERDICTS[kind.severity]
