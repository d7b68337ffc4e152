"""The three works on mesa-frames: agent sets in Polars, changed by expressions on whole columns.

Whoever knows whom is a column of lists, unfolded only for those who spread. What a citizen has four
of lies in four columns.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
import protocol
from mesa_frames import AgentSetPolars, ModelDF

IGNORANT, SPREADER, STIFLER = protocol.IGNORANT, protocol.SPREADER, protocol.STIFLER


class Modelled:
    """A model of one set of agents, made anew for each seed."""

    kind: type[AgentSetPolars]
    model: ModelDF

    def __init__(self, inputs: Mapping[str, np.ndarray]) -> None:
        self.inputs = dict(inputs)

    def start(self, seed: int) -> None:
        self.model = ModelDF(seed)
        self.people = self.kind(self.model, self.inputs)
        self.model.agents += self.people
        self.people = self.model.get_agents_of_type(self.kind)

    def step(self, steps: int) -> None:
        for _ in range(steps):
            self.model.step()


class Givers(AgentSetPolars):
    """Those who give a unit away."""

    def __init__(self, model: ModelDF, inputs: Mapping[str, np.ndarray]) -> None:
        super().__init__(model)
        many = int(inputs["agents"])
        self += pl.DataFrame(
            {"unique_id": pl.arange(many, eager=True), "wealth": pl.repeat(1, many, eager=True)}
        )

    def step(self) -> None:
        gives = (pl.col("wealth") > 0).cast(pl.Int64)
        donors = int(self.agents.select(gives.sum()).item())
        whom = self.model.random.integers(0, len(self), donors)
        got = pl.DataFrame({"unique_id": whom}).group_by("unique_id").len("got")
        self.agents = (
            self.agents.join(got, on="unique_id", how="left", maintain_order="left")
            .with_columns(wealth=pl.col("wealth") - gives + pl.col("got").fill_null(0))
            .drop("got")
        )


class Wealth(Modelled):
    """The wealth-transfer game."""

    kind = Givers

    def answer(self) -> dict[str, float]:
        return protocol.wealth_answer(self.people.agents["wealth"].to_numpy())


def lists(offsets: np.ndarray, targets: np.ndarray) -> pl.Series:
    """The neighbours of each, as a column of lists."""
    ego = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    ties = pl.DataFrame({"unique_id": ego, "friends": targets.astype(np.int64)})
    all_of_them = pl.DataFrame({"unique_id": np.arange(len(offsets) - 1)})
    ties = ties.group_by("unique_id", maintain_order=True).agg("friends")
    return all_of_them.join(ties, on="unique_id", how="left", maintain_order="left")["friends"]


def talk(
    agents: pl.DataFrame,
    friends: pl.Series,
    beta: float,
    alpha: float,
    rng: np.random.Generator,
) -> pl.Series:
    """Everyone's state after one step of the rumour."""
    state = agents["state"]
    spreads = state == SPREADER
    told = pl.DataFrame(
        {"unique_id": agents["unique_id"].filter(spreads), "friend": friends.filter(spreads)}
    ).explode("friend")
    told = told.drop_nulls().with_columns(theirs=state.gather(told["friend"].drop_nulls()))
    tellers = told.filter(pl.col("theirs") == IGNORANT).group_by("friend").len("met")
    knowers = told.filter(pl.col("theirs") != IGNORANT).group_by("unique_id").len("met")
    met = pl.concat(
        [
            tellers.select(unique_id="friend", keeps=(1.0 - beta) ** pl.col("met")),
            knowers.select("unique_id", keeps=(1.0 - alpha * beta) ** pl.col("met")),
        ]
    )
    changed = met.filter(pl.Series(rng.random(len(met))) >= met["keeps"])["unique_id"]
    mark = np.zeros(len(agents), np.int8)
    mark[changed.to_numpy()] = 1
    return state + pl.Series(mark)


class Listeners(AgentSetPolars):
    """Those who hear a rumour, tell it, and lose interest."""

    def __init__(self, model: ModelDF, inputs: Mapping[str, np.ndarray]) -> None:
        super().__init__(model)
        many = int(inputs["agents"])
        state = np.full(many, IGNORANT, np.int8)
        state[inputs["seeds"]] = SPREADER
        self += pl.DataFrame({"unique_id": np.arange(many), "state": state})
        self.friends = lists(inputs["offsets"], inputs["targets"])
        self.beta, self.alpha = float(inputs["beta"]), float(inputs["alpha"])
        self.history: list[float] = []

    def step(self) -> None:
        state = talk(self.agents, self.friends, self.beta, self.alpha, self.model.random)
        self.agents = self.agents.with_columns(state=state)
        self.history.append(float((state == SPREADER).mean()))


class Rumour(Modelled):
    """The rumour on a random graph."""

    kind = Listeners

    def answer(self) -> dict[str, float]:
        ignorant = float((self.people.agents["state"] == IGNORANT).mean())
        return protocol.rumour_answer(ignorant, self.people.history)


class Population(AgentSetPolars):
    """Citizens in columns; firms in arrays beside them."""

    def __init__(self, model: ModelDF, inputs: Mapping[str, np.ndarray]) -> None:
        super().__init__(model)
        many, width = inputs["kin"].shape
        slots = range(inputs["uses"].shape[1])
        state = np.full(many, IGNORANT, np.int8)
        state[inputs["seeds"]] = SPREADER
        columns = {
            "unique_id": np.arange(many),
            "income": inputs["income"],
            "reach": inputs["reach"],
            "state": state,
            "trust": np.full(many, 0.6, np.float32),
            "awareness": np.full(many, 0.1, np.float32),
        }
        self.uses = [f"uses_{slot}" for slot in slots]
        self.profiles = [f"profile_{slot}" for slot in slots]
        for slot in slots:
            columns[self.uses[slot]] = inputs["uses"][:, slot]
            columns[self.profiles[slot]] = np.zeros(many, np.float32)
        self += pl.DataFrame(columns)
        self.kin = pl.Series(inputs["kin"].astype(np.int64), dtype=pl.Array(pl.Int64, width))
        self.friends = self.kin.arr.to_list()
        self.beta, self.alpha = float(inputs["beta"]), float(inputs["alpha"])
        self.price, self.firms = float(inputs["price"]), int(inputs["firms"])
        self.quality, self.tastes = inputs["quality"], pl.Series(inputs["tastes"])
        self.share = np.full(self.firms, 1.0 / self.firms)
        self.data = np.zeros(self.firms)

    def taste(self, firm: str) -> pl.Expr:
        """What a citizen has for a firm, whatever it offers."""
        place = (40503 * pl.col("unique_id") + 30011 * pl.col(firm).cast(pl.Int64)) % 65536
        return pl.lit(self.tastes).gather(place)

    def step(self) -> None:
        rng, slots = self.model.random, range(len(self.uses))
        users = np.log((self.share * self.firms + 0.01) / 1.01)
        attraction = pl.lit(pl.Series((0.35 * users + self.quality).astype(np.float32)))

        # what is in use is worth
        known = [
            (1.0 - (-pl.col(name)).exp()).alias(f"known_{s}")
            for s, name in zip(slots, self.profiles, strict=True)
        ]
        agents = self.agents.with_columns(known)
        agents = agents.with_columns(
            (
                attraction.gather(pl.col(name).cast(pl.Int64))
                + pl.col(f"known_{slot}")
                - pl.col("awareness") * pl.col(f"known_{slot}") ** 2
                + self.taste(name)
            ).alias(f"value_{slot}")
            for slot, name in enumerate(self.uses)
        )

        # one in four sees what kin use
        looks = pl.Series(rng.random(len(agents), np.float32) < 0.25)
        here = agents.filter(looks)
        column = pl.Series(rng.integers(0, self.kin.dtype.size, len(here)))
        friend = self.kin.filter(looks).arr.get(column)
        slot_seen = pl.Series(rng.integers(0, len(self.uses), len(here)))
        seen = [agents[name].gather(friend) for name in self.uses]
        here = here.select(
            "unique_id",
            *self.uses,
            *(f"value_{slot}" for slot in slots),
            pl.coalesce(pl.when(slot_seen == slot).then(seen[slot]) for slot in slots).alias("new"),
        )
        least = pl.min_horizontal(f"value_{slot}" for slot in slots)
        moves = (
            here.with_columns(
                offer=attraction.gather(pl.col("new").cast(pl.Int64)) + self.taste("new"),
                least=least,
            )
            .filter(
                pl.all_horizontal(pl.col(name) != pl.col("new") for name in self.uses)
                & (pl.col("offer") > pl.col("least") + 0.3)
            )
            .select(
                "unique_id",
                "new",
                "offer",
                worst=pl.coalesce(
                    pl.when(pl.col(f"value_{slot}") == pl.col("least")).then(slot) for slot in slots
                ),
            )
        )
        agents = agents.join(moves, on="unique_id", how="left", maintain_order="left")
        changed: list[pl.Expr] = []
        for slot in slots:
            change = (pl.col("worst") == slot).fill_null(False)
            for name, value in (
                (self.uses[slot], pl.col("new")),
                (f"value_{slot}", pl.col("offer")),
                (f"known_{slot}", pl.lit(0.0, pl.Float32)),
                (self.profiles[slot], pl.lit(0.0, pl.Float32)),
            ):
                changed.append(pl.when(change).then(value).otherwise(pl.col(name)).alias(name))
        agents = agents.with_columns(changed)

        # choose, buy, be recorded
        top = pl.max_horizontal(f"value_{slot}" for slot in slots)
        agents = agents.with_columns(top=top, online=pl.col("reach") * pl.col("trust"))
        agents = agents.with_columns(
            (pl.col(f"value_{slot}") - pl.col("top")).exp().alias(f"value_{slot}") for slot in slots
        )
        whole = pl.sum_horizontal(f"value_{slot}" for slot in slots)
        agents = agents.with_columns(
            (pl.col(f"value_{slot}") / whole).alias(f"share_{slot}") for slot in slots
        )
        totals = np.zeros((3, self.firms))
        for slot, name in enumerate(self.uses):
            share = pl.col(f"share_{slot}")
            spent = share * pl.col("online")
            by_firm = agents.group_by(name).agg(
                attention=share.sum(),
                taken=0.8 * spent.sum(),
                sold=0.1 * spent.filter(pl.col("income") >= self.price).sum(),
            )
            found = by_firm.select("attention", "taken", "sold").to_numpy()
            totals[:, by_firm[name].to_numpy()] += found.T
        attention, taken, sold = totals / len(agents)
        self.share, self.sales = attention, sold
        self.data = 0.97 * self.data + taken

        # hear and trust
        state = talk(agents, self.friends, self.beta, self.alpha, rng)
        served = pl.sum_horizontal(pl.col(f"share_{s}") * pl.col(f"known_{s}") for s in slots)
        good = (pl.col("income") - self.price).clip(0.0, 1.0) + 0.5 * served
        trust = pl.col("trust")
        loss = pl.when(pl.lit(state) == SPREADER).then(0.02 * trust).otherwise(0.0)
        self.agents = agents.select(
            "unique_id",
            "income",
            "reach",
            state=state,
            trust=(trust + 0.03 * good * (1.0 - trust) - loss).cast(pl.Float32),
            awareness=0.98 * pl.col("awareness"),
            **{name: pl.col(name) for name in self.uses},
            **{
                name: 0.95 * pl.col(name) + 0.8 * pl.col(f"share_{slot}") * pl.col("online")
                for slot, name in enumerate(self.profiles)
            },
        )


class Citizens(Modelled):
    """The citizens' part of the month."""

    kind = Population

    def answer(self) -> dict[str, float]:
        people = self.people
        return {
            "trust": float(people.agents["trust"].mean()),
            "awareness": float(people.agents["awareness"].mean()),
            "profile": float(people.agents.select(people.profiles).to_numpy().mean()),
            "top": float(np.max(people.share)),
            "data": float(np.sum(people.data)),
            "sales": float(np.sum(people.sales)),
            "heard": float((people.agents["state"] != IGNORANT).mean()),
        }


if __name__ == "__main__":
    works = {"wealth": Wealth, "rumour": Rumour, "citizens": Citizens}
    protocol.serve(works, version=protocol.version("mesa-frames"))
