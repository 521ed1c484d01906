"""What to do about a job: what fits its facts comes first, and nothing is offered that can't help."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from analyzer.analysis.failures import SharedTrait
from analyzer.catalogue import OURS
from analyzer.catalogue.advice import _RULED_OUT, advise
from analyzer.catalogue.model import CodeFacts, JobFacts, SourceFacts
from analyzer.config.read import CodeConfig, catalogue_of
from analyzer.model.identity import IdKind, IdKinds, MissingId
from analyzer.model.job import FAILED, Outcome
from analyzer.model.text import percent

PARTIAL: dict[str, Any] = {
    "outcome": Outcome.partial,
    "error": "ImportCompleteWithError",
    "job_id": "5f05e38c",
    "users": 12,
}
ABORTED: dict[str, Any] = {"outcome": Outcome.aborted, "error": "InvalidDataFile", "job_id": "5f05e38c", "users": 12}
SOURCE = SourceFacts(
    id_property="IdName", records=12, ids=IdKinds({IdKind.at_domain: 12}), properties=("City", "Office")
)


def _unresolved(failed: int, kind: IdKind = IdKind.at_domain, **further: Any) -> JobFacts:  # noqa: ANN401
    codes = (CodeFacts("IdentityNotResolvable", failed, failed),)
    found = {"failed": failed, "failed_ids": IdKinds({kind: failed}), "codes": codes}
    return JobFacts(**{**PARTIAL, **found, **further})


def _aborted_by(code: str, **further: Any) -> JobFacts:  # noqa: ANN401
    return JobFacts(**{**ABORTED, "codes": (CodeFacts(code, 3, 0),), **further})


def _generic(pattern: str, **further: Any) -> JobFacts:  # noqa: ANN401
    return JobFacts(**PARTIAL, codes=(CodeFacts(f"GenericError/{pattern}", 2, 2),), failed=2, **further)


def _no_log(outcome: Outcome, error: str = "NoError", **further: Any) -> JobFacts:  # noqa: ANN401
    return JobFacts(outcome, error=error, log_found=False, job_id="5f05e38c", **further)


def _without_id(*records: int, of: int = 12) -> SourceFacts:
    return SourceFacts(id_property="Mail", records=of, without_id=records, without_id_count=len(records))


def _texts(facts: JobFacts) -> list[str]:
    return [one.sentence for one in advise(facts)]


_TWO_KINDS = SourceFacts(id_property="Id", records=12, ids=IdKinds({IdKind.at_domain: 9, IdKind.object_id: 3}))
_FABRIKAM = SharedTrait("domain", "fabrikam.com", 9, 12, 12, 300, 1e-9)
_DUPLICATES = SourceFacts(id_property="Mail", records=12, duplicates=((1, 3),))

FIRST: dict[str, tuple[JobFacts, str, str]] = {
    "all have object IDs": (
        _unresolved(12, IdKind.object_id),
        "Queue with the ID type CloudId.",
        "All 12 users failed, and the IDs are object IDs.",
    ),
    "all have logins": (_unresolved(12, IdKind.login), "Have the feed write user principal names", "All 12 users"),
    "some have no ID": (
        _unresolved(10, nameless={"IdentityNotResolvable": 2}, source=_without_id(2, 4)),
        "Have the feed leave out people without an ID",
        "There is no ID in Mail in records 2 and 4.",
    ),
    "one kind of two": (
        _unresolved(3, IdKind.object_id, source=_TWO_KINDS),
        "Have the feed write the same kind of ID for everyone.",
        "All 3 users with this kind of ID failed (the IDs are object IDs)",
    ),
    "one domain": (
        _unresolved(12, users=300, shared=(_FABRIKAM,)),
        "Look at the domain fabrikam.com",
        "",
    ),
    "a few": (_unresolved(2, users=300), "Look up each ID in Entra ID", ""),
    "unmapped": (_aborted_by("InvalidProperty", properties=("Floor",)), "Map Floor or remove it from the feed", ""),
    "many unmapped": (
        _aborted_by("InvalidProperty", properties=tuple("ABCDEFG")),
        "Map A, B, C, D, E and 2 more or remove them",
        "",
    ),
    "another ID property": (
        _aborted_by("MissingIdentity", source=SOURCE),
        "Set the ID property to IdName.",
        "Every record has IdName",
    ),
    "a record without ID": (
        _aborted_by("MissingIdentity", source=_without_id(61)),
        "Have the feed leave out people without an ID",
        "There is no ID in Mail in record 61.",
    ),
    "no IDs at all": (
        _aborted_by("MissingIdentity", source=_without_id(1, 2, of=2)),
        "Have the feed write an ID for everyone.",
        "No record",
    ),
    "the ID is empty": (
        _aborted_by("MissingIdentity", source=SourceFacts(id_property="idName", records=3, missing=MissingId.empty)),
        "Have the feed write idName.",
        "It is empty in every record.",
    ),
    "the ID is dropped": (
        _aborted_by(
            "MissingIdentity",
            source=SourceFacts(
                id_property="Id", records=3, missing=MissingId.other_name, ids=IdKinds({IdKind.object_id: 3})
            ),
        ),
        "Set the ID property to Id and the ID type to CloudId, or have the feed write the ID",
        "Every record has Id, and its values are object IDs.",
    ),
    "duplicates": (
        _generic("duplicate-record-id", source=_DUPLICATES),
        "Have the feed write each user once",
        "more than one record: 1 and 3.",
    ),
    "file is there": (
        _no_log(Outcome.aborted, "DataFileNotExist"),
        "Queue the source file again",
        "The file is there now.",
    ),
    "too big": (
        _no_log(Outcome.aborted, "DataFileTooBig", property_values=600_000),
        "Split the file",
        "It has 600,000 property values, and the service takes 500,000.",
    ),
    "invalid without log": (
        _no_log(Outcome.aborted, "InvalidDataFile", source=SOURCE),
        "Compare the property map with the file's properties: City and Office.",
        "valid JSON and every record has IdName",
    ),
    "cut off": (
        _no_log(Outcome.aborted, "InvalidDataFile", source=SourceFacts(problem="hr.json is cut off")),
        "Correct the source file",
        "hr.json is cut off.",
    ),
    "no users": (_no_log(Outcome.aborted, "InvalidDataFile", users=0), "There is nothing to import again.", "no users"),
    "UTF-16": (
        _no_log(Outcome.unknown, "InternalError", source=SourceFacts(encoding="UTF-16", records=2)),
        "Have the feed write the file as UTF-8.",
        "The file is UTF-16.",
    ),
    "internal error": (
        _no_log(Outcome.unknown, "InternalError", source=SOURCE),
        "Import the whole file again.",
        "nothing in it explains the error",
    ),
    "unknown number": (_no_log(Outcome.unknown, "Error 31"), "Import the whole file again.", ""),
    "stuck": (_no_log(Outcome.stuck), "Check the service health in the Microsoft 365 admin center.", ""),
    "running": (_no_log(Outcome.running), "Wait, and run `upa-analyzer pull` again.", ""),
    "nothing open": (_unresolved(12, open=0), "Nothing is left to do.", "updated every user"),
    "superseded": (
        _unresolved(12, superseded_by="cc75e06b"),
        "Look at the newest run of the feed instead.",
        "old values over new ones",
    ),
}


@pytest.mark.parametrize(("facts", "text", "reason"), FIRST.values(), ids=FIRST.keys())
def test_the_first_advice_fits_the_facts(facts: JobFacts, text: str, reason: str) -> None:
    first = advise(facts)[0]
    assert first.text.startswith(text)
    assert reason in first.reason


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        (_unresolved(2), ("retry", "5f05e38c")),
        (_unresolved(2, source_at_hand=False), None),
        (_unresolved(2, source=SourceFacts(problem="cut off")), None),
        (_unresolved(2, superseded_by="cc75e06b"), ("show", "cc75e06b")),
        (_unresolved(2, open=0), None),
        (_unresolved(2, open=2, due=0, retry_in="cc75e06b"), ("show", "cc75e06b")),
        (_unresolved(2, open=2, due=0), None),
        (_aborted_by("InvalidProperty", properties=("Floor",)), ("retry", "5f05e38c")),
        (_aborted_by("DataFileNotJson", source=SourceFacts(problem="a backslash")), ("retry", "5f05e38c", "--repair")),
        (
            _aborted_by("MissingIdentity", source=_without_id(61)),
            ("retry", "5f05e38c", "--without-culprits"),
        ),
        (_no_log(Outcome.partial, "ImportCompleteWithError"), ("retry", "5f05e38c", "--outcome", "unknown")),
        (JobFacts(Outcome.running), ("pull",)),
        (_generic("value-too-long"), None),
    ],
    ids=[
        "some-failed", "no-source", "unreadable", "superseded", "nothing-open", "failed-again-later",
        "no-later-job-to-retry", "unmapped", "not-json", "without-id",
        "no-log", "running", "same-values-fail-again",
    ],
)  # fmt: skip
def test_the_next_command_helps(facts: JobFacts, command: tuple[str, ...] | None) -> None:
    commands = [one.command for one in advise(facts) if one.command]
    assert (commands[0] if commands else None) == command


def test_after_a_success_there_is_nothing_to_do() -> None:
    assert advise(JobFacts(Outcome.succeeded)) == ()


@pytest.mark.parametrize(
    ("further", "waits"),
    [({"new": 2}, True), ({"new": None}, True), ({"new": 0}, False), ({"users": 20}, False)],
    ids=["new", "no-run-before", "the-same-every-night", "many"],
)
def test_waiting_is_recommended_only_for_a_few_new_users(further: dict[str, Any], *, waits: bool) -> None:
    texts = _texts(_unresolved(3, **{"users": 300, **further}))
    assert any("wait a day" in text for text in texts) is waits


@pytest.mark.parametrize(
    ("code", "failed", "users", "without_id", "none"),
    [
        ("IdentityNotResolvable", 2, 2, 0, True),
        ("IdentityNotResolvable", 2, 3, 1, True),
        ("IdentityNotResolvable", 2, 3, 0, False),
        ("IdentityNotResolvable", 2, None, 0, False),
        ("IdentityNotResolvable", 1, 1, 0, False),
        ("IncorrectDataType", 2, 2, 0, False),
    ],
    ids=["all", "all-but-the-nameless", "not-all", "source-unknown", "a-single-user", "another-code"],
)
def test_none_resolved_counts_users_with_an_id(
    code: str, failed: int, users: int | None, without_id: int, *, none: bool
) -> None:
    source = SourceFacts(id_property="Id", records=users or 0, without_id_count=without_id)
    facts = JobFacts(**{**PARTIAL, "users": users, "source": source, "codes": (CodeFacts(code, failed + 1, failed),)})
    assert facts.none_resolved is none


def test_configured_remedies_replace_all_advice_on_a_code() -> None:
    own = catalogue_of({"IdentityNotResolvable": CodeConfig(remedies=("Ask Ada.",))}, "upa-analyzer.toml")
    facts = _unresolved(12, failed_ids=IdKinds({IdKind.object_id: 12}))
    about = [one.text for one in advise(facts, own) if one.about == "IdentityNotResolvable"]
    assert about == ["Ask Ada."]


def _any_facts() -> list[JobFacts]:
    """Facts of every combination that matters for what can be offered."""
    names = ["IdentityNotResolvable", "InvalidProperty", "MissingIdentity", "GenericError", "GenericError/deadlock",
             "GenericError/value-too-long", "DataFileNotJson/backslash", "ProfileLocked", None]  # fmt: skip
    errors = [
        "ImportCompleteWithError",
        "InvalidDataFile",
        "InternalError",
        "DataFileTooBig",
        "DataFileNotExist",
        "Error 31",
    ]
    sources = [None, SOURCE, SourceFacts(problem="cut off"), SourceFacts(encoding="UTF-16", records=3)]
    return [
        JobFacts(
            outcome,
            error=error,
            job_id="5f05e38c",
            log_found=name is not None,
            users=users,
            failed=failed if name else 0,
            codes=(CodeFacts(name, failed, failed),) if name else (),
            failed_ids=IdKinds({IdKind.object_id: failed}) if name else IdKinds({}),
            source_at_hand=at_hand,
            source=source if at_hand else None,
            superseded_by=superseded,
            new=new,
        )
        for outcome, error, name, users, failed, at_hand, source, superseded, new in itertools.product(
            Outcome, errors, names, [None, 3, 300], [3], [True, False], sources, [None, "cc75e06b"], [None, 0]
        )
    ]


def test_no_advice_contradicts_the_facts() -> None:
    for facts in _any_facts():
        advice = advise(facts)
        texts = " ".join(one.text for one in advice)
        assert bool(advice) is (facts.outcome is not Outcome.succeeded) or facts.superseded_by, facts
        made = [one for one in advice if one.command[:1] == ("retry",)]
        if made:
            assert facts.source_at_hand, facts
            assert facts.outcome in FAILED, facts
            assert not facts.superseded_by, facts
        if not facts.source_at_hand or facts.outcome not in FAILED or facts.superseded_by:
            assert "etry file" not in texts, facts
        if facts.none_resolved or facts.new == 0:
            assert "wait a day" not in texts, facts
        if not facts.log_found:
            assert "Read the log" not in texts, facts
        if not facts.none_resolved:
            assert "Queue with the ID type CloudId" not in texts, facts
        assert len({one.text for one in advice}) == len(advice), facts


def test_every_remedy_that_needs_a_retry_file_says_so_in_these_words() -> None:
    # By these words general remedies are left out where there can be no such file.
    every = [*OURS.explanations, *(pattern.explanation for pattern in OURS.patterns)]
    for one in every:
        for remedy in one.remedies:
            assert "retry" not in remedy.lower() or "etry file" in remedy or "upa-analyzer retry" in remedy, one.code


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(12, 300, "4%"), (1, 300, "under 1%"), (0, 0, "0%"), (3, 3, "100%")]
)
def test_a_share_is_a_whole_percentage(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


@pytest.mark.parametrize("phrase", _RULED_OUT)
def test_each_phrase_that_rules_a_remedy_out_is_in_a_remedy(phrase: str) -> None:
    known = (*OURS.explanations, *(pattern.explanation for pattern in OURS.patterns), OURS.explain("Error 31"))
    assert any(phrase in remedy for one in known for remedy in one.remedies)


def test_a_located_quotation_mark_needs_no_general_remedy_about_its_position() -> None:
    code = "DataFileNotJson/quotation-mark"
    about = OURS.explain(code).remedies[0]
    assert about in {one.text for one in advise(_aborted_by(code))}
    assert about not in {one.text for one in advise(_aborted_by(code, source=SourceFacts(remedy="Escape it.")))}
