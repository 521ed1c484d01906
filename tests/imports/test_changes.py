"""A file compared with that of the last run: what is found, and that usual changes are not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.imports.changes import LastRunCheck
from analyzer.imports.check import check_file
from analyzer.imports.last_run import LastRun
from analyzer.imports.model import ImportPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Record = dict[str, Any]
USERS = 40
JOB = "job 1a2b3c4d (27 Nov 02:14)"
BERGEN = "for example, Bergen before and N/A now"
SYNC = "2026-11-27T02:00:00Z"
OFFICES = ["1A", "2B", "3C", "4D", "5E"]


def feed(users: int = USERS) -> list[Record]:
    return [
        {
            "IdName": f"u{one}@contoso.com",
            "City": ("Oslo", "Bergen")[one % 2],
            "Office": OFFICES[one % 5],
            "Fax": "12" if one % 4 else "",
            "Sync": SYNC,
        }
        for one in range(users)
    ]


class Comparing:
    """Compares records with earlier ones, by files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.remarks: list[str] = []
        self._folder = folder

    def __call__(
        self,
        now: Sequence[Record],
        before: Sequence[Record],
        plan: ImportPlan = ImportPlan(),  # noqa: B008 - immutable
        sizes: Sequence[int] = (),
    ) -> list[tuple[str, str | None, str]]:
        for name, records in (("now", now), ("before", before)):
            text = json.dumps({"value": records}, ensure_ascii=False)
            (self._folder / f"{name}.json").write_text(text, "utf-8-sig")
        check = LastRunCheck(LastRun(self._folder / "before.json", JOB, tuple(sizes)), plan)
        findings = check_file(self._folder / "now.json", plan, [check]).findings
        self.remarks = findings.remarks
        found = findings.table()
        ours = ("fewer-users", "emptied-property", "changed-property", "gone-property", "changed-date")
        return [row for row in found.select("kind", "property", "message").iter_rows() if row[0] in ours]


@pytest.fixture
def compare(tmp_path: Path) -> Comparing:
    return Comparing(tmp_path)


def changed(records: Sequence[Record], change: Callable[[int, Record], Record]) -> list[Record]:
    """The records with other values; a value that is ``...`` is left out."""
    merged = [record | change(at, record) for at, record in enumerate(records)]
    return [{name: value for name, value in record.items() if value is not ...} for record in merged]


HARMLESS: dict[str, list[Record]] = {
    "the same file": feed(),
    "in another order": feed()[::-1],
    "some joined and some left": feed(44)[4:],
    "a reorganization of half of the users": changed(feed(), lambda at, _: {"Office": "9Z"} if at % 2 else {}),
    "many move": changed(feed(), lambda at, _: {"City": "Tromsø"} if at % 10 < 8 else {}),
    "a property more": changed(feed(), lambda at, _: {"Floor": str(at)}),
    "a property that few had is empty": changed(feed(), lambda at, _: {"Fax": "12"} if at < 3 else {}),
    "a third has no fax any more": changed(feed(), lambda at, _: {"Fax": ""} if at % 3 == 0 else {}),
    "IDs in another spelling": changed(feed(), lambda _, record: {"IdName": record["IdName"].upper()}),
    "only the users with changes": [
        {"IdName": f"u{one}@contoso.com", "City": "Paris"} for one in (*range(100, 120), 3, 5)
    ],
    "only the users with changes, many of whom changed before": [
        {"IdName": f"u{one}@contoso.com", "City": "Paris"} for one in (*range(100, 110), *range(12))
    ],
    "no user in common": [{"IdName": f"x{one}@contoso.com", "City": "Paris"} for one in range(40)],
    "numbers in place of texts": changed(feed(), lambda _, record: {"Fax": int(record["Fax"] or 0) or ""}),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_changes_in_each_run_is_not_found(compare: Comparing, name: str) -> None:
    assert compare(HARMLESS[name], feed()) == []


FOUND: dict[str, tuple[list[Record], tuple[str, str | None, str]]] = {
    "empty for everyone": (
        changed(feed(), lambda *_: {"City": ""}),
        ("emptied-property", "City", f"City is empty for all 40 users who had a value in {JOB}"),
    ),
    "null for most": (
        changed(feed(), lambda at, _: {"City": None} if at < 30 else {}),
        ("emptied-property", "City", f"City is null for 30 of 40 users who had a value in {JOB}"),
    ),
    "empty, null, or missing": (
        changed(feed(), lambda at, _: {"City": ("", None, ...)[at % 3]} if at < 39 else {}),
        ("emptied-property", "City", f"City is empty, null, or missing for 39 of 40 users who had a value in {JOB}"),
    ),
    "of those who had one": (
        changed(feed(), lambda *_: {"Fax": ""}),
        ("emptied-property", "Fax", f"Fax is empty for all 30 users who had a value in {JOB}"),
    ),
    "not in the file": (
        changed(feed(), lambda *_: {"Office": ...}),
        ("gone-property", "Office", f"no record has Office; 40 users had a value in {JOB}"),
    ),
    "shifted by one user": (
        changed(feed(), lambda at, _: {"Office": OFFICES[(at + 1) % 5]}),
        (
            "changed-property",
            "Office",
            f"Office differs from {JOB} for all 40 users; for example, 1A before and 2B now",
        ),
    ),
    "a text in place of each value": (
        changed(feed(), lambda *_: {"City": "N/A"}),
        (
            "changed-property",
            "City",
            f"City differs from {JOB} for all 40 users, and is now the same for all of them; {BERGEN}",
        ),
    ),
    "for nearly everyone": (
        changed(feed(), lambda at, _: {"Office": "9Z" if at % 2 else "8Y"} if at > 2 else {}),
        (
            "changed-property",
            "Office",
            f"Office differs from {JOB} for 37 of 40 users; for example, 1A before and 8Y now",
        ),
    ),
    "the date of the run": (
        changed(feed(), lambda *_: {"Sync": "2026-11-28T02:00:00Z"}),
        (
            "changed-date",
            "Sync",
            f"Sync differs from {JOB} for all 40 users; for example, {SYNC} before and 2026-11-28T02:00:00Z now",
        ),
    ),
    "most users are gone": (feed(15), ("fewer-users", None, f"15 users, 40 in {JOB}")),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_may_do_harm_is_found(compare: Comparing, name: str) -> None:
    records, expected = FOUND[name]
    assert compare(records, feed()) == [expected]


def test_how_many_users_are_new_and_gone(compare: Comparing) -> None:
    compare(feed(45)[3:], feed())
    assert compare.remarks == [f"Compared with {JOB}: 5 users new, 3 users gone."]


@pytest.mark.parametrize(
    ("users", "sizes", "found"),
    [
        (25, [40] * 5, []),
        (25, [40] * 6, [("fewer-users", None, f"25 users, usually 40; 40 in {JOB}")]),
        (35, [40] * 6, []),
        (25, [40, 12, 55, 3, 30, 40, 20, 70], []),
    ],
    ids=["too few runs", "always as many", "a few fewer", "never as many"],
)
def test_what_is_few_is_learned_from_the_feed_as_its_health_is(
    compare: Comparing, users: int, sizes: list[int], found: list[object]
) -> None:
    assert compare(feed(users), feed(), sizes=sizes) == found


def test_only_properties_of_the_map_are_compared(compare: Comparing) -> None:
    plan = ImportPlan(property_map={"Office": "Office"})
    now = changed(feed(), lambda *_: {"City": "", "Office": ""})
    assert [name for _, name, _ in compare(now, feed(), plan)] == ["Office"]


def test_the_id_property_may_have_had_another_name(compare: Comparing) -> None:
    before = [{("UPN" if name == "IdName" else name): value for name, value in one.items()} for one in feed()]
    compare(feed(), before)
    assert compare.remarks == [f"Compared with {JOB}: 0 users new, 0 users gone."]


def test_a_file_that_is_not_valid_json_is_not_compared(compare: Comparing, tmp_path: Path) -> None:
    compare(feed(), feed())
    (tmp_path / "now.json").write_text('{"value":[{"IdName":"u1@contoso.com","City":""}', "utf-8")
    check = LastRunCheck(LastRun(tmp_path / "before.json", JOB), ImportPlan())
    findings = check_file(tmp_path / "now.json", ImportPlan(), [check]).findings
    assert (set(findings.table()["kind"]), findings.remarks) == ({"not-json"}, [])


@pytest.mark.parametrize("content", ["", "[", '{"value":[{"IdName":"a"'])
def test_an_earlier_file_that_cannot_be_read_is_a_remark(compare: Comparing, tmp_path: Path, content: str) -> None:
    compare(feed(), feed())
    (tmp_path / "before.json").write_text(content, "utf-8")
    check = LastRunCheck(LastRun(tmp_path / "before.json", JOB), ImportPlan())
    result = check_file(tmp_path / "now.json", ImportPlan(), [check])
    assert result.findings.counts == {}
    (remark,) = result.findings.remarks
    assert remark.startswith(f"Not compared with {JOB}: ")


VALUES = st.sampled_from([None, "", "Oslo", "Bergen", ...])
COLUMN = st.lists(VALUES, min_size=12, max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(before=COLUMN, now=COLUMN)
def test_the_numbers_are_those_of_a_comparison_by_hand(
    compare: Comparing, before: list[object], now: list[object]
) -> None:
    def records(column: list[object]) -> list[Record]:
        bare: list[Record] = [{"IdName": f"u{at}@contoso.com"} for at in range(len(column))]
        return changed(bare, lambda at, _: {"City": column[at]})

    kinds = [kind for kind, _, _ in compare(records(now), records(before))]
    pairs = [(one, other) for one, other in zip(before, now, strict=True) if one not in (None, "", ...)]
    still = [(one, other) for one, other in pairs if other not in (None, "", ...)]
    if len(pairs) < 3:
        assert kinds == []
    elif all(other is ... for other in now):
        assert kinds == ["gone-property"]
    else:
        emptied = len(pairs) - len(still)
        expected = ["emptied-property"] if emptied > len(pairs) / 2 else []
        if len(still) >= 10 and sum(one != other for one, other in still) >= 0.9 * len(still):
            expected.append("changed-property")
        assert kinds == expected
