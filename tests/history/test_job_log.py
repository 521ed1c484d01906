"""Whatever is asked of a log: read in parts, the answer is that of the whole log, however its rows are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.history.job_log import JobLogs
from analyzer.history.load import load
from analyzer.history.log_parts import Limits
from analyzer.library.mirror import Library
from analyzer.model.job import Outcome
from analyzer.model.service import JobError
from analyzer.storage.files import sample_library
from tests.report.conftest import LittleLibrary

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    import pytest

    from analyzer.history.load import Tables

CODES = st.sampled_from(["IdentityNotResolvable", "InvalidProperty", "GenericError", "MissingIdentity", "Odd"])
USERS = st.sampled_from(["", *(f"{name}@contoso.com" for name in "abcdef"), "A@CONTOSO.COM"])
MESSAGES = st.sampled_from(
    ["Oh no", "Property 'Floor' is not mapped to any property in the user profile application.", "deadlocked on lock"]
)
ENTRIES = st.lists(st.tuples(CODES, USERS, MESSAGES), max_size=30)


class Stored:
    """The tables of a library, whose rows come in another order if they are read lazily."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def __getattr__(self, name: str) -> object:
        return getattr(self.tables, name)

    def scan_entries_of(self, job_id: str) -> pl.LazyFrame:
        return self.tables.entries_of(job_id).sort("key", "line", descending=True).lazy()


def _log(*entries: tuple[str, str, str]) -> str:
    return "".join("\t".join(entry) + "\r\n" for entry in entries)


@given(before=ENTRIES, now=ENTRIES, text=st.booleans(), limit=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_large_log_read_in_parts_gives_what_a_small_one_does(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str, str, str]],
    now: list[tuple[str, str, str]],
    limit: int,
    *,
    text: bool,
) -> None:
    little = LittleLibrary(tmp_path_factory.mktemp("library"))
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, _log(*before), users=9)
    log = ("something else\r\n" if text else "") + _log(*now)
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, log, users=9)
    tables = little.tables()
    limits = Limits(entries=limit, users=limit, of_user=limit)
    small = JobLogs(tables, limits=limits).of(job_id)
    large = JobLogs(Stored(tables), held=-1, limits=limits).of(job_id)  # type: ignore[arg-type]
    assert (small.is_large, large.is_large) == (False, True)
    for outcome in (Outcome.partial, Outcome.aborted):
        assert large.ranked_codes(outcome) == small.ranked_codes(outcome)
    assert large.patterns == small.patterns
    assert large.properties == small.properties
    assert large.nameless_codes == small.nameless_codes
    assert sorted(map(str.casefold, large.unresolved())) == sorted(map(str.casefold, small.unresolved()))
    assert (large.new, large.texts) == (small.new, small.texts)
    assert large.first_nameless == small.first_nameless
    assert large.first_texts == small.first_texts
    assert list(large.first_users()) == list(small.first_users())


def test_logs_that_are_read_together_give_what_each_gives_by_itself() -> None:
    tables = load(Library.existing(sample_library()))
    job_ids = tables.jobs["job_id"].to_list()
    limits = Limits(entries=2, users=3, of_user=1)
    together = JobLogs(tables, limits=limits)
    together.read_together(job_ids)
    for job_id in job_ids:
        log, alone = together.of(job_id), JobLogs(tables, limits=limits).of(job_id)
        for part in ("codes", "patterns", "properties", "nameless_codes", "first_nameless", "first_texts"):
            assert getattr(log, part) == getattr(alone, part), part
        assert list(log.first_users()) == list(alone.first_users())
        assert list(log.unresolved()) == list(alone.unresolved())
        assert log.table("hr", None).collect().equals(alone.table("hr", None).collect())


def test_the_counts_are_those_of_the_entries(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path)
    log = _log(("Odd", "a@contoso.com", "1"), ("Odd", "", "2"), ("Zzz", "A@contoso.com", "3")) + "and more\r\n"
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, "a line of text\r\n" + log)
    found = JobLogs(little.tables()).of(job_id)
    assert found.codes == [("Odd", 2, 1), ("Zzz", 1, 1)]
    assert found.nameless_codes == {"Odd": 1}
    assert found.texts == 1
    assert [message for _, _, message, *_ in found.first_texts] == ["a line of text"]
    assert found.new is None
    assert list(found.unresolved()) == []


def test_new_users_come_first(tmp_path: Path) -> None:
    little = LittleLibrary(tmp_path)
    entries = {name: ("Odd", f"{name}@contoso.com", "") for name in "abcd"}
    little.job("hr-2026-11-16", JobError.ImportCompleteWithError, _log(entries["a"], entries["c"]))
    job_id = little.job("hr-2026-11-23", JobError.ImportCompleteWithError, _log(*entries.values()))
    found = JobLogs(little.tables()).of(job_id)
    assert found.new == 2
    assert [user.identity[0] for user in found.first_users()] == ["b", "d", "a", "c"]
