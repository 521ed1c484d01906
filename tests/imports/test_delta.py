"""Which records of a file are sent, against a slow reference that reads both files with the standard library."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.imports import side_by_side
from analyzer.imports.delta import EarlierFile, write_delta
from analyzer.imports.model import ImportPlan
from analyzer.model.identity import identity_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.imports.delta import DeltaResult

Records = list[dict[str, Any]]
PLAN = ImportPlan(None, "IdName")
MAPPED = ImportPlan(None, "IdName", {"City": "Town"})


def write(path: Path, records: Sequence[Mapping[str, Any] | str], between: str = ",\n") -> Path:
    """Write a source file; a text is a record as it is spelled."""
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in records]
    path.write_text(f'{{"value":[\n{between.join(texts)}\n]}}\n', encoding="utf-8")
    return path


def user(name: str, **values: object) -> dict[str, object]:
    return {"IdName": f"{name}@contoso.com", **(values or {"City": f"of {name}"})}


def sent(
    folder: Path, new: Sequence[Any], *old: Sequence[Any], plan: ImportPlan = PLAN, **about: object
) -> tuple[list[str], DeltaResult]:
    """Compare files, the newest earlier one first; return the IDs of the records that are sent, and the result."""
    files = [
        EarlierFile(write(folder / f"old-{number}.json", records), f"job {number}", **(about if number == 0 else {}))  # type: ignore[arg-type]
        for number, records in enumerate(old)
    ]
    target = folder / "changes.json"
    result = write_delta(write(folder / "new.json", new), target, files, plan)
    assert target.exists() is bool(result.sent)
    if not target.exists():
        return [], result
    content = target.read_bytes()
    assert len(content) == result.bytes
    target.unlink()
    records = json.loads(content.decode("utf-8-sig"), strict=False)["value"]
    assert len(records) == result.sent
    return [str(one.get("IdName", "")).partition("@")[0] for one in records], result


EVERYBODY = [user("ada"), user("bea"), user("cas")]


def test_only_records_that_changed_are_sent_byte_for_byte(tmp_path: Path) -> None:
    spelled = '{ "City" : "Oslo\\u0021","IdName":"bea@contoso.com"  }'
    result = write_delta(
        write(tmp_path / "new.json", [user("ada"), spelled, user("cas")]),
        tmp_path / "changes.json",
        [EarlierFile(write(tmp_path / "old.json", EVERYBODY), "job 1")],
        PLAN,
    )
    assert (tmp_path / "changes.json").read_bytes() == b'\xef\xbb\xbf{"value":[\n' + spelled.encode() + b"\n]}\n"
    assert (result.unchanged, result.changed, result.sent, result.compared) == (2, 1, 1, ["job 1"])


@pytest.mark.parametrize(
    "changed",
    [
        user("bea", City="Oslo"),
        user("bea", City=""),
        user("bea", City=None),
        user("bea", City="of bea", Floor="1"),
        user("bea", Floor="of bea"),
        user("bea", City="Of bea"),
        user("bea", City="of bea "),
        user("bea", City=["of bea"]),
        {"IdName": "bea@contoso.com"},
        '{"IdName":"bea@contoso.com","City":"of bea","City":"Oslo"}',
    ],
    ids=str,
)
def test_a_record_with_any_other_value_is_sent(tmp_path: Path, changed: dict[str, object] | str) -> None:
    names, result = sent(tmp_path, [user("ada"), changed, user("cas")], EVERYBODY)
    assert names == ["bea"]
    assert (result.changed, result.unchanged) == (1, 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [("1", "1.0"), ("1", '"1"'), ("null", '""'), ("true", '"True"'), ('"\\ud800"', '"\\ud801"'), ("[1]", "[1 ]")],
)
def test_values_of_which_it_is_not_certain_that_they_are_the_same_are_sent(tmp_path: Path, old: str, new: str) -> None:
    record = '{"IdName":"ada@contoso.com","City":%s}'
    assert sent(tmp_path, [record % new, user("bea")], [record % old, user("bea")])[0] == ["ada"]


@pytest.mark.parametrize(
    "spelled",
    [
        '{"City":"Zürich \\"1\\" / of","IdName":"ada@contoso.com"}',
        '{"IdName":"ada@contoso.com","City":"Z\\u00fcrich \\u00221\\" \\/ of"}',
        '{"IdName":"ADA@Contoso.com","City":"Zürich \\"1\\" / of"}',
        '{"IdName":"i:0#.f|membership|ada@contoso.com","City":"Zürich \\"1\\" / of"}',
        '{\n "IdName" :\t"ada@contoso.com",\r\n"City":"Zürich \\"1\\" / of" }',
        '{"IdName":"ada@contoso.com","City":"Oslo","City":"Zürich \\"1\\" / of"}',
        "{IdName:'ada@contoso.com',City:'Zürich \"1\" / of',}",
        '{"IdName":"ada@contoso.com",/* was Oslo */"City":"Zürich \\"1\\" / of"}',
    ],
)
def test_another_spelling_of_the_same_values_is_not_sent(tmp_path: Path, spelled: str) -> None:
    plain = user("ada", City='Zürich "1" / of')
    for new, old in ((spelled, plain), (plain, spelled)):
        names, result = sent(tmp_path, [user("bea"), new, user("cas")], [user("bea"), old, user("cas")])
        assert (names, result.unchanged) == ([], 3)


def test_only_mapped_properties_count(tmp_path: Path) -> None:
    new = [user("ada", City="of ada", Floor="2"), user("bea", City="Oslo", Floor="1")]
    old = [user("ada", City="of ada", Floor="1"), user("bea", City="of bea", Floor="1")]
    assert sent(tmp_path, new, old, plan=MAPPED)[0] == ["bea"]
    assert sent(tmp_path, new, old)[0] == ["ada", "bea"]


def test_users_who_are_new_failed_or_have_no_id_are_sent(tmp_path: Path) -> None:
    new = [user("new"), *EVERYBODY, {"City": "Oslo"}, {"IdName": None, "City": "Oslo"}]
    names, result = sent(tmp_path, new, [*EVERYBODY, user("gone")], not_updated=frozenset({"bea@contoso.com"}))
    assert names == ["new", "bea", "", "None"]
    assert (result.new, result.not_updated, result.without_id, result.unchanged, result.gone) == (1, 1, 2, 2, 1)


def test_all_users_of_a_job_of_which_it_is_unknown_whom_it_updated_are_sent(tmp_path: Path) -> None:
    names, result = sent(tmp_path, EVERYBODY, EVERYBODY[:2], EVERYBODY, not_updated=None)
    assert (names, result.not_updated, result.unchanged) == (["ada", "bea"], 2, 1)


def test_the_newest_file_that_has_a_user_decides(tmp_path: Path) -> None:
    changed = user("bea", City="Oslo")
    assert sent(tmp_path, EVERYBODY, [changed], EVERYBODY)[0] == ["bea"]
    assert sent(tmp_path, EVERYBODY, EVERYBODY[1:2], [user("ada"), changed, user("cas")])[0] == []


def test_older_files_are_read_only_if_a_user_is_undecided(tmp_path: Path) -> None:
    assert sent(tmp_path, EVERYBODY, EVERYBODY, EVERYBODY)[1].compared == ["job 0"]
    assert sent(tmp_path, EVERYBODY, EVERYBODY[:2], EVERYBODY)[1].compared == ["job 0", "job 1"]


def test_a_user_with_several_records_in_either_file_is_sent(tmp_path: Path) -> None:
    names, result = sent(tmp_path, [*EVERYBODY, user("ADA")], EVERYBODY)
    assert (sorted(names), result.duplicates) == (["ADA", "ada"], 2)
    for twice in ([user("ada"), *EVERYBODY], [*EVERYBODY, user("ada")]):
        names, result = sent(tmp_path, EVERYBODY, twice)
        assert (names, result.duplicates, result.unchanged) == (["ada"], 1, 2)


def test_files_of_which_the_order_is_unknown_must_all_agree(tmp_path: Path) -> None:
    other = [user("ada", City="Oslo"), user("bea")]
    names, result = sent(tmp_path, EVERYBODY, EVERYBODY, other, order_is_certain=False)
    assert (names, result.unchanged) == (["ada"], 2)
    names, result = sent(tmp_path, EVERYBODY, EVERYBODY, order_is_certain=False)
    assert (len(names), result.not_updated) == (3, 3)


def test_what_is_older_than_a_file_that_cannot_be_compared_does_not_count(tmp_path: Path) -> None:
    old = [EarlierFile(write(tmp_path / "1.json", EVERYBODY[:1]), "job 1"), EarlierFile(tmp_path / "2.json", "job 2")]
    old.append(EarlierFile(write(tmp_path / "3.json", EVERYBODY), "job 3"))
    new = write(tmp_path / "new.json", EVERYBODY)
    for content in (None, b'{"value":[{"IdName":', b'{"value":[{"Mail":"bea@contoso.com"}]}'):
        if content is not None:
            old[1].path.write_bytes(content)
        result = write_delta(new, tmp_path / "changes.json", old, PLAN)
        assert (result.unchanged, result.new) == (1, 2)
        (remark,) = result.remarks
        assert remark.startswith("Nothing older than job 2 counts: ")


def test_a_file_that_changes_while_it_is_compared_is_refused(tmp_path: Path) -> None:
    new = write(tmp_path / "new.json", EVERYBODY)

    def earlier() -> Iterator[EarlierFile]:
        write(new, EVERYBODY[:1])
        yield EarlierFile(write(tmp_path / "old.json", EVERYBODY[1:]), "job 1")

    with pytest.raises(InputError, match="changed while it was read"):
        write_delta(new, tmp_path / "changes.json", earlier(), PLAN)
    assert not (tmp_path / "changes.json").exists()


def expected(new: Records, old: Records, failed: set[str]) -> Counter[str]:
    """The IDs of the records that are to be sent, by the slow way."""
    keys = [identity_key(one.get("IdName") or "") for one in new]
    before: dict[str, list[dict[str, Any]]] = {}
    for one in old:
        before.setdefault(identity_key(one.get("IdName") or ""), []).append(one)
    found: Counter[str] = Counter()
    for key, one in zip(keys, new, strict=True):
        same = before.get(key, [])
        values = [{name: value for name, value in each.items() if name != "IdName"} for each in (one, *same)]
        is_sent = not key or keys.count(key) > 1 or key in failed or len(same) != 1 or values[0] != values[1]
        found[json.dumps(one)] += is_sent
    return +found


NAMES = st.sampled_from([f"u{number}@contoso.com" for number in range(12)] + ["U3@CONTOSO.com", "ünï@contoso.com"])
VALUES = st.sampled_from(["", "Oslo", "},{", '"', "Zürich", None, "a" * 30])
RECORDS = st.lists(
    st.fixed_dictionaries({"IdName": NAMES}, optional={"City": VALUES, "Floor": VALUES}), min_size=1, max_size=14
)


@st.composite
def versions(draw: st.DrawFn) -> tuple[Records, Records]:
    """Two versions of a file: most records are where they were, or at least nearby."""
    old = draw(RECORDS)
    new = [dict(one) for one in old]
    for _ in range(draw(st.integers(0, 4))):
        at, change = draw(st.integers(0, len(new))), draw(st.sampled_from(["insert", "remove", "move", "change"]))
        if change == "insert":
            new.insert(at, draw(RECORDS)[0])
        elif new:
            one = new.pop(min(at, len(new) - 1))
            if change == "move":
                new.insert(draw(st.integers(0, len(new))), one)
            elif change == "change":
                new.insert(at, one | {"City": draw(VALUES)})
    return old, new or old


REACHES = st.builds(side_by_side.Reach, st.integers(1, 200), st.integers(200, 800), st.sampled_from([1, 2, 64]))


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions(), st.sets(NAMES, max_size=2), st.sampled_from([",", ",\n", " /* , */ , "]), REACHES)
def test_the_same_records_are_sent_as_by_the_slow_way(
    tmp_path: Path, files: tuple[Records, Records], failed: set[str], between: str, reach: side_by_side.Reach
) -> None:
    old, new = files
    keys = frozenset(map(identity_key, failed))
    earlier = EarlierFile(write(tmp_path / "old.json", old, between), "job 1", keys)
    result = write_delta(write(tmp_path / "new.json", new), tmp_path / "changes.json", [earlier], PLAN, reach)
    content: Records = []
    if result.sent:
        content = json.loads((tmp_path / "changes.json").read_text("utf-8-sig"))["value"]
    found = Counter(map(json.dumps, content))
    assert found == expected(new, old, set(keys))
    assert content == [one for one in new if json.dumps(one) in found]  # in their order
    assert result.sent + result.unchanged == len(new)
    users = [{identity_key(one["IdName"]) for one in records} for records in (old, new)]
    assert result.gone == (len(users[0] - users[1]) if result.compared else 0)
