"""Explain the text that is passed to the command ``explain``.

The text is a name; a line of a log, with or without its code; or the output of PowerShell or scripts on a job or a
refused call, as seen in public threads::

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
from analyzer.logs.line_shapes import entry_fields, split_lines, without_marks
from analyzer.logs.other_formats import unwrap
from analyzer.model.service import GUID, JobError, LogCode, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.catalogue import Catalogue, Explanation

# Console output around a client's message that is in no log
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
    """Explain a name, the first entry of a log, or console output.

    Args:
        text: a code, error, state, outcome or pattern; lines of a log; or console output.
        catalogue: the explanations.

    Returns:
        The explanation of the message's pattern, else of the code, error or state, else of an unknown name.
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
    entries = ((number, line, fields) for number, line in enumerate(lines) if (fields := entry_fields(line)))
    number, line, fields = next(entries, (0, "", None))
    if fields is None:
        return None
    code = line[fields.code : fields.code_end]
    further = itertools.takewhile(lambda after: entry_fields(after) is None, lines[number + 1 :])
    message = line[fields.message : fields.end]
    return catalogue.pattern_of(code, message, "\n".join(further)) or catalogue.explain(code)


def _message(text: str, catalogue: Catalogue) -> Explanation | None:
    """Explain a message without its code, unless it is a generic exception in output that names a job's error."""
    first, _, further = text.partition("\n")
    # A console wraps lines at its width, also within words.
    unbroken = [re.sub(r"\s*\n[\s|]*", blank, text) for blank in (" ", "")] if further else []
    explanation = catalogue.explain_message(first, "\n".join([further, *unbroken]))
    if (
        explanation
        and explanation.code.startswith(LogCode.GenericError)
        and (_OF_A_CALL.search(text) or _ERROR.search(text))
    ):
        refused = _OF_A_CALL.search(text) and not _ERROR.search(text)
        return catalogue.explain("QueueImportProfileProperties") if refused else None
    return explanation


def _job(text: str, catalogue: Catalogue) -> Iterator[Explanation]:
    """Yield explanations of the errors, states and outcomes in console output, errors first."""
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
