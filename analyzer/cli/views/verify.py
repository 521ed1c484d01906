"""The result of ``verify`` on the terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from analyzer.cli.terminal.output import Column
from analyzer.history.verifications import confidence_sentence, result_clause
from analyzer.imports.verify_model import UserState
from analyzer.model.text import SHORT_ID, count, listed_first, shortened
from analyzer.source.batches import as_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.cli.context import AppContext
    from analyzer.imports.verify_model import UserCheck, ValueCheck, VerifyResult
    from analyzer.storage.verification_record import Verification

_SHOWN = 60
"""Characters of a value."""
_SHOWN_USERS = 30
_EXAMPLES = 3


def result_json(job_id: str, result: VerifyResult, record: Verification) -> dict[str, Any]:
    """Return the result of ``verify --json``."""
    kept = {name: value for name, value in asdict(record).items() if name not in {"program", "not_as_said"}}
    return {
        "job_id": job_id,
        **kept,
        "not_as_said": [
            {
                "identity": one.identity,
                "missing": one.missing,
                "values": [
                    {
                        "property": value.property,
                        "expected": value.expected,
                        "found": value.found,
                        "note": value.note or None,
                    }
                    for value in one.differing
                ],
            }
            for one in result.not_as_said
        ],
        "others": [
            {"identity": one.identity, "state": one.state.value, "reason": _reason(one)}
            for one in result.checks
            if one.state in {UserState.not_found, UserState.unclear, UserState.overwritten}
        ],
        "remarks": result.remarks,
    }


def print_result(app: AppContext, job_id: str, result: VerifyResult, record: Verification) -> None:
    """Print the answer, what it proves, the users who aren't as the job said, and what is uncertain."""
    terminal, row = app.terminal, asdict(record)
    terminal.prose(f"{job_id[:SHORT_ID]}: {result_clause(row)}.")
    if result.at_most is not None:
        is_exact, are_some_left = result.checked == result.users, result.checked < len(result.checks)
        sentence = confidence_sentence(result.at_most, result.users, is_exact=is_exact, are_some_left=are_some_left)
        terminal.prose(sentence)
    _print_users(app, result)
    for sentence in [*_not_found(result), *_later(result), *result.remarks]:
        terminal.prose(f"  {sentence}", indent="  ")
    if result.sample < result.users:
        terminal.say(f"To draw the same sample again: {app.commands.line('verify', job_id, *_again(record))}")


def _again(record: Verification) -> tuple[str, ...]:
    return "--sample", str(record.sample), "--seed", str(record.seed)


def _print_users(app: AppContext, result: VerifyResult) -> None:
    wrong = result.not_as_said
    if not wrong:
        return
    terminal = app.terminal
    shown = wrong[:_SHOWN_USERS] if terminal.interactive else wrong
    terminal.show()
    if len(shown) < len(wrong):
        terminal.show(f"Showing {len(shown):,} of {len(wrong):,}. Use --json to see all.")
    columns = [
        Column("user", fold=True),
        Column("property"),
        Column("expected", fold=True),
        Column("found", fold=True),
        Column("note", least=1),
    ]
    terminal.table(columns, [row for one in shown for row in _rows(one)])
    terminal.show()


def _rows(user: UserCheck) -> Iterator[list[str]]:
    if user.missing:
        yield [user.identity, "-", "-", "-", "no profile"]
    for value in user.differing:
        yield [user.identity, value.property, _shown(value), shortened(value.found, _SHOWN) or "(empty)", value.note]


def _shown(value: ValueCheck) -> str:
    return shortened(as_written(value.expected) or "", _SHOWN) or "(empty)"


def _reason(user: UserCheck) -> str:
    if user.not_found:
        return user.not_found
    later = next((value.overwritten_by for value in user.values if value.overwritten_by), "")
    if later:
        return f"overwritten by job {later}"
    notes = [f"{value.property}: {value.note}" for value in user.values if value.note]
    return "; ".join(dict.fromkeys(notes)) or "no value can be compared for certain"


def _not_found(result: VerifyResult) -> Iterator[str]:
    """Yield how many users couldn't be looked up, a sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for one in result.checks:
        if one.not_found:
            reasons.setdefault(one.not_found, []).append(one.identity)
    for reason, users in reasons.items():
        names = listed_first(users, _EXAMPLES)
        yield f"Not looked up: {count(len(users), 'user')}, as {reason} ({names})."


def _later(result: VerifyResult) -> Iterator[str]:
    later = {value.overwritten_by[:SHORT_ID] for one in result.checks for value in one.values if value.overwritten_by}
    for job_id in sorted(later):
        yield f"Values of job {job_id}, which ran later, have overwritten some of this job."
