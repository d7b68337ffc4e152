"""The audit of diffusion against published figures, by hand, and against bad tables."""

import inspect
from typing import Annotated, get_origin, get_type_hints

import numpy as np
import pandas
import pytest
from scipy.stats import PermutationMethod, mannwhitneyu

from datapolis.audits.diffusion import diffusion
from datapolis.core.errors import InputError
from tests.findings import same_findings

NEVER, ALL = "a share never adopts", "all adopt in the end"
OLS, NLS = "ordinary least squares", "nonlinear least squares"


@pytest.fixture(scope="module")
def doctors(table):
    nodes, ties = table("medical_innovation_nodes.csv"), table("medical_innovation_ties.csv")
    return diffusion(nodes, ties, time="toa", never=18, within="city")


@pytest.fixture(scope="module")
def farmers(table):
    nodes, ties = table("brazil_farmers_nodes.csv"), table("brazil_farmers_ties.csv")
    return diffusion(nodes, ties, time="toa", never=20, within="village")


@pytest.fixture(scope="module")
def rumours(table):
    return diffusion(
        table("rumour_cascades_rumoureval2017_traindev.csv"),
        thread="thread",
        post="post",
        parent="parent",
        depth="depth",
        seconds="seconds_since_source",
        stance="stance",
        veracity="veracity",
    )


@pytest.fixture(scope="module")
def students(table):
    source = table("copenhagen_multiplex_ties.csv")
    return diffusion(source, ties=["source", "target"], layer=["calls", "sms"], strength="weight")


# --- published and independently computed figures -------------------------------------------


@pytest.mark.parametrize(
    "name, of, published, tolerance",
    [
        ("p", NEVER, 0.088, 5e-4),
        ("q", NEVER, 0.140, 5e-4),
        ("ceiling", NEVER, 0.92, 5e-3),
        ("p", ALL, 0.096, 5e-4),
        ("q", ALL, 0.054, 5e-4),
        ("q", OLS, 0.163, 5e-4),
        ("q", NLS, 0.207, 5e-4),
        ("imitation_test", ALL, 1.4, 0.05),
        ("saturation_highest", None, 0.89, 5e-3),
        ("saturation_lowest", None, 0.81, 5e-3),
        ("earlier_neighbours", None, 0.455, 5e-4),
    ],
)
def test_doctors(doctors, name, of, published, tolerance):
    found = doctors[name, of] if of else doctors[name]
    assert abs(found.estimate - published) <= tolerance


def test_doctors_neighbours_came_first_no_more_than_chance_gives(doctors):
    """The expected share was published from a few hundred permutations: its error is .002."""
    assert abs(doctors["earlier_neighbours_by_chance"].estimate - 0.405) <= 0.005
    found = doctors["earlier_neighbours"]
    assert abs(found.p_value - 0.09) <= 0.01
    assert found.interval == "randomisation" and found.lower < found.estimate < found.upper
    assert "causes" not in found.says


def test_part_of_the_doctors_nominations_lies_outside(doctors):
    shares = {one.of: one.estimate for one in doctors.all("nominations_inside")}
    assert round(min(shares.values()), 2) == 0.43
    assert round(max(shares.values()), 2) == 0.56
    bounds = doctors["exposure_at_adoption"]
    assert bounds.interval == "bounds" and bounds.lower < 0.3 and bounds.upper > 0.7


def test_contagion_among_doctors_is_not_identified(doctors):
    for label in (NEVER, ALL):
        found = doctors["imitation_test", label]
        assert found.p_value > 0.05 and "Contagion not identified" in found.says
        assert doctors["q", label].lower == 0.0


@pytest.mark.parametrize(
    "name, of, published, tolerance",
    [
        ("p", NEVER, 0.0037, 5e-5),
        ("q", NEVER, 0.289, 5e-4),
        ("saturation_highest", None, 0.98, 5e-3),
        ("saturation_lowest", None, 0.29, 5e-3),
        ("earlier_neighbours", None, 0.511, 5e-4),
        ("earlier_neighbours_by_chance", None, 0.370, 3e-3),
        ("half_time", None, 16, 0),
    ],
)
def test_farmers(farmers, name, of, published, tolerance):
    found = farmers[name, of] if of else farmers[name]
    assert abs(found.estimate - published) <= tolerance


def test_farmers_imitate_and_recall_round_years(farmers):
    assert farmers["imitation_test", NEVER].p_value < 1e-6
    assert farmers["imitation_test", ALL].p_value < 1e-6
    assert farmers["earlier_neighbours"].p_value <= 0.002
    assert any("period 5, 10 " in note for note in farmers.notes)
    pooled = farmers["q", "round periods pooled"]
    assert pooled.lower < farmers["q", NEVER].estimate < pooled.upper


@pytest.mark.parametrize(
    "name, of, published",
    [
        *(("threads", kind, many) for kind, many in [("true", 137), ("false", 62)]),
        ("threads", "unverified", 98),
        ("posts", "with a stance", 4519),
        *(("posts", stance, many) for stance, many in [("support", 910), ("deny", 344)]),
        *(("posts", stance, many) for stance, many in [("query", 358), ("comment", 2907)]),
    ],
)
def test_rumours_counted(rumours, name, of, published):
    assert rumours[name, of].estimate == published


@pytest.mark.parametrize(
    "name, p, adjusted, digits",
    [
        ("size", 0.30, None, 2),
        ("depth", 0.28, None, 2),
        ("deny_share", 0.002, 0.01, 3),
        ("last_post", 0.02, 0.08, 2),
    ],
)
def test_rumours_compared(rumours, name, p, adjusted, digits):
    found = rumours[name]
    assert found.n_units == 199
    assert round(found.p_value, digits) == p
    if adjusted:
        assert abs(found.p_adjusted - adjusted) < 0.005
        assert found.estimate > 0.5 and found.lower > 0.5  # greater for false ones


@pytest.mark.parametrize(
    "name, of, published, digits",
    [
        ("total_strength", "calls", 3600, 0),
        ("total_strength", "sms", 24333, 0),
        ("total_strength", "fb_friends", 6429, 0),
        ("ties", "", 880, 0),
        ("overlap", "weakest quarter", 0.096, 3),
        ("overlap", "strongest quarter", 0.153, 3),
        ("overlap_correlation", "fb_friends", 0.04, 2),
    ],
)
def test_students(students, name, of, published, digits):
    assert round(students[name, of].estimate, digits) == published


@pytest.mark.parametrize(
    "of, published", [("weakest first", 0.34), ("at random", 0.43), ("strongest first", 0.48)]
)
def test_students_as_ties_are_cut(students, of, published):
    """A mean over orders drawn at random; half of the last printed digit, and their error."""
    found = students["giant_share", f"half cut, {of}"]
    assert abs(found.estimate - published) <= 0.0075
    assert found.n_units == 608


# --- by hand ---------------------------------------------------------------------------------


def people(random, size=200, communities=4, never=13):
    """A table of people who adopt by themselves, and whom each of them names."""
    time = np.minimum(random.geometric(0.15, size), never)
    nodes = pandas.DataFrame(
        {"node": np.arange(size) + 1000, "toa": time, "city": np.arange(size) % communities}
    )
    ties = pandas.DataFrame(
        {
            "layer": random.choice(["advice", "friend"], 3 * size),
            "source": np.repeat(nodes["node"], 3),
            "target": random.choice(nodes["node"], 3 * size),
        }
    )
    return nodes, ties


def test_shares_and_times_by_hand():
    nodes = pandas.DataFrame(
        {"node": range(24), "toa": [1] * 6 + [2] * 6 + [5] * 12, "city": ["a", "b"] * 12}
    )
    nodes.loc[nodes.index[12:18], "city"] = "a"
    nodes.loc[nodes.index[18:], "city"] = "b"
    found = diffusion(nodes, time="toa", never=5, within="city", min_group=5)
    assert found["saturation"].estimate == 0.5
    assert found["half_time"].estimate == 2
    assert found["saturation_highest"].estimate == found["saturation_lowest"].estimate == 0.5


def test_empty_cells_are_people_who_had_not_adopted():
    nodes, _ = people(np.random.default_rng(1))
    gaps = nodes.assign(toa=nodes["toa"].where(nodes["toa"] < 13))
    one = diffusion(nodes, time="toa", never=13)
    other = diffusion(gaps, time="toa")
    assert one["q", NEVER].estimate == other["q", NEVER].estimate
    assert one["saturation"].estimate == other["saturation"].estimate


def test_calendar_years_are_periods_too():
    nodes, ties = people(np.random.default_rng(2))
    later = nodes.assign(toa=nodes["toa"] + 1947)
    one = diffusion(nodes, ties, time="toa", never=13, draws=99)
    other = diffusion(later, ties, time="toa", never=1960, start=1948, draws=99)
    for name in ("saturation", "earlier_neighbours"):
        assert one[name].estimate == other[name].estimate
    assert np.isclose(one["p", ALL].estimate, other["p", ALL].estimate, rtol=1e-12)
    assert other["half_time"].estimate == one["half_time"].estimate + 1947
    assert other.series["curve"]["time"][0] == 1947


YEARS = dict(zip(range(1, 11), [20, 11, 22, 8, 16, 4, 5, 10, 5, 19], strict=True))


def of_years(shift=0):
    """120 people of whom 19 had not adopted by the end and are written as of the next period."""
    years = [year + shift for year, many in YEARS.items() for _ in range(many)]
    return pandas.DataFrame({"toa": years})


def test_a_pile_in_the_last_period_is_asked_about_and_told_both_ways():
    """With never = 10 the test of imitation has p .31; as they stand the 19 look like imitation."""
    known = diffusion(of_years(), time="toa", never=10)
    assert not any("--never" in note for note in known.notes)
    assert known["imitation_test", ALL].p_value == pytest.approx(0.31, abs=0.005)
    found = diffusion(of_years(), time="toa")
    (note,) = (note for note in found.notes if "--never 10" in note)
    assert "period 10" in note and "19 adopted" in note and "about 4" in note
    without = found["imitation_test", f"{ALL}, period 10 left out"]
    assert without.p_value == pytest.approx(known["imitation_test", ALL].p_value, rel=1e-6)
    for one in found.all("imitation_test"):
        assert "Contagion not identified" in one.says and "pile" in one.says
    assert "84.2%" in found["saturation"].says


def test_no_more_than_all_people_adopt():
    for options in ({}, {"never": 10}, {"never": 6}):
        nodes = of_years() if options.get("never") != 6 else of_years()[lambda rows: rows.toa < 10]
        found = diffusion(nodes, time="toa", **options)
        for one in found.all("ceiling"):
            assert np.isnan(one.estimate) or one.estimate <= 1
    held = diffusion(of_years(), time="toa")["ceiling", NLS]
    assert held.estimate == 1 and "held" in held.says and "174" not in str(held)


def test_calendar_years_without_a_start_begin_with_the_first():
    one = diffusion(of_years(), time="toa", never=10)
    other = diffusion(of_years(2000), time="toa", never=2010)
    assert other.series["curve"]["time"][0] == 2000
    assert any("2001" in note and "--start" in note for note in other.notes)
    assert not any("--start" in note for note in one.notes)
    for name in ("p", "q"):
        for label in (NEVER, ALL):
            assert other[name, label].estimate == pytest.approx(one[name, label].estimate)
    said = diffusion(of_years(50), time="toa", never=60, start=1)
    assert any("--start 51" in note for note in said.notes)
    assert said["p", ALL].lower <= said["p", ALL].upper


def test_people_named_in_numbers_or_text_are_the_same():
    nodes, ties = people(np.random.default_rng(3))
    as_text = nodes.assign(node=nodes["node"].astype(str))
    as_float = ties.assign(source=ties["source"].astype(float))
    one = diffusion(nodes, ties, time="toa", never=13, draws=99)
    other = diffusion(as_text, as_float, time="toa", never=13, draws=99)
    assert one["earlier_neighbours"].estimate == other["earlier_neighbours"].estimate


def test_a_layer_alone_counts_if_it_is_named():
    nodes, ties = people(np.random.default_rng(4))
    chosen = diffusion(nodes, ties, time="toa", never=13, layer=["friend"], draws=99)
    only = ties[ties["layer"] == "friend"]
    alone = diffusion(nodes, only, time="toa", never=13, draws=99)
    assert chosen["earlier_neighbours"].estimate == alone["earlier_neighbours"].estimate
    assert [one.of for one in chosen.all("nominations_inside")] == ["friend"]


def threads(random, size=60, extra=0.0, kinds=("true", "false")):
    """Posts of threads, more of them deny in threads of the second kind by `extra`."""
    rows = []
    for thread in range(2 * size):
        kind = kinds[thread % 2]
        deny = 0.15 + extra * (thread % 2)
        for post in range(int(random.integers(3, 20))):
            stance = random.choice(["deny", "comment"], p=[deny, 1 - deny])
            rows.append(
                (thread, post, 0 if post else None, min(post, 1), 60.0 * post, stance, kind)
            )
    columns = ["thread", "post", "parent", "depth", "seconds", "stance", "veracity"]
    return pandas.DataFrame(rows, columns=columns)


NAMES = {
    name: name for name in ("thread", "post", "parent", "depth", "seconds", "stance", "veracity")
}


def test_threads_are_compared_as_by_scipy():
    posts = threads(np.random.default_rng(5), extra=0.2)
    found = diffusion(posts, **NAMES)
    size = posts.groupby("thread").size()
    kind = posts.groupby("thread")["veracity"].first()
    deny = posts["stance"].eq("deny").groupby(posts["thread"]).sum() / size
    for name, values in (("size", size), ("deny_share", deny)):
        test = mannwhitneyu(values[kind == "false"], values[kind == "true"])
        assert np.isclose(found[name].p_value, test.pvalue)
        assert np.isclose(found[name].estimate, test.statistic / 60**2)
    assert found["deny_share"].p_adjusted < 0.05 < found["size"].p_adjusted


def test_few_threads_are_compared_exactly_ties_and_all():
    """Six against six: 924 permutations, as another library takes them."""
    posts = threads(np.random.default_rng(5), size=6, extra=0.4)
    found = diffusion(posts, **NAMES, public=True)["size"]
    size = posts.groupby("thread").size()
    kind = posts.groupby("thread")["veracity"].first()
    sides = [size[kind == one] for one in ("false", "true")]
    assert np.unique(size).size < 12
    test = mannwhitneyu(*sides, method=PermutationMethod(n_resamples=np.inf))
    assert np.isclose(found.p_value, test.pvalue)
    assert found.p_value >= found.p_least and "exact p" in found.method


@pytest.mark.outer
def test_threads_that_do_not_differ_are_seldom_told_apart():
    """40 tables: the family errs in at most 5 % and three standard errors, 10.3 points."""
    random = np.random.default_rng(6)
    alarms = 0
    for _ in range(40):
        posts = threads(random, size=15)[["thread", "depth", "seconds", "stance", "veracity"]]
        names = {name: name for name in posts.columns}
        found = diffusion(posts, **names)
        alarms += any(one.p_adjusted <= 0.05 for one in found.findings)
    assert alarms / 40 <= 0.05 + 0.103


def test_replies_to_posts_elsewhere_are_counted():
    posts = threads(np.random.default_rng(7))
    posts.loc[posts["post"] == 2, "parent"] = 99
    found = diffusion(posts, **NAMES)
    assert any("120 replies answer a post that is not in their thread" in n for n in found.notes)


def ring(groups=12, size=5):
    """Groups tied inside strongly, in halves of each tie's strength, and a ring of weak ties."""
    rows = []
    for group in range(groups):
        first = size * group
        for one in range(first, first + size):
            for other in range(first, one):
                rows += [("calls", one, other, 4.0), ("sms", other, one, 5.0)]
        rows.append(("calls", first, (first + size) % (groups * size), 1.0))
    return pandas.DataFrame(rows, columns=["layer", "source", "target", "weight"])


def test_bridges_that_are_weak_hold_people_together():
    ties = ring()
    found = diffusion(ties, strength="weight", min_group=5)
    assert found["ties"].estimate == 12 * 10 + 12
    assert found["giant_share", "no tie cut"].estimate == 1.0
    cut = {one.of: one.estimate for one in found.all("giant_share")}
    assert cut["half cut, weakest first"] < cut["half cut, strongest first"]
    # two strengths: the slope is the difference of means, 0 over bridges; inside a group of five
    # six ties have all neighbours in common, and the four of the one with two bridges 3 of 5
    slope = found["overlap_slope"]
    assert slope.estimate == pytest.approx((6 + 4 * 0.6) / 10)
    assert slope.lower > 0 and slope.upper <= 1
    curve = found.series["cut"]
    assert set(np.unique(curve["order"])) == {"weakest first", "at random", "strongest first"}


# --- options and tables that are wrong -------------------------------------------------------


@pytest.mark.parametrize(
    "options, says",
    [
        ({}, "no question was asked"),
        ({"time": "toa", "strength": "toa"}, "two questions"),
        ({"time": "toa", "veracity": "city"}, "does not belong"),
        ({"time": "toa", "never": 13, "stances": ["a", "b"]}, "--stances has no effect"),
        ({"strength": "toa", "never": 13}, "does not belong"),
        ({"strength": "toa", "within": "city"}, "does not belong"),
        ({"time": "toa", "layer": ["a"]}, "there are no ties"),
        ({"thread": "node"}, "veracity"),
        ({"thread": "node", "veracity": "city", "between": ["a"]}, "not two different names"),
        ({"thread": "node", "veracity": "city", "parent": "toa"}, "replies name posts"),
        ({"strength": "toa", "ties": ["node", "node"]}, "not two different names"),
        ({"strength": "toa", "ties": ["node", "friend"]}, "a column is missing"),
        ({"time": "when"}, "a column is missing"),
        ({"time": "toa", "never": 13, "draws": 0}, "nothing to compare with"),
        ({"time": "toa", "never": 1}, "nobody could adopt before"),
        ({"time": "toa", "never": 13, "start": 5}, "out of range"),
    ],
)
def test_options_that_contradict_are_refused(options, says):
    nodes, _ = people(np.random.default_rng(1))
    with pytest.raises(InputError, match=says):
        diffusion(nodes, **options)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"toa": 2.5}, "no whole period"),
        ({"toa": np.nan}, "is empty"),
        ({"toa": "SECRET"}, "is not a number"),
        ({"toa": -1}, "out of range"),
        ({"node": 1001}, "more than one row"),
    ],
)
def test_tables_of_people_that_are_wrong(change, says):
    nodes, ties = people(np.random.default_rng(1))
    for column, value in change.items():
        nodes[column] = nodes[column].astype(object)
        nodes.loc[7, column] = value
    if isinstance(change.get("toa"), str):
        nodes["toa"] = nodes["toa"].astype(str)
    else:
        nodes = nodes.infer_objects()
    with pytest.raises(InputError, match=says) as caught:
        diffusion(nodes, ties, time="toa", never=13, within="city", draws=9)
    assert "SECRET" not in str(caught.value)


def test_ties_of_other_people_and_unknown_layers_are_refused():
    nodes, ties = people(np.random.default_rng(1))
    with pytest.raises(InputError, match="no tie joins two people"):
        diffusion(nodes, ties.assign(source=ties["source"] + 5000), time="toa", never=13)
    with pytest.raises(InputError, match=r"no such layer.*advice, friend.*'friend'"):
        diffusion(nodes, ties, time="toa", never=13, layer=["freind"])
    with pytest.raises(InputError, match="belongs to adoption alone"):
        diffusion(ties.assign(weight=1), nodes, strength="weight")


def test_tables_of_posts_that_are_wrong():
    posts = threads(np.random.default_rng(1))
    posts.loc[3, "veracity"] = "unverified"
    with pytest.raises(InputError, match="1 threads have several values"):
        diffusion(posts, **NAMES)
    posts = threads(np.random.default_rng(1))
    posts.loc[1, "post"] = 0
    with pytest.raises(InputError, match="more than one row"):
        diffusion(posts, **NAMES)


def test_strengths_below_zero_are_refused_and_zeros_are_no_ties():
    ties = ring()
    with pytest.raises(InputError, match="out of range"):
        diffusion(ties.assign(weight=-1.0), strength="weight")
    ties.loc[ties["weight"] == 1, "weight"] = 0
    found = diffusion(ties, strength="weight")
    assert found["ties"].estimate == 120
    assert any("12 pairs have no strength" in note for note in found.notes)
    assert found["giant_share", "no tie cut"].estimate == 5 / 60


def test_equal_strengths_have_no_slope():
    found = diffusion(ring().assign(weight=1.0), strength="weight", layer=["calls"])
    assert np.isfinite(found["overlap", "weakest quarter"].estimate)
    assert np.isnan(found["overlap", "strongest quarter"].estimate)
    slope = found["overlap_slope"]
    assert np.isnan(slope.estimate) and "the same in all ties" in slope.cannot_say


def test_one_period_and_one_person_say_that_nothing_can_be_said():
    nodes = pandas.DataFrame({"node": range(40), "toa": [1] * 20 + [3] * 20})
    found = diffusion(nodes, time="toa", never=3)
    assert np.isnan(found["q"].estimate) and "Fewer than 5" in found["q"].cannot_say
    assert not found.charts()
    with pytest.raises(InputError, match="nobody adopted"):
        diffusion(pandas.DataFrame({"toa": [3.0]}), time="toa", never=3)
    one = diffusion(pandas.DataFrame({"toa": [1.0]}), time="toa", never=3)
    assert [np.isnan(finding.estimate) for finding in one.findings] == [True]


def test_few_threads_a_side_say_so():
    posts = threads(np.random.default_rng(1), size=4)
    for public in (True, False):
        found = diffusion(posts, **NAMES, public=public)
        assert np.isnan(found["size"].estimate) and found["size"].cannot_say
        assert not found.charts()


# --- privacy ---------------------------------------------------------------------------------


def test_small_communities_are_not_shown():
    random = np.random.default_rng(8)
    nodes, _ = people(random, size=100, communities=4)
    nodes.loc[nodes["city"] == 3, "city"] = np.where(np.arange(25) < 6, 7, 8)
    nodes.loc[nodes["city"] == 7, "toa"] = 13
    nodes["city"] = nodes["city"].map(lambda city: f"SECRET{city}" if city == 7 else f"town{city}")
    found = diffusion(nodes, time="toa", never=13, within="city")
    assert found["saturation_lowest"].estimate > 0
    assert "SECRET" not in str(found.as_json())
    shown = diffusion(nodes, time="toa", never=13, within="city", public=True)
    assert shown["saturation_lowest"].of == "community SECRET7"


def test_the_cumulative_curve_has_no_small_steps():
    nodes, _ = people(np.random.default_rng(9), size=120)
    adopters = np.sort(nodes["toa"][nodes["toa"] < 13])
    for options, least in (({}, 10), ({"min_group": 25}, 25)):
        steps = diffusion(nodes, time="toa", never=13, **options).series["adopted"]
        many = np.rint(steps["share"] * 120)
        assert (np.diff(many) >= least).all()
        assert many[-1] == adopters.size or adopters.size - many[-1] < least
        for time, share in zip(steps["time"], steps["share"], strict=True):
            assert np.isclose(share, (adopters <= time).sum() / 120)
    whole = diffusion(nodes, time="toa", never=13, public=True).series["adopted"]
    assert whole["time"].size == np.unique(adopters).size + 1


def test_small_webs_and_layers_are_suppressed():
    ties = ring(groups=1, size=5)
    found = diffusion(ties, strength="weight")
    assert all(np.isnan(one.estimate) for one in found.findings)
    nodes, many = people(np.random.default_rng(10))
    many.loc[many.index[:4], "layer"] = "SECRET"
    told = diffusion(nodes, many, time="toa", never=13, draws=9)
    assert "SECRET" not in str(told.as_json())


def test_a_sum_that_one_person_dominates_is_suppressed():
    ties = ring()
    ties.loc[0, "weight"] = 1e6
    found = diffusion(ties, strength="weight")
    dominated = [one for one in found.all("total_strength") if np.isnan(one.estimate)]
    assert len(dominated) == 1 and "p % rule" in dominated[0].cannot_say


# --- the rest --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_and_progress_is_told():
    nodes, ties = people(np.random.default_rng(11))
    told = []
    options = {"time": "toa", "never": 13, "within": "city", "draws": 199}
    one = diffusion(nodes, ties, **options, progress=lambda *where: told.append(where))
    other = diffusion(nodes, ties, **options)
    third = diffusion(nodes, ties, **options, seed=1)
    assert one["earlier_neighbours"] == other["earlier_neighbours"]
    assert one["earlier_neighbours"].p_value != third["earlier_neighbours"].p_value
    assert told[-1] == ("dealing times anew", 199, 199)


def test_every_option_can_be_typed():
    hints = get_type_hints(diffusion, include_extras=True)
    signature = inspect.signature(diffusion)
    assert str(signature.parameters["network"].annotation).startswith("Source")
    for name, one in signature.parameters.items():
        if one.kind is one.KEYWORD_ONLY and name != "progress":
            assert get_origin(hints[name]) is Annotated, name


@pytest.mark.parametrize("width", [720, 354])
def test_charts_are_drawn_with_words(width):
    nodes, _ = people(np.random.default_rng(12))
    audits = [
        diffusion(nodes, time="toa", never=13),
        diffusion(threads(np.random.default_rng(1)), **NAMES),
        diffusion(ring(), strength="weight"),
    ]
    for audit in audits:
        (chart,) = audit.charts(width)
        content = chart.to_dict()
        assert content["title"] and len(content["description"]) > 80
        assert "nan" not in content["description"]


def test_spark_gives_the_same(on_spark, tmp_path):
    nodes, ties = people(np.random.default_rng(13), size=80)
    options = {"time": "toa", "never": 13, "within": "city", "draws": 99}
    same_findings(
        diffusion(nodes, ties, **options),
        diffusion(on_spark(nodes), on_spark(ties), **options),
    )
    posts = threads(np.random.default_rng(14), size=12)
    same_findings(diffusion(posts, **NAMES), diffusion(on_spark(posts), **NAMES))
    web = ring()
    same_findings(
        diffusion(web, strength="weight", layer=["calls"]),
        diffusion(on_spark(web), strength="weight", layer=["calls"]),
    )
