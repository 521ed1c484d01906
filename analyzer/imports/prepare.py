"""Prepare an import: check the file, leave out what hasn't changed, split it, and note what will be sent.

Nothing is sent here. An import that a command left unfinished is continued instead of being prepared again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from analyzer.catalogue.check_findings import FINDING_KINDS, TOO_BIG, TOO_MANY_VALUES
from analyzer.catalogue.finding_kind import Severity
from analyzer.errors import InputError, UsageError
from analyzer.imports.destination import fresh_name, import_id
from analyzer.imports.input_file import input_file
from analyzer.imports.record_file import LIMITS, Limits
from analyzer.imports.split import SplitPart, split_file
from analyzer.model.service import IdType
from analyzer.model.text import SHORT_ID, moment
from analyzer.storage.files import check_unchanged, sha256_of, state_of
from analyzer.storage.import_record import ImportPart, ImportRecord, all_imports
from analyzer.storage.manifest_file import program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from analyzer.imports.check import CheckResult
    from analyzer.imports.checker import Checker
    from analyzer.imports.delta import DeltaResult
    from analyzer.imports.destination import Destination
    from analyzer.imports.journal import Journal
    from analyzer.imports.model import ImportPlan

_SPLIT = (TOO_BIG.name, TOO_MANY_VALUES.name)
"""Findings of a file that is split."""
_WAIT_FOR_FEED = "Wait until the feed has written it, and run the same command again."


class StoppedError(InputError):
    """The check found what would abort the import.

    Attributes:
        result: what it found.
    """

    exit_code = 1

    def __init__(self, result: CheckResult) -> None:
        super().__init__(
            f"{result.path} wasn't sent: its import would be aborted",
            "Correct the file. To send it anyway, add --force.",
        )
        self.result = result


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to queue.

    Attributes:
        files: the file; of a retry, the parts of the retry file in their order.
        destination: where it goes.
        again: whether a file that was queued before is queued again.
        force: whether it is sent although its import would be aborted.
        retry_of: ID of the job that a retry file repairs; empty for a run.
        delta: writes the records that changed to a file, and returns what it wrote; None to send all.
        limits: of one file; a larger one is split.
    """

    files: Sequence[Path]
    destination: Destination
    again: bool = False
    force: bool = False
    retry_of: str = ""
    delta: Callable[[Path, Path, ImportPlan], DeltaResult] | None = None
    limits: Limits = LIMITS


@dataclass(slots=True)
class Prepared:
    """An import that is ready to be sent.

    Attributes:
        record: what will be sent, or what is continued.
        is_continued: whether an earlier command has begun it.
        checked: what the check found in each file; nothing if the import is continued.
        delta: what was left out; None unless only changes are sent.
        taken_over: unfinished imports of the feed that this one replaces.
        keeps_settings: whether what is continued was begun with another folder, ID type, or property map.
    """

    record: ImportRecord
    is_continued: bool = False
    checked: list[CheckResult] = field(default_factory=list)
    delta: DeltaResult | None = None
    taken_over: list[ImportRecord] = field(default_factory=list)
    keeps_settings: bool = False

    def why_given_up(self, other: ImportRecord) -> str:
        """Return why an unfinished import is replaced, a clause."""
        is_same = (other.retry_of, other.sha256) == (self.record.retry_of, self.record.sha256)
        return "it begins anew as you specify now" if is_same else "a newer file of the feed came"


def prepare(journal: Journal, wish: Wish, checker: Checker, now: datetime) -> Prepared:
    """Continue the unfinished import of the same file, or prepare a new one; the record isn't written yet.

    Args:
        journal: of the feed; held.
        wish: what to queue.
        checker: checks the file.
        now: UTC.

    Raises:
        InputError: the file can't be read, or changes meanwhile.
        StoppedError: the import would be aborted.
        OutputError: files can't be written.
        UsageError: the same file was queued before, another import of the feed is unfinished, or the file's ID property
            is unknown.
    """
    before = [_state_of_file(path) for path in wish.files]
    digests = [sha256_of(path) for path in wish.files]
    unfinished = [one for one in journal.records if one.has_unsent_parts]
    same = [one for one in unfinished if _is_same(one, digests, wish)]
    if same and (wish.delta is not None) == (same[-1].unchanged is not None):
        has_other_settings = not _is_for(same[-1], wish.destination)
        if not has_other_settings or (same[-1].is_queued and not wish.again):
            others = [one for one in unfinished if one is not same[-1]]
            return Prepared(same[-1], is_continued=True, taken_over=others, keeps_settings=has_other_settings)
    if wish.retry_of and unfinished:
        raise UsageError(
            f"an import of the feed {journal.feed} is unfinished: {_progress(unfinished[-1])} of {unfinished[-1].path}",
            "Finish it first: run the command again that began it.",
        )
    if not wish.again:
        _check_new(journal, digests, wish, now)
    prepared = _Preparation(journal, wish, checker, now).run(digests)
    for path, state in zip(wish.files, before, strict=True):
        check_unchanged(path, state, _WAIT_FOR_FEED)
    prepared.taken_over = unfinished
    _use_uploads(prepared.record, same)
    return prepared


def _state_of_file(path: Path) -> tuple[int, int, int]:
    """Return the state of a file; reading a pipe would empty it, or never end.

    Raises:
        InputError: it isn't a file, or can't be read.
    """
    state = state_of(path)
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is a pipe or a device, not a file", "Write it to a file, and name that.")
    return state


def discard(journal: Journal, record: ImportRecord) -> None:
    """Remove the files of a prepared import that isn't sent."""
    shutil.rmtree(journal.own_folder(record), ignore_errors=True)


def _is_same(record: ImportRecord, digests: Sequence[str], wish: Wish) -> bool:
    return (record.retry_of, record.sha256) == (wish.retry_of, _digest(digests))


def _is_for(record: ImportRecord, place: Destination) -> bool:
    """Return whether an import has this folder, and is queued with this plan."""
    plan = place.plan
    is_same_property = plan.id_property in {"", record.id_property}
    is_same_plan = plan.id_type == IdType[record.id_type] and dict(plan.property_map or {}) == record.property_map
    return record.folder == place.folder and is_same_property and is_same_plan


def _use_uploads(record: ImportRecord, given_up: Sequence[ImportRecord]) -> None:
    """Continue the uploads of imports that aren't queued, so that no file is left in the tenant for nothing."""
    known = {
        part.sha256: part for one in given_up if one.folder == record.folder and not one.is_queued for part in one.parts
    }
    for part in record.parts:
        if before := known.pop(part.sha256, None):
            part.name, part.upload_id, part.sent = before.name, before.upload_id, before.sent
            part.uploaded_at = before.uploaded_at


def _digest(digests: Sequence[str]) -> str:
    """Return what identifies the content of files: the SHA-256 of one, or that of the hashes of several."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _set_plan(record: ImportRecord, plan: ImportPlan) -> None:
    assert plan.id_type is not None  # noqa: S101 - of a destination
    record.id_type = plan.id_type.name
    record.id_property = plan.id_property or record.id_property
    record.property_map = dict(plan.property_map or {})


def _progress(record: ImportRecord) -> str:
    left = sum(not part.job_id for part in record.parts)
    return f"{left} of {len(record.parts)} parts aren't queued" if len(record.parts) > 1 else "it isn't queued"


def _check_new(journal: Journal, digests: Sequence[str], wish: Wish, now: datetime) -> None:
    """Refuse a file that was queued before, whatever its name.

    Raises:
        UsageError: it was.
    """
    found = [one for _, one in all_imports(journal.imports) if one.is_queued and _is_same(one, digests, wish)]
    if not found:
        return
    record, last = max(found, key=lambda one: one.created_at), journal.last_run
    jobs = [part.job_id[:SHORT_ID] for part in record.parts if part.job_id]
    when = moment(record.created_at, None, now)
    what = f"{wish.files[0]} was queued before: {', '.join(jobs) or 'its job is unknown'}, {when}"
    is_last = last is not None and record.import_id == last.import_id
    if is_last or wish.retry_of or record.feed != journal.feed:
        raise AlreadyQueuedError(what, "To queue the same file again, add --again.", record, is_last=is_last)
    raise AlreadyQueuedError(
        f"{what}, and another file of the feed after it",
        "If it isn't an old file, but the feed has the same values again, add --again.",
        record,
    )


class AlreadyQueuedError(UsageError):
    """The same file was queued before.

    Attributes:
        record: as what; the newest import of it.
        is_last: whether that is the newest of the feed's runs.
    """

    def __init__(self, what: str, advice: str, record: ImportRecord, *, is_last: bool = False) -> None:
        super().__init__(what, advice)
        self.record, self.is_last = record, is_last


class _Preparation:
    def __init__(self, journal: Journal, wish: Wish, checker: Checker, now: datetime) -> None:
        self._journal, self._wish, self._checker, self._now = journal, wish, checker, now
        self._id = import_id(now)
        self._folder = journal.folder / self._id

    def run(self, digests: Sequence[str]) -> Prepared:
        with ExitStack() as failed:
            failed.callback(shutil.rmtree, self._folder, ignore_errors=True)
            prepared = self._run(digests)
            failed.pop_all()
        return prepared

    def _run(self, digests: Sequence[str]) -> Prepared:
        wish, plan = self._wish, self._wish.destination.plan
        checked, parts, delta = [], [], None
        with ExitStack() as stack:
            for path in wish.files:
                given = stack.enter_context(input_file(path, plan.id_property))
                result = given.named(self._checker.check_import(given.path, path, plan))
                checked.append(result)
                if not wish.force and _stops(result):
                    raise StoppedError(result)
                plan = dataclasses.replace(plan, id_property=result.id_property.name)
                if not plan.id_property:
                    raise UsageError(f"the ID property of {path} is unknown", "Specify it with --id-property NAME.")
                content = given.path
                if wish.delta is not None:
                    delta = wish.delta(content, self._made() / "changes.json", plan)
                    content = self._folder / "changes.json"
                if delta is None or delta.sent:
                    parts += self._parts(content, path, result)
        record = ImportRecord(
            program=program(),
            import_id=self._id,
            feed=self._journal.feed,
            created_at=self._created_at(),
            path=str(wish.files[0].absolute()),
            bytes=sum(path.stat().st_size for path in wish.files),
            sha256=_digest(digests),
            folder=wish.destination.folder,
            id_type="",
            id_property=plan.id_property,
            property_map={},
            retry_of=wish.retry_of,
            unchanged=delta.unchanged if delta is not None else None,
            parts=parts,
        )
        _set_plan(record, plan)
        return Prepared(record, checked=checked, delta=delta)

    def _created_at(self) -> datetime:
        """Return the time, or right after the feed's newest import if the clock was set back since."""
        last = max((one.created_at for one in self._journal.records), default=self._now)
        return self._now if last < self._now else last + timedelta(microseconds=1)

    def _made(self) -> Path:
        """Return the folder of the files that are made for this import."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def _parts(self, content: Path, given: Path, result: CheckResult) -> list[ImportPart]:
        """Return the files to send: the one that was given, or those that are made from it, within the limits."""
        is_made = content.parent == self._folder
        limits = self._wish.limits
        if result.values > limits.values or content.stat().st_size > limits.bytes or is_made:
            names = (f"part-{number}.json" for number in itertools.count(1))
            parts = split_file(content, self._made(), names, result.id_property.name, limits)
            if is_made and [part.path for part in parts] != [content]:
                content.unlink()
            return [self._part(part, given) for part in parts]
        whole = SplitPart(given.absolute(), content.stat().st_size, "", result.records, None, result.values)
        if content != given or self._wish.retry_of:  # a table's import file is temporary, and a retry file is replaced
            whole = dataclasses.replace(whole, path=self._made() / "import-file.json")
            shutil.copyfile(content, whole.path)
        return [self._part(dataclasses.replace(whole, sha256=sha256_of(content)), given)]

    def _part(self, part: SplitPart, given: Path) -> ImportPart:
        return ImportPart(
            name=fresh_name(given.name, self._now, self._wish.retry_of),
            file=part.path.name if part.path.parent == self._folder else str(part.path),
            bytes=part.bytes,
            sha256=part.sha256,
            records=part.records,
            users=part.users,
            property_values=part.property_values,
        )


def _stops(result: CheckResult) -> bool:
    """Return whether a file would be refused or aborted for another reason than its size."""
    return any(
        FINDING_KINDS[name].severity is Severity.aborts and name not in _SPLIT for name, _ in result.findings.counts
    )
