"""``upa-analyzer parse PATH...``: the entries, how each log was read, and what became of its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.context import AppContext
from analyzer.cli.terminal.output import Column
from analyzer.errors import UsageError
from analyzer.model.service import LogCode
from analyzer.model.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from analyzer.cli.terminal.output import Terminal
    from analyzer.logs.model import LogFile, LogRead
    from analyzer.logs.read import LogReader
    from analyzer.model.text import Progress


_UNREADABLE = 5


def command(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Log files, folders, or archives. - reads standard input.", metavar="PATH...", readable=False
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write this .parquet, .csv, .ndjson, or .xlsx file."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Account for every byte of each log.")] = False,
) -> int:
    """Convert log files to a table of entries."""
    from analyzer.history.find_logs import find_logs
    from analyzer.logs.read import LogReader
    from analyzer.storage.table_files import check_format

    terminal = context.ensure_object(AppContext).terminal
    if output is not None:
        check_format(output)
    files, problems = find_logs(paths)
    if output is not None and output.exists() and any(file.path and file.path.samefile(output) for file in files):
        raise UsageError(f"{output} is one of the logs that are read", "Specify another file with -o.")
    if not files:
        raise problems[0]
    # A bar would appear between the rows of a table that is shown while it is read.
    with terminal.progress("parsing", shown=output is not None or check) as progress:
        reading = LogReader(files, accounting=check, progress=_progress_of(files, progress))
        rows = _rows(terminal, reading, output, check=check)
    problems += [log.problem for log in reading.logs if log.problem]
    _print_remarks(terminal, reading.logs)
    if any(log.was_read for log in reading.logs):
        terminal.say(_summary(reading.logs))
    if check:
        _print_accounts(terminal, reading.logs)
    if output is not None and rows is not None and not (check and terminal.json):
        terminal.result({"file": str(output), "rows": rows}) if terminal.json else terminal.show(str(output))
    for problem in problems:
        terminal.complain(problem)
    return _UNREADABLE if problems or (check and any(log.missing for log in reading.logs)) else 0


def _rows(terminal: Terminal, reading: LogReader, output: Path | None, *, check: bool) -> int | None:
    """Read everything, to a file or the terminal; return the number of rows, None if no log can be read."""
    from analyzer.errors import InputError
    from analyzer.model.text import count
    from analyzer.storage.table_files import write_table

    try:
        if output is not None:
            cut = write_table(reading.lazy(), output)
            if cut:
                cells = count(cut, "cell was", "cells were")
                terminal.say(f"{cells} too long for {output.suffix} and cut, with a mark at the end.")
        elif check:
            for _frame in reading.frames():
                pass
        else:
            _print_entries(terminal, reading.frames())
    except InputError as error:
        if not any(error is log.problem for log in reading.logs):
            raise
        return None
    return sum(log.entries + log.texts for log in reading.logs)


_ENTRIES = (
    Column("job", least=2),
    Column("line", right=True, least=3),
    Column("code"),
    Column("identity", fold=True),
    Column("property", least=1),
    Column("message", fold=True),
)
_ACCOUNT = (
    Column("bytes", right=True),
    Column("entries", right=True),
    Column("line ends", right=True),
    Column("blanks", right=True, least=2),
    Column("mark", right=True, least=3),
    Column("around", right=True, least=4),
    Column("missing", right=True),
    Column("encoding", least=1),
    Column("log", fold=True, end=True),
)
_SHOWN_REMARKS = 20
_MEGABYTE = 1_000_000


def _print_entries(terminal: Terminal, frames: Iterable[pl.DataFrame]) -> None:
    """Print the table of entries piece by piece; remark on the records that messages name."""
    if terminal.json:
        terminal.results(row for frame in frames for row in frame.iter_rows(named=True))
        return
    places: list[str] = []

    def cells(frame: pl.DataFrame) -> list[list[str]]:
        if len(places) < _SHOWN_REMARKS:
            places.extend(_places(frame))
        return _cells(frame)

    terminal.table_in_pieces(_ENTRIES, map(cells, frames))
    for place in places[:_SHOWN_REMARKS]:
        terminal.say(place)


def _places(frame: pl.DataFrame) -> Iterator[str]:
    """Return where in the source file the faults are that entries of code DataFileNotJson report."""
    not_json = frame.filter(code=LogCode.DataFileNotJson)
    if not_json.is_empty():
        return
    from analyzer.source.diagnosis.service_message import diagnose

    for name, line, message in not_json.select("log_file", "line", "message").iter_rows():
        sentence = diagnose(message, None).sentence
        if sentence:
            yield f"{name}, line {line:,}: {sentence}."


def _cells(frame: pl.DataFrame) -> list[list[str]]:
    columns = frame.select("job_id", "line", "code", "identity", "property", "message")
    return [
        [(job_id or "-")[:8], str(line), code or "-", identity or "-", named or "-", message]
        for job_id, line, code, identity, named, message in columns.iter_rows()
    ]


def _progress_of(files: Sequence[LogFile], progress: Progress) -> Callable[[LogRead], None]:
    """Return a function that shows the progress of reading: in logs, or for a single one in megabytes."""
    place = {file: number for number, file in enumerate(files, 1)}

    def report(log: LogRead) -> None:
        if len(files) > 1:
            progress(place[log.file], len(files), log.name)
        else:
            progress(log.position // _MEGABYTE, max(log.position, log.file.size) // _MEGABYTE, f"MB of {log.name}")

    return report


def _summary(logs: Sequence[LogRead]) -> str:
    """Say how many entries were read."""
    entries, texts = sum(log.entries for log in logs), sum(log.texts for log in logs)
    further = f" and {count(texts, 'other text')}" if texts else ""
    read = sum(log.was_read for log in logs)
    return f"Read {count(entries, 'entry', 'entries')}{further} from {count(read, 'log')}."


def _print_remarks(terminal: Terminal, logs: Iterable[LogRead]) -> None:
    """Remark on what is unusual: encodings, replaced bytes, text that isn't an entry, incomplete logs."""
    found = [remark for log in logs for remark in _remarks_on(log)]
    for remark in found[:_SHOWN_REMARKS]:
        terminal.say(remark)
    if len(found) > _SHOWN_REMARKS:
        terminal.say(f"{count(len(found) - _SHOWN_REMARKS, 'more remark')} of this kind.")


def _remarks_on(log: LogRead) -> Iterator[str]:
    name, replaced = log.encoding.name, log.encoding.replaced
    if log.texts and not log.entries:
        yield f"{log.name} has no entries in a known format. Its text is kept as a row without a code."
    if replaced:
        yield f"{log.name} was read as {name}, and {count(replaced, 'character was', 'characters were')} replaced."
    elif name != "utf-8":
        yield f"{log.name} was read as {name}."
    if log.encoding.cut:
        yield f"{log.name} begins in the middle of a character. Its first entry may be incomplete."
    if log.encoding.swapped:
        yield (
            f"{log.name} has a part in another byte order, which was skipped: it was joined from several files."
            " Parse these one by one."
        )
    if log.growing:
        yield f"{log.name} was still being written. It was read to line {log.lines:,}, the last complete one."
    if log.cut_off:
        yield f"{log.name} ends inside an entry in line {log.lines:,}. It may be cut off."


def _print_accounts(terminal: Terminal, logs: Sequence[LogRead]) -> None:
    """Print how every byte of each log is accounted for."""
    accounts: list[dict[str, int | str]] = [
        {
            "bytes": log.encoding.size - log.unread,
            "entries": log.account.entries + log.encoding.difference,
            "line_ends": log.account.line_ends,
            "blanks": log.account.blanks,
            "mark": log.encoding.mark + log.account.marks,
            "around": log.account.around,
            "missing": log.missing,
            "encoding": log.encoding.name,
            "log": log.name,
        }
        for log in logs
    ]
    if terminal.json:
        terminal.results(accounts)
        return
    terminal.table(_ACCOUNT, [_account_cells(account) for account in accounts])
    wrong = sum(account["missing"] != 0 for account in accounts)
    terminal.say(f"{count(wrong, 'log')} not accounted for." if wrong else "Every byte is accounted for.")


def _account_cells(account: Mapping[str, int | str]) -> list[str]:
    """Return a row of the table, with the name of the log's file, as the folders of a tenant begin alike."""
    *numbers, encoding, name = account.values()
    return [*(f"{number:,}" for number in numbers), str(encoding), str(name).rsplit("/", 1)[-1]]
