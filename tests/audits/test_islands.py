"""Islands: published figures, by hand, against NetworkX and simulation, and what is refused."""

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.finding import Audit
from datapolis.audits.islands import islands
from datapolis.core.errors import InputError
from tests.findings import same_findings

TRACKERS = "tracker_site_company_201801.csv"
INDEX = "global_open_data_index_entries_2013_2014.csv"
CATALOGUE = "uk_gov_api_catalogue_2021_07.csv"
REQUIRED = "exists digital public online free machinereadable bulk openlicense".split()
SEEN = "seen on the site with an identifier"


def exchange(pairs, alone=(), **options):
    """An exchange list of these pairs, and holders that exchange with nobody."""
    rows = [*pairs, *((one, None) for one in alone)]
    columns = {
        "from": np.array([one for one, _ in rows], object),
        "to": np.array([two for _, two in rows], object),
    }
    return islands(
        pd.DataFrame(columns).astype("string"),
        source="from",
        target="to",
        edge_means="sends data to",
        **{"public": True, **options},
    )


def view(rows, **options):
    """A joint view of (site, company, chance)."""
    site, company, chance = zip(*rows, strict=True)
    table = pd.DataFrame({"site": site, "company": company, "chance": chance})
    options = {"weight": "chance", "public": True, **options}
    return islands(table, left="site", right="company", edge_means=SEEN, **options)


def entries(rows, **options):
    """Entries of (open, first attribute, second attribute)."""
    table = pd.DataFrame(rows, columns=["isopen", "licence", "bulk"])
    options = {"attributes": ("licence", "bulk"), "public": True, **options}
    return islands(table, is_open="isopen", **options)


# --- published figures -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trackers(table):
    return islands(
        table(TRACKERS),
        left="site",
        right="company",
        weight="tracked_proportion",
        drop="company=unknown",
        edge_means=SEEN,
        public=True,
    )


@pytest.mark.parametrize(
    "name, figure, tolerance",
    [
        ("top_linker", 0.0086, 5e-5),
        ("pair_linkability", 0.0238, 5e-5),
        ("pairs_listed", 0.134, 5e-4),
        ("pairs_listed_with_dropped", 0.318, 5e-4),
    ],
)
def test_pairs_of_sites(trackers, name, figure, tolerance):
    assert trackers[name].estimate == pytest.approx(figure, abs=tolerance)


def test_google_links_most_and_components_say_nothing(trackers):
    assert trackers["top_linker"].of == "google"
    assert trackers["giant_share"].estimate > 0.99
    assert trackers["pair_linkability"].n_units == 5133
    assert not trackers.targets
    assert any(SEEN in note for note in trackers.notes)


@pytest.fixture(scope="module")
def index(table):
    """The index with rows that repeat others, and without."""
    options = {"attributes": REQUIRED, "mend": ("bulk", "openlicense"), "time": "year"}
    options |= {"place": "place", "dataset": "dataset", "public": True}
    return {
        duplicates: islands(table(INDEX), is_open="isopen", duplicates=duplicates, **options)
        for duplicates in ("keep", "drop")
    }


@pytest.mark.parametrize(
    "duplicates, year, count, places, many",
    [
        ("drop", "2013", 597, 60, 97),
        ("keep", "2013", 638, 60, 98),
        ("keep", "2014", 929, 93, 123),
    ],
)
def test_open_entries(index, duplicates, year, count, places, many):
    found = index[duplicates]
    share = found["open_share", year]
    assert share.n_units == count
    assert share.estimate * count == pytest.approx(many)
    assert found["places", year].estimate == places
    if duplicates == "keep" and year == "2013":
        assert "97 of 597" in share.says


@pytest.mark.parametrize(
    "year, licence, both, lacking", [("2013", 57, 90, 18), ("2014", 97, 148, 19)]
)
def test_what_closes_entries(index, year, licence, both, lacking):
    found = index["drop"]
    assert found["sole_barrier", year].estimate == licence
    assert "openlicense" in found["sole_barrier", year].says
    assert found["mend", f"{year}: bulk and openlicense"].estimate == both
    assert found["open_lacking", year].estimate == lacking
    assert "bulk" in found["open_lacking", year].says
    assert found["mend", f"{year}: best 2 of 8"].estimate >= both


def test_supply_has_no_edges(table):
    found = islands(
        table(CATALOGUE),
        holder="provider",
        attributes=("has_licence", "has_documentation"),
        time="dateAdded",
        public=True,
    )
    assert found["supply_hhi"].estimate == pytest.approx(0.132, abs=5e-4)
    assert found["attribute_share", "has_licence"].estimate == pytest.approx(0.39, abs=5e-3)
    assert found["attribute_share", "has_documentation"].estimate == pytest.approx(0.81, abs=5e-3)
    assert found["largest_month"].estimate == 92
    assert found["largest_month"].of == "2020-08"
    assert not found.targets
    assert not found.all("components")


# --- exchange lists ----------------------------------------------------------------------------


def test_islands_by_hand():
    """a-b-c and d-e, f alone; c names itself; b to a says nothing new."""
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "c"), ("d", "e")]
    found = exchange(pairs, alone=["f"], exponent=2.0, links=1)
    assert found["components"].estimate == 3
    assert found["giant_share"].estimate == 0.5
    assert found["articulation_points"].estimate == 1
    assert "best linked of them b" in found["articulation_points"].says
    assert found["value_lost"].estimate == pytest.approx(1 - (9 + 4 + 1) / 36)
    assert found["best_links"].estimate == pytest.approx(5 / 6)
    assert {one.index: one.value for one in found.targets} == {"largest_island": 0.5, "islands": 3}
    assert any("1 rows name a pair again" in note for note in found.notes)
    assert any("1 rows link a holder to itself" in note for note in found.notes)


def test_what_holders_hold_counts():
    table = {
        "from": ["a", "b", "c"],
        "to": ["b", "", ""],
        "held": [3.0, 1.0, 6.0],
    }
    found = islands(
        table, source="from", target="to", value=("held",), edge_means="x", exponent=2.0,
        links=1, public=True,
    )  # fmt: skip
    assert found["value_lost"].estimate == pytest.approx(1 - (0.16 + 0.36))
    assert "c, a" in found["best_links"].says


def test_no_exponent_no_one_number():
    found = exchange([("a", "b")], alone=["c"])["value_lost"]
    assert np.isnan(found.estimate)
    shares = np.array([2, 1]) / 3
    assert found.lower == pytest.approx(1 - (shares**0.7).sum())
    assert found.upper == pytest.approx(1 - (shares**2).sum())
    assert "assumption" in found.cannot_say


def test_no_link_pays_where_returns_fall():
    found = exchange([("a", "b")], alone=["c"], exponent=0.8)
    assert "no new link adds value" in found["best_links"].says
    assert found["value_lost"].estimate < 0


ends = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), min_size=1, max_size=20)


@settings(deadline=None, max_examples=15)
@given(ends)
def test_structure_is_that_of_networkx(links):
    graph = networkx.Graph([pair for pair in links if pair[0] != pair[1]])
    graph.add_nodes_from(one for pair in links for one in pair)
    found = exchange([(f"h{one}", f"h{two}") for one, two in links], exponent=1.5)
    islands_ = list(networkx.connected_components(graph))
    sizes = np.array([len(one) for one in islands_])
    assert found["components"].estimate == len(islands_)
    assert found["giant_share"].estimate == pytest.approx(sizes.max() / sizes.sum())
    assert found["articulation_points"].estimate == len(set(networkx.articulation_points(graph)))
    lost = 1 - ((sizes / sizes.sum()) ** 1.5).sum()
    assert found["value_lost"].estimate == pytest.approx(lost, abs=1e-12)


def test_possible_links_with_costs_and_forbidden_pairs():
    """Of a-b, c and d only c-d and a-c are possible; the budget pays for one of them."""
    table = {"from": ["a", "c", "d"], "to": ["b", "", ""]}
    could = {"from": ["c", "a"], "to": ["d", "c"], "cost": [1.0, 5.0]}
    options = {"source": "from", "target": "to", "edge_means": "x", "public": True, "exponent": 2.0}
    dear = islands(table, could, cost="cost", budget=5.0, **options)["possible_links"]
    assert dear.estimate == pytest.approx(1 - (9 + 1) / 16)
    assert "a and c" in dear.says
    cheap = islands(table, could, cost="cost", budget=4.0, **options)["possible_links"]
    assert cheap.estimate == pytest.approx(1 - (4 + 4) / 16)
    free = islands(table, could, links=2, **options)["possible_links"]
    assert free.estimate == pytest.approx(0)
    none = islands(table, {"from": ["a"], "to": ["b"]}, **options)["possible_links"]
    assert none.estimate == pytest.approx(1 - (4 + 1 + 1) / 16)


# --- joint views -------------------------------------------------------------------------------


def test_a_joint_view_by_hand():
    rows = [("x", "A", 0.5), ("y", "A", 0.4), ("y", "B", 1.0), ("z", "B", 0.3), ("w", "A", 0.0)]
    found = view(rows, cover=1)
    pairs = found["pair_linkability"]
    assert pairs.estimate == pytest.approx((0.2 + 0.3) / 6)
    assert pairs.lower == pytest.approx((0 + 0.3) / 6)
    assert pairs.upper == pytest.approx((0.4 + 0.3) / 6)
    assert found["pairs_listed"].estimate == pytest.approx(4 / 6)
    assert found["top_linker"].of == "B"
    assert found["top_linker"].estimate == pytest.approx(0.3 / 6)
    assert found["coverage"].estimate == 0.5
    assert "nothing" not in found["giant_share"].says


def test_sites_whose_only_company_is_dropped_stay():
    rows = [("x", "A", 1.0), ("y", "A", 1.0), ("z", "unknown", 1.0), ("x", "unknown", 1.0)]
    found = view(rows, drop="company=unknown")
    assert found["pair_linkability"].estimate == pytest.approx(1 / 3)
    assert found["pairs_listed_with_dropped"].estimate == pytest.approx(2 / 3)
    other = view(rows, drop="site=z")
    assert other["pair_linkability"].n_units == 2


def test_unknown_is_no_company_and_said_to_be_none():
    found = view([(f"s{i}", "Unknown", 0.5) for i in range(12)] + [("s0", "A", 1.0)])
    assert any("12 rows name the company 'Unknown', which is no company" in one
               for one in found.notes)  # fmt: skip
    assert not any("'A'" in one for one in found.notes)


def test_a_grid_is_no_graph():
    rows = [(f"place {i}", f"data set {j}", 1.0) for i in range(12) for j in range(3)]
    found = view(rows)["giant_share"]
    assert np.isnan(found.estimate)
    assert "by construction" in found.says


def test_nobody_present_links_nothing():
    found = view([(f"s{i}", "A", 0.0) for i in range(12)])
    assert found["pair_linkability"].estimate == 0
    assert found["pair_linkability"].upper == 0


# --- openness ----------------------------------------------------------------------------------


def test_openness_by_hand():
    rows = [
        ("yes", "yes", "yes"),
        ("yes", "yes", "no"),  # open all the same
        ("no", "no", "yes"),
        ("no", "no", "unsure"),
        ("no", "no", "no"),
        ("no", "yes", "unsure"),
        ("no", "yes", "yes"),  # closed all the same
    ]
    found = entries(rows, mend=("licence",))
    assert found["open_share"].estimate == pytest.approx(2 / 7)
    assert found["lacking"].estimate == 3
    assert found["open_lacking"].estimate == 1
    licence = found["mend", "licence"]
    assert (licence.estimate, licence.lower, licence.upper) == (1, 1, 2)
    both = found["mend", "best 2 of 2"]
    assert (both.estimate, both.lower, both.upper) == (4, 3, 4)
    falls = dict(
        zip(found.series["waterfall"]["step"], found.series["waterfall"]["entries"], strict=True)
    )
    assert falls == {
        "entries": 7, "licence": -3, "bulk": -2, "open all the same": 1,
        "closed all the same": -1, "open": 2,
    }  # fmt: skip


states = st.lists(
    st.tuples(*[st.sampled_from(["yes", "no"])], *[st.sampled_from(["yes", "no", "unsure"])] * 2),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=15)
@given(states)
def test_a_waterfall_adds_up_and_bounds_hold_every_count(rows):
    found = entries(rows)
    falls = found.series["waterfall"]["entries"]
    assert falls[:-1].sum() == falls[-1]
    for one in found.all("mend"):
        assert one.lower <= one.estimate <= one.upper


def test_cells_without_an_entry_bound_the_open_share():
    table = {
        "place": ["p", "p", "q"],
        "dataset": ["d", "e", "d"],
        "isopen": [1, 0, 1],
    }
    options = {"is_open": "isopen", "place": "place", "dataset": "dataset", "public": True}
    share = islands(table, **options)["open_share"]
    assert (share.estimate, share.lower, share.upper) == pytest.approx((2 / 3, 0.5, 0.75))


def test_all_open_says_that_nothing_is_closed():
    found = entries([("yes", "yes", "yes")] * 3)
    assert np.isnan(found["sole_barrier"].estimate)
    assert "none is closed" in found["sole_barrier"].cannot_say


# --- privacy -----------------------------------------------------------------------------------


def test_small_lists_are_suppressed():
    for found in (
        exchange([("a", "b")], public=False, exponent=2.0),
        view([("x", "A", 0.5), ("y", "A", 0.5)], public=False),
    ):
        assert all(np.isnan(one.estimate) for one in found.findings)
        assert not found.series and not found.targets


def test_names_only_in_public_registers():
    links = [(f"holder {i}", f"holder {i + 1}") for i in range(15)]
    other = [(f"other {i}", f"other {i + 1}") for i in range(12)]
    found = exchange([*links, *other], public=False, exponent=2.0)
    assert found["components"].estimate == 2
    assert "holder 1" not in str(found.as_json())
    assert "holder 1" in str(exchange([*links, *other], exponent=2.0).as_json())


def test_companies_at_few_sites_are_not_named():
    rows = [(f"s{i:02}", "Large", 0.5) for i in range(30)] + [("s01", "Rare", 1.0)]
    rows += [(f"s{i:02}", "Small", 1.0) for i in range(12, 17)]
    rows += [(f"t{i:02}", "Medium", 0.5) for i in range(20)]
    found = view(rows, public=False, cover=2)
    text = str(found.as_json())
    assert "Large" in text and "Medium" in text
    assert "Rare" not in text and "Small" not in text
    shown = view(rows[30:], cover=2)
    assert "Small" in str(shown.as_json())


def test_one_who_holds_nearly_all_is_not_given_away():
    table = {
        "from": [f"h{i}" for i in range(30)],
        "to": [f"h{(i + 1) % 15 + 15 * (i // 15)}" for i in range(30)],
        "held": [1000.0, *[1.0] * 29],
    }
    options = {"source": "from", "target": "to", "value": ("held",), "edge_means": "x"}
    assert np.isnan(islands(table, exponent=2.0, **options)["value_lost"].estimate)
    shown = islands(table, exponent=2.0, public=True, **options)["value_lost"]
    assert np.isfinite(shown.estimate)


@pytest.mark.parametrize("small", [3, 9])
def test_small_groups_of_entries_cannot_be_had_by_subtraction(small):
    """Few lack bulk alone: neither that count nor the sets that would give it away are told."""
    rows = [("yes", "yes", "yes")] * 40 + [("no", "no", "yes")] * 30 + [("no", "no", "no")] * 30
    rows += [("no", "yes", "no")] * small
    found = entries(rows, public=False, mend=("bulk",))
    assert np.isnan(found["mend", "bulk"].estimate)
    told = {one.of: one.estimate for one in found.all("mend") if np.isfinite(one.estimate)}
    lacking = found["lacking"].estimate  # of licence: 60
    closed = 60 + small
    assert found["open_share"].estimate == pytest.approx(40 / (100 + small))
    assert small not in told.values()
    assert not (np.isfinite(lacking) and closed - lacking == small)
    if "waterfall" in found.series:
        assert not np.isin(np.abs(found.series["waterfall"]["entries"]), [small]).any()


def test_supply_of_few_is_suppressed():
    table = {"who": [f"w{i // 4}" for i in range(48)], "licence": ["yes"] * 45 + ["no"] * 3}
    found = islands(table, holder="who", attributes=("licence",))
    assert np.isfinite(found["supply_hhi"].estimate)
    assert np.isnan(found["attribute_share", "licence"].estimate)
    assert "supply" not in found.series
    assert "w1" not in str(found.as_json())


# --- what is refused ---------------------------------------------------------------------------

PAIR = {"a": ["x", "y"], "b": ["u", "v"], "w": [0.5, 0.2], "o": ["yes", "no"]}


@pytest.mark.parametrize(
    "options, says",
    [
        ({}, "nothing is asked"),
        ({"source": "a"}, "target: an exchange list needs it too"),
        ({"source": "a", "target": "b"}, "edge_means"),
        ({"source": "a", "target": "b", "edge_means": " "}, "edge_means"),
        ({"source": "a", "target": "b", "left": "a", "right": "b"}, "more than one question"),
        ({"is_open": "o", "holder": "a"}, "more than one question"),
        ({"is_open": "o", "edge_means": "x"}, "openness has no edges"),
        ({"holder": "a", "edge_means": "x"}, "supply has no edges"),
        ({"left": "a", "right": "b", "edge_means": "x", "exponent": 2.0}, "exponent: a joint view"),
        ({"source": "a", "target": "b", "edge_means": "x", "weight": "w"}, "weight: an exchange"),
        ({"is_open": "o", "links": 2}, "links: openness"),
        ({"holder": "a", "mend": ("o",)}, "mend: supply"),
        ({"is_open": "o", "attributes": ("o",), "mend": ("w",)}, "must be an attribute"),
        ({"is_open": "o", "place": "a"}, "place, dataset: one is given"),
        ({"is_open": "w"}, "neither yes nor no"),
        ({"is_open": "oo"}, "did you mean 'o'|a column is missing"),
        ({"left": "a", "right": "b", "weight": "o", "edge_means": "x"}, "is not a number"),
        ({"left": "a", "right": "b", "cover": 0, "edge_means": "x"}, "cover"),
        ({"source": "a", "target": "b", "edge_means": "x", "links": 0}, "links"),
        ({"source": "a", "target": "b", "edge_means": "x", "exponent": -1.0}, "exponent"),
        ({"source": "a", "target": "b", "edge_means": "x", "cost": "w"}, "cost, budget"),
        ({"source": "a", "target": "b", "edge_means": "x", "value": ("w",)}, "stand in no row"),
        ({"holder": "a", "drop": "a=x,y"}, "no row is left"),
    ],
)
def test_contradictions_and_bad_columns_are_refused(options, says):
    with pytest.raises(InputError, match=says):
        islands(PAIR, **options)


@pytest.mark.parametrize(
    "rows, says",
    [
        ([("x", "A", 0.5), ("x", "A", 0.5)], "more than one row"),
        ([("x", "A", 0.5), ("x", "B", 0.5)], "pairs need two"),
        ([("x", "A", -0.5), ("y", "A", 0.5)], "out of range"),
        ([("x", "A", 1.5), ("y", "A", 0.5)], "out of range"),
        ([("x", "A", np.nan), ("y", "A", 0.5)], "out of range|is empty"),
        ([("x", "", 0.5), ("y", "A", 0.5)], "is empty"),
    ],
)
def test_bad_views_are_refused(rows, says):
    with pytest.raises(InputError, match=says):
        view(rows)


def test_exact_repeats_can_be_dropped():
    rows = [("x", "A", 0.5), ("x", "A", 0.5), ("y", "A", 0.5)]
    found = view(rows, duplicates="drop")
    assert found["pair_linkability"].estimate == pytest.approx(0.25)
    assert any("repeat another row exactly" in note for note in found.notes)


def test_one_amount_for_each_holder():
    table = {"from": ["a", "a", "b"], "to": ["b", "", ""], "held": [1.0, 2.0, 3.0]}
    with pytest.raises(InputError, match="one amount in one row and another in another"):
        islands(table, source="from", target="to", value=("held",), edge_means="x")


def test_possible_links_need_an_exponent_and_known_holders():
    options = {"source": "a", "target": "b", "edge_means": "x"}
    with pytest.raises(InputError, match="exponent"):
        islands(PAIR, {"a": ["x"], "b": ["y"]}, **options)
    with pytest.raises(InputError, match="no holder of the first table"):
        islands(PAIR, {"a": ["x"], "b": ["nobody"]}, exponent=2.0, **options)


def test_nothing_held_is_a_finding_without_a_number():
    table = {"from": ["a", "b"], "to": ["b", ""], "held": [0.0, 0.0]}
    options = {"source": "from", "target": "to", "value": ("held",), "edge_means": "x"}
    found = islands(table, public=True, exponent=2.0, **options)
    assert np.isnan(found["value_lost"].estimate)
    assert found["components"].estimate == 1


def test_errors_and_findings_show_no_cell():
    table = {"o": ["yes", "secret"], "a": ["yes", "yes"]}
    with pytest.raises(InputError) as told:
        islands(table, is_open="o")
    assert "secret" not in str(told.value)


# --- both engines, charts ----------------------------------------------------------------------


def test_spark_gives_the_same(on_spark):
    random = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "site": [f"s{i}" for i in random.integers(0, 40, 120)],
            "company": [f"c{i}" for i in random.integers(0, 8, 120)],
            "chance": random.random(120).round(3),
        }
    ).drop_duplicates(["site", "company"])
    options = {"left": "site", "right": "company", "weight": "chance", "edge_means": SEEN}
    same_findings(
        islands(rows, public=True, **options),
        islands(on_spark(rows), public=True, **options),
        atol=1e-12,
    )
    words = np.array(["Yes", "No", "Unsure"])
    index = pd.DataFrame(
        {
            "year": random.integers(2013, 2015, 90),
            "isopen": words[random.integers(0, 2, 90)],
            "licence": words[random.integers(0, 3, 90)],
        }
    )
    options = {"is_open": "isopen", "attributes": ("licence",), "time": "year", "public": True}
    same_findings(islands(index, **options), islands(on_spark(index), **options), atol=1e-12)
    links = pd.DataFrame(
        {
            "from": [f"h{i:02}" for i in range(30)],
            "to": [f"h{i:02}" if i < 30 else None for i in random.integers(0, 45, 30)],
        }
    )
    options = {"source": "from", "target": "to", "edge_means": "x", "exponent": 1.5}
    same_findings(
        islands(links, public=True, **options),
        islands(on_spark(links), public=True, **options),
        atol=1e-12,
    )


@pytest.mark.parametrize("width", [720, 354])
def test_charts_are_drawn_before_and_after_saving(tmp_path, width):
    links = [(f"h{i}", f"h{(i * 7) % 23}") for i in range(20)]
    rows = [(f"s{i % 15}", f"c{i % 4}", (i % 10) / 10) for i in range(60)]
    answers = {
        "exchange": exchange(links, exponent=1.4),
        "view": view(rows, duplicates="drop"),
        "open": entries([("yes", "yes", "yes"), ("no", "no", "yes"), ("no", "no", "no")]),
        "supply": islands({"who": ["a", "a", "b"]}, holder="who", public=True),
    }
    for name, many in (("exchange", 2), ("view", 2), ("open", 2), ("supply", 1)):
        charts = answers[name].charts(width)
        assert len(charts) == many
        again = Audit.load(answers[name].save(tmp_path / name)).charts(width)
        for chart, loaded in zip(charts, again, strict=True):
            assert chart.to_dict()["description"]
            assert chart.to_dict() == loaded.to_dict()
