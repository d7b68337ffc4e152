"""What is observed each month: an indicator of a field of the society, with name, unit and labels.

An index is a function (society, world) -> number or short vector. `INDICES` holds them all by name;
`STANDARD` is what a run records unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from datapolis.core.errors import InputError, nearest
from datapolis.model.arrays import TINY, group_mean, mean, mean_of, slot_sum
from datapolis.model.quantities import (
    alive_firms,
    at_citizens,
    cross_share,
    legal_pressure,
    live_strength,
    regional_power,
    sector_sums,
)
from datapolis.model.society import PARTICIPATE, SPREADING, UNHEARD, Society
from datapolis.model.world import SECTORS, World
from datapolis.statistics.indicators.balance import balance, spearman
from datapolis.statistics.indicators.concentration import (
    concentration_ratio,
    gini,
    herfindahl,
    herfindahl_split,
    hill_tail_exponent,
    top_share,
)
from datapolis.statistics.indicators.enforcement import policy_distance
from datapolis.statistics.indicators.islands import (
    component_count,
    component_sums,
    largest_component_share,
)
from datapolis.statistics.indicators.power import shapley_shubik
from datapolis.statistics.indicators.prices import price_dispersion, share_above, share_below
from datapolis.statistics.indicators.quantiles import histogram_quantile
from datapolis.statistics.indicators.rights import rights_gini
from datapolis.statistics.indicators.ties import centralization, density, giant_component_share

if TYPE_CHECKING:
    from jaxtyping import Array

DECILES = 10
RIGHTS = ("know", "participate", "express", "supervise")
GAPS = ("government-society", "outsiders-government", "firm-citizen")
HOLDERS = ("government", "market", "social", "lawbreakers")
AIMS = ("public", "profit", "group")


@dataclass(frozen=True)
class Index:
    """A number, or a short vector, of a society: how it is observed and what it is measured in."""

    name: str
    function: Callable[[Society, World], Any]
    unit: str
    dims: tuple[str, ...]
    group: str
    about: str

    def __call__(self, society: Society, world: World) -> Array:
        """The value of this index in a society whose month has run."""
        return jnp.asarray(self.function(society, world), jnp.float32)


INDICES: dict[str, Index] = {}
_GROUP = [""]


def index(unit: str = "share", dims: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """Declare a function (society, world) -> value as an index under its own name."""

    def declare(function: Callable[[Society, World], Any]) -> Callable[[Society, World], Any]:
        about = " ".join((function.__doc__ or "").split())
        name = function.__name__
        INDICES[name] = Index(name, function, unit, dims, _GROUP[0], about)
        return function

    return declare


def labels(dim: str, world: World) -> list[Any]:
    """The labels along a dimension of an index."""
    sizes = world.sizes
    known: dict[str, list[Any]] = {
        "sector": list(SECTORS),
        "right": list(RIGHTS),
        "gap": list(GAPS),
        "holder": list(HOLDERS),
        "aim": list(AIMS),
        "decile": list(range(1, DECILES + 1)),
        "region": list(range(sizes.regions)),
        "joiner": ["market", "social"],
        "firm": list(range(sizes.firms)),
    }
    return known[dim]


def find(name: str) -> Index:
    """The index of that name; InputError with the nearest name if there is none."""
    if name not in INDICES:
        raise InputError("no such index", field=name, nearest=nearest(name, INDICES))
    return INDICES[name]


def by_decile(values: Array, world: World) -> Array:
    """Means of a citizens' quantity by decile of income."""
    decile = jnp.minimum((world.citizens.rank * DECILES).astype(jnp.int32), DECILES - 1)
    return group_mean(values, decile, DECILES)


def _over_users(values: Array, society: Society) -> Array:
    """The mean of a firms' quantity over users, those of firms born this month too."""
    share = society.firms.user_share  # sums to 1 when counted, to more after births
    return jnp.sum(values * share) / jnp.maximum(jnp.sum(share), TINY)


def _within(amount: Array, world: World) -> Array:
    return amount[world.sizes.market]


# --- power -------------------------------------------------------------------------------------
_GROUP[0] = "power"


@index("power", ("sector",))
def base_power(society: Society, world: World) -> Any:
    """Base power by sector, from wealth and creative power: can grow for all (positive sum)."""
    return sector_sums(society.flows.base_power, world)


@index("power")
def total_power(society: Society, world: World) -> Any:
    """All base power."""
    return jnp.sum(society.flows.base_power)


@index(dims=("sector",))
def power_share(society: Society, world: World) -> Any:
    """Share of base power by sector: zero sum (distributive power; way 1 of 4)."""
    sums = sector_sums(society.flows.base_power, world)
    return sums / jnp.sum(sums)


@index("creative power", ("sector",))
def creative_power(society: Society, world: World) -> Any:
    """Creative power, mined from data, by sector."""
    return sector_sums(society.organizations.creative, world)


@index(dims=("sector",))
def wealth_share(society: Society, world: World) -> Any:
    """Share of wealth by sector."""
    sums = sector_sums(society.organizations.wealth, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index("income", ("sector",))
def wealth(society: Society, world: World) -> Any:
    """Wealth by sector, in monthly incomes per citizen."""
    return sector_sums(society.organizations.wealth, world)


@index("data", ("sector",))
def data_held(society: Society, world: World) -> Any:
    """Data held by sector, in citizen-months per citizen."""
    return sector_sums(society.organizations.data, world)


@index()
def data_weight(society: Society, world: World) -> Any:
    """Part of base power that comes from data: an outcome."""
    return society.flows.data_weight


@index(dims=("sector",))
def dependence_share(society: Society, world: World) -> Any:
    """Share of dependence power, what others would lose without the sector (way 2 of 4)."""
    sums = sector_sums(society.flows.dependence, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index("utils", ("sector",))
def dependence(society: Society, world: World) -> Any:
    """What citizens and partners would lose without the organizations of a sector."""
    return sector_sums(society.flows.dependence, world)


@index(dims=("sector",))
def relational_share(society: Society, world: World) -> Any:
    """Share of relational power, from ties with the powerful (way 3 of 4)."""
    sums = sector_sums(society.flows.relational, world)
    return sums / jnp.maximum(jnp.sum(sums), TINY)


@index(dims=("sector",))
def pivotality(society: Society, world: World) -> Any:
    """Shapley-Shubik index of the sectors, mean over regions (way 4 of 4)."""
    return jnp.mean(society.flows.pivotality, axis=0)


@index()
def citizens_pivotality(society: Society, world: World) -> Any:
    """Citizens as a fourth player beside the sectors: their Shapley-Shubik index, over regions.

    Their weight is all base power times the part of citizens who are awake times the right to
    participate that these enjoy: voice 1 weighs as much as all organizations together.
    """
    citizens, sizes = society.citizens, world.sizes
    voice = citizens.awake * citizens.rights[:, PARTICIPATE]
    voice = group_mean(voice.astype(jnp.float32), world.citizens.region, sizes.regions)
    power = regional_power(society.flows.base_power, society, world)
    weight = voice * jnp.sum(power, axis=1)
    players = jnp.concatenate([power, weight[:, None]], axis=1)
    return jnp.mean(shapley_shubik(players, 0.5)[:, 3])


@index()
def power_balance(society: Society, world: World) -> Any:
    """Entropy of the sectors' shares of base power over its maximum: 1 equal, 0 one has all."""
    return balance(power_share(society, world))


@index()
def sector_herfindahl(society: Society, world: World) -> Any:
    """Concentration of base power between the three sectors: 1/3 equal, 1 one has all."""
    return jnp.sum(power_share(society, world) ** 2)


def _split(society: Society, world: World) -> tuple[Array, Array, Array]:
    return herfindahl_split(
        society.flows.base_power,
        world.organizations.sector,
        len(SECTORS),
        society.organizations.alive,
    )


@index()
def power_herfindahl(society: Society, world: World) -> Any:
    """Concentration of base power over all organizations: between plus within sectors."""
    return _split(society, world)[0]


@index()
def power_herfindahl_between(society: Society, world: World) -> Any:
    """The part of it that would remain if each sector were equal inside."""
    return _split(society, world)[1]


@index()
def power_herfindahl_within(society: Society, world: World) -> Any:
    """The part of it that is made by inequality inside the sectors."""
    return _split(society, world)[2]


# --- market ------------------------------------------------------------------------------------
_GROUP[0] = "market"


@index()
def user_herfindahl(society: Society, world: World) -> Any:
    """Concentration of users over firms."""
    return herfindahl(society.firms.user_share)


@index()
def user_four_largest(society: Society, world: World) -> Any:
    """Share of users at the four largest firms."""
    return concentration_ratio(society.firms.user_share, 4)


@index()
def user_gini(society: Society, world: World) -> Any:
    """Gini coefficient of users over living firms."""
    return gini(society.firms.user_share, alive_firms(society, world))


@index()
def top_fifth_share(society: Society, world: World) -> Any:
    """Share of users at the largest fifth of living firms: .8 is the 80-20 rule."""
    return top_share(society.firms.user_share, 0.2, alive_firms(society, world))


@index("exponent")
def user_tail(society: Society, world: World) -> Any:
    """Tail exponent of users over the largest fifth of firms."""
    return hill_tail_exponent(society.firms.user_share, 0.2, alive_firms(society, world))


@index()
def data_herfindahl(society: Society, world: World) -> Any:
    """Concentration of data over firms."""
    return herfindahl(_within(society.organizations.data, world))


@index()
def data_gini(society: Society, world: World) -> Any:
    """Gini coefficient of data over living firms."""
    return gini(_within(society.organizations.data, world), alive_firms(society, world))


@index()
def data_top_fifth_share(society: Society, world: World) -> Any:
    """Share of firms' data at the fifth of living firms that holds most."""
    return top_share(_within(society.organizations.data, world), 0.2, alive_firms(society, world))


@index("exponent")
def data_tail(society: Society, world: World) -> Any:
    """Tail exponent of data over the fifth of firms that holds most."""
    data = _within(society.organizations.data, world)
    return hill_tail_exponent(data, 0.2, alive_firms(society, world))


@index()
def wealth_top_fifth_share(society: Society, world: World) -> Any:
    """Share of firms' wealth at the richest fifth of living firms."""
    return top_share(_within(society.organizations.wealth, world), 0.2, alive_firms(society, world))


@index("firms")
def firms_alive(society: Society, world: World) -> Any:
    """Firms alive."""
    return jnp.sum(alive_firms(society, world))


@index("firms/month")
def firms_born(society: Society, world: World) -> Any:
    """Firms born this month, by entry or break-up."""
    return society.flows.born


@index("firms/month")
def firms_gone(society: Society, world: World) -> Any:
    """Firms that left this month."""
    return society.flows.gone


@index("firms/month")
def firms_bought(society: Society, world: World) -> Any:
    """Firms that were bought this month."""
    return society.flows.merged


@index("firms/month")
def firms_broken_up(society: Society, world: World) -> Any:
    """Firms that were broken up this month."""
    return society.flows.broken_up


@index()
def top_firm_share(society: Society, world: World) -> Any:
    """Users' share of the largest firm."""
    return jnp.max(society.firms.user_share)


@index("correlation")
def rank_persistence(society: Society, world: World) -> Any:
    """Rank correlation of firms' user shares, this month with last."""
    return spearman(
        society.firms.user_share, society.flows.previous_share, alive_firms(society, world)
    )


@index()
def steered(society: Society, world: World) -> Any:
    """Part of those who look whose candidate the firm they use most has steered."""
    return society.flows.steered


@index()
def steered_to_top(society: Society, world: World) -> Any:
    """Part of those who look who are shown the largest firm: its weight in opinion."""
    return society.flows.steered_to_top


# --- ties and islands --------------------------------------------------------------------------
_GROUP[0] = "ties"


@index()
def tie_density(society: Society, world: World) -> Any:
    """Strength of ties over its maximum."""
    organizations = society.organizations
    return density(live_strength(society), organizations.partners, organizations.alive)


@index()
def tie_centralization(society: Society, world: World) -> Any:
    """How far ties gather at one organization."""
    organizations = society.organizations
    return centralization(live_strength(society), organizations.partners, organizations.alive)


@index()
def cross_sector_share(society: Society, world: World) -> Any:
    """Share of tie strength that crosses sectors."""
    return cross_share(society, world)


@index()
def community_share(society: Society, world: World) -> Any:
    """Organizations in the largest component of ties above .05: the data community."""
    organizations = society.organizations
    return giant_component_share(
        organizations.partners, live_strength(society), organizations.alive
    )


@index("ties/month")
def new_ties(society: Society, world: World) -> Any:
    """New ties per living organization."""
    return mean_of(society.flows.new_ties, society.organizations.alive)


@index("ties/month")
def new_ties_of_hit(society: Society, world: World) -> Any:
    """New ties per organization that was hit within six months; nan if none was."""
    hit = society.organizations.alert > 0
    return jnp.where(jnp.any(hit), mean_of(society.flows.new_ties, hit), jnp.nan)


@index()
def hit_share(society: Society, world: World) -> Any:
    """Organizations hit by a breach or a shock this month."""
    return mean_of(society.organizations.hit, society.organizations.alive)


@index()
def integration_gap(society: Society, world: World) -> Any:
    """Creative power that government forgoes while its data lie in islands."""
    return society.flows.integration_gap


@index()
def largest_island(society: Society, world: World) -> Any:
    """Agencies in the largest island of linked data."""
    return largest_component_share(society.flows.islands)


@index("islands")
def islands(society: Society, world: World) -> Any:
    """Islands of agencies' data."""
    return component_count(society.flows.islands)


@index("data")
def island_exposure(society: Society, world: World) -> Any:
    """Data that one breach of the largest island would expose."""
    sizes = component_sums(jnp.ones(world.sizes.agencies), society.flows.islands)
    return society.flows.island_data[jnp.argmax(sizes)]


@index(dims=("sector",))
def skill(society: Society, world: World) -> Any:
    """Mean skill of a sector's living organizations; technology is its bound."""
    organizations = society.organizations
    return jnp.stack(
        [
            mean_of(organizations.skill[part], organizations.alive[part])
            for part in world.sizes.sectors
        ]
    )


# --- governance --------------------------------------------------------------------------------
_GROUP[0] = "governance"


@index(dims=("gap",))
def information_gap(society: Society, world: World) -> Any:
    """Three gaps between those who see and those who are seen.

    What government sees of society less the reverse; what outsiders do not watch of government;
    what firms hold about a citizen less what a citizen may know.
    """
    sight = society.flows.sight
    know = mean(society.citizens.rights[:, 0])
    return jnp.stack(
        [sight[0] - sight[1], 1.0 - society.watching_society, mean(society.flows.held) - know]
    )


@index()
def watching_government(society: Society, world: World) -> Any:
    """How closely government watches outsiders."""
    return society.watching_government


@index()
def watching_society(society: Society, world: World) -> Any:
    """How closely outsiders watch government."""
    return society.watching_society


@index()
def partnership(society: Society, world: World) -> Any:
    """Dealings as equals, mean over regions; the rest is by order."""
    return jnp.mean(society.regions.partnership)


@index(dims=("region",))
def partnership_by_region(society: Society, world: World) -> Any:
    """Dealings as equals by region."""
    return society.regions.partnership


@index(dims=("joiner",))
def joining(society: Society, world: World) -> Any:
    """Regions in which firms, associations join in solving problems."""
    return jnp.mean(society.flows.joins, axis=0)


@index()
def solved(society: Society, world: World) -> Any:
    """Problems solved: service quality."""
    return jnp.mean(society.flows.solved)


@index()
def solved_alone(society: Society, world: World) -> Any:
    """Problems that government would solve alone."""
    return jnp.mean(society.flows.solved_alone)


@index("solved/effort")
def solved_per_effort(society: Society, world: World) -> Any:
    """Problems solved per sector's effort."""
    return jnp.mean(society.flows.solved / society.flows.effort)


@index("problems")
def backlog(society: Society, world: World) -> Any:
    """Unsolved problems that pile up."""
    return jnp.mean(society.regions.backlog)


@index()
def legitimacy(society: Society, world: World) -> Any:
    """Legitimacy, mean over regions."""
    return jnp.mean(society.regions.legitimacy)


@index("cosine")
def blur(society: Society, world: World) -> Any:
    """Mean cosine of the sectors' aims: 1 when borders are gone."""
    aims = society.aims / jnp.linalg.norm(society.aims, axis=1, keepdims=True)
    return (aims[0] @ aims[1] + aims[0] @ aims[2] + aims[1] @ aims[2]) / 3.0


@index(dims=("sector",))
def public_aim(society: Society, world: World) -> Any:
    """Weight of the public interest in a sector's aims."""
    return society.aims[:, 0]


# --- rights ------------------------------------------------------------------------------------
_GROUP[0] = "rights"


@index(dims=("right",))
def rights(society: Society, world: World) -> Any:
    """Rights that citizens enjoy: to know, participate, express, supervise."""
    return mean(society.citizens.rights)


@index(dims=("decile",))
def rights_by_decile(society: Society, world: World) -> Any:
    """Mean enjoyed right by decile of income."""
    return by_decile(slot_sum(society.citizens.rights) / 4.0, world)


@index()
def rights_inequality(society: Society, world: World) -> Any:
    """Gini coefficient of mean enjoyed rights over citizens."""
    return rights_gini(slot_sum(society.citizens.rights)[:, None] / 4.0, bins=1024)


@index()
def awake(society: Society, world: World) -> Any:
    """Citizens who are awake."""
    return mean(society.citizens.awake)


@index()
def awareness(society: Society, world: World) -> Any:
    """Mean awareness."""
    return mean(society.citizens.awareness)


# --- privacy -----------------------------------------------------------------------------------
_GROUP[0] = "privacy"


@index("months/month")
def beyond_law(society: Society, world: World) -> Any:
    """Time online that neither law nor enforcement reaches."""
    guard = at_citizens(legal_pressure(society), world)
    return mean(society.flows.online * (1.0 - guard))


@index("data")
def profile(society: Society, world: World) -> Any:
    """What firms in use hold about a citizen."""
    return mean(slot_sum(society.citizens.profile))


@index()
def stray_share(society: Society, world: World) -> Any:
    """Part of what is held about citizens that no choice of theirs reaches: loss of control."""
    stray = mean(society.citizens.stray)
    return stray / jnp.maximum(stray + profile(society, world), TINY)


@index("data", ("decile",))
def stray_by_decile(society: Society, world: World) -> Any:
    """Stray data by decile of income."""
    return by_decile(society.citizens.stray, world)


@index("copies")
def copies(society: Society, world: World) -> Any:
    """Copies of a citizen's stray data."""
    return mean(society.citizens.copies)


@index()
def covert_share(society: Society, world: World) -> Any:
    """Part of what firms take that is taken without consent."""
    return society.flows.covert


@index()
def laxity(society: Society, world: World) -> Any:
    """Laxity about consent, mean over users."""
    return _over_users(society.firms.laxity, society)


@index()
def held(society: Society, world: World) -> Any:
    """What can be known of a citizen."""
    return mean(society.flows.held)


@index()
def inferred(society: Society, world: World) -> Any:
    """What can be known of a citizen who shares nothing, by kin."""
    return mean(society.flows.inferred)


@index()
def harm(society: Society, world: World) -> Any:
    """Mean harm."""
    return mean(society.flows.harm)


def _harm_quantile(society: Society, q: float) -> Array:
    """A quantile of harm on a logarithmic scale, which tells small harms apart; within 3 %."""
    size = jnp.log10(jnp.maximum(society.flows.harm, 1e-6))
    return 10.0 ** histogram_quantile(size, q, -6.0, 0.0, 512)


@index()
def harm_median(society: Society, world: World) -> Any:
    """Median harm; from a millionth, below which harm counts as that."""
    return _harm_quantile(society, 0.5)


@index()
def harm_ninetieth(society: Society, world: World) -> Any:
    """Harm that one citizen in ten exceeds."""
    return _harm_quantile(society, 0.9)


@index("exposure", ("holder",))
def harm_by_holder(society: Society, world: World) -> Any:
    """Exposure to harm by who held the data that did it."""
    return society.flows.harm_holder


@index("breaches/month")
def breaches(society: Society, world: World) -> Any:
    """Organizations whose data leaked."""
    return jnp.sum(society.flows.leaked_share > 0.0)


@index("reference holdings/month", ("sector",))
def leaked(society: Society, world: World) -> Any:
    """Data leaked, in reference holdings, by sector."""
    return sector_sums(society.flows.leaked, world)


@index("lawbreakers")
def lawbreakers(society: Society, world: World) -> Any:
    """Lawbreakers; 1 at the start."""
    return society.lawbreakers


@index("power")
def lawbreakers_power(society: Society, world: World) -> Any:
    """Lawbreakers times what the leaked stock adds to each."""
    return society.lawbreakers * (1.0 + society.leaked_stock)


@index("reference holdings")
def leaked_stock(society: Society, world: World) -> Any:
    """Leaked data in circulation."""
    return society.leaked_stock


@index("security")
def security(society: Society, world: World) -> Any:
    """Mean security of firms."""
    part = world.sizes.market
    return mean_of(society.organizations.security[part], society.organizations.alive[part])


# --- prices ------------------------------------------------------------------------------------
_GROUP[0] = "prices"


def _sales(society: Society) -> tuple[Array, Array]:
    weight = society.flows.attention * society.flows.online[:, None]
    return society.flows.price, weight


@index("coefficient of variation")
def dispersion(society: Society, world: World) -> Any:
    """Dispersion of prices asked, weighted by time spent."""
    price, weight = _sales(society)
    return price_dispersion(price.ravel(), weight.ravel())


@index("income", ("decile",))
def price_by_decile(society: Society, world: World) -> Any:
    """Mean price asked by decile of income."""
    price = slot_sum(society.flows.price * society.flows.attention)
    return by_decile(price, world)


@index()
def charged_more(society: Society, world: World) -> Any:
    """Dealings in which more than the common price is asked."""
    price, weight = _sales(society)
    common = society.flows.common_price[society.citizens.uses]
    return share_above(price.ravel(), common.ravel(), weight.ravel())


@index()
def charged_less(society: Society, world: World) -> Any:
    """Dealings in which less than the common price is asked."""
    price, weight = _sales(society)
    common = society.flows.common_price[society.citizens.uses]
    return share_below(price.ravel(), common.ravel(), weight.ravel())


@index("income/month")
def surplus(society: Society, world: World) -> Any:
    """Consumer surplus per citizen."""
    return mean(society.flows.surplus)


@index("income/month")
def surplus_at_common_price(society: Society, world: World) -> Any:
    """Consumer surplus if everyone were asked the common price."""
    return mean(society.flows.common_surplus)


@index("income/month")
def revenue(society: Society, world: World) -> Any:
    """Firms' revenue over cost per citizen."""
    return jnp.sum(society.flows.revenue)


@index()
def pricing_gain(society: Society, world: World) -> Any:
    """What personal prices add to profit, mean over users."""
    gain = jnp.nan_to_num(society.flows.pricing_gain)
    return _over_users(gain, society)


@index()
def discrimination(society: Society, world: World) -> Any:
    """Use of personal prices, mean over users."""
    return _over_users(society.firms.discrimination, society)


@index()
def unfair(society: Society, world: World) -> Any:
    """Unfair prices that are noticed."""
    return mean(society.flows.unfair)


# --- welfare -----------------------------------------------------------------------------------
_GROUP[0] = "welfare"


@index("income/month")
def citizens_gain(society: Society, world: World) -> Any:
    """Net gain of a citizen: surplus plus service less harm, weighed by `welfare`."""
    return mean(society.flows.gain)


@index("months/month")
def service(society: Society, world: World) -> Any:
    """Personal service: time online, weighted by how well a citizen is known where it is spent."""
    return mean(society.flows.service)


@index("income/month", ("decile",))
def citizens_gain_by_decile(society: Society, world: World) -> Any:
    """Net gain by decile of income."""
    return by_decile(society.flows.gain, world)


@index("income/month")
def firms_gain(society: Society, world: World) -> Any:
    """Firms' revenue and data sales less fines, per citizen."""
    flows = society.flows
    return jnp.sum(flows.revenue) - jnp.sum(flows.fines)


@index("income/month")
def government_gain(society: Society, world: World) -> Any:
    """Change of government's wealth, per citizen."""
    return society.flows.government_gain


@index("months/month")
def online(society: Society, world: World) -> Any:
    """Time online."""
    return mean(society.flows.online)


@index()
def trust(society: Society, world: World) -> Any:
    """Mean trust."""
    return mean(society.citizens.trust)


@index(dims=("decile",))
def trust_by_decile(society: Society, world: World) -> Any:
    """Trust by decile of income."""
    return by_decile(society.citizens.trust, world)


# --- rumours -----------------------------------------------------------------------------------
_GROUP[0] = "rumours"


@index()
def rumour_heard(society: Society, world: World) -> Any:
    """Citizens who have heard the rumour under way."""
    return mean(society.citizens.rumour != UNHEARD)


@index()
def rumour_spreading(society: Society, world: World) -> Any:
    """Citizens who spread it."""
    return mean(society.citizens.rumour == SPREADING)


@index()
def rumour_reach(society: Society, world: World) -> Any:
    """Citizens who had heard the last rumour when it died; nan before one has."""
    return society.controversy.reach


@index("months")
def rumour_half_time(society: Society, world: World) -> Any:
    """Months until half of the citizens had heard; nan if they have not."""
    return society.controversy.half_time


# --- law ---------------------------------------------------------------------------------------
_GROUP[0] = "law"


@index()
def technology(society: Society, world: World) -> Any:
    """Technology frontier."""
    return society.technology


@index()
def law(society: Society, world: World) -> Any:
    """Law, mean over regions."""
    return jnp.mean(society.regions.law)


@index()
def law_gap(society: Society, world: World) -> Any:
    """How far law lags behind technology."""
    return society.technology - jnp.mean(society.regions.law)


@index()
def enforcement(society: Society, world: World) -> Any:
    """Enforcement, mean over regions."""
    return jnp.mean(society.regions.enforcement)


@index(dims=("region",))
def enforcement_by_region(society: Society, world: World) -> Any:
    """Enforcement by region."""
    return society.regions.enforcement


@index()
def race(society: Society, world: World) -> Any:
    """What regulators hold back for fear of rival regions."""
    return jnp.mean(jnp.clip(society.flows.race, 0.0, 1.0))


@index()
def capture(society: Society, world: World) -> Any:
    """What lobbying takes off enforcement."""
    return society.flows.capture


@index()
def enforcement_distance(society: Society, world: World) -> Any:
    """Distance of enforcement from what capacity would allow, mean over regions."""
    return jnp.mean(policy_distance(society.regions.enforcement, society.flows.capacity))


# --- by firm, on request -----------------------------------------------------------------------
_GROUP[0] = "firms"


@index(dims=("firm",))
def user_share_by_firm(society: Society, world: World) -> Any:
    """Users' share of each place for firms; 0 where it is empty."""
    return society.firms.user_share


@index("data", ("firm",))
def data_by_firm(society: Society, world: World) -> Any:
    """Data of each place for firms."""
    return _within(society.organizations.data, world)


@index("income", ("firm",))
def wealth_by_firm(society: Society, world: World) -> Any:
    """Wealth of each place for firms."""
    return _within(society.organizations.wealth, world)


STANDARD: tuple[str, ...] = tuple(name for name, one in INDICES.items() if one.group != "firms")
