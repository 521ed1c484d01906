"""Say what a random sample without replacement proves of all: an exact upper bound, without an approximation."""

from __future__ import annotations

from math import exp, lgamma

CONFIDENCE = 0.95


def most_in_all(found: int, sample: int, total: int, confidence: float = CONFIDENCE) -> int:
    """Return the largest number of all that can be like those found, with a confidence; one-sided and exact.

    It is the largest number with which a sample has as few as were found with a probability of more than
    ``1 - confidence`` (hypergeometric distribution, the finite form of Clopper and Pearson's bound).

    >>> most_in_all(0, 200, 40_000), most_in_all(0, 200, 200), most_in_all(3, 200, 40_000)
    (593, 0, 1530)

    Args:
        found: number in the sample.
        sample: size of the sample, at most ``total``.
        total: size of the whole.
        confidence: between 0 and 1.
    """
    least, most = found, total - (sample - found)
    while least < most:
        middle = (least + most + 1) // 2
        if _probability_of_at_most(found, sample, middle, total) > 1 - confidence:
            least = middle
        else:
            most = middle - 1
    return least


def _probability_of_at_most(found: int, sample: int, marked: int, total: int) -> float:
    """Return the probability that a sample has at most ``found`` of the marked ones."""
    first = max(0, sample - (total - marked))
    every = _log_choices(total, sample)
    return sum(
        exp(_log_choices(marked, number) + _log_choices(total - marked, sample - number) - every)
        for number in range(first, min(found, marked, sample) + 1)
    )


def _log_choices(total: int, chosen: int) -> float:
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)
