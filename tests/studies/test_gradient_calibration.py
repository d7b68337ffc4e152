"""Gradients through the smooth months: as differences have them; they find what was planted."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.model.mechanisms import absorption, technology
from datapolis.model.simulation import simulate
from datapolis.model.world import World
from datapolis.studies.gradient_calibration import descend, trajectories

PARTS = [technology, absorption]
SKILLS = ("skill.government", "skill.market", "skill.social")
RATES = ("absorption.government", "absorption.firms", "absorption.associations")


@pytest.fixture(scope="module")
def world():
    return World.generate(citizens=120, regions=2, departments=2, firms=8, associations=3)


@pytest.fixture(scope="module")
def run(world):
    return trajectories(world, ["technology", *SKILLS], 24, mechanisms=PARTS)


def test_the_smooth_months_are_the_months_that_are_simulated(world, run):
    shown = run({})
    full = simulate(world, months=24, mechanisms=PARTS, record=["technology", "skill"])
    np.testing.assert_allclose(shown["technology"], full["technology"], rtol=1e-5)
    for place, name in enumerate(SKILLS):
        np.testing.assert_allclose(shown[name], full["skill"].values[:, place], rtol=1e-5)


@pytest.mark.outer
def test_gradients_are_those_of_finite_differences(run):
    def total(rates):
        shown = run(dict(zip(RATES, rates, strict=True)))
        return sum(jnp.sum(shown[name]) for name in SKILLS)

    at = jnp.array([0.02, 0.1, 0.05], jnp.float32)
    slope = jax.grad(total)(at)
    for place, size in enumerate(at):
        step = jnp.zeros(3).at[place].set(0.02 * size)
        difference = (total(at + step) - total(at - step)) / (2 * 0.02 * size)
        assert slope[place] == pytest.approx(float(difference), rel=5e-3)


def test_planted_rates_are_found(world):
    planted = dict(zip(RATES, (0.015, 0.08, 0.03), strict=True))
    planted["technology.growth"] = 0.05
    shown = simulate(
        world,
        months=60,
        parameters=Parameters().set(planted),
        mechanisms=PARTS,
        record=["technology", "skill"],
    )
    measured = {"technology": shown["technology"].values}
    measured |= {name: shown["skill"].values[:, place] for place, name in enumerate(SKILLS)}
    measured["technology"] = np.where(np.arange(60) % 3, np.nan, measured["technology"])
    found = descend(world, measured, vary=list(planted), mechanisms=PARTS)
    for path, truth in planted.items():
        assert found.parameters[path] == pytest.approx(truth, rel=0.01)
    assert found.loss < 1e-5 and all(found.identified.values())


def test_what_cannot_be_descended_is_told(world):
    flat = {"technology": np.linspace(0.1, 0.5, 12)}
    with pytest.raises(InputError, match="depends smoothly"):
        descend(world, flat, vary=["absorption.firms"], mechanisms=PARTS)
    with pytest.raises(InputError, match="nothing to vary"):
        descend(world, flat, vary=[])
    with pytest.raises(InputError, match="different lengths"):
        descend(world, {**flat, "trust": [0.1]}, vary=["technology.growth"], mechanisms=PARTS)
    with pytest.raises(InputError, match="no such label"):
        trajectories(world, ["skill.markets"], 12, mechanisms=PARTS)
