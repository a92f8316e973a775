"""Confidence intervals of a measured share and of the difference of two."""

from math import sqrt
from statistics import NormalDist

Interval = tuple[float, float]


def wilson_interval(count: int, total: int, confidence: float) -> Interval:
    """Confidence interval of a share.

    The score interval of Wilson (1927): it stays within 0 and 1, and has a width even if all or
    none were counted.

    Args:
        count: How many were counted.
        total: Of how many, above 0.
        confidence: Confidence level, 0 to 1.

    Returns:
        Its ends, 0 to 1.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = count / total
    shrunk = 1 + z * z / total
    middle = (share + z * z / (2 * total)) / shrunk
    half = z * sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2) / shrunk
    # Rounding must not move an end past the share itself, at 0 and at 1.
    return min(max(0.0, middle - half), share), max(min(1.0, middle + half), share)


def paired_interval(
    both: int, first_only: int, second_only: int, neither: int, confidence: float
) -> Interval:
    """Confidence interval of the difference of two shares counted on the same items.

    Method 10 of Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data" (Statistics in Medicine 17, 1998): the Wilson intervals of
    both shares, combined by their correlation. It is valid for few items and for shares near 1,
    where a normal approximation has no width at all.

    Args:
        both: Items that both models get right.
        first_only: Items that only the first one gets right.
        second_only: Items that only the second one gets right.
        neither: Items that neither gets right.
        confidence: Confidence level, 0 to 1.

    Returns:
        Ends of the interval of (share of the first - share of the second), -1 to 1.
    """
    total = both + first_only + second_only + neither
    first, second = both + first_only, both + second_only
    p1, p2 = first / total, second / total
    low1, high1 = wilson_interval(first, total, confidence)
    low2, high2 = wilson_interval(second, total, confidence)
    phi = _correlation(both, first_only, second_only, neither)
    down = _combine(p1 - low1, high2 - p2, phi)
    up = _combine(high1 - p1, p2 - low2, phi)
    return max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up)


def _combine(one: float, other: float, phi: float) -> float:
    return sqrt(max(0.0, one * one - 2 * phi * one * other + other * other))


def _correlation(both: int, first_only: int, second_only: int, neither: int) -> float:
    """Phi coefficient; one that is positive is corrected for continuity, as in method 10."""
    margins = (both + first_only) * (second_only + neither)
    margins *= (both + second_only) * (first_only + neither)
    if not margins:
        return 0.0
    product = both * neither - first_only * second_only
    if product > 0:
        half = (both + first_only + second_only + neither) / 2
        return max(product - half, 0.0) / sqrt(margins)
    return product / sqrt(margins)
