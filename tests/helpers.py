"""Small worlds made by hand, and the month in pieces: what the tests of the model share."""

from dataclasses import fields, is_dataclass, replace
from functools import cache
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import Levers
from datapolis.model.month import MONTH, apply_shocks, get, put
from datapolis.model.noise import stream
from datapolis.model.society import (
    MANDATES,
    Citizens,
    Controversy,
    Firms,
    Flows,
    Organizations,
    Regions,
    Society,
    Unmade,
)
from datapolis.model.world import (
    QUANTILES,
    CitizenTraits,
    Endowment,
    OrganizationTraits,
    Sizes,
    World,
)

NOBODY = -1


def close(found, expected, rtol=1e-5, atol=1e-6):
    """Assert that two arrays agree; nan agrees with nan."""
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=rtol, atol=atol)


def parameters(values=None, **more):
    """Parameters with some values changed, all of them floats: {"law.lag": 24}."""
    return jax.tree.map(float, Parameters().set({**(values or {}), **more}))


def levers(**values):
    """Levers with some values changed, all of them floats."""
    return jax.tree.map(float, replace(Levers(), **values))


@cache
def jitted(mechanism):
    """A mechanism compiled alone: once for each shape of world."""
    return jax.jit(mechanism)


def run(mechanism, society, world, constants=None, policy=None, seed=0):
    """One mechanism alone, on a society that has the flows it reads."""
    constants = parameters() if constants is None else constants
    return jitted(mechanism)(
        society, world, constants, levers() if policy is None else policy, jax.random.key(seed)
    )


def income_quantiles(spread=0.6):
    """The quantiles of a lognormal income of mean 1, at the levels that firms know."""
    from scipy.stats import norm

    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return np.exp(-(spread**2) / 2 + spread * norm.ppf(levels)).astype(np.float32)


def hand_world(
    *,
    citizens=3,
    income=None,
    rank=None,
    region=None,
    regions=1,
    reluctance=None,
    strong=None,
    weak=None,
    agencies=2,
    firms=3,
    associations=1,
    slots=2,
    national=None,
    home=None,
    openness=None,
    peers=None,
    rent=None,
    quantiles=None,
    tastes=(1, 2),
):
    """A world of any size, every trait of which can be said. Without ties unless they are given."""
    many = agencies + firms + associations

    def of(value, default, kind):
        return jnp.asarray(default if value is None else value, kind)

    order = (np.arange(citizens) + 0.5) / citizens
    return World(
        sizes=Sizes(citizens, regions, agencies, firms, associations, slots),
        citizens=CitizenTraits(
            identity=jnp.arange(citizens, dtype=jnp.int32),
            income=of(income, np.ones(citizens), jnp.float32),
            rank=of(rank, order, jnp.float32),
            region=of(region, np.zeros(citizens), jnp.int8),
            reluctance=of(reluctance, np.zeros(citizens), jnp.float32),
            strong=of(strong, np.full((citizens, 2), NOBODY), jnp.int32),
            weak=of(weak, np.full((citizens, 1), NOBODY), jnp.int32),
        ),
        organizations=OrganizationTraits(
            sector=jnp.asarray(np.repeat([0, 1, 2], [agencies, firms, associations]), jnp.int32),
            national=of(national, np.zeros(many), bool),
            home=of(home, np.zeros(many), jnp.int32),
            openness=of(openness, np.ones(many), jnp.float32),
            department=jnp.zeros(agencies, jnp.int32),
            peers=of(peers, np.full((agencies, 2), NOBODY), jnp.int32),
            rent=of(rent, np.ones(agencies), jnp.float32),
        ),
        endowment=Endowment(
            alive=jnp.ones(many, bool),
            data=jnp.full(many, jnp.nan),
            wealth=jnp.full(many, jnp.nan),
            reach=jnp.full(firms, jnp.nan),
            quality=jnp.full(firms, jnp.nan),
            uses=jnp.zeros((0, slots), jnp.int16),
            partners=jnp.full((many, 8), NOBODY, jnp.int32),
            strength=jnp.full((many, 8), jnp.nan),
            data_total=jnp.array([1.0, 0.02, 0.02]),
            wealth_total=jnp.array([0.7, 0.25, 0.05]),
        ),
        income_quantiles=of(quantiles, income_quantiles(), jnp.float32),
        tastes=jnp.asarray(tastes, jnp.uint32),
    )


def hand_society(world, stocks=None, **flows):
    """A society in `world`: stocks by path as given, the rest plain; flows as given."""
    sizes = world.sizes
    n, many, firms, regions = sizes.citizens, sizes.organizations, sizes.firms, sizes.regions

    def full(value, *shape):
        return jnp.full(shape, value, jnp.float32)

    society = Society(
        citizens=Citizens(
            uses=jnp.tile(jnp.arange(sizes.slots, dtype=jnp.int16), (n, 1)),
            profile=full(0.0, n, sizes.slots),
            stray=full(0.0, n),
            copies=full(0.0, n),
            trust=full(0.6, n),
            awareness=full(0.1, n),
            rumour=jnp.zeros(n, jnp.int8),
            awake=jnp.zeros(n, bool),
            rights=full(0.1, n, 4),
        ),
        organizations=Organizations(
            alive=jnp.ones(many, bool),
            data=full(0.1, many),
            arrivals=full(0.0, many),
            skill=full(0.1, many),
            creative=full(0.0, many),
            wealth=full(0.1, many),
            security=full(0.0, many),
            partners=jnp.full((many, 8), NOBODY, jnp.int32),
            strength=full(0.0, many, 8),
            region=world.organizations.home,
            hit=jnp.zeros(many, bool),
            alert=jnp.zeros(many, jnp.int32),
        ),
        firms=Firms(
            generation=jnp.zeros(firms, jnp.int32),
            quality=full(0.0, firms),
            discrimination=full(0.02, firms),
            laxity=full(0.6, firms),
            user_share=full(1.0 / firms, firms),
        ),
        links=jnp.zeros(world.organizations.peers.shape, bool),
        aims=jnp.array(MANDATES, jnp.float32),
        regions=Regions(
            law=full(0.02, regions),
            enforcement=full(0.1, regions),
            partnership=full(0.0, regions),
            backlog=full(0.0, regions),
            legitimacy=full(0.5, regions),
        ),
        technology=full(0.3),
        lawbreakers=full(1.0),
        leaked_stock=full(0.0),
        watching_government=full(0.1),
        watching_society=full(0.1),
        controversy=Controversy(age=full(0.0), half_time=full(jnp.nan), reach=full(jnp.nan)),
        flows=Flows(),
        own={},
    )
    society = changed(society, stocks or {})
    if "attention" in flows:
        aware = _awareness_of_users(society, np.asarray(flows["attention"]))
        flows = {"users_awareness": aware, **flows}
    return with_flows(society, **flows)


def _awareness_of_users(society, attention):
    """Mean awareness of each firm's users, weighted by attention; 0 where the firm has none."""
    uses, share = np.asarray(society.citizens.uses), np.asarray(society.firms.user_share)
    sums = np.zeros(len(share))
    np.add.at(sums, uses, attention * np.asarray(society.citizens.awareness)[:, None] / len(uses))
    return np.where(share > 0.0, sums / np.maximum(share, 1e-30), 0.0).astype(np.float32)


def changed(record, values):
    """A copy with other values by path, in the type that the field has."""
    for path, value in values.items():
        before = get(record, path)
        record = put(
            record,
            path,
            jnp.broadcast_to(jnp.asarray(value, before.dtype), before.shape),
        )
    return record


def with_flows(society, **flows):
    """A copy with some of the month's flows made by hand."""
    made = {
        name: value
        if isinstance(value, dict)
        else jnp.asarray(value, None if np.asarray(value).dtype.kind in "biu" else jnp.float32)
        for name, value in flows.items()
    }
    return replace(society, flows=replace(society.flows, **made))


def tie_lists(many, ties, width=8):
    """Partners and strengths of `many` organizations from {one: {other: strength}}."""
    partners = np.full((many, width), NOBODY, np.int32)
    strength = np.zeros((many, width), np.float32)
    for one, others in ties.items():
        for column, (other, value) in enumerate(others.items()):
            partners[one, column], strength[one, column] = other, value
    return {"organizations.partners": partners, "organizations.strength": strength}


# --- the whole month, mechanism by mechanism, each compiled once a process ------------------------


@cache
def small_world():
    """A generated world that is small and has everything: regions, departments, empty places."""
    return World.generate(
        300, seed=3, regions=3, departments=2, firms=10, firm_places=12, associations=4, slots=3
    )


@cache
def _start():
    return jax.jit(Society.start)


@cache
def _strike():
    return jax.jit(apply_shocks)


def born(world, constants=None, seed=0):
    """The society at month 0."""
    return _start()(world, constants or parameters(), stream(jax.random.key(seed), "start"))


def stages(society, world, constants=None, policy=None, seed=0, month=0, shocks=None):
    """The society before the month's first mechanism and after each: (mechanism, society) pairs."""
    constants = parameters() if constants is None else constants
    policy = levers() if policy is None else policy
    key = jax.random.fold_in(jax.random.key(seed), month)
    society = _strike()(replace(society, flows=Flows()), world, shocks, jnp.int32(month))
    yield None, society
    for mechanism in MONTH:
        society = jitted(mechanism)(
            society, world, constants, policy, stream(key, mechanism.__name__)
        )
        yield mechanism, society


def months(society, world, number, constants=None, policy=None, seed=0, first=0):
    """The society after some months; the flows of the last month are kept."""
    for month in range(first, first + number):
        *_, (_, society) = stages(society, world, constants, policy, seed, month)
    return society


@cache
def grown(number=24, seed=0):
    """The small world's society after two years, with the flows of its last month."""
    world = small_world()
    return months(born(world, seed=seed), world, number, seed=seed)


def before(mechanism, society=None, world=None, constants=None, policy=None, seed=0, month=24):
    """A society as `mechanism` finds it: this month's mechanisms before it have run."""
    world = small_world() if world is None else world
    society = grown() if society is None else society
    return next(
        earlier
        for (_, earlier), (done, _) in pairwise(
            stages(society, world, constants, policy, seed, month)
        )
        if done.__name__ == mechanism.__name__
    )


def leaves(record, prefix=""):
    """All arrays of a record by path: {"citizens.trust": array, "flows.money.upkeep": array}."""
    found = {}
    if isinstance(record, dict):
        for name, value in record.items():
            found |= leaves(value, f"{prefix}{name}.")
    elif is_dataclass(record):
        for item in fields(record):
            found |= leaves(getattr(record, item.name), f"{prefix}{item.name}.")
    elif not isinstance(record, Unmade) and hasattr(record, "shape"):
        found[prefix[:-1]] = record
    return found


def draws(number, seed=0, leave=()):
    """Parameters drawn evenly from the declared ranges (Latin hypercube); some left at default."""
    from scipy.stats import qmc

    paths = [path for path in DECLARED if path not in leave]
    sample = qmc.LatinHypercube(len(paths), seed=np.random.default_rng(seed)).random(number)
    return [
        Parameters().set(
            {
                path: float(DECLARED[path].low + (DECLARED[path].high - DECLARED[path].low) * level)
                for path, level in zip(paths, row, strict=True)
            }
        )
        for row in sample
    ]


@cache
def _repeated(mechanism):
    def go(society, world, constants, policy, key, number):
        def once(month, society):
            after = mechanism(society, world, constants, policy, jax.random.fold_in(key, month))
            return replace(after, flows=society.flows)

        return jax.lax.fori_loop(0, number, once, society)

    return jax.jit(go)


def repeat(mechanism, society, world, number, constants=None, policy=None, seed=0):
    """One mechanism alone for many months; flows stay as they were given."""
    constants = parameters() if constants is None else constants
    policy = levers() if policy is None else policy
    return _repeated(mechanism)(society, world, constants, policy, jax.random.key(seed), number)
