from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from analyzer.analysis.sample_bound import most_in_all


def by_counting(found: int, sample: int, total: int) -> int:
    """The bound by its definition, with whole numbers."""
    bound = found
    for marked in range(found, total - (sample - found) + 1):
        ways = sum(comb(marked, number) * comb(total - marked, sample - number) for number in range(found + 1))
        if Fraction(ways, comb(total, sample)) > Fraction(1, 20):
            bound = marked
    return bound


@pytest.mark.parametrize("total", [1, 2, 7, 31])
def test_the_bound_is_the_one_that_its_definition_gives(total: int) -> None:
    cases = [(found, sample) for sample in range(1, total + 1) for found in range(sample + 1)]
    bounds = [most_in_all(found, sample, total) for found, sample in cases]
    assert bounds == [by_counting(found, sample, total) for found, sample in cases]


@pytest.mark.parametrize(
    ("found", "sample", "share"),
    [(0, 200, 0.014867), (0, 59, 0.049508), (1, 50, 0.091398), (5, 100, 0.102253), (10, 20, 0.698046)],
)
def test_the_bound_of_a_large_whole_is_that_of_clopper_and_pearson(found: int, sample: int, share: float) -> None:
    """The shares are one-sided, from published tables and 1 - 0.05 ** (1 / n)."""
    assert most_in_all(found, sample, 10**8) / 10**8 == pytest.approx(share, abs=2e-6)


def test_who_was_looked_at_completely_is_known_exactly() -> None:
    assert [most_in_all(found, 500, 500) for found in (0, 3, 500)] == [0, 3, 500]


def test_a_large_sample_of_a_large_whole_is_counted_without_an_overflow() -> None:
    assert most_in_all(0, 100_000, 2_000_000) == 58
