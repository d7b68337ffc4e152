"""Disclosure: published values, samples of the Adult file, rows matched by hand, what is hidden."""

import json
from itertools import combinations

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits.disclosure import disclosure, match, measures, merged, read_cells
from datapolis.core.errors import InputError
from datapolis.statistics.inference.uniqueness import pitman
from datapolis.tables import open_table
from tests.findings import same_findings

QUASI = ["age", "education", "occupation", "relationship", "sex", "native-country"]
MORE = ["workclass", "marital-status", "race", "hours-per-week"]
FILES = {  # k, t and beta as pycanon 1.3.6 has them
    "adult_raw_quasi_identifiers.csv": (1, 0.7592, 3.1527),
    "adult_anonymized_k3.csv": (3, 0.7136, 2.4912),
    "adult_anonymized_k10.csv": (10, 0.6349, 1.7393),
}


def adult(table, name="adult_raw_quasi_identifiers.csv", **options):
    options = {"quasi": QUASI, "sensitive": "salary-class", "samples": 0, "up_to": 1, **options}
    return disclosure(table(name), **options)


def people(seed=1, many=400, **columns):
    random = np.random.default_rng(seed)
    plain = {
        "age": random.integers(20, 60, many).astype(str),
        "sex": random.choice(["woman", "man"], many),
        "town": random.choice(["north", "south", "east"], many),
        "illness": random.choice(["none", "mild", "severe"], many),
    }
    return pandas.DataFrame({**plain, **columns})


SMALL = {"quasi": ["age", "sex", "town"], "sensitive": "illness"}


# --- the published values -------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_the_published_measures_of_the_adult_files(table, name):
    k, t, beta = FILES[name]
    found = adult(table, name)
    assert found["k"].estimate == k
    assert found["l"].estimate == 1
    assert found["entropy_l"].estimate == pytest.approx(1)
    assert found["t"].estimate == pytest.approx(t, abs=5e-5)
    assert found["beta"].estimate == pytest.approx(beta, abs=5e-5)


def test_k_is_no_protection_and_that_comes_first(table):
    found = adult(table, "adult_anonymized_k10.csv")
    assert found.findings[0].name == "l"
    assert "k does not protect" in found.findings[0].says
    assert "10 people" in found.findings[0].says


def test_the_published_uniqueness(table):
    found = adult(table, attributes=MORE, up_to=3, public=True)
    assert found["unique_share"].estimate == pytest.approx(0.3118, abs=5e-5)
    assert found["all_attributes"].estimate == pytest.approx(0.7617, abs=5e-5)
    sets = found.series["sets"]
    shares = dict(zip(sets["attributes"], sets["share"], strict=True))
    assert shares["age + sex + race"] == pytest.approx(0.0020, abs=5e-5)
    assert any("unique_share is 0.3118 with 6 attributes" in note for note in found.notes)
    assert found.targets == ()


def test_the_estimates_on_samples_of_the_file(table):
    found = adult(table, fraction=0.1, samples=40)
    expected = {"5%": (0.232, 0.234), "10%": (0.307, 0.308), "30%": (0.549, 0.550)}
    for percent, (truth, estimate) in expected.items():
        tried = found["tried_match_chance", f"{percent} of the file"]
        # single samples of 5 % scatter by .02, so that the mean of forty does by .003
        assert tried.estimate == pytest.approx(estimate, abs=0.01)
        assert tried.estimate == pytest.approx(truth, abs=0.01)
        model = found["tried_population_unique", f"{percent} of the file"]
        # single samples of 5 % scatter by .05 around .29
        assert model.estimate == pytest.approx(0.312, abs=0.04)
        assert "31.2 %" in model.says
    assert found["population_unique"].method.startswith("model")
    assert "It is a model" in found["population_unique"].cannot_say


def test_where_the_model_fails(table):
    rows = pandas.read_csv(table("adult_raw_quasi_identifiers.csv"), dtype=str)
    sizes = rows.groupby([*QUASI, *MORE]).size().to_numpy()
    random = np.random.default_rng(1)
    found = []
    for _ in range(25):
        sample = random.multivariate_hypergeometric(sizes, 1_628, method="marginals")
        found.append(pitman(sample).unique(32_561)[0])
    assert (np.abs(np.asarray(found) - 0.762) > 0.05).mean() > 0.3  # single samples are far off
    made = adult(table, "adult_anonymized_k3.csv", samples=10)
    assert made["tried_population_unique", "10% of the file"].estimate > 0.05
    assert made["unique_share"].estimate == 0


def test_without_the_fraction_nothing_is_said_of_the_population(table):
    found = adult(table)
    for name in ("match_chance", "population_unique"):
        assert np.isnan(found[name].estimate)
        assert "fraction" in found[name].cannot_say


# --- the rows themselves --------------------------------------------------------------------------

cells = st.sampled_from(["a", "b", "?", ""])
tables = st.lists(st.tuples(cells, cells, cells, st.sampled_from("xyz")), min_size=1, max_size=25)


def alike(one, other, gaps):
    return all(a == b or a in gaps or b in gaps for a, b in zip(one, other, strict=True))


@settings(max_examples=40, deadline=None)
@given(tables, st.booleans())
def test_missing_values_match_every_value(rows, told):
    gaps = {"", "?"} if told else {""}
    frame = pandas.DataFrame(rows, columns=["p", "q", "r", "s"])
    read = read_cells(open_table(frame), ["p", "q", "r"], "s", missing="?" if told else "")
    classes = match(read, range(3))
    inside = [[two[3] for two in rows if alike(one[:3], two[:3], gaps)] for one in rows]
    found = measures(classes)
    assert sorted(np.repeat(classes.size, classes.people)) == sorted(map(len, inside))
    assert found["k"] == min(map(len, inside))
    assert found["l"] == min(len(set(one)) for one in inside)
    whole = [row[3] for row in rows]
    shares = {level: whole.count(level) / len(whole) for level in whole}
    distance = max(
        sum(abs(one.count(level) / len(one) - shares[level]) for level in shares) / 2
        for one in inside
    )
    assert found["t"] == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize("missing", ["", "north"])
def test_every_set_of_attributes_by_hand(missing):
    rows = people(many=60)
    found = disclosure(rows, **SMALL, up_to=3, public=True, samples=0, missing=missing)
    sets = found.series["sets"]
    shares = dict(zip(sets["attributes"], sets["share"], strict=True))
    gaps = {missing} if missing else set()
    reached = set()
    for size in (1, 2, 3):
        for names in combinations(SMALL["quasi"], size):
            values = list(rows[list(names)].itertuples(index=False, name=None))
            alone = {
                place
                for place, one in enumerate(values)
                if sum(alike(one, other, gaps) for other in values) == 1
            }
            assert shares[" + ".join(names)] == pytest.approx(len(alone) / 60)
            reached |= alone
        place = list(found.series["reach"]["size"]).index(size)
        assert found.series["reach"]["share"][place] == pytest.approx(len(reached) / 60)


def test_numbers_and_ordered_levels():
    rows = people(many=300, pay=np.random.default_rng(2).integers(0, 4, 300))
    options = {"quasi": ["sex", "town"], "sensitive": "pay", "samples": 0}
    as_numbers = disclosure(rows, **options, numbers=True)
    in_order = disclosure(rows, **options, order=["0", "1", "2", "3"])
    assert as_numbers["t"].estimate == in_order["t"].estimate
    p = rows.pay.value_counts(normalize=True).sort_index()
    steps = [
        (one.pay.value_counts(normalize=True).reindex(p.index, fill_value=0) - p).cumsum().abs()
        for _, one in rows.groupby(["sex", "town"])
    ]
    assert as_numbers["t"].estimate == pytest.approx(max(one.sum() / 3 for one in steps))
    backwards = disclosure(rows, **options, order=["3", "2", "1", "0"])
    assert backwards["t"].estimate == pytest.approx(in_order["t"].estimate)
    assert disclosure(rows, **options)["t"].estimate != pytest.approx(in_order["t"].estimate)


def test_missing_sensitive_levels_are_not_counted():
    rows = people(illness=["mild", "severe", None, ""] * 100, age="30", town="north", sex="man")
    found = disclosure(rows, **SMALL, samples=0)
    assert found["l"].estimate == 2
    assert found["k"].estimate == 400
    assert "In 200 rows illness is missing." in found.notes


def test_classes_that_overlap_have_no_match_chance():
    rows = people(town=[None, *["north"] * 399])
    found = disclosure(rows, **SMALL, samples=5, fraction=0.2)
    assert "overlap" in found["match_chance"].cannot_say
    assert not found.all("tried_match_chance")


def test_one_level_alone_is_nothing_to_learn():
    found = disclosure(people(illness="none"), **SMALL, samples=0)
    assert (found["l"].estimate, found["t"].estimate, found["beta"].estimate) == (1, 0, 0)
    assert "nothing to learn" in found["t"].cannot_say


def test_rows_that_are_all_alike():
    rows = people(age="30", sex="man", town="north")
    found = disclosure(rows, **SMALL, fraction=0.5, samples=0)
    assert found["k"].estimate == 400
    assert found["unique_share"].estimate == 0
    assert "There is no such match" in found["match_chance"].cannot_say


# --- what is suppressed --------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(1, 30))
def test_no_bin_of_class_sizes_has_few_people(counts, least):
    starts = list(range(len(counts)))
    kept = merged(starts, counts, least)
    assert kept[0] == 0
    assert kept == sorted(set(kept))
    bins = np.add.reduceat(counts, kept)
    assert bins.sum() == sum(counts)
    assert all(many == 0 or many >= least for many in bins) or len(kept) == 1
    if min(counts) >= least:
        assert kept == starts


def told(found):
    """The numbers of people that can be worked out of an audit, by what they count."""
    sizes, sets, reach = (found.series[name] for name in ("sizes", "sets", "reach"))
    numbers = {
        ("bin", int(one)): many for one, many in zip(sizes["from"], sizes["people"], strict=True)
    }
    whole = int(np.sum(sizes["people"]))
    for kind, names, shares in (
        ("set", sets["attributes"], sets["share"]),
        ("reach", reach["size"], reach["share"]),
    ):
        for name, share in zip(names, shares, strict=True):
            if np.isfinite(share):
                numbers[kind, str(name)] = round(share * whole)
    return numbers, whole


@pytest.mark.parametrize("seed", range(8))
def test_no_number_and_no_difference_tells_of_few_people(seed):
    rows = people(seed, many=300 + 40 * seed)
    found = disclosure(rows, **SMALL, up_to=3, samples=0)
    numbers, whole = told(found)
    assert all(many == 0 or many >= 10 for many in numbers.values())
    assert all(many == whole or whole - many >= 10 for many in numbers.values())
    sets = {name: many for (kind, name), many in numbers.items() if kind == "set"}
    for one, many in sets.items():
        for other, more in sets.items():
            if set(one.split(" + ")) < set(other.split(" + ")):
                assert more == many or more - many >= 10
        for size in (1, 2, 3):
            outer = numbers.get(("reach", str(size)))
            if outer is not None and len(one.split(" + ")) <= size:
                assert outer == many or outer - many >= 10
    unique = found["unique_share"].estimate
    if np.isfinite(unique):
        assert numbers["bin", 1] == round(unique * whole)
        certain = found["certain_share"].estimate
        assert np.isnan(certain) or round((certain - unique) * whole) in (0, *range(10, whole))


def test_few_unique_people_are_suppressed_unless_public():
    rows = people(age="30", sex="man", town=["lone one", "lone two", *["north"] * 398])
    found = disclosure(rows, **SMALL, samples=0)
    assert np.isnan(found["unique_share"].estimate)
    assert np.isnan(found["unique_by_attribute", "town"].estimate)
    assert "suppressed" in found["unique_share"].cannot_say
    assert all(people >= 10 for people in found.series["sizes"]["people"])
    public = disclosure(rows, **SMALL, samples=0, public=True)
    assert public["unique_share"].estimate == pytest.approx(2 / 400)


def test_a_file_of_few_people_says_nothing():
    found = disclosure(people(many=9), **SMALL, fraction=0.5)
    assert all(np.isnan(one.estimate) for one in found.findings)
    assert not found.series


def test_no_value_of_any_column_is_shown():
    random = np.random.default_rng(3)
    rows = people(
        town=random.choice(["zanzibar", "quixeramobim"], 400),
        illness=random.choice(["zoster", "quinsy"], 400),
        age=random.choice(["zwanzig", "quarante"], 400),
    )
    for options in ({}, {"public": True}, {"fraction": 0.1}):
        text = json.dumps(disclosure(rows, **SMALL, **options).as_json())
        for value in ("zanzibar", "quixeramobim", "zoster", "quinsy", "zwanzig", "quarante"):
            assert value not in text
    for options in ({"numbers": True}, {"order": ["zoster"]}):
        with pytest.raises(InputError) as refused:
            disclosure(rows, **SMALL, **options)
        assert "quinsy" not in str(refused.value)


def test_charts_and_round_trip(tmp_path):
    rows = people(many=500)
    found = disclosure(rows, **SMALL, up_to=2, fraction=0.2)
    for width in (720, 354):
        sizes, sets = found.charts(width)
        assert "hide among fewer than 5" in json.dumps(sizes.to_dict())
        assert "age + sex" in json.dumps(sets.to_dict())
    again = type(found).load(found.save(tmp_path / "audit"))
    assert again.as_json() == found.as_json()
    assert len(again.charts(720)) == 2


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"quasi": []}, "quasi"),
        ({"quasi": ["age", "age"]}, "quasi"),
        ({"quasi": ["age", "illness"]}, "quasi"),
        ({"quasi": ["age", "twon"]}, "twon"),
        ({"sensitive": "ilness"}, "ilness"),
        ({"fraction": 0.0}, "fraction"),
        ({"fraction": 1.5}, "fraction"),
        ({"least_k": 1}, "least_k"),
        ({"up_to": 0}, "up_to"),
        ({"samples": -1}, "samples"),
        ({"numbers": True}, "illness"),
        ({"order": ["none", "mild"]}, "illness"),
        ({"order": ["none", "none"]}, "order"),
        ({"numbers": True, "order": ["none"]}, "order"),
    ],
)
def test_what_is_refused(options, field):
    with pytest.raises(InputError) as refused:
        disclosure(people(), **{**SMALL, **options})
    assert refused.value.field == field


def test_too_many_sets_and_too_many_gaps_are_refused():
    random = np.random.default_rng(1)
    columns = {f"c{place}": random.choice(["a", ""], 500) for place in range(40)}
    names = list(columns)
    with pytest.raises(InputError, match="sets of attributes"):
        disclosure(people(many=500, **columns), quasi=names, sensitive="illness", up_to=3)
    with pytest.raises(InputError, match="missing together"):
        disclosure(people(many=500, **columns), quasi=names, sensitive="illness", up_to=1)
    with pytest.raises(InputError, match="empty in every row"):
        disclosure(people(illness=""), **SMALL)


def test_many_columns_of_many_values_keep_their_classes_apart():
    random = np.random.default_rng(4)
    columns = {f"c{place}": random.integers(0, 5_000, 3_000) for place in range(8)}
    rows = pandas.DataFrame({**columns, "s": random.choice(["a", "b"], 3_000)})
    rows = pandas.concat([rows, rows])
    found = disclosure(rows, quasi=list(columns), sensitive="s", up_to=1, samples=0)
    assert found["k"].estimate == 2
    assert found["matching_class_size"].estimate == 2


def test_spark_gives_the_same(on_spark):
    rows = people(many=600, town=np.resize(["north", "south", None, "?"], 600))
    options = {**SMALL, "missing": "?", "up_to": 2, "samples": 0}
    here, there = disclosure(rows, **options), disclosure(on_spark(rows), **options)
    same_findings(here, there, atol=1e-12)
    for name, columns in here.series.items():
        for column, values in columns.items():
            np.testing.assert_array_equal(there.series[name][column], values)


# --- small files with known answers --------------------------------------------------------------

SUPPRESSED = {
    "age": ["<50", "<50", ">=50", "*", "<50", ">=50", "<50"],
    "gender": ["female", "male", "male", "*", "female", "male", "male"],
    "zip": ["81***", "81***", "81***", "*****", "81***", "81***", "81***"],
    "ill": ["a", "b", "a", "b", "b", "b", "a"],
}
THREE = {"quasi": ["age", "gender", "zip"], "sensitive": "ill", "public": True, "samples": 0}


def test_suppressed_rows_match_everybody_or_stand_apart_and_both_are_told():
    """Three classes of two and a row of stars: k is 2 where it stands apart, 3 where it matches."""
    found = disclosure(SUPPRESSED, missing="*", **THREE)
    assert (found["k"].estimate, found["k_without_missing"].estimate) == (3, 2)
    assert "k = 3" in found["k"].says and "k = 2" in found["k"].says
    assert found["k_without_missing"].n_units == 6
    assert any("can only look safer" in note for note in found.notes)


def test_stars_that_were_not_told_are_asked_about():
    found = disclosure(SUPPRESSED, **THREE)
    assert found["k"].estimate == 1
    (asked,) = (note for note in found.notes if "--missing" in note)
    assert "In 1 rows age, gender and zip hold" in asked and '--missing "*"' in asked
    private = disclosure(SUPPRESSED, **{**THREE, "public": False})
    assert any("In fewer than 10 rows" in note for note in private.notes)
    assert "--missing" not in " ".join(disclosure(SUPPRESSED, missing="*", **THREE).notes)


@pytest.mark.parametrize("word", ["NA", "?", "unknown", "n/a"])
def test_names_of_a_missing_sensitive_value_are_asked_about(word):
    table = {"place": ["a", "b"] * 10, "ill": ["x", "y", word, "none"] * 5}
    options = {"quasi": ["place"], "sensitive": "ill", "public": True, "samples": 0}
    asked = [note for note in disclosure(table, **options).notes if "--missing" in note]
    assert len(asked) == 1 and f'--missing "{word}"' in asked[0] and "In 5 rows ill" in asked[0]
    found = disclosure(table, missing=word, **options)
    assert found["l"].estimate == 1
    assert not any("--missing" in note for note in found.notes)


def test_a_missing_value_that_stands_nowhere_is_told():
    notes = disclosure(SUPPRESSED, missing="?", **THREE).notes
    assert any("No cell holds '?'" in note for note in notes)


def test_where_nobody_is_known_whole_there_is_no_k_apart():
    table = {"a": ["", "x"] * 6, "b": ["y", ""] * 6, "ill": ["s", "t"] * 6}
    found = disclosure(table, quasi=["a", "b"], sensitive="ill", public=True, samples=0)
    assert found["k"].estimate == 12 and np.isnan(found["k_without_missing"].estimate)
    assert "no k" in found["k"].says


def small(text, **options):
    head, *rows = [line.split(",") for line in text.split()]
    table = dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))
    return disclosure(table, public=True, samples=0, **options)


def test_a_missing_quasi_identifier_alone_changes_no_k():
    """sdcMicro#363: k 2 and l 2, whether or not the empty job matches."""
    rows = "sex,job,origin,ill f,,other,1 f,,other,1 f,,other,0 m,teacher,other,1 "
    rows += "m,teacher,other,0 f,nurse,majority,0 f,nurse,majority,1"
    found = small(rows, quasi=["sex", "job", "origin"], sensitive="ill")
    assert (found["k"].estimate, found["l"].estimate) == (2, 2)
    assert found["k_without_missing"].estimate == 2


def test_an_unknown_sensitive_value_is_no_level():
    """sdcMicro#300: of five people with a known level, three stand in a class of one level."""
    rows = "place,ill Foo,yes Foo,yes Foo,yes Bar, Bar, Baz,yes Baz,no"
    found = small(rows, quasi=["place"], sensitive="ill")
    assert found["l"].estimate == 1
    assert found["certain_share"].estimate == pytest.approx(0.6)
    assert any("In 2 rows ill is missing" in note for note in found.notes)


def test_below_k_is_strictly_below():
    """Classes of 1, 2, 3 and 4 people: three of ten hide among fewer than 3."""
    rows = "region,sex,ill N,f,a N,m,a N,m,b S,f,a S,f,b S,f,a S,m,a S,m,b S,m,a S,m,b"
    found = small(rows, quasi=["region", "sex"], sensitive="ill", least_k=3)
    assert found["share_below_k"].estimate == pytest.approx(0.3)


def test_leading_zeros_keep_codes_apart():
    rows = "zip,ill 01001,a 01001,b 1001,a 1001,b 1001,a"
    assert small(rows, quasi=["zip"], sensitive="ill")["k"].estimate == 2
