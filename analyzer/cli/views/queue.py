"""What ``queue`` shows: what is sent, how jobs go on, and what is left to repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.cli.terminal.output import Column
from analyzer.cli.views.check import check_json, remarks
from analyzer.imports.summary import summary
from analyzer.model.service import error_name, state_name
from analyzer.model.text import SHORT_ID, count, listed, moment, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analyzer.cli.terminal.output import Terminal
    from analyzer.imports.delta import DeltaResult
    from analyzer.imports.heal import Healing
    from analyzer.imports.prepare import Prepared
    from analyzer.imports.watch import WatchedJob
    from analyzer.storage.import_record import ImportPart, ImportRecord

_PARTS = (
    Column("part", right=True),
    Column("file in the tenant", fold=True),
    Column("records", right=True),
    Column("values", right=True, least=1),
    Column("size", right=True),
    Column("job", least=2),
)


def print_prepared(
    terminal: Terminal, prepared: Prepared, zone: ZoneInfo | None, now: datetime, *, dry_run: bool
) -> None:
    """Print what the check found and what will be sent; the latter as a result only if nothing is sent."""
    record = prepared.record
    if prepared.is_continued:
        when = moment(record.created_at, zone, now)
        terminal.say(f"Continuing the import of {record.path} that was begun {when}.")
        if prepared.keeps_settings:
            terminal.say("It keeps its folder, ID type, and property map, as it may be queued in part.")
    show = terminal.prose if dry_run and not terminal.json else terminal.say
    for result in prepared.checked:
        show(f"{result.path.name}: {summary(result)}")
        for remark in remarks(result):
            terminal.say(remark)
    if prepared.delta is not None:
        show(delta_sentence(prepared.delta))
    if dry_run and not terminal.json:
        for line in _plan_lines(record):
            terminal.prose(line, indent="  ")
        if record.parts:
            terminal.table(_PARTS, [_part_row(number, part) for number, part in enumerate(record.parts, 1)])
        for other in prepared.taken_over:
            terminal.prose(f"The unfinished import of {other.path} would be given up.")


def delta_sentence(delta: DeltaResult) -> str:
    """Return which records are sent of a file, and why."""
    kinds = [
        (delta.changed, "changed"),
        (delta.new, "in no earlier file"),
        (delta.not_updated, "not updated by the last import"),
        (delta.duplicates, "of users with several records"),
        (delta.without_id, "without an ID"),
    ]
    why = listed(f"{number:,} {what}" for number, what in kinds if number)
    gone = (
        f" {count(delta.gone, 'user is', 'users are')} no longer in the file: their profiles stay."
        if delta.gone
        else ""
    )
    total = delta.sent + delta.unchanged
    sent = f"{delta.sent:,} of {count(total, 'record')} are sent ({why})" if delta.sent else "Nothing has changed"
    return f"{sent}; {delta.unchanged:,} unchanged.{gone}"


def _plan_lines(record: ImportRecord) -> Iterator[str]:
    yield f"To: {record.folder}"
    pairs = (source if source == name else f"{source}={name}" for source, name in record.property_map.items())
    yield f"As: ID type {record.id_type}, ID property {record.id_property}, map {', '.join(pairs)}"
    if record.retry_of:
        yield f"Retry of: {record.retry_of}"


def _part_row(number: int, part: ImportPart) -> Sequence[str]:
    return (
        str(number),
        part.name,
        f"{part.records:,}",
        f"{part.property_values:,}",
        size(part.bytes),
        part.job_id[:SHORT_ID] or "-",
    )


def print_sent(terminal: Terminal, record: ImportRecord) -> None:
    """Print the jobs of an import, one a line, and what to do next."""
    for part in record.parts:
        terminal.show(part.job_id)
    ended = [part for part in record.parts if part.ended_at and part.error != 0]
    for part in ended:
        terminal.say(f"Job {part.job_id[:SHORT_ID]} ended with {_end(part)}.")
    last = record.parts[-1].job_id[:SHORT_ID]
    terminal.say(f"next: {terminal.log.commands.line('watch', last, '--then', 'report')}")


def _end(part: ImportPart) -> str:
    if part.state is None:
        return "an unknown result: the tenant no longer lists it"
    return error_name(part.error or 0)


def changes_shown(terminal: Terminal) -> Callable[[WatchedJob], None]:
    """Return what shows each change of a job's state as a remark."""

    def show(one: WatchedJob) -> None:
        error = one.job.error_name if one.job is not None and one.ended and not one.succeeded else ""
        terminal.say(
            f"{one.seen_at:%H:%M} UTC job {one.job_id[:SHORT_ID]}: {one.state_name}{f', {error}' if error else ''}"
        )

    return show


def import_json(record: ImportRecord, prepared: Prepared | None = None) -> dict[str, Any]:
    """Return an import as a JSON object."""
    found: dict[str, Any] = {
        "feed": record.feed,
        "file": record.path,
        "sha256": record.sha256,
        "folder": record.folder,
        "id_type": record.id_type,
        "id_property": record.id_property,
        "property_map": record.property_map,
        "retry_of": record.retry_of or None,
        "unchanged": record.unchanged,
        "parts": [
            {
                "name": part.name,
                "source_uri": record.source_uri(part),
                "bytes": part.bytes,
                "sha256": part.sha256,
                "records": part.records,
                "property_values": part.property_values,
                "job_id": part.job_id or None,
                "state": state_name(part.state) if part.state is not None else None,
                "error": error_name(part.error) if part.error is not None else None,
            }
            for part in record.parts
        ],
    }
    if prepared is not None:
        found["continued"] = prepared.is_continued
        found["check"] = [check_json(result) for result in prepared.checked]
    return found


def print_healing(
    terminal: Terminal, record: ImportRecord, healings: Sequence[Healing], zone: ZoneInfo | None, now: datetime
) -> None:
    """Print how many users are open after the retries, and why no further retry was imported."""
    unknown = any(one.open is None for one in healings)
    total = sum(one.open or 0 for one in healings)
    retries = sum(one.retries for one in healings)
    after = f" after {count(retries, 'retry', 'retries')}" if retries else ""
    still = "an unknown number of users is open" if unknown else f"{count(total, 'user is', 'users are')} open"
    terminal.prose(f"{record.feed}: {still if unknown or total else 'every user is updated'}{after}.", indent="  ")
    for one in healings:
        if one.step is not None:
            when = moment(one.step.due, zone, now)
            number = "all users" if one.step.users is None else count(len(one.step.users), "user")
            of = f"{number} of {one.step.job_id[:SHORT_ID]}"
            why = listed(one.step.waits_for)
            terminal.prose(f"{of} can be retried from {when} ({why}): run the same command again then.", indent="  ")
        for reason in one.left if not one.is_healed else ():
            terminal.prose(f"{reason[:1].upper()}{reason[1:].rstrip('.')}.", indent="  ")


def healing_json(one: Healing) -> dict[str, Any]:
    """Return the state of a run as a JSON object."""
    return {
        "job_id": one.run,
        "open": one.open,
        "retries": one.retries,
        "next_retry": None
        if one.step is None
        else {
            "job_id": one.step.job_id,
            "users": len(one.step.users) if one.step.users is not None else None,
            "due": one.step.due.isoformat(),
            "waits_for": list(one.step.waits_for),
        },
        "left": one.left,
    }
