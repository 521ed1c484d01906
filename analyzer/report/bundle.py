"""Pack what Microsoft's support needs to look at a job into a ZIP archive in which no user is named."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from analyzer.errors import InputError
from analyzer.history.redacted import RedactedTables
from analyzer.model.job import name_in_files
from analyzer.model.service import GUID
from analyzer.model.text import capitalised, count
from analyzer.report.sentences import job_sentence, second_text
from analyzer.report.single_file import single_job
from analyzer.report.view import View
from analyzer.source.reader.json_text import offset_of, opened
from analyzer.storage.files import sha256_of
from analyzer.storage.table_files import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from analyzer.report.view import ReportRequest, Run
    from analyzer.source.model import FaultLocation

_CORRELATION = re.compile(
    rf"(?:correlation|request|trace|activity)[\s_-]*(?:id|guid)?\W{{0,5}}({GUID.pattern})", re.IGNORECASE
)
_BEFORE, _AFTER = 2_000, 1_000
"""Bytes of the source file around a fault in which its record is looked for."""
_SAMPLED = 1 << 18
"""Bytes at the beginning of a source file in which names of properties are found."""
_NAME = re.compile(rb'"([A-Za-z][A-Za-z0-9_. -]{0,60})"\s*:')
_FEWEST = 3
"""Records in which a name has to occur, so that it is none of a person."""
_TOKEN = re.compile(r'"[A-Za-z][A-Za-z0-9_. -]{0,60}"(?=\s*:)|\\u[0-9A-Fa-f]{4}|\\.|[^\W\d_]|\d', re.DOTALL)
_MESSAGES = 3
"""Different messages of a code in the text."""
_PAGE, _ENTRIES, _SUMS, _FAULT, _README = "report.html", "entries.csv", "SHA256SUMS.txt", "fault.txt", "README.txt"


class Evidence(NamedTuple):
    """A file that the service wrote or read, as a hash: the name has no user in it."""

    name: str
    size: int
    sha256: str


def bundle(request: ReportRequest, version: str, job_id: str, key: bytes, evidence: Sequence[Path]) -> bytes:
    """Return the ZIP archive of a job.

    Args:
        request: what the report is made from, with users.
        version: the program's version.
        job_id: the job.
        key: the secret key of the pseudonyms.
        evidence: the job's log files and our copy of its source file.

    Raises:
        InputError: a template has an error, or a file can't be read.
    """
    whole, view = View.of(request, version), View.of(request.redacted(key), version)
    run = view.by_id[job_id]
    tables = view.tables
    assert isinstance(tables, RedactedTables)  # noqa: S101 - of redacted()
    hashes = [Evidence(tables.pseudonyms.text(path.name), path.stat().st_size, sha256_of(path)) for path in evidence]
    fault = _fault(whole, job_id)
    files = {
        _PAGE: single_job(view, run, with_retry=False, list_name=_ENTRIES).html,
        _ENTRIES: csv_bytes(view.log_of(run).table(run.feed, run.ran), byte_order_mark=True),
        _SUMS: "".join(f"{one.sha256}  {one.name} ({one.size} bytes)\n" for one in hashes).encode(),
        **({_FAULT: fault.encode("utf-8", "replace")} if fault else {}),
    }
    text = "\n".join(_readme(view, run, hashes, tuple(files)))
    stamp = view.now.timetuple()[:6]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {_README: text.encode("utf-8", "replace"), **files}.items():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return packed.getvalue()


def bundle_name(job_id: str) -> str:
    """Return the usual name of a job's archive."""
    return f"support-{name_in_files(job_id)}.zip"


def _readme(view: View, run: Run, hashes: Sequence[Evidence], files: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the text for a support request."""
    yield "Bulk import of SharePoint Online user profile properties: questions about a job"
    yield ""
    yield "What happened"
    yield f"  {job_sentence(view, run)}"
    if run.error_message:
        yield f"  The service's message: {' '.join(run.error_message.split())}"
    yield ""
    yield "Where and when"
    yield from (f"  {label}: {value}" for label, value in _facts(run))
    yield ""
    yield "IDs"
    yield f"  Job ID: {run.job_id}"
    correlations = list(dict.fromkeys(_correlations(view, run)))
    yield f"  Correlation IDs: {', '.join(correlations) or 'none in the log or in the message'}"
    yield ""
    yield "Entries of the log"
    codes, of_job = view.log_of(run).codes, view.tables.entries_of(run.job_id)
    for code, entries, users in codes:
        yield f"  {code}: {count(entries, 'entry', 'entries')}, {count(users, 'user')}"
        messages = of_job.filter(code=code)["message"].drop_nulls().unique(maintain_order=True)
        yield from (f"    {' '.join(message.split())}" for message in messages.head(_MESSAGES))
    if not codes:
        yield f"  {'none' if run.log_found else 'there is no log'}"
    yield ""
    yield "What we ask"
    yield "  1. Why did the job end like this?"
    yield "  2. Were any profiles changed, and which records were not read?"
    yield "  3. What do we have to change so that the import succeeds?"
    yield ""
    yield "What is attached"
    about = {
        _PAGE: "the job, as our tool shows it; needs no other file",
        _ENTRIES: "every entry of the job's log",
        _SUMS: "hashes of the original log and source files, to compare with your copies",
        _FAULT: "the record of the source file with the fault, each letter replaced by x and each digit by 9",
    }
    yield from (f"  {name}: {about[name]}" for name in files)
    if not hashes:
        yield "  We have neither a log nor a copy of the source file."
    yield ""
    yield "Users are shown as pseudonyms, which are the same in all of our requests."
    yield "We can name users if you need them."
    yield ""


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "Tenant", run.tenant or "unknown"
    yield "State and error", f"{run.state}, {run.error}"
    yield "Source file", run.source_uri or "unknown"
    yield "Log folder", run.log_folder_uri or "none named by the service"
    times = (("Started", run.started), ("Finished", run.finished), ("First seen by us", run.first_seen))
    for label, time in times:
        if time is not None:
            yield label, second_text(time, None)
    if run.users is not None:
        yield "Users in the source file", f"{run.users:,}"


def _correlations(view: View, run: Run) -> Iterator[str]:
    entries = view.tables.entries_of(run.job_id)
    columns = (entries[name].unique(maintain_order=True) for name in ("message", "detail"))
    for text in filter(None, [run.error_message, *chain.from_iterable(columns)]):
        yield from _CORRELATION.findall(text)


def _fault(view: View, job_id: str) -> str:
    """Return the place of the fault in the source file and its record without values; empty if there is none."""
    run, source = view.by_id[job_id], view.source_of(job_id)
    whereabouts = view.whereabouts_of(run)
    spots = [one.spot for one in whereabouts.located if one.spot] if whereabouts and source else []
    if not spots or source is None:
        return ""
    try:
        record = _record_at(source, spots[0])
    except (InputError, OSError):
        return ""
    spot = spots[0]
    where = f"record {spot.record:,}, " if spot.record else ""
    head = f"{capitalised(where)}line {spot.line:,}, column {spot.column:,}: {spot.fault.words}"
    return f"{head}\n\n{record}\n"


def _record_at(source: Path, spot: FaultLocation) -> str:
    """Return the text around a fault, from the beginning of its record to its end, without values."""
    with opened(source) as buffer:
        at = offset_of(buffer, spot.line, max(0, spot.column - 1)) or 0
        first, last = max(0, at - _BEFORE), min(len(buffer), at + _AFTER)
        before, after = bytes(buffer[first:at]), bytes(buffer[at:last])
        names = Counter(_NAME.findall(bytes(buffer[: min(len(buffer), _SAMPLED)])))
    start, end = before.rfind(b"{"), after.find(b"}")
    raw = before[max(0, start) :] + (after[: end + 1] if end >= 0 else after)
    known = {name.decode() for name, number in names.items() if number >= _FEWEST}
    return masked(raw.decode("utf-8", "replace"), known)


def masked(text: str, names: set[str]) -> str:
    r"""Return a text in JSON's form with each letter as x and each digit as 9, except for the names of properties.

    >>> masked('{"City": "Kiel 24\\V"}', {"City"})
    '{"City": "Xxxx 99\\V"}'
    """
    return _TOKEN.sub(lambda match: _masked(match[0], names), text)


def _masked(token: str, names: set[str]) -> str:
    if token.startswith('"'):
        return token if json.loads(token) in names else '"' + masked(token[1:-1], names) + '"'
    if token.startswith("\\"):
        return token if len(token) == 2 else "\\u0078"  # noqa: PLR2004 - an escape, which may be the fault
    if token.isdecimal():
        return "9"
    return "X" if token.isupper() else "x"
