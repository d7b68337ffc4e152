"""Every chart builds, is valid, and tells in words what it shows."""

import json
from itertools import pairwise

import pytest

from datapolis.report import charts, tables
from datapolis.report.page import FIGURES
from datapolis.report.render import COLOURS, WIDTHS, with_variables

from .conftest import ensemble


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
@pytest.mark.parametrize("width", WIDTHS.values())
def test_every_chart_is_valid(figure, width, results, measured):
    assert figure.possible(results, measured)
    chart = figure.draw(results, measured, width).to_dict()  # validates
    assert chart["title"]
    assert len(chart["description"]) > 40
    assert "NaN" not in json.dumps(chart)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_every_axis_of_numbers_says_what_it_is(figure, results, measured):
    """An axis has a title, or its panel's heading says what it is."""
    chart = figure.draw(results, measured, 720).to_dict()
    if "concat" in chart:
        assert all(panel["title"]["text"] for panel in chart["concat"])
    elif "facet" in chart:
        assert chart["facet"]["header"]["title"] is None  # the values are the headings
    else:
        assert "month" in json.dumps(chart["layer"])


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_charts_are_left_out_or_built_with_no_policy_but_none(figure):
    alone = ensemble(policies=("none",), members=1)
    if figure.possible(alone, []):
        figure.draw(alone, [], 354).to_dict()
    else:
        assert figure.needs_measured or figure.needs_others


def test_a_sector_and_a_policy_keep_their_colour(results):
    assert charts.policy_colours(results)["no policy"] == charts.PLAIN
    fewer = results.sel(policy=["none", "open_government"])
    assert charts.policy_colours(fewer).items() <= charts.policy_colours(results).items()
    used = [*charts.SECTORS.values(), *charts.POLICIES, charts.PLAIN]
    assert len(set(used)) == len(used)


def test_every_colour_of_a_chart_has_a_variable_of_the_page(results, measured):
    for figure in FIGURES:
        text = with_variables(json.dumps(figure.draw(results, measured, 720).to_dict()))
        assert "#" not in text.replace("vega-lite/v6", ""), figure.id
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_bands_are_drawn_in_every_chart_of_lines(results):
    chart = charts.sector_balance(results).to_dict()
    marks = [layer["mark"]["type"] for layer in chart["layer"]]
    assert marks == ["area", "line", "text"]


def test_names_are_spread_so_that_they_can_be_read():
    places = charts.spread([0.5, 0.5, 0.51, 0.9], 0.1, 0.0, 1.0)
    ordered = sorted(places)
    assert all(b - a >= 0.099 for a, b in pairwise(ordered))
    assert min(places) >= 0 and max(places) <= 1
    assert places[3] == max(places)


def test_no_policy_is_named_in_words():
    assert charts.words("none") == "no policy"
    assert charts.words("open_government") == "open government"


def test_measured_values_stand_beside_the_simulated(results, measured):
    text = json.dumps(charts.user_concentration(results, measured).to_dict())
    assert "measured 2017-05 and 2018-01" in text
    assert "measured" not in json.dumps(charts.user_concentration(results).to_dict()["datasets"])
    assert tables.first_and_last(measured)[0]["time"] == "2017-05"
