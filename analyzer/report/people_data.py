"""Pack a job's failed users and their log entries into a page, so that it can search, sort, and save all of them.

Columns have their distinct values in the order by which they are sorted, and an index for each user; a page then sorts
100,000 users by counting. Pages are opened from disk, where a browser reads no other file: the data are in the page
itself, compressed, and never run as a script.
"""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from analyzer.model.language import gettext as _
from analyzer.report.failed_users import VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from analyzer.report.failed_users import FailedUsers

MOST_ENTRY_BYTES = 8_000_000
"""Bytes of distinct entry texts in a page before compression; of the others, file and line are shown."""
_LEVEL = 6
_ID = "\x01"
"""In an entry's text, instead of the user's ID, so that equal messages are one."""


def people_data(
    found: FailedUsers,
    entries: pl.DataFrame,
    day_of: Mapping[datetime, str],
    directory: Mapping[str, str] | None = None,
) -> str:
    """Return the data of a page as base64 of gzipped JSON.

    Args:
        found: the users.
        entries: the job's entries, columns ``NAMED_ENTRIES``, in the order of the logs.
        day_of: how each time of ``since`` is shown.
        directory: what IDs are in a directory export; None if nothing was looked up.
    """
    table = found.table.sort("key")
    status = {True: _("New"), False: _("Recurring"), None: ""}
    since = [day_of.get(time, "") if time is not None else "" for time in table["since"]]
    times = {text: time for time, text in day_of.items()}
    columns = [
        {"name": "identity", "label": _("ID"), "values": table["identity"].to_list(), "at": None},
        _column("status", _("Status"), [status[new] for new in table["new"]], [*status.values()]),
        _column("since", _("Failing since"), since, sorted(set(since), key=lambda text: str(times.get(text, "")))),
        _column("runs", _("Runs"), table["runs"].to_list()),
        _column("open", _("Still open"), [_open_words(is_open) for is_open in table["open"]]),
        _column("codes", _("Codes"), table["codes"].list.join(", ").to_list()),
        _column("reason", _("Reason"), table["reason"].to_list()),
        _column("remedy", _("What to do"), table["remedy"].to_list()),
        *_directory(table, directory),
        _column("property", _("Properties"), table["properties"].list.join(", ").to_list()),
        _column("entries", _("Entries"), table["entries"].to_list()),
        _column("record", _("Record"), table["record"].to_list()),
        *(_column(f"{VALUE}{name}", name, table[f"{VALUE}{name}"].to_list()) for name in found.properties),
    ]
    content = {"n": table.height, "columns": columns, **_entries(table, entries)}
    packed = gzip.compress(msgspec.json.encode(content), _LEVEL, mtime=0)
    return base64.b64encode(packed).decode()


def _directory(table: pl.DataFrame, found: Mapping[str, str] | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [_column("directory", _("In the directory"), [found.get(one, "") for one in table["identity"]])]


def _open_words(is_open: bool | None) -> str:
    return _("unknown") if is_open is None else _("yes") if is_open else _("no")


def _column(name: str, label: str, cells: Sequence[Any], order: Iterable[Any] | None = None) -> dict[str, Any]:
    """Return a column: its distinct values in order, and for each user the index of the value."""
    distinct = set(cells)
    if order is None:
        order = sorted(distinct, key=lambda value: (value is None, isinstance(value, str), _order_of(value)))
    values = [value for value in dict.fromkeys(order) if value in distinct]
    at = {value: index for index, value in enumerate(values)}
    # True equals 1 and 1.0 in Python: a column has one type only.
    return {"name": name, "label": label, "values": values, "at": [at[cell] for cell in cells]}


def _order_of(value: object) -> tuple[object, ...]:
    return (value.casefold(), value) if isinstance(value, str) else (value if value is not None else 0,)


def _entries(table: pl.DataFrame, entries: pl.DataFrame) -> dict[str, Any]:
    """Return the entries of the users in their order: where each begins, its text, its file, and its line."""
    rows = pl.DataFrame({"key": table["key"], "user": range(table.height)})
    named = entries.filter("names", pl.col("code").is_not_null()).join(rows, on="key", maintain_order="left")
    named = named.sort("user", maintain_order=True)
    texts: dict[str, int] = {}
    numbers: list[int] = []
    left = MOST_ENTRY_BYTES
    columns = ("code", "message", "detail", "identity")
    for code, message, detail, identity in named.select(columns).iter_rows():
        whole = f"{code}\t{_ID}\t{message or ''}" + (f"\n{detail}" if detail else "")
        if identity and identity in (message or ""):
            whole = whole.replace(identity, _ID)
        number = texts.get(whole)
        if number is None and (left := left - len(whole)) >= 0:
            number = texts[whole] = len(texts)
        numbers.append(-1 if number is None else number)
    counts = named.group_by("user").len().sort("user")
    first = [0] * (table.height + 1)
    for user, number in counts.iter_rows():
        first[user + 1] = number
    for user in range(table.height):
        first[user + 1] += first[user]
    files = named["log_file"].unique(maintain_order=True).to_list()
    at = {file: index for index, file in enumerate(files)}
    return {
        "texts": [*texts],
        "files": files,
        "first": first,
        "text": numbers,
        "file": [at[file] for file in named["log_file"]],
        "line": named["line"].to_list(),
    }
