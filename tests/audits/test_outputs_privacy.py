"""What leaves an audit, attacked: by differencing of every number, and with linear programs.

The attacker has all that is written (findings, series of charts, targets, notes, provenance, the
page) and one contributor's own amount. Nobody's amount, and no sum over fewer than ten, may follow.
"""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from datapolis.audits import (
    AUDITS,
    breaches,
    concentration,
    diffusion,
    disclosure,
    enforcement,
    influence,
    islands,
    prices,
    rights,
    tails,
)
from datapolis.audits.privacy import cuts_told, one_digit, one_dominates, shown
from datapolis.report import write_measured

LEAST, PERCENT = 10, 10.0
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
few = settings(max_examples=8, deadline=None)
seeds = st.integers(0, 10_000)


# --- attacks -------------------------------------------------------------------------------------


def leaving(audit, folder):
    """Every number in what is written: the folder of an audit, and its page without Vega itself."""
    audit.save(folder)
    write_measured([audit], folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    specs = re.findall(r"(?s)<script[^>]*json[^>]*>(.*?)</script>", page)
    words = re.sub(r"(?s)<(script|style|svg).*?</\1>", " ", page)  # what is drawn is in the specs
    texts = [
        words,
        *specs,
        (folder / "audit.json").read_text(),
        (folder / "findings.csv").read_text(),
    ]
    found = {float(one.replace(",", "")) for text in texts for one in NUMBER.findall(text)}
    return np.array(sorted(one for one in found if np.isfinite(one)))


def by_differencing(numbers, audit, secrets):
    """Secrets that are a number, a difference of two, or such a share of a total that is told."""
    totals = [1.0, *(one.estimate for one in audit.findings if one.estimate > 1)]
    apart = np.unique(np.append(numbers, np.subtract.outer(numbers, numbers)))
    apart = apart[apart > 0]
    found = []
    for secret in secrets:
        for total in np.unique(totals):
            place = np.searchsorted(apart, secret / total)
            near = apart[max(place - 1, 0) : place + 1]
            if np.isclose(near, secret / total, rtol=1e-10, atol=0).any():
                found.append(secret)
                break
    return found


def determined(told, values, goal, truth, known=None, order=None, bounds=(0, None)):
    """Whether a sum is known to within 10 % from linear numbers that are told (linear programs)."""
    told, values = np.atleast_2d(np.array(told, float)), np.array(values, float)
    if known is not None:
        told, values = np.vstack([told, known[0]]), np.append(values, known[1])
    scale = max(values.max(), 1.0)
    ends = []
    for sign in (1, -1):
        found = linprog(
            sign * np.asarray(goal, float),
            A_eq=told,
            b_eq=values / scale,
            A_ub=order,
            b_ub=None if order is None else np.zeros(len(order)),
            bounds=bounds,
            method="highs",
        )
        if found.status == 3:
            return False  # without bound
        assert found.status == 0, found.message
        ends.append(sign * found.fun * scale)
    return ends[1] - ends[0] < PERCENT / 100 * truth


# --- tables with small groups and private amounts ------------------------------------------------


def amounts(random, many, spread=1.0):
    """Amounts that nobody could guess, to nine digits."""
    return np.round(1000 * random.lognormal(0, spread, many), 6)


def of_concentration(random):
    many = int(random.integers(20, 90))
    held = amounts(random, many)
    table = {"who": [f"w{one}" for one in range(many)], "held": held}
    return concentration(table, holder="who", amount="held", basis="amount"), held


def of_tails(random):
    held = amounts(random, 120)
    table = {"held": held, "who": np.arange(120) // 2}
    return tails(table, "held", above=float(np.sort(held)[4]), draws=9), np.sort(held)[[0, 1, -1]]


def of_islands(random):
    held = amounts(random, 40)
    ends = [(one, one + 1 if one % 20 != 19 else "") for one in range(36)]
    ends += [(one, "") for one in range(36, 40)]
    table = {
        "from": [f"h{one}" for one, _ in ends],
        "to": ["" if one == "" else f"h{one}" for _, one in ends],
        "held": held,
    }
    found = islands(
        table, source="from", target="to", value=("held",), edge_means="x", exponent=2.0
    )
    return found, held


def offers(random, many=160):
    paid = amounts(random, many, 0.3)
    table = {
        "paid": paid,
        "side": random.choice(["a", "b"], many),
        "market": random.choice(["north", "south", "east", "tiny"], many, p=[0.4, 0.3, 0.26, 0.04]),
        "who": [f"w{one}" for one in range(many)],
    }
    return table, paid


def of_prices(random):
    table, paid = offers(random)
    found = prices(
        table, outcome="paid", by="side=a:b", within="market", unit="who", draws=19, min_group=LEAST
    )
    small = [paid[np.array(table["market"]) == name] for name in ("tiny", "east")]
    return found, [*paid, *(one.sum() for one in small if one.size < LEAST)]


def of_disclosure(random):
    many = 200
    table = {
        "age": random.integers(20, 50, many),
        "town": random.choice(["x", "y", "z"], many),
        "pay": amounts(random, many),
    }
    found = disclosure(table, quasi=["age", "town"], sensitive="pay", numbers=True, samples=0)
    return found, table["pay"]


def of_breaches(random):
    many = 150
    start = np.datetime64("2010-01-01") + random.integers(0, 900, many)
    size = amounts(random, many)
    table = {
        "start": start.astype(str),
        "reported": (start + random.integers(1, 90, many)).astype(str),
        "size": size,
        "who": [f"w{one // 2}" for one in range(many)],
        "kind": random.choice(["clinic", "office", "rare"], many, p=[0.6, 0.37, 0.03]),
    }
    found = breaches(
        table,
        start="start",
        reported="reported",
        size="size",
        holder="who",
        entity="kind",
        draws=19,
    )
    return found, np.sort(size)[[0, -1, -2]]


def of_rights(random):
    many = 60
    table = {
        "body": [f"b{one}" for one in range(many)],
        "year": np.where(np.arange(many) < 52, 2014, 2015).astype(str),
        "level": amounts(random, many),
    }
    found = rights(table, right="know", unit="body", score="level")
    return found, [*table["level"], table["level"][52:].sum()]


def of_enforcement(random):
    table = fines(random)
    found = enforcement(table, amount="fine", by=["land", "kind"], draws=19)
    fine, land = np.array(table["fine"], float), np.array(table["land"])
    small = [np.nansum(fine[land == one]) for one in set(table["land"])
             if np.isfinite(fine[land == one]).sum() < LEAST]  # fmt: skip
    return found, [*np.sort(fine[np.isfinite(fine)])[[0, 1, -1, -2]], *small]


def of_influence(random):
    table = filings(random)
    found = influence(table, payer="who", own="own", form="form", amount="spent", period="when")
    spent, when = np.array(table["spent"]), np.array(table["when"])
    return found, [*spent, spent[when == "few"].sum()]


def of_diffusion(random):
    table = layers(random)
    found = diffusion(table, strength="weight", draws=9)
    weight, layer = np.array(table["weight"]), np.array(table["layer"])
    return found, [*weight, weight[layer == "tiny"].sum()]


MADE = {
    "breaches": of_breaches,
    "concentration": of_concentration,
    "diffusion": of_diffusion,
    "disclosure": of_disclosure,
    "enforcement": of_enforcement,
    "influence": of_influence,
    "islands": of_islands,
    "prices": of_prices,
    "rights": of_rights,
    "tails": of_tails,
}


@pytest.mark.parametrize("kind", sorted(AUDITS))
def test_nobody_s_amount_is_a_number_that_leaves_or_a_difference_of_two(kind, tmp_path):
    audit, secrets = MADE[kind](np.random.default_rng(1))
    assert any(np.isfinite(one.estimate) for one in audit.findings), "all suppressed: no attack"
    assert not by_differencing(leaving(audit, tmp_path / "out"), audit, secrets)


# --- the rule ------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=80), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_sums_of_the_largest_never_differ_by_few_or_by_one_who_dominates(held, leaders):
    held = np.sort(np.array(held))[::-1]
    cuts = cuts_told(held, [held.size / 5, leaders, *range(held.size)], least=LEAST)
    for low, high in pairwise(cuts):
        if (low, high) != (0, held.size):  # the sum of all is judged before
            assert high - low >= LEAST
            assert not one_dominates(held[int(low) : int(np.ceil(high))])


@given(st.floats(1e-6, 1e9))
def test_one_digit_leaves_a_tenth_open(value):
    told = one_digit(value)
    step = 10.0 ** np.floor(np.log10(told))
    assert told <= value * (1 + 1e-9) and value <= (told + step) * (1 + 1e-9)
    assert step >= 0.1 * told


@given(st.lists(st.integers(0, 40), min_size=2, max_size=10))
def test_where_units_overlap_one_large_group_hides_the_small(units):
    units = np.array(units)
    hidden = units[~shown(units, least=LEAST, overlap=True)]
    assert not hidden.size or hidden.max() >= LEAST or (units < LEAST).all()


# --- one audit after the other -------------------------------------------------------------------


@given(seeds)
@few
def test_no_holder_s_amount_follows_from_curve_total_and_inequality(seed):
    """Unknown: all amounts in order. Known: what is told, and the second largest its own."""
    audit, held = of_concentration(np.random.default_rng(seed))
    held = np.sort(held)[::-1]
    many, told = held.size, {one.name: one.estimate for one in audit.findings}
    if np.isnan(told["herfindahl"]):
        return
    total = told["total"]
    place = np.arange(1, many + 1)
    equations, values = [np.ones(many)], [total]

    def largest(cut):
        return np.clip(cut - (place - 1), 0, 1)

    if np.isfinite(told["top_fifth_share"]):
        equations.append(largest(many / 5))
        values.append(told["top_fifth_share"] * total)
    if np.isfinite(told["leaders_share"]):
        equations.append(largest(4))
        values.append(told["leaders_share"] * total)
    for holders, share in zip(*(audit.series["lorenz"][one] for one in ("holders", "share")),
                              strict=True):  # fmt: skip
        equations.append(1 - largest(many - round(holders * many)))
        values.append(share * total)
    equations.append((many + 1 - 2 * place) / many)
    values.append(told["gini"] * total)
    order = np.eye(many)[1:] - np.eye(many)[:-1]
    eye = np.eye(many)
    for one in (0, 1, many // 2, many - 1):
        mine = 1 if one != 1 else 0
        known = (eye[mine], held[mine])
        assert not determined(equations, values, eye[one], held[one], known, order)


def fines(random, many=240):
    """Decisions in lands and of kinds, of which one land has few with an amount."""
    land = random.choice(["A", "B", "C", "D"], many, p=[0.4, 0.3, 0.2, 0.1])
    fine = amounts(random, many, 0.7)
    fine[(land == "D") & (np.cumsum(land == "D") > 4)] = np.nan
    return {
        "land": land.tolist(),
        "kind": random.choice(["x", "y", "z"], many).tolist(),
        "fine": [None if np.isnan(one) else float(one) for one in fine],
    }


@given(seeds)
@few
def test_no_sum_of_few_known_fines_follows(seed):
    """Land D has decisions enough to be counted, and four amounts: their sum may not be told."""
    table = fines(np.random.default_rng(seed))
    audit = enforcement(table, amount="fine", by=["land", "kind"], draws=9)
    fine = np.nan_to_num(np.array(table["fine"], float))
    cells = sorted(set(zip(table["land"], table["kind"], strict=True)))
    cell = np.array([cells.index(one) for one in zip(table["land"], table["kind"], strict=True)])
    sums = np.bincount(cell, fine)
    equations, values = [np.ones(len(cells))], [audit["sum"].estimate]
    groups, cross = audit.series["groups"], audit.series["cross"]
    for by, name, value in zip(*(groups[one] for one in ("by", "group", "sum")), strict=True):
        equations.append([float(one[("land", "kind").index(by)] == name) for one in cells])
        values.append(value)
    for land, kind, value in zip(cross["by land"], cross["by kind"], cross["sum"], strict=True):
        equations.append([float(one == (land, kind)) for one in cells])
        values.append(value)
    small = [float(one[0] == "D") for one in cells]
    assert not determined(equations, values, small, sums @ small)


def filings(random, companies=40):
    """Filings over four periods; in one few companies file, in another one files nearly all."""
    table = {"who": [], "own": [], "form": [], "spent": [], "when": []}
    for when, chosen in (
        ("2001", range(companies)),
        ("2002", range(companies)),
        ("2003", range(companies)),
        ("few", range(6)),
        ("also few", range(6)),
    ):
        for one in chosen:
            table["who"].append(f"c{one}")
            table["own"].append("false")
            table["form"].append("report")
            table["when"].append(when)
    table["spent"] = amounts(random, len(table["who"]), 0.3)
    table["spent"][-6:] *= 0.2
    return table


@given(seeds)
@few
def test_periods_of_the_same_few_companies_are_not_had_together(seed):
    """Six and six companies are not twelve where they are the same: their sum stays hidden."""
    table = filings(np.random.default_rng(seed))
    audit = influence(table, payer="who", own="own", form="form", amount="spent", period="when")
    periods = sorted(set(table["when"]))
    sums = [table["spent"][np.array(table["when"]) == one].sum() for one in periods]
    equations, values = [np.ones(len(periods))], [audit["spending"].estimate]
    for one in audit.all("spending_in_period"):
        equations.append([float(name == one.of) for name in periods])
        values.append(one.estimate)
    small = [float("few" in name) for name in periods]
    assert not determined(equations, values, small, np.dot(sums, small))


def test_a_bound_that_one_company_makes_is_not_told():
    """The parent's own report may hold its subsidiary's: one of the companies makes the bound."""
    many = 30
    table = {
        "who": [f"c{one}" for one in range(many)] + ["daughter"],
        "parent": ["c0", *[""] * (many - 1), "c0"],
        "own": ["true"] * (many + 1),
        "form": ["report"] * (many + 1),
        "spent": [100.0] * many + [777.0],
        "when": ["2001"] * (many + 1),
    }
    options = {"payer": "who", "own": "own", "form": "form", "amount": "spent", "period": "when"}
    assert np.isnan(influence(table, parent="parent", **options)["spending"].lower)


def register(nested, holder=True):
    """A register in which sectors are made of subsectors: A of 4 and C of 20 are one sector."""
    many = {"A": 4, "B": 8, "C": 20, "D": 30}
    kind = [name for name, number in many.items() for _ in range(number)]
    table = {"sub": kind, "sector": ["first" if one in "AC" else "second" for one in kind]}
    if holder:
        table["who"] = [f"w{place}" for place in range(len(kind))]
    return breaches(table, shares=["sub", "sector"] if nested else ["sub"],
                    holder="who" if holder else "", draws=9)  # fmt: skip


@pytest.mark.parametrize("holder", [True, False])
def test_a_label_is_not_had_from_a_coarser_column(holder):
    """Subsector A has 4 cases. It is the first sector, less the other subsector of that."""
    told = {one.of.partition(": ")[2]: one.estimate for one in register(True, holder).all("share")}
    assert "A" not in told
    assert not {"first", "C"} <= set(told)
    assert {"C", "D"} & {
        one.of.partition(": ")[2] for one in register(False, holder).all("share")
    }, "without the coarser column more may be told"


def test_sums_over_few_entities_with_many_breaches_are_suppressed():
    many = 60
    table = {"size": np.arange(1.0, many + 1), "who": [f"w{one % 3}" for one in range(many)]}
    audit = breaches(table, size="size", holder="who", draws=9)
    assert all(np.isnan(one.estimate) for one in audit.findings) and not audit.series


def test_units_of_several_small_markets_are_counted_once():
    """Five buyers in each of two small markets: the same five, so that both together are five."""
    random = np.random.default_rng(4)
    rows = [(f"w{one}", "ab"[one % 2], "large") for one in range(80)]
    rows += [(f"v{one}", "ab"[one % 2], "other") for one in range(60)]
    rows += [(f"w{one}", "ab"[one % 2], market) for market in ("p", "q") for one in range(10)]
    table = dict(zip(("who", "side", "market"), zip(*rows, strict=True), strict=True))
    table["paid"] = amounts(random, len(rows), 0.2)
    audit = prices(table, outcome="paid", by="side=a:b", within="market", unit="who", draws=19)
    told = set(audit.series["pairs"]["of"])
    hidden = {"large", "other", "p", "q"} - told
    for side in "ab":
        units = {row[0] for row in rows if row[2] in hidden and row[1] == side}
        assert len(units) >= LEAST


def test_one_price_that_makes_the_mean_is_suppressed():
    table, paid = offers(np.random.default_rng(1))
    table["paid"] = np.where(np.arange(paid.size) == 3, 1e9, paid)
    audit = prices(table, outcome="paid", by="side=a:b", unit="who", draws=19)
    assert all(np.isnan(one.estimate) for one in audit.findings)


def test_the_slope_on_a_mark_of_few_is_suppressed():
    """The slope on 0 and 1 and the constant give the mean of those with 1: of three people."""
    random = np.random.default_rng(2)
    table = {"paid": amounts(random, 100), "mark": (np.arange(100) < 3).astype(float),
             "age": random.normal(40, 5, 100)}  # fmt: skip
    options = {"outcome": "paid", "draws": 9}
    assert np.isnan(prices(table, by="mark", **options)["slope"].estimate)
    assert np.isnan(prices(table, by="age", controls=["mark"], **options)["slope"].estimate)
    assert np.isfinite(prices(table, by="age", **options)["slope"].estimate)


def test_fifths_of_a_group_are_not_had_from_all_less_the_others():
    """All people are the sum of two groups, one of whom live in few areas of one fifth."""
    random = np.random.default_rng(3)
    many = 100
    level = np.arange(many, dtype=float)
    rare = np.where((level < 3) | (level >= 40), random.integers(5, 50, many), 0)
    most = random.integers(100, 200, many)
    table = {"level": level, "rare": rare, "most": most, "all": rare + most}
    audit = prices(table, outcome="level", groups={"all": "all", "most": "most", "rare": "rare"})
    told = {name: set() for name in ("all", "most", "rare")}
    for group, fifth in zip(*(audit.series["fifths"][one] for one in ("group", "fifth")),
                            strict=True):  # fmt: skip
        told[group].add(fifth)
    assert 1 not in told["rare"] and told["all"] == told["most"] == told["rare"] != set()


def test_a_year_less_its_quarters_does_not_tell_of_few_bodies():
    """Twelve bodies report in the first quarter, three others in the second alone."""
    table = {
        "body": [f"b{one}" for one in range(15)],
        "year": ["2014"] * 15,
        "quarter": [1] * 12 + [2] * 3,
        "level": amounts(np.random.default_rng(5), 15, 0.2),
    }
    audit = rights(table, right="know", unit="body", time="year,quarter", score="level")
    assert np.isfinite(audit["level", "2014"].estimate)
    assert not len(audit.series.get("levels", {}).get("value", ()))


def layers(random):
    """Ties of two layers among 40 people, and of one among three."""
    pairs = [(one, (one + step) % 40) for step in (1, 2, 3) for one in range(40)]
    rows = [(*pair, layer) for layer in ("work", "home") for pair in pairs]
    rows += [(0, 1, "tiny"), (1, 2, "tiny"), (0, 2, "tiny")]
    table = dict(zip(("source", "target", "layer"), zip(*rows, strict=True), strict=True))
    table["weight"] = amounts(random, len(rows), 0.3)
    return table


def test_ties_of_a_small_layer_are_not_what_the_others_leave():
    audit = diffusion(layers(np.random.default_rng(6)), strength="weight", draws=9)
    told = [one for one in audit.all("total_strength") if np.isfinite(one.estimate)]
    assert len(told) == 1  # the smaller of the others is suppressed with it


def test_what_one_person_receives_is_no_total_of_a_layer():
    """Thirty people send, all of them to one: the sum is what that one received."""
    table = {
        "source": [f"s{one}" for one in range(30)],
        "target": ["star"] * 30,
        "layer": ["gifts"] * 30,
        "weight": amounts(np.random.default_rng(7), 30, 0.2),
    }
    audit = diffusion(table, strength="weight", draws=9)
    assert all(np.isnan(one.estimate) for one in audit.all("total_strength"))


def test_an_island_of_few_holders_is_not_a_step_of_a_curve():
    audit, held = of_islands(np.random.default_rng(8))
    assert np.isnan(audit["best_links", "3 new links"].estimate)
    assert "links" not in audit.series and "value_lost" not in audit.series
    assert held.size == 40


# --- rows that were left out ---------------------------------------------------------------------


def test_how_many_were_left_out_is_not_told_where_they_are_few():
    random = np.random.default_rng(9)
    table = {"paid": [*amounts(random, 117), None, None, None],
             "side": list("ab" * 60), "who": [f"w{one}" for one in range(120)],
             "ill": ["yes"] * 4 + ["no"] * 116}  # fmt: skip
    options = {"outcome": "paid", "by": "side=a:b", "unit": "who", "draws": 9}
    for audit in (prices(table, **options), prices(table, drop="ill=yes", **options)):
        assert audit.inputs[0]["rows"] is None
        text = " ".join(audit.notes)
        assert "120 rows" not in text and "3 rows" not in text and ": 4 rows" not in text
        assert "fewer than 10 rows" in text
    assert prices(table, public=True, **options).inputs[0]["rows"] == 120


def test_values_below_the_floor_are_not_what_all_less_the_tail_leave():
    random = np.random.default_rng(10)
    held = np.sort(1000.0 * random.choice(np.arange(1, 5000), 200, replace=False))
    audit = tails({"held": held}, "held", above=float(held[4]) + 1, draws=9)
    counts = {one.n_rows for one in audit.findings} | {audit.inputs[0]["rows"]}
    assert 200 not in counts


def test_shares_of_the_whole_of_few_holders_are_no_note():
    table = {"who": list("abc"), "held": [0.3, 0.2, 0.1]}
    audit = concentration(table, holder="who", amount="held", basis="market", whole=1)
    assert "60.0%" not in " ".join(audit.notes)


# --- the rest beside a head, quantiles, and counts of few units in one release -------------------


def words(audit):
    """Every sentence and note that an audit writes."""
    texts = [one for found in audit.findings for one in (found.says, found.method)]
    return " ".join([*texts, *audit.notes])


def counts(audit):
    """Every number of units that findings tell."""
    return {one.n_units for one in audit.findings if one.n_units}


def test_the_rest_beside_the_largest_fifth_is_not_one_fine():
    """Ten fines of 1,000, one of 900, 39 of .1: total and share of the largest leave 903.9."""
    table = {
        "firm": [f"f{one}" for one in range(50)],
        "land": ["s", "n"] * 25,
        "fine": [1000.0] * 10 + [900.0] + [0.1] * 39,
    }
    audit = enforcement(table, amount="fine", by="land", unit="firm", draws=9)
    assert audit["sum"].estimate == pytest.approx(10_903.9)
    assert np.isnan(audit["top_fifth_share"].estimate)
    table["fine"][10] = 0.1
    told = enforcement(table, amount="fine", by="land", unit="firm", draws=9)
    assert np.isfinite(told["top_fifth_share"].estimate)


def test_decisions_without_an_amount_of_one_firm_are_not_counted():
    """72 decisions, twelve of one firm without an amount: 61 firms beside 60."""
    table = {
        "firm": [f"f{one}" for one in range(60)] + ["zz"] * 12,
        "land": ["s", "n"] * 36,
        "fine": [*range(100, 160), *[None] * 12],
    }
    audit = enforcement(table, amount="fine", by="land", unit="firm", draws=9)
    assert counts(audit) == {61}
    assert "12" not in NUMBER.findall(words(audit)) and "60 amounts" not in words(audit)
    assert "repeat" in words(audit) and audit.inputs[0]["exact_duplicates"] is None


def test_undated_decisions_less_odd_ones_are_not_three():
    """213 decisions, 200 dated, ten with an odd date, three without any."""
    day = [f"2019-{one % 10 + 1:02}-05" for one in range(200)]
    table = {
        "firm": [f"f{one}" for one in range(213)],
        "land": (["s", "n"] * 107)[:213],
        "fine": list(range(100, 313)),
        "date": [*day, *["xx"] * 10, *[None] * 3],
    }
    audit = enforcement(table, amount="fine", by="land", unit="firm", date="date", draws=9)
    told = words(audit)
    assert (
        "13 not at all" in told and "10 cells" not in told and "something that is no date" in told
    )
    table["date"][210:] = ["xx"] * 3
    every = enforcement(table, amount="fine", by="land", unit="firm", date="date", draws=9)
    assert "13 cells" in words(every)


def test_no_median_is_that_of_one_entity():
    """Eleven entities: the median is one's amount; six of eleven lie above the tail's start."""
    sizes = [501, 733, 911, 1203, 1517, 18943, 20011, 25013, 31007, 40009, 50021]
    table = {"entity": [f"e{one}" for one in range(11)], "affected": sizes}
    audit = breaches(table, size="affected", holder="entity", draws=19)
    told = {one.name: one.estimate for one in audit.findings}
    assert np.isnan(told["size_median"]) and np.isnan(told["alpha"])
    assert told["total"] == sum(sizes)
    assert "of 11 breaches)" not in words(audit)


def test_medians_of_breaches_with_and_without_a_lag_have_ten_on_either_side():
    """Ten and ten rows: each median has five on a side."""
    random = np.random.default_rng(11)
    for many, told in ((10, False), (40, True)):
        table = {
            "who": [f"w{one}" for one in range(2 * many)],
            "lag": [*random.integers(1, 90, many).tolist(), *[None] * many],
            "size": amounts(random, 2 * many),
        }
        audit = breaches(table, lag="lag", size="size", holder="who", draws=19)
        assert np.isfinite(audit["missing_lag_size_ratio"].estimate) == told
        assert np.isfinite(audit["lag_median_recorded"].estimate) == told


def test_breaches_in_no_whole_month_do_not_follow():
    """Few are reported in the month that has only begun: the rate is rounded, a month hidden."""
    random = np.random.default_rng(12)
    day = np.datetime64("2010-02-01") + random.integers(0, 1064, 899)
    few = np.array(["2010-01-20", "2013-01-03", "2013-01-04", "2013-01-05"], "datetime64[D]")
    day = np.append(day, few)
    table = {
        "who": [f"w{one}" for one in range(903)],
        "told": day.astype(str),
        "kind": random.choice(["a", "b"], 903),
    }
    audit = breaches(table, reported="told", holder="who", entity="kind", draws=19)
    assert sum(one.estimate for one in audit.all("reports")) == 903
    month = day.astype("datetime64[M]")
    whole = int(np.isin(month, audit.series["months"]["month"].astype("datetime64[M]")).sum())
    assert whole == 899 and audit["rate"].n_rows == 0
    told = audit["rate"].estimate * audit["rate"].n_units
    assert told == pytest.approx(round(whole / 10) * 10)
    assert np.isnan(audit.series["months"]["count"]).any()


def scores(first, second, without=0):
    """Scores of units by year: those of the first year, those of the second, some without any."""
    random = np.random.default_rng(13)
    rows = [(f"u{one}", "2019") for one in first] + [(f"u{one}", "2020") for one in second]
    none = [(f"v{one}", year) for one in range(without) for year in ("2019", "2020")]
    unit, year = zip(*rows, *none, strict=True)
    score = [*random.random(len(rows)).round(3), *[None] * len(none)]
    return {"unit": unit, "year": year, "score": score}


def test_three_units_that_are_there_in_every_year_are_not_counted():
    """25 and 28 units of 50: three are in both, directly or as 25 + 28 - 50."""
    table = scores(range(25), [0, 1, 2, *range(25, 50)])
    audit = rights(table, right="know", unit="unit", score="score", draws=9)
    assert np.isfinite(audit["level", "2019"].estimate)
    assert not {3, 47, 50} & counts(audit)
    assert "3" not in NUMBER.findall(words(audit)) and "50" not in NUMBER.findall(words(audit))


def test_three_units_without_any_value_are_not_counted():
    audit = rights(scores(range(40), range(40), 3), right="know", unit="unit", score="score")
    assert counts(audit) == {40} and "43" not in NUMBER.findall(words(audit))
    assert audit.inputs[0]["rows"] is None and "86" not in NUMBER.findall(words(audit))
    told = rights(scores(range(40), range(40), 12), right="know", unit="unit", score="score")
    assert np.isfinite(told["coverage"].estimate)


def test_rows_of_which_one_unit_has_nearly_all_are_not_summed():
    """Entries: 29 units with a row each and one with 2,000; its own share is that of all rows."""
    random = np.random.default_rng(14)
    unit = [f"u{one}" for one in range(29)] + ["star"] * 2000
    for name, told in (("star", False), ("even", True)):
        who = unit if name == "star" else [f"u{one % 30}" for one in range(2029)]
        table = {
            "unit": who,
            "year": ["2019"] * 2029,
            "entry": list(range(2029)),
            "open": random.integers(0, 2, 2029),
        }
        options = {"right": "know", "unit": "unit", "yes": "open", "entry": "entry"}
        audit = rights(table, **options)
        assert np.isfinite(audit["share_of_rows"].estimate) == told
        assert np.isfinite(audit["level"].estimate)
        assert (2029 in {one.n_rows for one in audit.findings}) == told
        assert (audit.inputs[0]["rows"] == 2029) == told
