"""What failures have in common is said where chance doesn't explain it, and not elsewhere."""

from __future__ import annotations

import math
import random

import pytest

from analyzer.analysis.failures import ALARM, Traits, tail


def _counted(users: list[tuple[dict[str, str], bool]]) -> Traits:
    traits = Traits()
    for values, failed in users:
        traits.add(values, failed=failed)
    return traits


def _domains(failed: dict[str, int], others: dict[str, int]) -> Traits:
    return _counted(
        [({"domain": name}, True) for name, number in failed.items() for _ in range(number)]
        + [({"domain": name}, False) for name, number in others.items() for _ in range(number)]
    )


@pytest.mark.parametrize(
    ("failed", "others", "said"),
    [
        ({"fabrikam.com": 9, "contoso.com": 3}, {"fabrikam.com": 3, "contoso.com": 285}, "fabrikam.com"),
        ({"fabrikam.com": 12}, {"contoso.com": 283}, "fabrikam.com"),
        ({"contoso.com": 12}, {"contoso.com": 283}, None),
        ({"contoso.com": 12}, {"fabrikam.com": 1, "contoso.com": 282}, None),
        ({"fabrikam.com": 2}, {"contoso.com": 10_000}, None),
        ({"fabrikam.com": 1, "contoso.com": 11}, {"fabrikam.com": 11, "contoso.com": 272}, None),
        ({"fabrikam.com": 6, "contoso.com": 6}, {}, None),
        ({}, {"contoso.com": 100}, None),
    ],
    ids=["most-of-them", "all", "one-domain", "nearly-one-domain", "only-two", "as-the-others", "all-failed", "none"],
)
def test_a_value_is_said_where_more_have_it_than_chance_gives(
    failed: dict[str, int], others: dict[str, int], said: str | None
) -> None:
    found = _domains(failed, others).shared()
    assert [one.value for one in found] == ([said] if said else [])


def test_what_is_said_has_the_numbers_of_those_who_failed_and_of_all() -> None:
    (one,) = _domains({"fabrikam.com": 9, "contoso.com": 3}, {"fabrikam.com": 3, "contoso.com": 285}).shared()
    assert (one.failed, one.failed_of, one.users, one.users_of) == (9, 12, 12, 300)


def test_users_without_the_trait_are_a_value_of_their_own() -> None:
    traits = _counted([({}, True)] * 8 + [({"City": "Oslo"}, False)] * 200)
    assert [(one.trait, one.value, one.failed) for one in traits.shared()] == [("City", "", 8)]


def test_two_names_of_one_thing_are_said_once() -> None:
    fabrikam = {"domain": "fabrikam.com", "Company": "Fabrikam"}
    contoso = {"domain": "contoso.com", "Company": "Contoso"}
    traits = _counted([(fabrikam, True)] * 9 + [(contoso, False)] * 200)
    assert len(traits.shared()) == 1


def test_a_trait_that_tells_each_user_from_the_others_is_left_out() -> None:
    traits = _counted([({"phone": str(number)}, number < 20) for number in range(5_000)])
    assert traits.shared() == ()


@pytest.mark.parametrize(
    ("least", "drawn", "having", "of"), [(3, 4, 3, 30), (1, 5, 2, 9), (0, 3, 2, 7), (9, 12, 12, 300)]
)
def test_the_tail_is_that_of_drawing_without_replacement(least: int, drawn: int, having: int, of: int) -> None:
    ways = sum(math.comb(having, n) * math.comb(of - having, drawn - n) for n in range(least, min(drawn, having) + 1))
    assert tail(least, drawn, having, of) == pytest.approx(ways / math.comb(of, drawn), rel=1e-9)


@pytest.mark.parametrize("failed", [4, 12, 60])
def test_of_random_failures_at_most_one_file_in_a_hundred_says_anything(failed: int) -> None:
    dice = random.Random(failed)
    files, alarms = 600, 0
    for _ in range(files):
        users = [
            {
                "domain": dice.choice(["contoso.com"] * 8 + ["fabrikam.com", "example.com"]),
                "Department": dice.choice(["Sales", "IT", "HR", "Legal"]),
                "Office": str(dice.randrange(40)),
                "place": str(number // 30),
            }
            for number in range(300)
        ]
        chosen = set(dice.sample(range(300), failed))
        alarms += bool(_counted([(user, number in chosen) for number, user in enumerate(users)]).shared())
    # Of 600 files 6 are the promise; 13 or more happen by chance once in 200 such tests.
    assert alarms / files <= ALARM * 2
