"""The world: what is fixed. Sizes, citizens' traits, organizations' traits, and what was measured.

A world is generated from a seed, or made from columns of tables; it never changes afterwards.
Citizens are numbered region by region and neighbourhood by neighbourhood, so that strong ties lie
near each other in memory. Organizations keep their places: agencies, firms, associations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

import datapolis.model.arrays  # noqa: F401  (records join the pytrees there)
from datapolis.core.declare import record, static
from datapolis.core.errors import InputError, nearest

if TYPE_CHECKING:
    from jaxtyping import Array, Bool, Float, Int, UInt32

SECTORS = ("government", "market", "social")
STRONG, WEAK, PARTNERS, PEERS = 8, 4, 8, 8  # ties of a citizen, an organization, an agency
QUANTILES = 256  # at which the distribution of income is known to firms


@record
@dataclass(frozen=True)
class Sizes:
    """How many of each there are: the shape of every array."""

    citizens: int = static()
    regions: int = static()
    agencies: int = static()
    firms: int = static()  # places for firms; not all are taken
    associations: int = static()
    slots: int = static()  # activity spaces that a citizen uses

    @property
    def organizations(self) -> int:
        """All places for organizations."""
        return self.agencies + self.firms + self.associations

    @property
    def government(self) -> slice:
        """The places of agencies."""
        return slice(0, self.agencies)

    @property
    def market(self) -> slice:
        """The places of firms."""
        return slice(self.agencies, self.agencies + self.firms)

    @property
    def social(self) -> slice:
        """The places of associations."""
        return slice(self.agencies + self.firms, self.organizations)

    @property
    def sectors(self) -> tuple[slice, slice, slice]:
        """The places of the three sectors."""
        return self.government, self.market, self.social


@record
@dataclass(frozen=True)
class CitizenTraits:
    """What never changes about citizens."""

    identity: Int[Array, "citizen"]  # who it is, for chance; the same in any order
    income: Float[Array, "citizen"]  # mean 1
    rank: Float[Array, "citizen"]  # of income, 0 to 1
    region: Int[Array, "citizen"]
    reluctance: Float[Array, "citizen"]  # standard normal; scaled to the awakening threshold
    strong: Int[Array, "citizen tie"]  # kin and neighbours; -1 for none
    weak: Int[Array, "citizen tie"]  # strangers; -1 for none


@record
@dataclass(frozen=True)
class OrganizationTraits:
    """What never changes about organizations."""

    sector: Int[Array, "organization"]  # 0 government, 1 market, 2 social
    national: Bool[Array, "organization"]  # central agencies, and who works in every region
    home: Int[Array, "organization"]  # the region at month 0
    openness: Float[Array, "organization"]  # relative to the sector's; 1 if not measured
    department: Int[Array, "agency"]
    peers: Int[Array, "agency peer"]  # agencies it may link with; -1 for none
    rent: Float[Array, "agency"]  # relative rent of hoarding, median 1


@record
@dataclass(frozen=True)
class Endowment:
    """What was measured of month 0. nan, or -1, where nothing was: chance fills it in."""

    alive: Bool[Array, "organization"]
    data: Float[Array, "organization"]  # citizen-months per citizen
    wealth: Float[Array, "organization"]  # monthly incomes per citizen
    reach: Float[Array, "firm"]  # relative number of users
    quality: Float[Array, "firm"]  # utils at that reach, users' pull included (`studies.revealed`)
    uses: Int[Array, "citizen slot"]  # firms in use; no rows where chance draws them
    partners: Int[Array, "organization partner"]
    strength: Float[Array, "organization partner"]
    data_total: Float[Array, "sector"]
    wealth_total: Float[Array, "sector"]


@record
@dataclass(frozen=True, repr=False)
class World:
    """Everything that is fixed."""

    sizes: Sizes
    citizens: CitizenTraits
    organizations: OrganizationTraits
    endowment: Endowment
    income_quantiles: Float[Array, "quantile"]  # at levels (q + 1/2) / 256
    tastes: UInt32[Array, "2"]  # the key of citizens' tastes
    names: tuple[str, ...] = static(())  # of organizations; empty if generated

    def __repr__(self) -> str:
        has = self.sizes
        return (
            f"World({has.citizens:,} citizens in {has.regions} regions, {has.agencies} agencies, "
            f"{has.firms} places for firms, {has.associations} associations)"
        )

    @staticmethod
    def generate(
        citizens: int = 100_000,
        *,
        seed: int = 0,
        regions: int = 6,
        departments: int = 8,
        firms: int = 200,
        firm_places: int | None = None,
        associations: int = 100,
        slots: int = 4,
        income_spread: float = 0.6,
        rewired: float = 0.05,
        national: float = 0.2,
        data_total: Sequence[float] = (1.0, 0.02, 0.02),
        wealth_total: Sequence[float] = (0.70, 0.25, 0.05),
    ) -> World:
        """A world by chance: incomes lognormal, kin on a rewired ring, strangers at random.

        `firms` live at month 0 in `firm_places` places (a fifth more by default). Totals are by
        sector: government, market, social. The same arguments and seed give the same world.
        """
        places = -(-firms * 6 // 5) if firm_places is None else firm_places
        _check_sizes(citizens, regions, departments, firms, places, associations, slots)
        rng = np.random.default_rng(np.random.SeedSequence([seed, 0]))
        region = np.minimum(np.arange(citizens) * regions // citizens, regions - 1)
        rank = (rng.permutation(citizens) + 0.5) / citizens
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        shift = -(income_spread**2) / 2
        sizes = Sizes(
            citizens=citizens,
            regions=regions,
            agencies=departments * (1 + regions),
            firms=places,
            associations=associations,
            slots=slots,
        )
        many, agencies = sizes.organizations, sizes.agencies
        level = np.tile(np.arange(1 + regions), departments)
        home = rng.integers(0, regions, many)
        home[:agencies] = np.maximum(level - 1, 0)
        everywhere = rng.random(many) < national
        everywhere[:agencies] = level == 0
        alive = np.ones(many, bool)
        alive[agencies + firms : agencies + places] = False
        unmeasured = np.full(many, np.nan)
        fixed: Callable[..., Any] = jnp.asarray
        return World(
            sizes=sizes,
            citizens=CitizenTraits(
                identity=fixed(np.arange(citizens, dtype=np.int32)),
                income=fixed(np.exp(shift + income_spread * ndtri(rank)), np.float32),
                rank=fixed(rank, np.float32),
                region=fixed(region, np.int8 if regions < 128 else np.int16),
                reluctance=fixed(rng.standard_normal(citizens, dtype=np.float32)),
                strong=fixed(_kin(region, rewired, rng)),
                weak=fixed(_strangers(citizens, rng)),
            ),
            organizations=OrganizationTraits(
                sector=fixed(np.repeat([0, 1, 2], [agencies, places, associations]), np.int32),
                national=fixed(everywhere),
                home=fixed(home, np.int32),
                openness=fixed(np.ones(many, np.float32)),
                department=fixed(np.repeat(np.arange(departments), 1 + regions), np.int32),
                peers=fixed(_peers(departments, 1 + regions, rng)),
                rent=fixed(np.exp(0.5 * rng.standard_normal(agencies)), np.float32),
            ),
            endowment=Endowment(
                alive=fixed(alive),
                data=fixed(unmeasured, np.float32),
                wealth=fixed(unmeasured, np.float32),
                reach=fixed(np.full(places, np.nan, np.float32)),
                quality=fixed(np.full(places, np.nan, np.float32)),
                uses=fixed(np.zeros((0, slots), np.int16)),
                partners=fixed(np.full((many, PARTNERS), -1, np.int32)),
                strength=fixed(np.full((many, PARTNERS), np.nan, np.float32)),
                data_total=fixed(np.asarray(data_total, np.float32)),
                wealth_total=fixed(np.asarray(wealth_total, np.float32)),
            ),
            income_quantiles=fixed(np.exp(shift + income_spread * ndtri(levels)), np.float32),
            tastes=fixed(rng.integers(0, 2**32, 2, dtype=np.uint32)),
        )

    @staticmethod
    def from_tables(
        *,
        organizations: Mapping[str, Sequence[Any]] | None = None,
        ties: Mapping[str, Sequence[Any]] | None = None,
        incomes: Mapping[str, Sequence[Any]] | None = None,
        graph: Mapping[str, Sequence[Any]] | None = None,
        **generated: Any,
    ) -> World:
        """A world from columns; what no column says is generated (see `generate`).

        organizations   name, sector ("government", "market", "social"), and any of data, wealth,
                        reach (all relative within the sector), openness (relative), region
                        (0..R-1).
                        A government row is a department, with a central and R regional agencies.
        ties            from, to (names), strength (0 to 1): the eight strongest of each are kept
        incomes         of citizens: income, and weight (people with it): microdata or deciles
        graph           from, to (any labels), kind ("strong" or "weak"), and weight if there is
                        one; a graph smaller than the population is laid out many times, its
                        weak ties crossing from copy to copy

        Reach sets whom citizens use at month 0; `dp.at_rest` then finds the quality with which the
        market would stay so.

        Raises InputError that names the column, the value and what is allowed.
        """
        rows = _organization_columns(organizations or {})
        arguments = dict(generated)
        for sector, argument in (
            ("government", "departments"),
            ("market", "firms"),
            ("social", "associations"),
        ):
            count = int(np.sum(rows["sector"] == sector))
            if count:
                arguments[argument] = count
        world = World.generate(**arguments)
        if len(rows["name"]):
            world = _with_organizations(world, rows)
        if ties is not None:
            world = _with_ties(world, ties)
        if incomes is not None:
            world = _with_incomes(world, incomes)
        if graph is not None:
            world = _with_graph(world, graph, arguments.get("seed", 0))
        return world

    def rewire(self, share: float, seed: int = 0) -> World:
        """A copy in which a share of kin ties lead to strangers instead, at the same degree."""
        if not 0.0 <= share <= 1.0:
            raise InputError("a share", field="rewire", value=share, allowed="0 to 1")
        if bool(jnp.any(self.citizens.strong < 0)):
            raise InputError("a world with a measured graph cannot be rewired", field="rewire")
        rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
        strong = np.array(self.citizens.strong)
        for column in range(0, strong.shape[1] - 1, 2):
            turned = np.flatnonzero(rng.random(len(strong)) < share)
            there = _dealt(strong[turned, column], turned, rng)
            strong[turned, column] = there
            strong[there, column + 1] = turned
        return replace(self, citizens=replace(self.citizens, strong=jnp.asarray(strong)))


def _check_sizes(
    citizens: int,
    regions: int,
    departments: int,
    firms: int,
    places: int,
    associations: int,
    slots: int,
) -> None:
    bounds = {
        "citizens": (citizens, 100, 1_000_000_000),
        "regions": (regions, 1, 1_000),
        "departments": (departments, 1, 10_000),
        "firms": (firms, slots, 30_000),
        "firm_places": (places, firms, 32_000),
        "associations": (associations, 1, 100_000),
        "slots": (slots, 1, 16),
    }
    for name, (value, low, high) in bounds.items():
        if not low <= value <= high:
            raise InputError(
                "a size lies outside its range", field=name, value=value, allowed=f"{low} to {high}"
            )


def _cycle(members: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where each member's tie leads when they stand in one random circle: never to itself."""
    order = rng.permutation(members)
    there = np.empty(members.max() + 1, members.dtype)
    there[order] = np.roll(order, -1)
    found: np.ndarray = there[members]
    return found


def _dealt(targets: np.ndarray, owners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same different targets, dealt out anew to their owners; nobody is dealt itself."""
    if len(owners) < 2:
        return targets
    dealt = rng.permutation(targets)
    for place in np.flatnonzero(dealt == owners):
        if dealt[place] == owners[place]:
            other = (place + 1) % len(owners)
            dealt[place], dealt[other] = dealt[other], dealt[place]
    return dealt


def _kin(region: np.ndarray, rewired: float, rng: np.random.Generator) -> np.ndarray:
    """Kin and neighbours: a ring of eight in each region, a share of it rewired inside the region.

    Columns come in pairs, a tie and its way back, and every rewiring is a permutation: all have
    exactly eight ties, and every tie is mutual.
    """
    many = len(region)
    strong = np.empty((many, STRONG), np.int32)
    starts = np.flatnonzero(np.r_[True, region[1:] != region[:-1]])
    for first, end in zip(starts, np.r_[starts[1:], many], strict=True):
        here = np.arange(first, end)
        for distance in range(1, STRONG // 2 + 1):
            there = np.roll(here, -distance)
            turned = np.flatnonzero(rng.random(len(here)) < rewired)
            there[turned] = _dealt(there[turned], here[turned], rng)
            strong[first:end, 2 * distance - 2] = there
            strong[there, 2 * distance - 1] = here
    return strong


def _strangers(many: int, rng: np.random.Generator) -> np.ndarray:
    """Strangers anywhere in the country: random circles through everybody, and their ways back."""
    weak = np.empty((many, WEAK), np.int32)
    everyone = np.arange(many, dtype=np.int32)
    for column in range(0, WEAK, 2):
        there = _cycle(everyone, rng)
        weak[:, column] = there
        weak[there, column + 1] = everyone
    return weak


def _peers(departments: int, levels: int, rng: np.random.Generator) -> np.ndarray:
    """Three agencies of the same region, three of the same department, two others."""
    many = departments * levels
    department, level = np.divmod(np.arange(many), levels)
    peers = np.full((many, PEERS), -1, np.int32)
    for agency in range(many):
        same_region = np.flatnonzero((level == level[agency]) & (department != department[agency]))
        same_department = np.flatnonzero(
            (department == department[agency]) & (level != level[agency])
        )
        others = np.flatnonzero((level != level[agency]) & (department != department[agency]))
        place = 0
        for pool, wanted in ((same_region, 3), (same_department, 3), (others, 2)):
            chosen = rng.permutation(pool)[:wanted]
            peers[agency, place : place + len(chosen)] = chosen
            place += len(chosen)
    return peers


def _column(
    table: Mapping[str, Sequence[Any]], name: str, *, of: str, least: float | None = None
) -> np.ndarray:
    if name not in table:
        raise InputError(
            "a column is missing", file=of, field=name, nearest=nearest(name, table), allowed=name
        )
    values = np.asarray(table[name])
    if least is None:
        return values
    try:
        numbers = values.astype(float)
    except ValueError:
        raise InputError("a column is not of numbers", file=of, field=name) from None
    wrong = ~np.isfinite(numbers) | (numbers < least)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"row {row + 1} is out of range",
            file=of,
            field=name,
            value=values[row],
            allowed=f"a number of at least {least:g}",
        )
    return numbers


def _organization_columns(table: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray]:
    known = ("name", "sector", "data", "wealth", "reach", "openness", "region")
    for column in table:
        if column not in known:
            raise InputError(
                "no such column",
                file="organizations",
                field=column,
                allowed=", ".join(known),
                nearest=nearest(column, known),
            )
    if not table:
        return {"name": np.array([], str), "sector": np.array([], str)}
    name = _column(table, "name", of="organizations").astype(str)
    sector = _column(table, "sector", of="organizations").astype(str)
    if not len(name):
        raise InputError("the table is empty", file="organizations")
    for value in np.unique(sector):
        if value not in SECTORS:
            raise InputError(
                "no such sector",
                file="organizations",
                field="sector",
                value=str(value),
                allowed=", ".join(SECTORS),
                nearest=nearest(str(value), SECTORS),
            )
    pairs, counts = np.unique(np.stack([sector, name]), axis=1, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            "a name stands twice in one sector",
            file="organizations",
            field="name",
            value=str(pairs[1, counts > 1][0]),
            allowed="each name once a sector",
        )
    rows = {"name": name, "sector": sector}
    for column in ("data", "wealth", "reach", "openness", "region"):
        if column in table:
            filled = np.asarray(table[column], float)
            present: Any = {column: np.where(np.isnan(filled), 0.0, filled)}
            _column(present, column, of="organizations", least=0.0)
            rows[column] = filled
    return rows


def _with_organizations(world: World, rows: Mapping[str, np.ndarray]) -> World:
    sizes = world.sizes
    traits = jax.tree.map(np.array, world.organizations)
    endowment = jax.tree.map(np.array, world.endowment)
    names = [
        f"{SECTORS[sector]} {place}"
        for sector, part in enumerate(sizes.sectors)
        for place in range(part.stop - part.start)
    ]
    levels = 1 + sizes.regions
    for sector, part in enumerate(sizes.sectors):
        chosen = rows["sector"] == SECTORS[sector]
        count = int(chosen.sum())
        if not count:
            continue
        each = levels if sector == 0 else 1  # a department is a central and R regional agencies
        places = slice(part.start, part.start + count * each)
        for offset, name in enumerate(rows["name"][chosen]):
            for level in range(each):
                place = part.start + offset * each + level
                names[place] = str(name) if level == 0 else f"{name} (region {level})"
        for column in ("data", "wealth"):
            if column in rows:
                measured = rows[column][chosen]
                known = np.nansum(measured)
                if known > 0:
                    # of the sector's total, as much as is measured of its members; chance fills in
                    part_known = np.isfinite(measured).mean()
                    share = np.repeat(part_known * measured / known / each, each)
                    getattr(endowment, column)[places] = (
                        share * getattr(endowment, f"{column}_total")[sector]
                    )
        if "openness" in rows and np.nansum(rows["openness"][chosen]) > 0:
            measured = rows["openness"][chosen]
            traits.openness[places] = np.repeat(
                np.nan_to_num(measured / np.nanmean(measured), nan=1.0), each
            )
        if "region" in rows and sector > 0:
            region = rows["region"][chosen]
            if np.nanmax(region, initial=0) >= sizes.regions:
                raise InputError(
                    "no such region",
                    file="organizations",
                    field="region",
                    value=float(np.nanmax(region)),
                    allowed=f"0 to {sizes.regions - 1}",
                )
            home = traits.home[places]
            traits.home[places] = np.where(np.isnan(region), home, np.nan_to_num(region)).astype(
                int
            )
        if "reach" in rows and sector == 1:
            endowment.reach[:count] = rows["reach"][chosen]
    return replace(
        world,
        organizations=jax.tree.map(jnp.asarray, traits),
        endowment=jax.tree.map(jnp.asarray, endowment),
        names=tuple(names),
    )


def _with_ties(world: World, table: Mapping[str, Sequence[Any]]) -> World:
    places = {name: place for place, name in enumerate(world.names)}
    if not places:
        raise InputError("ties need a table of organizations to name their ends", file="ties")
    ends = []
    for column in ("from", "to"):
        names = _column(table, column, of="ties").astype(str)
        for row, name in enumerate(names):
            if name not in places:
                raise InputError(
                    f"row {row + 1} names nobody in the table of organizations",
                    file="ties",
                    field=column,
                    value=str(name),
                    nearest=nearest(str(name), places),
                )
        ends.append(np.array([places[name] for name in names], np.int32))
    strength = _column(table, "strength", of="ties", least=0.0)
    if strength.max(initial=0.0) > 1.0:
        raise InputError(
            "a tie is stronger than 1",
            file="ties",
            field="strength",
            value=float(strength.max()),
            allowed="0 to 1",
        )
    partners, kept = _strongest(
        np.concatenate(ends),
        np.concatenate(ends[::-1]),
        np.tile(strength, 2),
        world.sizes.organizations,
        PARTNERS,
    )
    return replace(
        world,
        endowment=replace(
            world.endowment,
            partners=jnp.asarray(partners),
            strength=jnp.asarray(np.where(partners >= 0, kept, 0.0), jnp.float32),
        ),
    )


def _strongest(
    ego: np.ndarray, alter: np.ndarray, weight: np.ndarray, many: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `most` strongest acquaintances of each, and how strong they are; -1 for none."""
    apart = ego != alter
    ego, alter, weight = ego[apart], alter[apart], weight[apart]
    order = np.lexsort((alter, -weight, ego))
    ego, alter, weight = ego[order], alter[order], weight[order]
    _, first = np.unique(ego.astype(np.int64) * many + alter, return_index=True)
    keep = np.sort(first)
    ego, alter, weight = ego[keep], alter[keep], weight[keep]
    position = np.arange(len(ego)) - np.searchsorted(ego, ego)
    fits = position < most
    acquaintances = np.full((many, most), -1, np.int32)
    strengths = np.zeros((many, most), np.float32)
    acquaintances[ego[fits], position[fits]] = alter[fits]
    strengths[ego[fits], position[fits]] = weight[fits]
    return acquaintances, strengths


def _with_incomes(world: World, table: Mapping[str, Sequence[Any]]) -> World:
    income = _column(table, "income", of="incomes", least=1e-12)
    if not len(income):
        raise InputError("the table is empty", file="incomes")
    weight = (
        _column(table, "weight", of="incomes", least=0.0)
        if "weight" in table
        else np.ones(len(income))
    )
    order = np.argsort(income, kind="stable")
    income, weight = income[order], weight[order]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    mean = float(np.average(income, weights=weight))

    def at(level: np.ndarray) -> jnp.ndarray:
        return jnp.asarray(np.exp(np.interp(level, middle, np.log(income / mean))), jnp.float32)

    drawn = at(np.asarray(world.citizens.rank, float))
    scale = 1.0 / jnp.mean(drawn)
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return replace(
        world,
        citizens=replace(world.citizens, income=drawn * scale),
        income_quantiles=at(levels) * scale,
    )


def _with_graph(world: World, table: Mapping[str, Sequence[Any]], seed: int) -> World:
    ends = [_column(table, column, of="graph") for column in ("from", "to")]
    kind = _column(table, "kind", of="graph").astype(str)
    for value in np.unique(kind):
        if value not in ("strong", "weak"):
            raise InputError(
                "no such kind of tie",
                file="graph",
                field="kind",
                value=str(value),
                allowed="strong, weak",
            )
    weight = (
        _column(table, "weight", of="graph", least=0.0) if "weight" in table else np.ones(len(kind))
    )
    labels, place = np.unique(np.concatenate(ends), return_inverse=True)
    ego, alter = place[: len(kind)], place[len(kind) :]
    many, people = world.sizes.citizens, len(labels)
    copies = -(-many // people)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2]))
    found = {}
    for name, most in (("strong", STRONG), ("weak", WEAK)):
        chosen = kind == name
        one, two, worth = ego[chosen], alter[chosen], weight[chosen]
        shift = rng.integers(0, copies, len(one)) if name == "weak" else np.zeros(len(one), int)
        copy = np.repeat(np.arange(copies), len(one))
        here = copy * people + np.tile(one, copies)
        there = (copy + np.tile(shift, copies)) % copies * people + np.tile(two, copies)
        inside = (here < many) & (there < many)
        here, there, worth = here[inside], there[inside], np.tile(worth, copies)[inside]
        found[name], _ = _strongest(
            np.concatenate([here, there]),
            np.concatenate([there, here]),
            np.tile(worth, 2),
            many,
            most,
        )
    return replace(
        world,
        citizens=replace(
            world.citizens, strong=jnp.asarray(found["strong"]), weak=jnp.asarray(found["weak"])
        ),
    )
