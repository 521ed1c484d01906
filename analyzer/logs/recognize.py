"""Explain what is pasted after ``explain``.

That is a name; a line of a log, with its code or without; or what PowerShell and scripts print about a job or a refused
call, as seen in public threads::

    New-PnPUPABulkImportJob : The remote server returned an error: (403) Forbidden.
    At line:1 char:1
        + CategoryInfo          : WriteError: (:) [New-PnPUPABulkImportJob], WebException

    Job State: Error
    Error State: InternalError
    VERBOSE: Job initiated with Id … and status Submitted for file …
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from analyzer.catalogue.model import DETAIL_READ
from analyzer.logs.shapes import beginning, split_lines, without_marks
from analyzer.logs.unwrap import unwrap
from analyzer.model.service import GUID, JobError, LogCode, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.catalogue import Catalogue, Explanation

# What a client's console prints around a message that is in no log
_OF_A_CALL = re.compile(
    r"\bCategoryInfo\b|\bFullyQualifiedErrorId\b|\b(?:New|Get|Sync)-(?:PnP|SPO)[A-Za-z]+", re.IGNORECASE
)
_ERRORS = "|".join(error.name for error in JobError if error is not JobError.NoError)
_ERROR = re.compile(rf"\b(?:{_ERRORS})\b")
_STATES = "|".join(state.name for state in State)
# "Error" : 23
_ERROR_NUMBER = re.compile(r"""\bError\b["']?\s{0,40}[:=]\s{0,40}(?P<number>[1-9][0-9]{0,8})\b""")
# Job State: Error    "State": 3    and status Submitted    Import job state is Processing    outcome      partial
_STATE = re.compile(
    rf"""\b(?:State|Status)\b["']?(?:\s{{0,40}}[:=]\s{{0,40}}|\sis\s|\s)["']?(?:(?P<name>{_STATES})|(?P<number>[0-9]{{1,9}}))\b""",
    re.IGNORECASE,
)
_OUTCOME = re.compile(r"\boutcome\b[\s:=]{1,40}(?P<name>[a-z]+)\b", re.IGNORECASE)
# 5f05e38c-bd0e-49ec-8c9c-c4cfe370248c Processing NoError
_STATE_IN_A_ROW = re.compile(rf"{GUID.pattern}[^\n]{{0,400}}?\s(?P<name>{_STATES})\b")


def recognize(text: str, catalogue: Catalogue) -> Explanation:
    """Explain a name, a log's first entry, or the output of a console.

    Args:
        text: a code, a job's error or state, an outcome or a pattern; lines of a log; lines of a console.
        catalogue: where to look.

    Returns:
        The pattern that the message matches, else the code, error or state; else the first words, as unknown.
    """
    text = text[:DETAIL_READ].strip()
    name = without_marks(text) or text
    named = catalogue.explain(name)
    if named.known or not text:
        return named
    inner = unwrap(text)
    return (
        _entry(inner.lines if inner else split_lines(text), catalogue)
        or _message(text, catalogue)
        or next(_job(text, catalogue), None)
        or catalogue.explain(_shortened(split_lines(name)[0]))
    )


def _entry(lines: list[str], catalogue: Catalogue) -> Explanation | None:
    """Explain the first entry."""
    found = ((number, line, begun) for number, line in enumerate(lines) if (begun := beginning(line)))
    number, line, begun = next(found, (0, "", None))
    if begun is None:
        return None
    code = line[begun.code : begun.code_end]
    further = itertools.takewhile(lambda after: beginning(after) is None, lines[number + 1 :])
    message = line[begun.message : begun.end]
    return catalogue.pattern_of(code, message, "\n".join(further)) or catalogue.explain(code)


def _message(text: str, catalogue: Catalogue) -> Explanation | None:
    """Explain a message without its code; a job's error says more than an exception that can have any cause."""
    first, _, further = text.partition("\n")
    # A console breaks lines at its width, also in the middle of a word.
    unbroken = [re.sub(r"\s*\n[\s|]*", blank, text) for blank in (" ", "")] if further else []
    found = catalogue.explain_message(first, "\n".join([further, *unbroken]))
    if found and found.code.startswith(LogCode.GenericError) and (_OF_A_CALL.search(text) or _ERROR.search(text)):
        refused = _OF_A_CALL.search(text) and not _ERROR.search(text)
        return catalogue.explain("QueueImportProfileProperties") if refused else None
    return found


def _job(text: str, catalogue: Catalogue) -> Iterator[Explanation]:
    """Explain the errors, states and outcomes that a console names, errors first."""
    yield from map(catalogue.explain, _ERROR.findall(text))
    for number in _ERROR_NUMBER.finditer(text):
        yield catalogue.explain(f"Error {number['number']}")
    for state in itertools.chain(_STATE.finditer(text), _STATE_IN_A_ROW.finditer(text)):
        yield catalogue.explain(state["name"] or f"State {state['number']}")
    for outcome in _OUTCOME.finditer(text):
        explained = catalogue.explain(outcome["name"])
        if explained.known:
            yield explained


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
