"""What is suppressed is not drawn: every chart of every audit, on a table under its threshold.

The same small table is asked twice. Declared public, it gives the charts; with a threshold above
its number of units, none of them may be drawn, and the place of each says so on the audit's page
(which is its section in a report too), in the app, and in a notebook.
"""

from importlib import import_module

import numpy as np
import pytest

from datapolis.app.pages.measure import answer
from datapolis.audits import AUDITS, Audit, concentration, rights
from datapolis.audits.rights import together
from datapolis.audits.suppressed import LIFT, NAMED, Suppressed
from datapolis.report.measured import page
from tests.small_tables import CASES, asked


@pytest.mark.parametrize(("kind", "table", "options"), CASES)
def test_no_chart_is_drawn_under_the_threshold_and_its_place_says_why(kind, table, options):
    public = asked(kind, table, options, public=True)
    assert public.suppressed == () and public.question == ""
    titles = [one.title for one in public.figures() if one.chart is not None]
    names = list(import_module(f"datapolis.audits.charts.{kind}").draw(public, 720))
    assert names, "nothing is drawn even of a public table: no test"

    small = asked(kind, table, options, min_group=1000)
    assert small.charts() == []
    figures = {one.title: one for one in small.figures()}
    hidden = {one.series: one for one in small.suppressed}
    assert set(names) <= set(hidden), "a chart is left out without a word"
    for name in names:
        assert LIFT in hidden[name].says or NAMED in hidden[name].says
        assert "--public" in hidden[name].says
    html = {"page": page([small]), "app": answer(small, False), "notebook": small._repr_html_()}
    for name in names:
        for where, text in html.items():
            assert hidden[name].says in text, where
    for text in html.values():
        assert text.count(small.question) == 1 and small.question.endswith("is suppressed.")
        assert "<svg" not in text.split("<main", 1)[-1].split("</main", 1)[0]
    assert len(figures) >= len(titles)


def test_every_chart_of_every_audit_is_tried():
    drawn = {kind: set() for kind in AUDITS}
    for case in CASES:
        kind, table, options = case.values
        found = asked(kind, table, options, public=True)
        module = import_module(f"datapolis.audits.charts.{kind}")
        drawn[kind] |= {name.partition(": ")[0] for name in module.draw(found, 720)}
    for kind in AUDITS:
        assert drawn[kind] == set(import_module(f"datapolis.audits.charts.{kind}").TITLES), kind


def browsers(many=11):
    """Shares such as those of browsers in six years: case of a false diagonal."""
    share = np.array([60.89, 25.67, 6.35, 2.27, 1.83, 0.57, 0.85, 0.61, 0.41, 0.30, 0.25])[:many]
    return {
        "browser": [f"b{one}" for one in range(many)] * 2,
        "year": ["2019"] * many + ["2024"] * many,
        "share": [*share, *share[::-1]],
    }


def test_a_curve_without_points_is_no_line_of_equality():
    options = {"holder": "browser", "amount": "share", "time": "year", "basis": "amount"}
    found = concentration(browsers(), **options)
    assert found["gini", "2024"].estimate == pytest.approx(0.777, abs=0.001)
    assert "lorenz" not in found.series
    (hidden,) = (one for one in found.suppressed if one.series == "lorenz")
    assert not hidden.part and "2019, 2024" in hidden.says
    assert "Lorenz" not in " ".join(str(one.to_dict()) for one in found.charts())
    public = concentration(browsers(), **options, public=True)
    assert len(public.series["lorenz"]["holders"]) == 2 * 12


def test_equal_holders_do_lie_on_the_line_of_equality():
    table = {"who": [f"h{one}" for one in range(5)], "held": [2.0] * 5}
    found = concentration(table, holder="who", amount="held", basis="amount", public=True)
    assert found["gini"].estimate == pytest.approx(0, abs=1e-12)
    assert found["herfindahl"].estimate == pytest.approx(0.2)
    assert np.allclose(found.series["lorenz"]["holders"], found.series["lorenz"]["share"])


def test_a_line_breaks_where_a_period_is_suppressed():
    """Ten bodies in 2014 and 2016, three in 2015: no line may cross 2015."""
    years = ["2014"] * 12 + ["2015"] * 3 + ["2016"] * 12
    bodies = [f"b{one}" for one in (*range(12), *range(3), *range(12))]
    level = np.round(50 + 10 * np.sin(np.arange(27)), 3)
    table = {"body": bodies, "year": years, "level": level}
    found = rights(table, right="know", unit="body", score="level")
    levels = found.series["levels"]
    here = levels["rows"] == "all"
    assert list(levels["period"][here]) == ["2014", "2015", "2016"]
    assert list(np.isfinite(levels["value"][here])) == [True, False, True]
    assert np.isnan(levels["units"][here][1])
    (chart,) = (one.chart for one in found.figures() if one.title.startswith("Levels"))
    drawn = [row for row in values(chart) if row.get("period") == "2015" and "rows" in row]
    assert drawn and all(row["value"] is None for row in drawn)
    joined = together(found, found)
    assert {one.series for one in joined.suppressed} == {"coverage", "levels", "units"}


def values(chart):
    """The rows of all data of a chart."""
    spec = chart.to_dict(validate=False)
    found = [row for rows in spec.pop("datasets", {}).values() for row in rows]
    left = [spec]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            found += [row for row in one.get("values", ()) if isinstance(row, dict)]
            left += one.values()
        elif isinstance(one, list):
            left += one
    return found


def test_what_is_suppressed_cannot_be_in_a_series_and_is_kept_with_the_audit(tmp_path):
    options = {"holder": "browser", "amount": "share", "time": "year", "basis": "amount"}
    found = concentration(browsers(), **options)
    assert Audit.load(found.save(tmp_path / "out")).suppressed == found.suppressed
    old = {name: one for name, one in found.as_json().items() if name != "suppressed"}
    assert Audit.from_json(old).suppressed == ()
    with pytest.raises(ValueError, match="suppressed, and yet there"):
        Audit(
            kind="concentration",
            title="t",
            findings=(),
            series={"lorenz": {"time": ["a"]}},
            suppressed=(Suppressed(series="lorenz", says="Suppressed: few."),),
        )
