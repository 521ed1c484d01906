"""``upa-analyzer retry`` with each of its options: what is written, said, and the exit code of the contract."""

from __future__ import annotations

import csv
import errno
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.retry.writing.parts import Parts
from analyzer.storage.files import sample_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Ran

ADA = {"mail": "ada@contoso.com", "City": "Kiel", "Floor": "1"}
BOB = {"mail": "bob@contoso.com", "City": "Bonn", "Floor": "2"}
EVE = {"mail": "eve@contoso.com", "City": "Oslo", "Floor": "3"}
UNRESOLVED = "IdentityNotResolvable\t{}@contoso.com\tUser identity cannot be resolved\n"
BARE = ("retry", "--source", "feed.json", "--log", "feed.log")
ADA_AND_BOB = UNRESOLVED.format("ada") + UNRESOLVED.format("bob")
ABORTED = "InvalidProperty\tada@contoso.com\tThe property Floor is invalid\n"


def put(folder: Path, *records: object, log: str = ADA_AND_BOB) -> None:
    """A source file and its log; a text stands for itself."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in records]
    (folder / "feed.json").write_text('{"value":[' + ",\n".join(texts) + "]}", encoding="utf-8")
    (folder / "feed.log").write_text(log, encoding="utf-8")


def values(path: Path) -> list[Any]:
    return list(json.loads(path.read_text("utf-8-sig"))["value"])


def unmatched(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "feed-retry.unmatched.csv").read_text("utf-8-sig").splitlines()))


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


OTHER_CODE = "GenericError\tbob@contoso.com\tUnexpected exception was encountered (deadlock victim)\n"
CHOICES: dict[str, tuple[str, tuple[str, ...], list[Any]]] = {
    "--only": (UNRESOLVED.format("ada") + OTHER_CODE, ("--only", "GenericError"), [BOB]),
    "--except": (UNRESOLVED.format("ada") + OTHER_CODE, ("--except", "GenericError"), [ADA]),
    "--users": (ADA_AND_BOB, ("--users", "users.csv"), [BOB]),
    "--without-culprits": (ABORTED, ("--without-culprits",), [BOB, EVE]),
    "--drop-property": (
        ADA_AND_BOB,
        ("--drop-property", "City", "--drop-property", "Floor"),
        [{"mail": ADA["mail"]}, {"mail": BOB["mail"]}],
    ),
    "--outcome": (ADA_AND_BOB, ("--outcome", "unknown"), [ADA, BOB, EVE]),
    "--id-property": (ADA_AND_BOB, ("--id-property", "mail"), [ADA, BOB]),
    "--no-hash": (ADA_AND_BOB, ("--no-hash",), [ADA, BOB]),
    "--repair": (ADA_AND_BOB, ("--repair",), [ADA, BOB]),
    "--salvage": (ADA_AND_BOB, ("--salvage",), [ADA, BOB]),
    "--force": (ADA_AND_BOB, ("--force",), [ADA, BOB]),
}


@pytest.mark.parametrize(("log", "options", "expected"), CHOICES.values(), ids=CHOICES.keys())
def test_each_option_writes_its_users_and_reports_them_in_json(
    upa: Callable[..., Ran], tmp_path: Path, log: str, options: tuple[str, ...], expected: list[Any]
) -> None:
    put(tmp_path, ADA, BOB, EVE, log=log)
    (tmp_path / "users.csv").write_text("identity\nbob@contoso.com\n", encoding="utf-8")
    ran = upa(*BARE, *options, "--json")
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["file"] == "feed-retry.json"
    assert (content["files"], content["manifest"]) == (["feed-retry.json"], "feed-retry.manifest.json")
    assert content["records"] == content["users"] == len(expected)
    assert (content["complete"], content["unmatched"], content["respelled"]) == (True, 0, 0)
    assert bool(content["chosen"]) is (options[0] in {"--only", "--except", "--users", "--without-culprits"})
    assert values(tmp_path / "feed-retry.json") == expected
    assert content["sentence"] in ran.err
    again = upa(*BARE, *options)
    assert (again.code, again.out) == (0, "feed-retry.json\n")


def test_retryable_selects_users_that_an_unchanged_retry_can_help(upa: Callable[..., Ran], tmp_path: Path) -> None:
    log = "GenericError\tada@contoso.com\tTransaction (Process ID 51) was deadlocked on lock resources\n"
    put(tmp_path, ADA, BOB, log=log + "NobodyKnowsThis\tbob@contoso.com\tx\n")
    assert upa(*BARE, "--retryable").code == 0
    assert values(tmp_path / "feed-retry.json") == [ADA]


@pytest.mark.parametrize("option", [("--without-culprits",), ("--except", "InvalidProperty")])
def test_who_aborted_an_import_and_is_in_no_record_is_a_finding(
    upa: Callable[..., Ran], tmp_path: Path, option: tuple[str, ...]
) -> None:
    gone = "InvalidProperty\tgone@contoso.com\tThe property Floor is invalid\n"
    put(tmp_path, ADA, BOB, EVE, log=ABORTED + gone)
    ran = upa(*BARE, *option)
    assert (ran.code, values(tmp_path / "feed-retry.json")) == (1, [BOB, EVE])
    assert "1 ID that was to be left out isn't in the source file; see feed-retry.unmatched.csv" in ran.err
    reason = "excluded, but no record in the source file has this ID"
    assert unmatched(tmp_path) == [{"identity": "gone@contoso.com", "reason": reason, "records": "", "detail": ""}]


def test_retryable_users_if_it_is_unknown_who_was_updated(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB, EVE, log=UNRESOLVED.format("ada") + "GenericError\tbob@contoso.com\tNobody knows\n")
    ran = upa(*BARE, "--outcome", "unknown", "--retryable")
    assert (ran.code, values(tmp_path / "feed-retry.json")) == (0, [ADA])
    assert "whether it helps users that the log doesn't name is unknown" in ran.err


def test_an_unknown_code_is_usage(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    ran = upa(*BARE, "--only", "IdentityNotResolveable")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean IdentityNotResolvable?" in ran.err


def test_without_hashes_the_manifest_has_no_hash_of_its_inputs(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE, "--no-hash")
    manifest = json.loads((tmp_path / "feed-retry.manifest.json").read_bytes())
    assert (manifest["source"]["sha256"], manifest["logs"][0]["sha256"]) == (None, None)
    assert len(manifest["files"][0]["sha256"]) == 64


def test_a_misspelled_property_to_drop_is_usage_with_the_nearest_name(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    ran = upa(*BARE, "--drop-property", "Flor", "--json")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean Floor?" in ran.err
    ran = upa(*BARE, "--drop-property", "mail")
    assert ran.code == 2
    assert "mail is the ID property, and can't be dropped" in ran.err
    assert sorted(everything(tmp_path)) == ["feed.json", "feed.log"]


@pytest.mark.parametrize("option", [("--max-properties", "2"), ("--max-bytes", "95")], ids=lambda option: option[0])
def test_over_a_limit_there_are_several_files(upa: Callable[..., Ran], tmp_path: Path, option: tuple[str, str]) -> None:
    put(tmp_path, ADA, BOB, EVE)
    names = ["feed-retry-1-of-2.json", "feed-retry-2-of-2.json"]
    ran = upa(*BARE, *option)
    assert (ran.code, ran.out.splitlines()) == (0, names)
    assert [values(tmp_path / name) for name in names] == [[ADA], [BOB]]
    assert "In 2 files, to be queued one after the other." in ran.err
    assert upa(*BARE, *option, "--json").json["files"] == names
    assert upa("retry", "--verify", names[1]).code == 0


@pytest.mark.parametrize("option", [("--max-properties", "1"), ("--max-bytes", "70")], ids=lambda option: option[0])
def test_a_record_over_a_limit_by_itself_is_usage(
    upa: Callable[..., Ran], tmp_path: Path, option: tuple[str, str]
) -> None:
    put(tmp_path, ADA, BOB)
    ran = upa(*BARE, *option)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("upa-analyzer: ") == 1
    assert "record 1 alone" in ran.err
    assert sorted(everything(tmp_path)) == ["feed.json", "feed.log"]


@pytest.mark.parametrize("option", ["--max-properties", "--max-bytes"])
def test_a_limit_of_nothing_is_usage(upa: Callable[..., Ran], tmp_path: Path, option: str) -> None:
    put(tmp_path, ADA, BOB)
    assert upa(*BARE, option, "0").code == 2


def test_repairs_are_listed_with_before_and_after(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, r'{"mail":"bob@contoso.com","City":"R\V"}')
    assert upa(*BARE).code == 5
    content = upa(*BARE, "--repair", "--json").json
    assert (content["repairs"], content["repairs_file"], content["complete"]) == (1, "feed-retry.repairs.csv", True)
    (row,) = csv.DictReader((tmp_path / "feed-retry.repairs.csv").read_text("utf-8-sig").splitlines())
    assert (row["record"], row["before"], row["after"]) == ("2", r'"R\V"', r'"R\\V"')
    assert values(tmp_path / "feed-retry.json") == [ADA, {"mail": "bob@contoso.com", "City": "R\\V"}]
    assert "1 repair, listed in feed-retry.repairs.csv." in upa(*BARE, "--repair").err


def test_a_broken_file_has_the_advice_to_salvage_it_which_lists_the_rest(
    upa: Callable[..., Ran], tmp_path: Path
) -> None:
    put(tmp_path, ADA, '{"mail":"bob@contoso.com","City":"Room "K" 2"}', EVE)
    ran = upa(*BARE)
    assert ran.code == 5
    assert "--salvage takes the records that can be read." in ran.err
    ran = upa(*BARE, "--salvage")
    assert ran.code == 1
    assert "1 record can't be read" in ran.err
    assert values(tmp_path / "feed-retry.json") == [ADA]
    listed = {row["identity"]: row for row in unmatched(tmp_path)}
    assert listed["bob@contoso.com"]["detail"].startswith("line 2, column 1: ")


@pytest.mark.parametrize("value", ["undefined", "new Date(2026, 1, 1)", "NaN"])
def test_a_value_without_a_spelling_is_a_finding(upa: Callable[..., Ran], tmp_path: Path, value: str) -> None:
    put(tmp_path, ADA, f'{{"mail":"bob@contoso.com","City":{value}}}')
    ran = upa(*BARE)
    assert ran.code == 1
    assert "1 record has a value that JSON can't spell; see feed-retry.unmatched.csv" in ran.err
    (row,) = unmatched(tmp_path)
    assert (row["identity"], row["records"]) == ("bob@contoso.com", "2")
    assert value in row["detail"]


@pytest.mark.parametrize("records", [(EVE,), ({"City": "x"}, {"City": "x"})], ids=["others", "no ids at all"])
def test_source_and_log_of_different_jobs_are_refused(
    upa: Callable[..., Ran], tmp_path: Path, records: tuple[object, ...]
) -> None:
    put(tmp_path, *records, log=ABORTED)
    ran = upa(*BARE)
    assert (ran.code, ran.out) == (5, "")
    assert "has one of the IDs in the log" in ran.err
    assert "--force" in ran.err
    assert sorted(everything(tmp_path)) == ["feed.json", "feed.log"]
    ran = upa(*BARE, "--force")
    assert ran.code in {0, 1}
    assert values(tmp_path / "feed-retry.json") == list(records)


@pytest.mark.parametrize("name", ["feed.json", "feed.log"])
def test_the_output_never_goes_onto_what_it_is_made_from(upa: Callable[..., Ran], tmp_path: Path, name: str) -> None:
    put(tmp_path, ADA, BOB)
    before = everything(tmp_path)
    ran = upa(*BARE, "-o", name)
    assert (ran.code, ran.out) == (5, "")
    assert f"{name} is the {'source file' if name == 'feed.json' else 'log'} itself" in ran.err
    assert "Specify another file with -o." in ran.err
    assert everything(tmp_path) == before


def test_a_disk_that_is_full_while_records_are_written_leaves_everything_as_it_was(
    upa: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE)
    before = everything(tmp_path)
    put(tmp_path, ADA, BOB, EVE, log=ADA_AND_BOB + UNRESOLVED.format("eve"))
    before |= {name: (tmp_path / name).read_bytes() for name in ("feed.json", "feed.log")}
    new = Parts.add

    class Full:
        def write(self, _content: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def add(parts: Parts, raw: bytes, values: int, position: int) -> None:
        new(parts, raw, values, position)
        parts.done[-1].stream = Full()  # type: ignore[assignment]

    monkeypatch.setattr(Parts, "add", add)
    ran = upa(*BARE)
    assert (ran.code, ran.out) == (5, "")
    assert "feed-retry.json cannot be written: the disk is full" in ran.err
    assert everything(tmp_path) == before


def test_a_retry_file_is_verified(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE)
    ran = upa("retry", "--verify", "feed-retry.json")
    assert (ran.code, ran.out) == (0, "feed-retry.json is unchanged.\n")
    assert "2 users (named in the log" in ran.err
    content = upa("retry", "--verify", "feed-retry.json", "--json").json
    assert content == {"as_made": True, "differences": [], "not_checked": [], "complete": True}


def _byte(folder: Path) -> None:
    path = folder / "feed-retry.json"
    path.write_bytes(path.read_bytes().replace(b"Kiel", b"Kier"))


def _cut(folder: Path) -> None:
    path = folder / "feed-retry.json"
    path.write_bytes(path.read_bytes()[:-9])


def _source(folder: Path) -> None:
    path = folder / "feed.json"
    path.write_bytes(path.read_bytes().replace(b"Kiel", b"Kier"))


@pytest.mark.parametrize("change", [_byte, _cut, _source])
def test_a_retry_file_that_is_not_as_made_is_a_finding(
    upa: Callable[..., Ran], tmp_path: Path, change: Callable[[Path], None]
) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE)
    change(tmp_path)
    ran = upa("retry", "--verify", "feed-retry.json")
    assert (ran.code, ran.out) == (1, "")
    assert "Changed since it was created: feed" in ran.err
    content = upa("retry", "--verify", "feed-retry.json", "--json")
    assert (content.code, content.json["as_made"], len(content.json["differences"])) == (1, False, 1)


def test_what_the_file_was_made_from_need_not_be_there(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE)
    (tmp_path / "feed.json").unlink()
    ran = upa("retry", "--verify", "feed-retry.json")
    assert ran.code == 0
    assert "feed.json isn't next to it and wasn't checked." in ran.err


def test_without_a_manifest_nothing_can_be_verified(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    upa(*BARE)
    (tmp_path / "feed-retry.manifest.json").unlink()
    ran = upa("retry", "--verify", "feed-retry.json")
    assert (ran.code, ran.out) == (5, "")
    assert "Ask for feed-retry.manifest.json" in ran.err
    assert upa("retry", "--verify", "nowhere.json").code == 5


@pytest.mark.parametrize("more", [("5f05e38c",), ("--source", "feed.json"), ("--log", "feed.log")])
def test_verifying_makes_nothing(upa: Callable[..., Ran], more: tuple[str, ...]) -> None:
    ran = upa("retry", "--verify", "feed-retry.json", *more)
    assert ran.code == 2
    assert "--verify can't be combined with a job or source" in ran.err


@pytest.fixture
def pulled(tmp_path: Path) -> tuple[Path, Path, str]:
    """A library that remembers its source files; one of them, and its job, which was partial."""
    shutil.copytree(sample_library(), tmp_path / "library")
    root = tmp_path / "library"
    source = next(root.rglob("hr-feed-2026-11-23.json"))
    status = source.stat()
    path = "/" + source.relative_to(root).as_posix()
    seen = {path: {"etag": '"1"', "length": status.st_size, "sha256": "0" * 64, "modified_ns": status.st_mtime_ns}}
    own = root / ".upa" / "files.json"
    own.parent.mkdir(exist_ok=True)
    known = json.loads(own.read_bytes()) if own.exists() else {}
    own.write_text(json.dumps(known | seen), encoding="utf-8")
    job = next(one.name for one in source.parent.iterdir() if one.is_dir() and "hr-feed-2026-11-23" in one.name)
    return root, source, job.removeprefix("hr-feed-2026-11-23-").removesuffix("-Logs")


BY_HAND = {
    "--users": ("selection", ["--users", "users.csv"]),
    "--only": ("selection", ["--only", "IdentityNotResolvable"]),
    "--id-property": ("variant", ["--id-property", "IdName"]),
    "--drop-property": ("variant", ["--drop-property", "City"]),
    "--salvage": ("variant", ["--salvage"]),
    "--repair": ("variant", ["--repair"]),
    "--force": ("variant", ["--force"]),
    "--outcome": ("variant", ["--outcome", "unknown"]),
    "--max-bytes": ("variant", ["--max-bytes", "1000"]),
    "--max-properties": ("variant", ["--max-properties", "20"]),
}


@pytest.mark.parametrize(("word", "options"), BY_HAND.values(), ids=BY_HAND.keys())
def test_a_retry_with_options_has_a_name_of_its_own_and_leaves_the_runs_file_alone(
    upa: Callable[..., Ran], tmp_path: Path, word: str, options: list[str]
) -> None:
    job, root = "cc75e06b-c7d6-57d1-99d1-1e432a56cb48", sample_library()
    folder = tmp_path / "upa-data" / "contoso.sharepoint.com" / "retry"
    assert upa("retry", job, "--library", root).code == 0
    own = everything(folder)
    assert min(own) == f"hr-feed-2026-11-23-{job}-retry.json"
    identity = json.loads(own[min(own)].decode("utf-8-sig"))["value"][0]["IdName"]
    (tmp_path / "users.csv").write_text(identity, encoding="utf-8")
    first = upa("retry", job, "--library", root, *options, "--json")
    assert first.code == 0, first.err
    names = [Path(path).name for path in first.json["files"]]
    assert all(
        re.fullmatch(rf"hr-feed-2026-11-23-{job}-retry-{word}-[0-9a-f]{{8}}(-\d-of-\d)?.json", one) for one in names
    )
    assert (len(names) > 1) == options[0].startswith("--max")
    by_hand = everything(folder)
    assert own.items() <= by_hand.items()
    assert upa("retry", job, "--library", root, *options, "--json").json["files"] == first.json["files"]
    assert upa("retry", job, "--library", root).code == 0
    assert everything(folder) == by_hand


def test_other_users_are_another_name(upa: Callable[..., Ran], tmp_path: Path) -> None:
    run = ("retry", "cc75e06b", "--library", sample_library(), "--json")
    users = [record["IdName"] for record in values(Path(upa(*run).json["file"]))[:2]]
    seen = set()
    for user in users:
        (tmp_path / "users.csv").write_text(user, encoding="utf-8")
        for more in ((), ("--outcome", "aborted")):
            seen.add(upa(*run, "--users", "users.csv", *more).json["file"])
    assert len(seen) == 4


def test_a_report_leaves_a_retry_with_options_alone(upa: Callable[..., Ran], tmp_path: Path) -> None:
    made = upa("retry", "869b00a6", "--library", sample_library(), "--drop-property", "Floor", "--json").json
    before = everything(tmp_path / "upa-data" / "contoso.sharepoint.com" / "retry")
    upa("report", sample_library())
    after = everything(tmp_path / "upa-data" / "contoso.sharepoint.com" / "retry")
    assert before.items() <= after.items()
    assert Path(made["file"]).name.replace(Path(made["file"]).stem[-17:], "") in after


def test_the_last_lines_queue_the_file(upa: Callable[..., Ran], tmp_path: Path) -> None:
    run = ("retry", "869b00a6", "--library", sample_library())
    plain, content = upa(*run), upa(*run, "--json").json["queue"]
    path = tmp_path / plain.out.strip()
    connect, queue = content["commands"]
    assert connect == "Connect-PnPOnline -Url 'https://contoso.sharepoint.com/sites/facilities' -Interactive"
    property_map = "@{'BadgeId'='BadgeId'; 'Building'='Building'; 'ValidUntil'='ValidUntil'; 'Floor'='Floor'}"
    assert queue == (
        f"New-PnPUPABulkImportJob -Folder 'Freigegebene Dokumente/Zugänge' -Path '{path}'"
        f" -UserProfilePropertyMapping {property_map} -IdProperty 'ObjectId' -IdType CloudId"
    )
    assert content["remarks"][0] == "Before you queue this file: map Floor or remove it from the feed."
    assert (content["id_type"], content["properties"][-1]) == ("CloudId", "Floor")
    lines = plain.err.splitlines()
    assert lines[-2:] == content["commands"]
    assert "Before you queue this file, map Floor or remove it from the feed." in plain.err
    assert set(content["remarks"][1:]) < set(lines[:-2])


def test_of_bare_files_the_place_is_to_be_filled_in(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB)
    content = upa(*BARE, "--json").json["queue"]
    assert "Replace SITE-URL and FOLDER, which are unknown." in content["remarks"]
    assert " -IdProperty 'mail' -IdType Email" in content["commands"][1]
    (tmp_path / "feed.log").write_text("", encoding="utf-8")
    assert upa(*BARE, "--outcome", "partial", "--json").json["queue"] is None


def test_the_hash_of_the_pull_is_the_manifests(upa: Callable[..., Ran], pulled: tuple[Path, Path, str]) -> None:
    root, _, job = pulled
    content = upa("retry", job, "--library", root, "-o", "x.json", "--json")
    assert content.code == 0, content.err
    assert json.loads(Path("x.manifest.json").read_bytes())["source"]["sha256"] == "0" * 64


@pytest.mark.parametrize("same_length", [True, False])
def test_a_source_that_changed_since_it_was_pulled_is_refused(
    upa: Callable[..., Ran], pulled: tuple[Path, Path, str], same_length: bool
) -> None:
    root, source, job = pulled
    raw = source.read_bytes()
    source.write_bytes(raw.replace(b'"City"', b'"Town"') + (b"" if same_length else b" "))
    ran = upa("retry", job, "--library", root, "-o", "x.json")
    assert (ran.code, ran.out) == (5, "")
    assert "is not what the job read: it" in ran.err
    assert "it was pulled" in ran.err
    assert "--force" in ran.err
    assert not Path("x.json").exists()
    ran = upa("retry", job, "--library", root, "-o", "x.json", "--force")
    assert (ran.code, ran.out) == (0, "x.json\n")
    assert upa("retry", "--verify", "x.json").code == 0


def test_a_log_that_was_cut_since_it_was_pulled_is_a_finding(
    upa: Callable[..., Ran], pulled: tuple[Path, Path, str]
) -> None:
    root, source, job = pulled
    (log,) = source.with_name(f"hr-feed-2026-11-23-{job}-Logs").iterdir()
    own = root / ".upa" / "files.json"
    length = log.stat().st_size
    noted = {"/" + log.relative_to(root).as_posix(): {"etag": '"1"', "length": length}}
    own.write_text(json.dumps(json.loads(own.read_bytes()) | noted), encoding="utf-8")
    assert upa("retry", job, "--library", root, "-o", "x.json").code == 0
    log.write_bytes(log.read_bytes()[: length - 20])  # inside the last message
    ran = upa("retry", job, "--library", root, "-o", "x.json")
    assert (ran.code, ran.out) == (1, "x.json\n")
    assert f"{log.name} has {length - 20:,} bytes, and had {length:,} when it was pulled" in ran.err
    assert "Incomplete: 1 log is incomplete." in ran.err


def test_what_an_earlier_retry_left_goes_or_is_named(upa: Callable[..., Ran], tmp_path: Path) -> None:
    put(tmp_path, ADA, BOB, EVE)
    assert upa(*BARE, "--max-properties", "2").code == 0
    (tmp_path / "feed-retry-2-of-2.json").write_bytes(b"{}")
    ran = upa(*BARE, "--json")
    assert ran.code == 0
    assert (ran.json["removed"], ran.json["stale"]) == (["feed-retry-1-of-2.json"], ["feed-retry-2-of-2.json"])
    assert "Removed what an earlier retry made: feed-retry-1-of-2.json.\n" in ran.err
    left = "Not part of this retry: feed-retry-2-of-2.json. Don't queue it"
    assert left in ran.err
    (tmp_path / "feed.log").write_bytes(b"")
    ran = upa(*BARE)
    assert (ran.code, ran.out) == (0, "")
    removed = "feed-retry.json, feed-retry.unmatched.csv and feed-retry.manifest.json"
    assert f"Removed what an earlier retry made: {removed}." in ran.err
    assert left in ran.err
    assert sorted(everything(tmp_path)) == ["feed-retry-2-of-2.json", "feed.json", "feed.log"]
