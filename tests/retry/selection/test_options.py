"""The user's choices of whose records: each alone, all together against plain sets, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.catalogue import OURS
from analyzer.errors import UsageError
from analyzer.model.job import Outcome
from analyzer.retry.model import Choices
from tests.analysis.frames import GUID, entry, named
from tests.retry.selecting import select

if TYPE_CHECKING:
    from analyzer.retry.model import Selection

UNRESOLVED, GENERIC, UNMAPPED = "IdentityNotResolvable", "GenericError", "InvalidProperty"
NOT_JSON, WITHOUT_ID = "DataFileNotJson", "MissingIdentity"
ADA, BOB, EVE, KIM = "ada@contoso.com", "bob@contoso.com", "eve@contoso.com", "kim@contoso.com"
DEADLOCK = "SqlException: was deadlocked on lock resources"

PARTIAL = named(
    entry("a", UNRESOLVED, "Ada@contoso.com"),
    entry("a", GENERIC, ADA, message=DEADLOCK),
    entry("a", UNRESOLVED, BOB),
    entry("a", GENERIC, EVE, message="nobody knows"),
    entry("a", "ProfileLocked", KIM),
    entry("a", UNRESOLVED),
    entry("a", None, message="text"),
)
ABORTED = named(
    entry("a", UNMAPPED, "Ada@contoso.com", property="Floor"),
    entry("a", UNMAPPED, BOB, property="Badge"),
    entry("a", UNMAPPED, BOB, property="Floor"),
    entry("a", UNRESOLVED, EVE),
)
NONE_LEFT = "the choice leaves none"


def listed(*ids: str) -> dict[str, str]:
    return {one.lower(): one for one in ids}


def of_partial(choices: Choices) -> Selection:
    return select(Outcome.partial, PARTIAL, choices=choices, retry_helps=OURS.retry_helps)


def of_aborted(choices: Choices, *further: dict[str, object], error: str = "InvalidDataFile") -> Selection:
    entries = named(*ABORTED.drop("key", "names").to_dicts(), *further)
    return select(Outcome.aborted, entries, error, choices=choices, retry_helps=OURS.retry_helps)


CHOSEN_OF_PARTIAL = {
    "only a code": (Choices(only=(UNRESOLVED,)), {ADA, BOB}, 1, f"only those with {UNRESOLVED}"),
    "only, in another case": (Choices(only=("profilelocked",)), {KIM}, 0, "only those with ProfileLocked"),
    "only one of two": (
        Choices(only=(GENERIC, "ProfileLocked")),
        {ADA, EVE, KIM},
        0,
        f"only those with {GENERIC} or ProfileLocked",
    ),
    "except a code": (Choices(except_=(GENERIC,)), {BOB, KIM}, 1, f"without {GENERIC}"),
    "except the code of who is not named": (Choices(except_=(UNRESOLVED,)), {EVE, KIM}, 0, f"without {UNRESOLVED}"),
    "except two": (
        Choices(except_=(GENERIC, "ProfileLocked")),
        {BOB},
        1,
        f"without {GENERIC} and ProfileLocked",
    ),
    "what a retry helps": (Choices(retryable=True), {ADA, BOB}, 1, "only what a retry unchanged can help"),
    "listed users": (
        Choices(users=listed("ADA@contoso.com", EVE, "zoe@contoso.com"), users_file="u.txt"),
        {ADA, EVE},
        1,
        "of the 3 users of u.txt, 2",
    ),
    "listed users, all of them found": (Choices(users=listed(ADA)), {ADA}, 0, "of the user given, 1"),
}


@pytest.mark.parametrize(
    ("choices", "keys", "unnamed", "clause"), CHOSEN_OF_PARTIAL.values(), ids=CHOSEN_OF_PARTIAL.keys()
)
def test_users_that_the_log_names_are_narrowed(choices: Choices, keys: set[str], unnamed: int, clause: str) -> None:
    found = of_partial(choices)
    assert dict(found.identities).keys() == keys
    assert (found.all_records, found.empty, found.none_left) == (False, False, False)
    assert (found.without_user, found.choice_clauses) == (unnamed, (clause,))


def test_ids_keep_the_spelling_of_the_log_and_strangers_that_of_the_list() -> None:
    found = of_partial(Choices(users=listed("ADA@contoso.com", "Zoe@contoso.com"), except_=("ProfileLocked",)))
    assert dict(found.identities) == {ADA: "Ada@contoso.com"}
    assert found.unknown_users == {"zoe@contoso.com": "Zoe@contoso.com"}


def test_a_listed_user_that_another_choice_leaves_out_is_known() -> None:
    found = of_partial(Choices(users=listed(ADA, KIM), except_=(GENERIC,)))
    assert (dict(found.identities), found.unknown_users) == ({KIM: KIM}, {})
    assert found.choice_clauses == (f"without {GENERIC}", "of the 2 users given, 2")


def test_a_guid_that_need_not_be_anybodys_follows_the_choices() -> None:
    entries = named(entry("a", GENERIC, GUID), entry("a", UNRESOLVED, BOB))
    assert select(Outcome.partial, entries, choices=Choices(only=(GENERIC,))).doubtful == {GUID}
    without = select(Outcome.partial, entries, choices=Choices(except_=(GENERIC,)))
    assert (without.doubtful, dict(without.identities), without.without_user) == (frozenset[str](), {BOB: BOB}, 0)


def test_a_guid_that_need_not_be_a_users_is_doubtful_among_the_excluded() -> None:
    found = of_aborted(Choices(only=(GENERIC, UNMAPPED)), entry("a", GENERIC, GUID))
    assert (set(dict(found.identities)), found.doubtful) == ({ADA, BOB, GUID}, frozenset({GUID}))
    assert of_aborted(Choices(only=(UNMAPPED,)), entry("a", GENERIC, GUID)).doubtful == frozenset()


def test_an_entry_with_such_a_guid_may_be_a_listed_users() -> None:
    entries = named(entry("a", GENERIC, GUID), entry("a", UNRESOLVED, BOB))
    assert select(Outcome.partial, entries, choices=Choices(users=listed(ADA, BOB))).without_user == 1
    assert select(Outcome.partial, entries, choices=Choices(users=listed(BOB))).without_user == 0
    both = Choices(users=listed(ADA, BOB), only=(UNRESOLVED,))
    assert select(Outcome.partial, entries, choices=both).without_user == 0


def test_where_a_choice_leaves_no_user_the_reason_says_so() -> None:
    found = of_partial(Choices(only=("ProfileLocked",), users=listed(ADA), users_file="u.txt"))
    assert (found.empty, found.none_left) == (True, True)
    assert found.because == (
        f"of the 4 users that the log names {NONE_LEFT} (only those with ProfileLocked; of the user of u.txt, 1)"
    )


def test_where_the_log_names_no_user_a_choice_leaves_none() -> None:
    found = select(Outcome.partial, named(entry("a", UNRESOLVED)), choices=Choices(retryable=True))
    assert found.because.startswith(f"of the users that the log doesn't name {NONE_LEFT}")


def test_without_entries_there_are_no_users_to_choose_from() -> None:
    found = select(Outcome.partial, named(), choices=Choices(only=("Typo",)))
    assert (found.empty, found.none_left, found.choice_clauses) == (True, False, ())


def test_except_excludes_only_users_with_the_code() -> None:
    found = of_aborted(Choices(except_=("invalidproperty",)))
    assert (found.all_records, found.excluded) == (True, {ADA: "Ada@contoso.com", BOB: BOB})
    assert found.choice_clauses == (f"without the 2 users with {UNMAPPED} (Ada@contoso.com and {BOB})",)
    assert (found.condition, found.without_missing_ids) == ("", False)


def test_without_culprits_excludes_the_users_in_the_log() -> None:
    found = of_aborted(Choices(without_culprits=True), *(entry("a", UNMAPPED, f"u{n}@x.com") for n in range(1, 1000)))
    assert (found.all_records, len(found.excluded)) == (True, 1002)
    clause = f"without the 1,002 users who aborted it (Ada@contoso.com, {BOB}, {EVE} and 999 more)"
    assert found.choice_clauses == (clause,)


def test_without_culprits_leaves_out_records_without_an_id() -> None:
    found = of_aborted(Choices(without_culprits=True), entry("a", WITHOUT_ID))
    assert (found.without_missing_ids, found.lacking_id, found.condition) == (True, 1, "")
    assert found.choice_clauses[1:] == ("without the records that have no ID",)
    assert of_aborted(Choices(except_=(WITHOUT_ID,)), entry("a", WITHOUT_ID)).without_missing_ids
    assert not of_aborted(Choices(except_=(UNMAPPED,)), entry("a", WITHOUT_ID)).without_missing_ids


def test_entries_without_a_user_are_counted_where_their_users_should_be_left_out() -> None:
    found = of_aborted(Choices(without_culprits=True), entry("a", NOT_JSON, message="Bad escape."))
    assert found.choice_clauses[1:] == (
        f"1 entry with {NOT_JSON} doesn't identify a user, so no user is left out for it",
    )
    assert found.condition == "correct what the service couldn't read (Bad escape)"
    found = of_aborted(Choices(except_=(UNMAPPED,)), entry("a", UNMAPPED), entry("a", UNMAPPED), entry("a", UNRESOLVED))
    assert found.choice_clauses[1:] == (
        f"2 entries with {UNMAPPED} don't identify a user, so no user is left out for them",
    )


def test_without_a_log_no_user_is_left_out_and_the_choice_says_so() -> None:
    found = select(Outcome.aborted, named(), "DataFileTooBig", choices=Choices(without_culprits=True))
    assert (found.all_records, found.excluded) == (True, {})
    assert found.choice_clauses == ("the log names no user who aborted it, so no user is left out",)


def test_a_long_id_is_shortened_in_words() -> None:
    found = select(Outcome.aborted, named(entry("a", UNMAPPED, "x" * 100_000)), choices=Choices(without_culprits=True))
    assert found.choice_clauses == (f"without the user who aborted it ({'x' * 59}…)",)


def test_only_a_code_takes_the_culprits() -> None:
    found = of_aborted(Choices(only=(UNMAPPED,)), entry("a", UNMAPPED), entry("a", WITHOUT_ID))
    assert (found.all_records, dict(found.identities)) == (False, {ADA: "Ada@contoso.com", BOB: BOB})
    assert (found.without_user, found.lacking_id) == (1, 0)
    assert found.condition == "map Floor and Badge or remove them from the feed"
    assert found.choice_clauses == (f"only those with {UNMAPPED}",)


def test_only_a_code_without_users_leaves_its_entries() -> None:
    found = of_aborted(Choices(only=(WITHOUT_ID,)), entry("a", WITHOUT_ID), entry("a", WITHOUT_ID))
    assert (found.all_records, dict(found.identities), found.without_user) == (False, {}, 2)
    assert (found.empty, found.none_left) == (False, False)


def test_listed_users_replace_all_records() -> None:
    found = of_aborted(Choices(users=listed("Kim@contoso.com", BOB), users_file="u.txt"), entry("a", UNMAPPED))
    assert (found.all_records, dict(found.identities)) == (False, {KIM: "Kim@contoso.com", BOB: BOB})
    assert (found.without_user, found.unknown_users) == (0, {})
    assert found.choice_clauses == ("only the 2 users of u.txt",)
    assert found.condition == "map Badge and Floor or remove them from the feed"


def test_listed_culprits() -> None:
    both = Choices(users=listed(KIM, "ADA@contoso.com"), only=(UNMAPPED,))
    found = of_aborted(both, entry("a", UNMAPPED))
    assert (dict(found.identities), found.without_user) == ({ADA: "Ada@contoso.com"}, 1)
    assert of_aborted(Choices(users=listed(ADA), only=(UNMAPPED,)), entry("a", UNMAPPED)).without_user == 0


def test_listed_users_without_culprits() -> None:
    found = of_aborted(Choices(users=listed(ADA, KIM), without_culprits=True))
    assert (found.all_records, dict(found.identities), found.excluded, found.condition) == (False, {KIM: KIM}, {}, "")
    found = of_aborted(Choices(users=listed(ADA), without_culprits=True))
    assert found.because.startswith(
        f"of all users {NONE_LEFT} (only the user given; without the 3 users who aborted it"
    )


def test_only_their_code_without_culprits_leaves_no_user() -> None:
    found = of_aborted(Choices(only=(UNMAPPED,), without_culprits=True), entry("a", UNMAPPED))
    assert (found.empty, found.none_left) == (True, True)


def test_a_dropped_property_need_not_be_mapped() -> None:
    assert of_aborted(Choices(drop_properties=("Floor",))).condition == "map Badge or remove it from the feed"
    assert of_aborted(Choices(drop_properties=("Floor", "Badge"))).condition == ""


AGAIN = f"a retry unchanged would be aborted again ({UNMAPPED})"
NOT_JSON_ENTRY = entry("a", NOT_JSON, message="x")
RETRYABLE = {
    "it would be aborted": (Choices(), (), "InvalidDataFile", AGAIN),
    "culprits left out": (Choices(without_culprits=True), (), "InvalidDataFile", ""),
    "culprits excepted": (Choices(except_=(UNMAPPED,)), (), "InvalidDataFile", ""),
    "what else stands in the log": (
        Choices(except_=(UNMAPPED,)),
        (entry("a", WITHOUT_ID, KIM), entry("a", GENERIC, KIM)),
        "InvalidDataFile",
        f"a retry unchanged would be aborted again ({WITHOUT_ID})",
    ),
    "what aborts nothing": (Choices(except_=(UNMAPPED,)), (entry("a", GENERIC, KIM),), "InvalidDataFile", ""),
    "others listed": (Choices(users=listed(KIM)), (), "InvalidDataFile", ""),
    "a culprit listed": (Choices(users=listed(KIM, ADA)), (), "InvalidDataFile", AGAIN),
    "one property dropped": (Choices(drop_properties=("Floor",)), (), "InvalidDataFile", AGAIN),
    "both dropped": (Choices(drop_properties=("Floor", "Badge")), (), "InvalidDataFile", ""),
    "no id": (
        Choices(except_=(UNMAPPED,)),
        (entry("a", WITHOUT_ID),),
        "InvalidDataFile",
        f"a retry unchanged would be aborted again ({WITHOUT_ID})",
    ),
    "no id, left out": (Choices(without_culprits=True), (entry("a", WITHOUT_ID),), "InvalidDataFile", ""),
    "no id, others listed": (Choices(users=listed(KIM)), (entry("a", WITHOUT_ID),), "InvalidDataFile", ""),
    "a culprit without a name": (
        Choices(without_culprits=True),
        (NOT_JSON_ENTRY,),
        "InvalidDataFile",
        f"a retry unchanged would be aborted again ({NOT_JSON})",
    ),
    "too big": (
        Choices(without_culprits=True),
        (),
        "DataFileTooBig",
        "a retry unchanged would be aborted again (DataFileTooBig)",
    ),
    "not there in time": (Choices(), (), "DataFileNotExist", ""),
}


@pytest.mark.parametrize(("choices", "further", "error", "because"), RETRYABLE.values(), ids=RETRYABLE.keys())
def test_of_an_aborted_import_it_counts_whether_it_would_be_aborted_again(
    choices: Choices, further: tuple[dict[str, object], ...], error: str, because: str
) -> None:
    one = Choices(
        except_=choices.except_,
        users=choices.users,
        without_culprits=choices.without_culprits,
        drop_properties=choices.drop_properties,
        retryable=True,
    )
    found = of_aborted(one, *further, error=error)
    assert found.choice_clauses[-1] == "only what a retry unchanged can help"
    assert (found.empty, found.none_left) == (bool(because), bool(because))
    assert (found.excluded, found.condition) == ({}, "") if because else not found.empty
    assert found.because == (because or "the import was aborted")


@pytest.mark.parametrize(
    ("entries", "error"), [((), ""), ((entry("a", "ProfileLocked", ADA),), "InvalidDataFile")], ids=["no log", "a code"]
)
def test_unknown_values_are_placeholders(entries: tuple[dict[str, object], ...], error: str) -> None:
    choices = Choices(retryable=True)
    found = select(Outcome.aborted, named(*entries), error, choices=choices, retry_helps=OURS.retry_helps)
    assert found.because == "whether a retry unchanged would be aborted again is unknown"
    assert found.none_left


def test_what_a_configuration_says_of_a_code_counts() -> None:
    found = select(Outcome.aborted, ABORTED, choices=Choices(retryable=True), retry_helps=lambda *_: True)
    assert (found.all_records, found.empty) == (True, False)


def narrow_unknown(choices: Choices, error: str, *further: dict[str, object]) -> Selection:
    entries = named(*PARTIAL.drop("key", "names").to_dicts(), *further)
    return select(Outcome.unknown, entries, error, choices=choices, retry_helps=OURS.retry_helps)


def test_if_a_retry_helps_against_the_error_users_it_cannot_help_are_excluded() -> None:
    found = narrow_unknown(Choices(retryable=True), "InternalError")
    assert found.all_records
    assert found.excluded == listed(EVE, KIM)
    assert found.choice_clauses == (
        "only what a retry unchanged can help",
        f"without the 2 users with what a retry unchanged need not help ({EVE} and {KIM})",
    )
    assert not found.without_missing_ids
    assert narrow_unknown(Choices(retryable=True), "InternalError", entry("a", WITHOUT_ID)).without_missing_ids
    assert narrow_unknown(Choices(except_=(UNRESOLVED,)), "InternalError").excluded == listed("Ada@contoso.com", BOB)


@pytest.mark.parametrize("error", ["", "Error 99"])
def test_for_an_unknown_error_only_retryable_users_in_the_log_are_selected(
    error: str,
) -> None:
    found = narrow_unknown(Choices(retryable=True), error)
    assert (found.all_records, dict(found.identities)) == (False, listed("Ada@contoso.com", BOB))
    assert found.without_user == 1
    assert found.choice_clauses == (
        "only what a retry unchanged can help",
        "whether it helps users that the log doesn't name is unknown",
    )


def test_where_no_retry_is_known_to_help_no_user_is_taken_and_the_reason_says_why() -> None:
    entries = named(entry("a", UNMAPPED, ADA), entry("a", WITHOUT_ID))
    found = select(Outcome.unknown, entries, choices=Choices(retryable=True), retry_helps=OURS.retry_helps)
    assert (found.empty, found.none_left) == (True, True)
    assert found.because == (
        "of all users the choice leaves none (only what a retry unchanged can help; "
        "whether it helps users that the log doesn't name is unknown)"
    )


def test_an_entry_without_a_user_that_a_retry_cannot_help_is_not_missed() -> None:
    locked = entry("a", "ProfileLocked")
    found = narrow_unknown(Choices(only=("ProfileLocked",), retryable=True), "InternalError", locked)
    assert (found.without_user, found.empty) == (0, True)
    assert narrow_unknown(Choices(only=(UNRESOLVED,), retryable=True), "InternalError").without_user == 1


@pytest.mark.parametrize("outcome", ["succeeded", "running", "stuck"])
def test_a_job_without_users_to_retry_leaves_none(outcome: str) -> None:
    found = select(Outcome(outcome), named(), choices=Choices(only=("Typo",), users={}, retryable=True))
    assert found == select(Outcome(outcome), named())


def test_logs_that_may_lack_users_matter_where_the_log_decides() -> None:
    def unfinished(choices: Choices) -> int:
        return select(Outcome.aborted, ABORTED, unfinished_logs=2, choices=choices).unfinished_logs

    assert unfinished(Choices()) == unfinished(Choices(users=listed(ADA))) == 0
    assert unfinished(Choices(only=(UNMAPPED,))) == unfinished(Choices(without_culprits=True)) == 2


def refused(outcome: str, choices: Choices) -> str:
    with pytest.raises(UsageError) as caught:
        select(Outcome(outcome), PARTIAL, choices=choices)
    return str(caught.value)


def test_a_code_that_the_log_does_not_have_is_refused() -> None:
    there = f"It has {UNRESOLVED}, {GENERIC} and ProfileLocked."
    message = f"--only GENERICEROR: the log has no entry with this code. Did you mean {GENERIC}? {there}"
    assert refused("partial", Choices(only=(UNRESOLVED, "GENERICEROR"))) == message
    assert refused("unknown", Choices(except_=("Q",))) == f"--except Q: the log has no entry with this code. {there}"


def test_of_many_codes_the_error_lists_the_commonest() -> None:
    codes = ["Last", "Last", *(f"C{n}" for n in range(2000)), *["X" * 100_000] * 3]
    with pytest.raises(UsageError) as caught:
        select(Outcome.partial, named(*(entry("a", code, ADA) for code in codes)), choices=Choices(only=("c0x",)))
    assert caught.value.advice.endswith("It has Last, C0, C1, C10, C100, C1000, C1001, C1002 and 1,994 more.")


def test_a_log_without_entries_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"this code\. It has no entry at all\."):
        select(Outcome.aborted, named(), choices=Choices(only=(UNMAPPED,)))


def test_a_code_both_wanted_and_excepted_is_refused() -> None:
    both = Choices(only=("A", "GENERICerror"), except_=(GENERIC,))
    assert refused("partial", both) == "GENERICerror is in both --only and --except. Specify it in one of them."


@pytest.mark.parametrize(
    ("outcome", "why", "advice"),
    [
        ("partial", "partial: named in the log; everyone else was updated", "--except CODE"),
        ("unknown", "unknown: who was updated is unknown", "--outcome aborted"),
        ("succeeded", "succeeded: every user was updated", "There is nothing to retry."),
        ("running", "running: the job hasn't ended", "There is nothing to retry."),
        ("stuck", "stuck: the job hasn't ended", "There is nothing to retry."),
    ],
)
def test_culprits_where_nothing_was_aborted_are_refused(outcome: str, why: str, advice: str) -> None:
    message = refused(outcome, Choices(without_culprits=True))
    assert f"--without-culprits is for an aborted import, and this one is {why}" in message
    assert advice in message


USERS = ["a", "b", "c", "d"]
CODES = ["P", "Q", "R"]
ENTRIES = st.lists(
    st.tuples(st.sampled_from(CODES), st.sampled_from([*USERS, "A", None]), st.sampled_from("xy")), max_size=8
)
SOME_CODES = st.lists(st.sampled_from([*CODES, "p", "q"]), max_size=2).map(tuple)
SOME_USERS = st.none() | st.sets(st.sampled_from([*USERS, "stranger"]))
CHOICES = st.builds(
    lambda only, except_, users, retryable, without: Choices(
        only, except_, None if users is None else {one: one for one in users}, "", retryable, without
    ),
    SOME_CODES,
    SOME_CODES,
    SOME_USERS,
    st.booleans(),
    st.booleans(),
)


def helps(code: str, message: str, _detail: str | None) -> bool | None:
    return {"P": True, "Q": message == "x", "InternalError": True}.get(code)


def fits(entries: list[tuple[str, str | None, str]], choices: Choices) -> bool:
    """Whether these entries, all of one user's, are chosen."""
    codes = {code for code, _, _ in entries}
    wanted = not choices.only or bool(codes & {one.upper() for one in choices.only})
    spared = not codes & {one.upper() for one in choices.except_}
    return wanted and spared and (not choices.retryable or all(helps(code, text, None) for code, _, text in entries))


def refusable(entries: list[tuple[str, str | None, str]], choices: Choices, outcome: str) -> bool:
    only, except_ = ({one.upper() for one in codes} for codes in (choices.only, choices.except_))
    return bool(
        (choices.without_culprits and outcome != "aborted")
        or only & except_
        or (only | except_) - {code for code, _, _ in entries}
    )


def selected(
    entries: list[tuple[str, str | None, str]], choices: Choices, outcome: str, error: str = "InvalidDataFile"
) -> Selection | None:
    """The selection; None where the choices are refused."""
    frame = named(*(entry("a", code, user, message=text) for code, user, text in entries))
    try:
        return select(Outcome(outcome), frame, error, choices=choices, retry_helps=helps)
    except UsageError:
        return None


@given(ENTRIES.filter(bool), CHOICES)
def test_of_a_partial_job_exactly_those_who_fit_every_choice(
    entries: list[tuple[str, str | None, str]], choices: Choices
) -> None:
    found = selected(entries, choices, "partial")
    assert (found is None) is refusable(entries, choices, "partial")
    if found is None:
        return
    by_user = {
        user: [one for one in entries if (one[1] or "").lower() == user]
        for user in USERS
        if any((one[1] or "").lower() == user for one in entries)
    }
    users = choices.users
    expected = {user for user, own in by_user.items() if fits(own, choices) and (users is None or user in users)}
    assert dict(found.identities).keys() == expected
    unnamed = sum(one[1] is None and fits([one], choices) for one in entries)
    assert found.without_user == (unnamed if users is None or set(users) - expected else 0)
    assert found.unknown_users.keys() == set(users or ()) - by_user.keys()
    assert found.none_left is (not expected and not found.without_user)


@given(
    ENTRIES.filter(bool),
    CHOICES,
    st.sampled_from([("aborted", "InvalidDataFile"), ("unknown", "InternalError"), ("unknown", "")]),
)
def test_of_all_records_exactly_those_that_meet_every_choice(
    entries: list[tuple[str, str | None, str]], choices: Choices, job: tuple[str, str]
) -> None:
    outcome, error = job
    found = selected(entries, choices, outcome, error)
    assert (found is None) is refusable(entries, choices, outcome)
    if found is None:
        return
    with_codes = {user: {code for code, one, _ in entries if one and one.lower() == user} for user in USERS}
    only, except_ = ({one.upper() for one in codes} for codes in (choices.only, choices.except_))
    expected = {
        user
        for user, codes in with_codes.items()
        if (not only or codes & only)
        and not codes & except_
        and not (choices.without_culprits and codes)
        and (choices.users is None or user in choices.users)
    }
    if choices.retryable and outcome == "unknown":
        never = {(user or "").lower() for code, user, text in entries if not helps(code, text, None)}
        expected = {user for user in expected - never if with_codes[user] or error}
    met = [helps(code, text, None) for code, user, text in entries if user is None or user.lower() in expected]
    again = choices.retryable and outcome == "aborted" and not all(met)
    taken = (
        {user for user in USERS if user not in found.excluded} if found.all_records else dict(found.identities).keys()
    )
    assert set(taken) - {"stranger"} == (set() if again else expected)
    assert found.none_left is found.empty
