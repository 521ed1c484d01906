"""The tables of a history with pseudonyms instead of users' IDs, for a report that is sent to others."""

from __future__ import annotations

import dataclasses
import functools
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from analyzer.errors import InputError
from analyzer.history.load import Tables
from analyzer.model.identity import identity_key
from analyzer.model.pseudonyms import Pseudonyms
from analyzer.storage.files import cannot_write, read_bytes, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from analyzer.logs.model import LogRead

_KEY_NAME = "redaction.key"
_KEY_BYTES = 32
_HELD = 4
"""Tables that are kept, as parts of a large one are read one after the other."""
_OURS = frozenset(
    {"tenant", "job_id", "state", "error", "outcome", "retry_of", "ran_from", "since", "import_id", "sha256"}
)
"""Columns of texts that never name a user."""
_MESSAGES = ("message", "detail", "error_message")


def redaction_key(folder: Path) -> bytes:
    """Return the secret key of a tenant's pseudonyms; it is drawn when it is first used.

    Args:
        folder: the tenant's folder. If the key there is lost, all pseudonyms change.

    Raises:
        InputError: the key can't be read, or is damaged.
        OutputError: it can't be written.
    """
    path = folder / _KEY_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_bytes(path, secrets.token_hex(_KEY_BYTES).encode(), mode=0o600)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        key = bytes.fromhex(read_bytes(path).decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise InputError(f"{path} is damaged", "Remove it to draw another key, which changes all pseudonyms.")
    return key


@dataclass(frozen=True)
class RedactedTables(Tables):
    """Tables whose texts have pseudonyms; the records' values, and what is known of source files, are left out.

    Attributes:
        original: the tables with the users.
        pseudonyms: replaces the users.
    """

    original: Tables | None = None
    pseudonyms: Pseudonyms = field(default_factory=lambda: Pseudonyms(b""))
    _held: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    @staticmethod
    def redacted(original: Tables, key: bytes) -> RedactedTables:
        """Return the tables without the users' IDs.

        Args:
            original: the tables.
            key: from ``redaction_key``.
        """
        known = original.scan_users().select("key").unique().collect()["key"]
        pseudonyms = Pseudonyms(key, known, {job_id.lower() for job_id in original.jobs["job_id"]})
        replaced: dict[str, Any] = {one.name: getattr(original, one.name) for one in dataclasses.fields(Tables)}
        for name in ("jobs", "codes", "observations"):
            replaced[name] = _redacted(replaced[name], pseudonyms)
        for name in ("source_problems", "source_later"):
            replaced[name] = {job_id: pseudonyms.message(text) for job_id, text in replaced[name].items()}
        replaced |= {"damage": {}, "imports": original.imports.clear(), "queued": {}}
        return RedactedTables(**replaced, original=original, pseudonyms=pseudonyms)

    @property
    def _whole(self) -> Tables:
        assert self.original is not None  # noqa: S101 - it has a default only because fields before it do
        return self.original

    def logs_of(self, job_id: str) -> list[LogRead]:
        """As in ``Tables``, with redacted names, and without what could not be read in a log."""
        logs = self._whole.logs_of(job_id)
        return [dataclasses.replace(log, file=self._file(log), problem=self._problem(log)) for log in logs]

    def entries_of(self, job_id: str) -> pl.DataFrame:
        """As in ``Tables``, redacted; text that isn't an entry is left out, as it may be anything."""
        return self._cached("entries_of", job_id)

    def users_of(self, job_id: str) -> pl.DataFrame:
        """As in ``Tables``, redacted."""
        return self._cached("users_of", job_id)

    def entries_of_jobs(self, job_ids: Collection[str]) -> pl.DataFrame:
        """As in ``Tables``, redacted."""
        return _redacted(self._whole.entries_of_jobs(job_ids), self.pseudonyms)

    def users_of_jobs(self, job_ids: Collection[str]) -> pl.DataFrame:
        """As in ``Tables``, redacted."""
        return _redacted(self._whole.users_of_jobs(job_ids), self.pseudonyms)

    def open_flags(self, job_id: str, keys: Collection[str]) -> list[bool | None]:
        """As in ``Tables``, by the keys of pseudonyms."""
        users = self.users_of(job_id)
        flags = dict(users.select("key", "open").iter_rows())
        return [flags.get(key) for key in keys]

    def users_after(self, job_id: str) -> Any:  # noqa: ANN401 - as in Tables
        """As in ``Tables``: numbers."""
        return self._whole.users_after(job_id)

    def in_later_files(self, job_id: str) -> frozenset[int]:
        """As in ``Tables``: marks."""
        return self._whole.in_later_files(job_id)

    def scan_entries_of(self, job_id: str) -> pl.LazyFrame:
        """As in ``Tables``, redacted."""
        return self.entries_of(job_id).sort("key", maintain_order=True).lazy()

    def scan_users_of(self, job_id: str) -> pl.LazyFrame:
        """As in ``Tables``, redacted."""
        return self.users_of(job_id).drop("open").lazy()

    def scan_entries(self) -> pl.LazyFrame:
        """As in ``Tables``, redacted."""
        return _redacted(self._whole.scan_entries().collect(), self.pseudonyms).lazy()

    def scan_entries_of_user(self, key: str) -> pl.LazyFrame:
        """As in ``Tables``, redacted, by the key of a pseudonym."""
        return self.scan_entries().filter(key=key)

    def scan_users(self) -> pl.LazyFrame:
        """As in ``Tables``, redacted."""
        return _redacted(self._whole.scan_users().collect(), self.pseudonyms).lazy()

    def job(self, job_id: str) -> dict[str, Any]:
        """As in ``Tables``, redacted."""
        row = self._whole.job(job_id)
        return _redacted(pl.DataFrame([row], schema_overrides=self.jobs.schema), self.pseudonyms).row(0, named=True)

    def version_of(self, job_id: str) -> str:
        """As in ``Tables``, with what tells the pseudonyms of one key from those of another."""
        return f"{self._whole.version_of(job_id)} {self.pseudonyms.user('version')}"

    def _cached(self, method: str, job_id: str) -> pl.DataFrame:
        if (method, job_id) not in self._held:
            if len(self._held) >= _HELD:
                self._held.clear()
            self._held[method, job_id] = _redacted(getattr(self._whole, method)(job_id), self.pseudonyms)
        return self._held[method, job_id]

    def _file(self, log: LogRead) -> Any:  # noqa: ANN401 - LogFile
        return dataclasses.replace(log.file, path=None, name=self.pseudonyms.text(log.file.name))

    def _problem(self, log: LogRead) -> InputError | None:
        return InputError(self.pseudonyms.message(log.problem.what)) if log.problem else None


def _redacted(frame: pl.DataFrame, pseudonyms: Pseudonyms) -> pl.DataFrame:
    """Return a table with redacted texts, in the order of its keys if it is of users."""
    names = frozenset(frame["property"].unique().drop_nulls()) if "property" in frame.columns else frozenset[str]()
    if {"code", "message", "detail"} <= set(frame.columns):
        other = pl.col("code").is_null() & (pl.col("message").is_not_null() | pl.col("detail").is_not_null())
        frame = frame.with_columns(
            message=pl.when(other).then(pl.lit("(left out)")).otherwise("message"),
            detail=pl.when(other).then(None).otherwise("detail"),
        )
    for name, kind in frame.schema.items():
        if kind == pl.String and name not in _OURS:
            frame = frame.with_columns(_replaced(frame[name], _function(name, pseudonyms, names)))
        elif kind == pl.List(pl.String):
            # Hardly ever does a code or a property name somebody.
            texts = frame[name].explode().unique().drop_nulls()
            found = {text: shown for text in texts if (shown := pseudonyms.text(text)) != text}
            frame = frame.with_columns(pl.col(name).list.eval(pl.element().replace(found))) if found else frame
    return frame.sort("job_id", "key", maintain_order=True) if {"key", "runs"} <= set(frame.columns) else frame


def _function(name: str, pseudonyms: Pseudonyms, names: Collection[str]) -> Callable[[str], str]:
    if name == "identity":
        return pseudonyms.user
    if name == "key":
        return lambda key: identity_key(pseudonyms.user(key))
    return functools.partial(pseudonyms.message, names=names) if name in _MESSAGES else pseudonyms.text


def _replaced(texts: pl.Series, function: Callable[[str], str]) -> pl.Series:
    old = texts.unique().drop_nulls()
    new: Iterable[str] = [function(text) for text in old]
    return texts.replace_strict(old, pl.Series(new, dtype=pl.String), default=None, return_dtype=pl.String)
