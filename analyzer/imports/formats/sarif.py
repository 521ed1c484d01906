"""Write findings as SARIF 2.1.0, for code scanning (GitHub, Azure DevOps) and viewers.

GitHub's limits and habits (its documentation "SARIF support for code scanning", and github/codeql-action):

- Of a run's results it keeps 5,000, and refuses a file with more than 25,000.
- It recognizes a result of an earlier run by rule, file, and ``primaryLocationLineHash``. Without that, its action
  takes a hash of the line, which is the same for all records of a file without line ends; with it, the action warns
  for each result whose line it knows. So a result has this hash only if its line doesn't identify it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from analyzer.analysis.feeds import source_name
from analyzer.catalogue.check_findings import FINDING_KINDS
from analyzer.catalogue.finding_kind import Certainty, Severity
from analyzer.imports.formats.model import finding_text, visible
from analyzer.model.identity import identity_key
from analyzer.model.tables import FINDINGS
from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import PurePath
    from typing import TypeAlias

    from analyzer.catalogue.finding_kind import FindingKind
    from analyzer.imports.formats.model import CheckedFile

    Places: TypeAlias = Mapping[int, tuple[int, int]]

MOST_RESULTS = 5_000
"""Results that GitHub keeps of a run."""
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.aborts: "error", Severity.fails: "error", Severity.harm: "warning", Severity.note: "note"}
_PRECISION = {Certainty.sure: "very-high", Certainty.likely: "high", Certainty.possible: "medium"}
_LONGEST = 1_000
_ROOT = "%SRCROOT%"


def sarif(
    files: Sequence[CheckedFile],
    base: PurePath,
    version: str,
    places_in: Callable[[PurePath, Collection[int]], Places] = lambda _path, _numbers: {},
) -> str:
    """Return a SARIF log with one run.

    If there are more than ``MOST_RESULTS`` findings, each kind and property of each file keeps its first ones.

    Args:
        files: the files that were checked.
        base: the absolute folder to which the files' addresses are relative, such as that of a repository.
        version: of this program.
        places_in: returns line and column of records of a file by their number.
    """
    uris = [uri_of(file.path, base) for file in files]
    found = sum(sum(file.counts.values()) for file in files)
    rows = _with_places(_chosen(files), [file.path for file in files], places_in)
    indexes = {name: index for index, name in enumerate(FINDING_KINDS)}
    results = [
        _result(row, FINDING_KINDS[row["kind"]], indexes[row["kind"]], uris[row["at"]], row["at"])
        for row in rows.iter_rows(named=True)
    ]
    driver = {
        "name": "upa-analyzer",
        "version": version,
        "rules": [_rule(kind) for kind in FINDING_KINDS.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": uri} for uri in uris],
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": [*_left_out(found, len(results))]}],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def uri_of(path: PurePath, base: PurePath) -> dict[str, str]:
    """Return the location of a file as SARIF has it: relative to ``base``, or absolute if the file is elsewhere."""
    if path.is_relative_to(base):
        relative = path.relative_to(base).as_posix().encode("utf-8", "surrogateescape")  # a name on Linux is bytes
        return {"uri": quote(relative), "uriBaseId": _ROOT}
    return {"uri": path.as_uri()}


def _with_places(
    rows: pl.DataFrame, paths: Sequence[PurePath], places_in: Callable[[PurePath, Collection[int]], Places]
) -> pl.DataFrame:
    """Add the places of records to findings that have none, and how many findings of a file and kind share a line."""
    unknown = rows.filter(pl.col("line").is_null() & pl.col("record").is_not_null())
    found = [
        (at, number, line, column)
        for (at,), records in unknown.partition_by("at", as_dict=True).items()
        for number, (line, column) in places_in(paths[at], set(records["record"])).items()
    ]
    places = pl.DataFrame(
        found,
        schema={"at": rows.schema["at"], "record": pl.UInt32, "begin": pl.UInt32, "begin_column": pl.UInt32},
        orient="row",
    )
    return (
        rows.join(places, on=["at", "record"], how="left", maintain_order="left")
        .with_columns(
            line=pl.coalesce("line", "begin"),
            column=pl.when(pl.col("line").is_null()).then("begin_column").otherwise("column"),
        )
        .with_columns(shared=pl.len().over("at", "line", "kind"))
    )


def _chosen(files: Sequence[CheckedFile], most: int = MOST_RESULTS) -> pl.DataFrame:
    """Return the findings of all files, at most so many: the first ones of each group; with their file's index."""
    group = ("at", "kind", "property")
    found = [pl.DataFrame(schema=FINDINGS), *(file.findings for file in files)]
    rows = pl.concat([rows.with_columns(at=pl.lit(at)) for at, rows in enumerate(found, -1)])
    return (
        rows.with_row_index("order")
        .with_columns(rank=pl.col("order").rank("ordinal").over(*group))
        .sort("rank", "order")
        .head(most)
        .sort("order")
    )


def _left_out(found: int, written: int) -> Iterator[dict[str, object]]:
    if found > written:
        text = f"{count(found - written, 'finding')} of {found:,} left out, since GitHub takes only {MOST_RESULTS:,}."
        yield {"level": "warning", "message": {"text": text}}


def _rule(kind: FindingKind) -> dict[str, object]:
    text = f"A record {kind.one}"
    shows = f"The log shows {kind.code}." if kind.code else "No log shows it."
    return {
        "id": kind.name,
        "name": "".join(map(str.capitalize, kind.name.split("-"))),
        "shortDescription": {"text": f"{text}."},
        "fullDescription": {"text": f"{text}. {shows}"},
        "help": {
            "text": f"{kind.remedy}\n{shows}\nKnown from: {kind.known_from}.",
            "markdown": f"{kind.remedy}\n\n{shows}\n\nKnown from: {kind.known_from}.",
        },
        "defaultConfiguration": {"level": _LEVELS[kind.severity]},
        "properties": {"precision": _PRECISION[kind.certainty], "tags": [str(kind.severity)]},
    }


def _result(row: Mapping[str, Any], kind: FindingKind, index: int, uri: dict[str, str], at: int) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": {**uri, "index": at}}
    if row["line"] is not None:
        physical["region"] = {
            name: row[key] for name, key in (("startLine", "line"), ("startColumn", "column")) if row[key] is not None
        }
    location: dict[str, object] = {"physicalLocation": physical}
    if row["record"] is not None:
        location["logicalLocations"] = [_logical(row)]
    return {
        "ruleId": kind.name,
        "ruleIndex": index,
        "level": _LEVELS[kind.severity],
        "message": {"text": _message(row)},
        "locations": [location],
        "partialFingerprints": _fingerprints(row, uri["uri"]),
        "properties": {
            name: visible(str(row[name]))[:_LONGEST]
            for name in ("code", "certainty", "record", "identity", "property", "suggestion")
            if row[name] is not None
        },
    }


def _logical(row: Mapping[str, Any]) -> dict[str, object]:
    """Return where a finding is in the JSON, as the service's own messages say it: ``value[16].Floor``."""
    if not row["property"]:
        return {"fullyQualifiedName": f"value[{row['record'] - 1}]", "kind": "object"}
    name = visible(row["property"])
    return {"name": name, "fullyQualifiedName": f"value[{row['record'] - 1}].{name}", "kind": "property"}


def _message(row: Mapping[str, Any]) -> str:
    """Return the message of a result; text from a file must not become a link."""
    remedy = f". {row['remedy']}" if row["remedy"] else "."
    return re.sub(r"\](?=[(\[])", "] ", visible(finding_text(row))[:_LONGEST]) + remedy


def _fingerprints(row: Mapping[str, Any], uri: str) -> dict[str, str]:
    """Return what identifies a result in several runs: its kind, user, and property, not its place in the file."""
    who = identity_key(row["identity"] or "") or str(row["record"] or "")
    what = "\n".join((source_name(uri).feed, row["kind"], row["property"] or "", who))
    digest = hashlib.sha256(what.encode(errors="replace")).hexdigest()[:32]
    own = {"upaAnalyzer/v1": digest}
    return own if row["line"] is not None and row["shared"] == 1 else {"primaryLocationLineHash": f"{digest}:1", **own}
