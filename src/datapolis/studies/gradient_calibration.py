"""Calibration by gradient: the smooth parts of the month, differentiated from end to end.

    minimise  L(theta) = mean over targets and months of ((y(theta) - measured) / scale)^2

Technology, absorption, mining, law and other mechanisms without a draw of chance are smooth in
their parameters; months of them are one function that JAX differentiates, and L-BFGS-B finds the
minimum in seconds. Mechanisms that draw chance (attention, breaches, ties ...) are not smooth: a
gradient through them is that of one draw, and `studies.calibration` is the way for them.

    world = World.generate(1_000, seed=1)
    fitted = descend(world, {"skill.government": measured}, vary=["absorption.government"])

Source: L-BFGS-B by Byrd, Lu, Nocedal and Zhu (1995); reverse-mode differentiation by JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.core.errors import InputError
from datapolis.studies.outcomes import Outcome
from datapolis.studies.posterior import Prior

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from datapolis.core.parameters import Parameters
    from datapolis.model.month import Mechanism
    from datapolis.model.world import World

SMOOTH = ("technology", "absorption", "mining", "monitoring")
"""Mechanisms that draw no chance and can run without the others."""


@dataclass(frozen=True)
class Descended:
    """Where the gradient led."""

    parameters: Mapping[str, float]
    loss: float
    steps: int
    converged: bool
    curvature: Float[np.ndarray, "parameter parameter"]  # of the loss in levels, at the end

    @property
    def identified(self) -> Mapping[str, bool]:
        """Whether the loss bends along each parameter; where it is flat, any value is as good."""
        bend = np.diag(self.curvature)
        return {
            path: bool(one > 1e-3 * max(bend.max(), 1e-12))
            for path, one in zip(self.parameters, bend, strict=True)
        }


def trajectories(
    world: World,
    record: Sequence[str],
    months: int,
    *,
    mechanisms: Sequence[Mechanism] | None = None,
    parameters: Parameters | None = None,
    seed: int = 0,
) -> Callable[[Mapping[str, Any]], dict[str, Array]]:
    """A differentiable function from parameter values to outcomes month by month.

    record   outcomes by name: "technology", "skill.government"
    """
    import jax
    import jax.numpy as jnp

    from datapolis.core.parameters import Parameters
    from datapolis.core.policy import LEVERS, Levers
    from datapolis.model.indices import find, labels
    from datapolis.model.month import MONTH, step
    from datapolis.model.noise import stream
    from datapolis.model.society import Flows, Society

    chosen = tuple(mechanisms or [one for one in MONTH if one.__name__ in SMOOTH])
    given = parameters or Parameters()
    outcomes = [Outcome.parse(name) for name in record]
    indices = [find(one.index) for one in outcomes]
    places = []
    for outcome, index in zip(outcomes, indices, strict=True):
        known = [str(one) for one in labels(index.dims[0], world)] if index.dims else []
        if outcome.label and outcome.label not in known:
            raise InputError(
                "no such label", field="outcome", value=str(outcome), allowed=", ".join(known)
            )
        places.append(known.index(outcome.label) if outcome.label else None)
    levers = Levers(**dict.fromkeys(LEVERS, jnp.float32(0.0)))
    floats = jax.tree.map(lambda value: jnp.asarray(value, jnp.float32), given)

    def run(values: Mapping[str, Any]) -> dict[str, Array]:
        here = floats.set(dict(values))
        key = jax.random.key(seed)
        society = Society.start(world, here, stream(key, "start"))
        society = jax.tree.map(jnp.array, society)

        def month(society: Society, number: Array) -> tuple[Society, list[Array]]:
            now = jax.random.fold_in(key, number)
            after = step(society, world, here, levers, now, mechanisms=chosen)
            seen = [
                one(after, world) if place is None else one(after, world)[place]
                for one, place in zip(indices, places, strict=True)
            ]
            return replace(after, flows=Flows()), seen

        _, seen = jax.lax.scan(month, society, jnp.arange(months))
        return {str(name): values for name, values in zip(record, seen, strict=True)}

    compiled: Callable[[Mapping[str, Any]], dict[str, Array]] = jax.jit(run)
    return compiled


def descend(
    world: World,
    measured: Mapping[str, Float[np.ndarray, "month"] | Sequence[float]],
    *,
    vary: Sequence[str],
    mechanisms: Sequence[Mechanism] | None = None,
    parameters: Parameters | None = None,
    start: Mapping[str, float] | None = None,
    seed: int = 0,
    steps: int = 200,
) -> Descended:
    """Fit parameters to series of outcomes by gradient descent.

    measured   outcome -> its value in each month from 0; nan where nothing was measured
    vary       paths of parameters, within their declared ranges
    start      where to begin; the middle of each prior by default

    Raises InputError for unknown outcomes or parameters, series of different lengths, or a
    parameter on which none of the outcomes depends smoothly.
    """
    import jax
    import jax.numpy as jnp
    from scipy.optimize import minimize

    if not vary:
        raise InputError("nothing to vary", field="vary", allowed="paths of parameters")
    if not measured:
        raise InputError("nothing to fit to", field="measured", allowed="{outcome: series}")
    priors = [Prior.parse(path) for path in vary]
    series = {name: np.asarray(values, float) for name, values in measured.items()}
    months = {len(values) for values in series.values()}
    if len(months) != 1:
        raise InputError("series of different lengths", field="measured", value=sorted(months))
    run = trajectories(
        world,
        list(series),
        months.pop(),
        mechanisms=mechanisms,
        parameters=parameters,
        seed=seed,
    )
    known = {name: np.isfinite(values) for name, values in series.items()}
    if not any(one.any() for one in known.values()):
        raise InputError("nothing was measured in any month", field="measured")
    scale = {
        name: max(float(np.nanstd(values)), 0.01 * float(np.nanmax(np.abs(values))), 1e-6)
        for name, values in series.items()
    }

    def value_at(prior: Prior, level: Array) -> Array:
        if prior.logarithmic:
            return prior.low * jnp.exp(level * float(np.log(prior.high / prior.low)))
        return prior.low + level * (prior.high - prior.low)

    def loss(levels: Array) -> Array:
        values = {one.path: value_at(one, levels[at]) for at, one in enumerate(priors)}
        shown = run(values)
        parts = []
        for name, found in shown.items():
            gap = jnp.where(known[name], found - np.nan_to_num(series[name]), 0.0) / scale[name]
            parts.append(jnp.sum(gap**2) / max(int(known[name].sum()), 1))
        return jnp.mean(jnp.stack(parts))

    both = jax.jit(jax.value_and_grad(loss))

    def numbers(levels: np.ndarray) -> tuple[float, np.ndarray]:
        found, slope = both(jnp.asarray(levels, jnp.float32))
        return float(found), np.asarray(slope, float)

    begin = {**{one.path: float(one.at(np.array(0.5))) for one in priors}, **(start or {})}
    first = np.array([float(one.level(np.array(begin[one.path]))) for one in priors])
    _, slope = numbers(first)
    for one, bend in zip(priors, slope, strict=True):
        if bend == 0.0:
            raise InputError(
                "none of the outcomes depends smoothly on it",
                field=one.path,
                allowed="parameters of the mechanisms that are run",
            )
    found = minimize(
        numbers,
        first,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(priors),
        options={"maxiter": steps, "ftol": 1e-12, "gtol": 1e-7},
    )
    return Descended(
        parameters={
            one.path: float(one.at(level)) for one, level in zip(priors, found.x, strict=True)
        },
        loss=float(found.fun),
        steps=int(found.nit),
        converged=bool(found.success),
        curvature=_curvature(numbers, np.asarray(found.x, float)),
    )


def _curvature(
    numbers: Callable[[np.ndarray], tuple[float, np.ndarray]], at: np.ndarray, step: float = 1e-2
) -> np.ndarray:
    """Second derivatives, as differences of gradients inside the box."""
    rows = []
    for place in range(len(at)):
        low, high = at.copy(), at.copy()
        low[place] = max(at[place] - step, 0.0)
        high[place] = min(at[place] + step, 1.0)
        rows.append((numbers(high)[1] - numbers(low)[1]) / (high[place] - low[place]))
    found = np.array(rows)
    return np.asarray((found + found.T) / 2)
