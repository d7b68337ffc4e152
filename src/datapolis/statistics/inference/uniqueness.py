"""How many are unique in a population, from a sample of it.

Being unique in a sample is no risk by itself: a double may be outside. Two answers, from how many
classes of the sample have one person, two, three and so on:

    match_interval   the chance that a match to a sample unique is right. It rests on nothing but
                     the sampling: everybody is drawn with the same chance pi.
    pitman           a model of the whole population: classes as in Pitman's partition of two
                     parameters, alpha and theta. Where the model fits badly its answer is wrong,
                     and nothing in the sample need show it.

Source: Skinner and Elliot (2002) for the first; Pitman (1995) and Hoshino (2001) for the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.statistics.indicators.disclosure import match_chance

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    Column = Any  # a NumPy array; the indicator is typed for those of JAX

NORMAL = 1.959963984540054  # standard errors on either side of a 95 % interval
LIKELY = 1.920729410347062  # log-likelihood below its greatest, a 95 % interval by likelihood
GRID, ZOOMS = 61, 5


def match_interval(size: Int[Column, "class"], fraction: float) -> tuple[float, float, float]:
    """The chance that a match to a sample unique is right, with its 95 % interval.

    The estimate is p = pi n_1 / (pi n_1 + 2 (1 - pi) n_2). The truth is n_1 over all people of the
    population who are like one of the n_1 sample uniques. With r = (1 - pi)/pi their difference has
    the standard error p**2 / n_1 sqrt(4 r**2 n_2 + 2 r n_2 + 6 r**2 n_3), found from the binomial
    moments of n_1, n_2 and n_3, the classes with one, two and three people in the sample. It needs
    many uniques and many pairs. nan if nobody is unique.
    """
    estimate = float(match_chance(size, fraction))
    alone, pairs, threes = ((size == many).sum() for many in (1, 2, 3))
    rest = (1 - fraction) / fraction
    variance = 4 * rest**2 * pairs + 2 * rest * pairs + 6 * rest**2 * threes
    error = NORMAL * estimate**2 / max(alone, 1) * float(np.sqrt(variance))
    return estimate, max(estimate - error, 0.0), min(estimate + error, 1.0)


@dataclass(frozen=True)
class Pitman:
    """Pitman's partition fitted to the classes of a sample, by maximum likelihood."""

    alpha: float  # 0 to 1: how many classes are small
    theta: float  # above -alpha: how many classes there are
    likely: Float[Column, "point 2"]  # alpha and theta within the 95 % region of the likelihood

    def unique(self, people: float) -> tuple[float, float, float]:
        """The expected share of unique people among so many, with its interval by likelihood.

        The interval says how well the sample fixes the two parameters. It does not hold the error
        of the model itself.
        """
        around = expected_unique(self.likely[:, 0], self.likely[:, 1], people)
        found = float(expected_unique(np.asarray(self.alpha), np.asarray(self.theta), people))
        return found, min(found, float(around.min())), max(found, float(around.max()))


def pitman(size: Int[Column, "class"]) -> Pitman | None:
    """The fit to the sizes of all classes of a sample; None if no two people share a class.

    With u classes of n people, sizes n_j, the log-likelihood is

        sum_{i < u} ln(theta + i alpha) - sum_{i < n} ln(theta + i)
            + sum_j sum_{i < n_j} ln(i - alpha),    each i from 1

    Its top, and the region LIKELY below it, are looked for on a grid that closes in on them.
    """
    sizes, many = np.unique(size[size > 0], return_counts=True)
    if not sizes.size or sizes[-1] == 1:
        return None
    low = np.array([1e-4, np.log(1e-2)])  # of alpha and of ln(theta + alpha)
    high = np.array([1 - 1e-4, np.log(1e3 * float((sizes * many).sum()))])
    for _ in range(ZOOMS):
        axes = [np.linspace(*ends, GRID) for ends in zip(low, high, strict=True)]
        alpha, scale = np.meshgrid(*axes, indexing="ij")
        height = _log_likelihood(alpha, np.exp(scale) - alpha, sizes, many)
        likely = height >= height.max() - LIKELY
        points = np.stack([alpha[likely], scale[likely]], axis=1)
        step = (high - low) / (GRID - 1)
        low = np.maximum(points.min(axis=0) - step, low)
        high = np.minimum(points.max(axis=0) + step, high)
    top = np.unravel_index(height.argmax(), height.shape)
    points[:, 1] = np.exp(points[:, 1]) - points[:, 0]
    return Pitman(float(alpha[top]), float(np.exp(scale[top]) - alpha[top]), points)


def expected_unique(
    alpha: Float[Column, "..."], theta: Float[Column, "..."], people: float
) -> Float[Column, "..."]:
    """The expected share of unique people among so many under Pitman's partition.

    The chance that the first person stays alone while all others arrive:

        prod_{i = 1}^{N - 1} (theta + alpha + i - 1) / (theta + i)
    """
    from scipy.special import gammaln

    logarithm = gammaln(theta + alpha + people - 1) - gammaln(theta + alpha)
    share: Float[Column, "..."] = np.exp(logarithm - gammaln(theta + people) + gammaln(theta + 1))
    return share


def _log_likelihood(
    alpha: Float[Column, "..."],
    theta: Float[Column, "..."],
    sizes: Int[Column, "size"],
    many: Int[Column, "size"],
) -> Float[Column, "..."]:
    """The log-likelihood where `many` classes have each of these sizes."""
    from scipy.special import gammaln

    classes, people = many.sum(), (sizes * many).sum()
    opened = (classes - 1) * np.log(alpha)
    opened = opened + gammaln(theta / alpha + classes) - gammaln(theta / alpha + 1)
    seated = gammaln(theta + people) - gammaln(theta + 1)
    joined = np.zeros_like(alpha)
    for size, times in zip(sizes[sizes > 1], many[sizes > 1], strict=True):
        joined += times * (gammaln(size - alpha) - gammaln(1 - alpha))
    total: Float[Column, "..."] = opened - seated + joined
    return total
