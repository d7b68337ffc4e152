"""A policy compared with doing nothing: the same members under both, a year at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from datapolis.app.view import AT_ONCE, Base, View, study_of
from datapolis.model.simulation import SEGMENT, Run

if TYPE_CHECKING:
    import xarray

    from datapolis.model.world import World

BY_FIRM = "user_share_by_firm"
KEPT = 6  # worlds and results that are kept, by their content


class Comparison:
    """Societies under way, batch by batch; `advance` does the next year of all of them."""

    def __init__(self, view: View, base: Base) -> None:
        from datapolis.core.policy import Policy
        from datapolis.model.indices import STANDARD

        self.view = view
        study = study_of(view.check(), base)
        self.world = world_of(view, base)
        policy = view.policy
        self.runs = [
            Run.begin(
                self.world,
                months=view.months,
                seeds=[*seeds, *seeds],
                parameters=study.parameters,
                policies=[Policy()] * len(seeds) + [policy] * len(seeds),
                scenarios=study.scenario,
                record=[*STANDARD, BY_FIRM],
            )
            for seeds in view.seeds
        ]

    @property
    def month(self) -> int:
        """How many months are done in every batch."""
        return min(run.month for run in self.runs)

    @property
    def done(self) -> bool:
        """Whether all months are done."""
        return self.month >= self.view.months

    def advance(self) -> None:
        """Do the next year, or what is left, of the batch that is furthest behind."""
        run = min(self.runs, key=lambda run: run.month)
        with _compiled_once((self.world.sizes, min(SEGMENT, run.months - run.month))):
            run.advance()

    def results(self) -> xarray.Dataset:
        """What was recorded so far, by policy, member and month."""
        import xarray

        first = self.runs[0].dataset()
        values = [run.values() for run in self.runs]
        names = self.view.policies
        month, variables = self.month, {}
        for name, one in first.data_vars.items():
            parts = [
                np.stack(
                    [
                        found[str(name)][AT_ONCE * turn :][:AT_ONCE, :month]
                        for turn in range(len(names))
                    ]
                )
                for found in values
            ]
            dims = ("policy", "member", "month", *one.dims[2:])
            variables[name] = (dims, np.concatenate(parts, axis=1), one.attrs)
        coordinates = {
            **{str(dim): one.values for dim, one in first.coords.items()},
            "month": np.arange(month),
            "policy": list(names),
            "member": np.arange(self.view.members),
        }
        return xarray.Dataset(variables, coordinates, first.attrs)

    def ties(self) -> list[dict[str, Any]]:
        """Organizations and their ties as the last month left them, under each policy.

        Of the first member. Data are a share of all data held, strength runs from 0 to 1.
        """
        import jax

        found = []
        for turn, policy in enumerate(self.view.policies):
            society = jax.tree.map(lambda leaf, at=turn: leaf[at * AT_ONCE], self.runs[0].society)
            found.append({"policy": policy, **network(society, self.world)})
        return found


def network(society: Any, world: World) -> dict[str, np.ndarray]:
    """Living organizations with sector and share of all data, and their ties, each once."""
    from datapolis.model.quantities import live_strength

    organizations = society.organizations
    strength = np.asarray(live_strength(society))
    partners = np.asarray(organizations.partners)
    alive = np.asarray(organizations.alive)
    data = np.where(alive, np.asarray(organizations.data, float), 0.0)
    rows, columns = np.nonzero((strength > 0) & (partners >= 0))
    ends = np.sort(np.stack([rows, partners[rows, columns]]), axis=0)
    order = np.lexsort(ends)
    pairs, places = np.unique(ends[:, order], axis=1, return_index=True)
    return {
        "place": np.flatnonzero(alive),
        "sector": np.asarray(world.organizations.sector)[alive],
        "data": data[alive] / max(data.sum(), 1e-12),
        "one": pairs[0],
        "other": pairs[1],
        "strength": strength[rows, columns][order][places],
    }


_SEEN: set[Any] = set()
_COMPILING = threading.Lock()


@contextmanager
def _compiled_once(key: Any) -> Iterator[None]:
    """While one session compiles a size of society, others that need a new one wait."""
    if key in _SEEN:
        yield
        return
    with _COMPILING:
        yield
        _SEEN.add(key)


class Kept:
    """The last few results by their content; the only thing that sessions share."""

    def __init__(self, most: int = KEPT) -> None:
        self.most, self.lock = most, threading.Lock()
        self.found: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str) -> Any:
        """What is kept under a key, or None."""
        with self.lock:
            if key in self.found:
                self.found.move_to_end(key)
            return self.found.get(key)

    def put(self, key: str, value: Any) -> None:
        """Keep a value; the one that nobody asked for longest goes."""
        with self.lock:
            self.found[key] = value
            self.found.move_to_end(key)
            while len(self.found) > self.most:
                self.found.popitem(last=False)


WORLDS, RESULTS = Kept(), Kept()


def world_of(view: View, base: Base) -> World:
    """The world of a view, built once as long as it is wanted."""
    from datapolis.studies.inputs import build_world, read_inputs

    plain = replace(view, months=12, members=AT_ONCE, seed=0, levers={})
    if base.study is None:  # generated: parameters do not enter
        plain = replace(plain, parameters={})
    key = plain.key(base)
    world = WORLDS.get(key)
    if world is None:
        study = study_of(plain, base)
        world = build_world(study, read_inputs(study, base.data))
        WORLDS.put(key, world)
    found: World = world
    return found
