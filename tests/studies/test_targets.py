"""Targets enter by the rule they carry; what cannot be compared is refused."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray

from datapolis import audits
from datapolis.audits.finding import Target
from datapolis.core.errors import InputError
from datapolis.core.parameters import DECLARED
from datapolis.model.indices import INDICES
from datapolis.statistics.indicators import gini, herfindahl, top_fifth_share
from datapolis.studies.facts import FACTS
from datapolis.studies.targets import facts_of, gather, load, of_target

ROWS = "month,firm,reach\n" + "".join(
    f"2017-0{month},firm{place},{0.6 / (place + 1) ** 1.2:.5f}\n"
    for month in (5, 6)
    for place in range(30)
)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    table = tmp_path_factory.mktemp("tables") / "market.csv"
    table.write_text(ROWS)
    return audits.concentration(
        table, holder="firm", amount="reach", time="month", basis="presence", public=True
    )


def runs(shares, months=24):
    """Runs whose firms have these shares in every month, [case, firm]."""
    shares = np.asarray(shares, float)
    values = np.repeat(shares[:, None, :], months, axis=1)
    return xarray.Dataset(
        {
            "user_share_by_firm": (("case", "month", "firm"), values),
            "top_fifth_share": (("case", "month"), np.zeros(values.shape[:2])),
        }
    )


def test_the_floor_of_the_table_holds_for_the_model_too(market):
    found = {one.outcome.index: one for one in gather(["market"], {"market": market}).measured}
    assert set(found) == {"top_fifth_share", "user_gini", "user_herfindahl"}
    floor = found["user_gini"].floor
    least = min(float(line.split(",")[2]) for line in ROWS.splitlines()[1:])
    assert floor == pytest.approx(least / 4)  # presence, at four firms a citizen
    share = np.array([0.5, 0.3, 0.1, 0.06, 0.04 - floor / 2, floor / 2, 0.0])
    listed = share[:5]
    for index, indicator in (
        ("top_fifth_share", top_fifth_share),
        ("user_gini", gini),
        ("user_herfindahl", herfindahl),
    ):
        assert found[index].of(runs([share]))[0] == pytest.approx(float(indicator(listed)))
        assert found[index].record == ["user_share_by_firm"]


def test_bounds_are_a_range_and_the_last_period_is_taken(market):
    targets = gather(["market.user_gini"], {"market": market})
    (one,) = targets.measured
    assert one.time == "2017-06" and one.lower < one.upper and one.error == 0.0
    assert one.lower <= one.value <= one.upper
    inside = np.array([[one.lower], [(one.lower + one.upper) / 2], [one.upper]])
    assert (targets.ranges.gap(inside) == 0).all()
    (first,) = gather(["market.user_gini@2017-05"], {"market": market}).measured
    assert first.time == "2017-05"


def test_a_world_that_starts_from_a_period_has_a_month_for_each(market):
    found = gather(["market.user_gini"], {"market": market}, origin="2017-05").measured
    assert [one.outcome.at for one in found] == ["0", "1"]
    with pytest.raises(InputError, match="before month 0"):
        gather(["market.user_gini"], {"market": market}, origin="2017-06")
    with pytest.raises(InputError, match=r"how many months.*2017, 2017-05.*written as 2017 is"):
        gather(["market.user_gini"], {"market": market}, origin="2017")
    world = SimpleNamespace(sizes=SimpleNamespace(agencies=4))
    late = gather(["market.user_gini@2017-06"], {"market": market}, origin="2016-05")
    with pytest.raises(InputError, match="after the last month"):
        late.check(world, 12)


@pytest.mark.parametrize(
    ("origin", "time", "cadence", "month"),
    [
        ("2015", "2017", None, "24"),
        ("2016-Q4", "2017-Q2", None, "6"),
        ("2017-05-01", "2017-08-01", None, "3"),
        ("2", "4", "quarterly", "6"),
    ],
)
def test_the_month_of_a_target_is_as_far_from_month_0_as_its_period(origin, time, cadence, month):
    """A year later is twelve months later, and not the last twelve of the run."""
    target = Target(index="user_gini", value=0.5, time=time)
    assert of_target("market", target, origin, cadence).outcome.at == month
    if cadence:
        with pytest.raises(InputError, match="cadence = "):
            of_target("market", target, origin)


def test_a_sampling_interval_is_an_error_of_the_measurement():
    target = Target(index="user_tail", value=1.2, lower=1.0, upper=1.4, interval="sampling")
    one = of_target("tail", target)
    assert (one.lower, one.upper) == (1.2, 1.2)
    assert one.error == pytest.approx(0.4 / 3.92)


def test_a_slope_is_read_off_years():
    target = Target(
        index="rights.know", value=0.1, unit="logit a year", time="2010 to 2012",
        transform="slope",
    )  # fmt: skip
    one = of_target("foi", target)
    share = 1 / (1 + np.exp(-(0.2 * np.repeat(np.arange(4), 12) - 1)))
    data = xarray.Dataset(
        {"rights": (("case", "month", "right"), share[None, :, None])}, {"right": ["know"]}
    )
    assert one.rule == "slope_of_logit" and one.of(data)[0] == pytest.approx(0.2)


def test_islands_compare_with_as_many_agencies_only():
    target = Target(index="islands", value=3.0, n_units=16)
    targets = replace(gather(["S04"]), measured=(of_target("graph", target),))
    targets.check(SimpleNamespace(sizes=SimpleNamespace(agencies=16)), 24)
    with pytest.raises(InputError, match="16 agencies"):
        targets.check(SimpleNamespace(sizes=SimpleNamespace(agencies=56)), 24)


def test_facts_name_what_there_is():
    for fact in FACTS:
        known = fact.what in DECLARED or fact.what in INDICES or fact.what == "runner_up"
        assert known and fact.lower < fact.upper and fact.reading
        if fact.what in DECLARED:
            declared = DECLARED[fact.what]
            assert declared.low <= fact.lower and fact.upper <= declared.high
    assert facts_of("S06")[0].what == "breaches.tail"
    second = gather(["S03.runner_up"]).measured[0]
    assert second.of(runs([[0.5, 0.2, 0.1, 0.1, 0.1]]))[0] == pytest.approx(0.4)


def test_a_fact_about_a_parameter_narrows_its_prior():
    targets = gather(["S04", "S06", "S23"])
    assert targets.narrowed == {"breaches.tail": (0.37, 0.57), "law.lag": (44.0, 240.0)}
    assert {one.name.split(".")[0] for one in targets.measured} == {"S04"}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ([], "nothing that a run could be compared with"),
        (["S06"], "nothing that a run could be compared with"),
        (["S99"], "no such fact"),
        (["S04.user_ginni"], r"did you mean 'S04\.user_gini'"),
        (["S11"], "no index of belief"),
        (["S04", "S06", "S07"], "S07.breaches.tail contradicts"),
        (["S04", "S04.user_gini"], "stands twice"),
        (["markt"], "did you mean 'market'"),
        (["market.user_ginni"], "did you mean 'user_gini'"),
        (["market.rank_persistence"], "no index of the model stands for it"),
        (["market.user_gini@2018-01"], "no target of that period"),
    ],
)
def test_what_cannot_be_a_target_is_told(market, wanted, says):
    with pytest.raises(InputError, match=says):
        gather(wanted, {"market": market})


def test_ranges_that_do_not_meet_contradict_each_other(market):
    low = Target(index="user_gini", value=0.5, lower=0.4, upper=0.6, interval="bounds")
    other = replace(market, targets=(low,))
    with pytest.raises(InputError, match="contradict each other"):
        gather(["S04.user_gini", "other"], {"other": other})


def test_an_audit_without_targets_or_number_is_refused(market):
    with pytest.raises(InputError, match="emits no target"):
        gather(["market"], {"market": replace(market, targets=())})
    unknown = Target(index="user_gini", value=np.nan)
    with pytest.raises(InputError, match="could not say it"):
        gather(["market"], {"market": replace(market, targets=(unknown,))})


def test_audits_are_read_from_files_and_folders(market, tmp_path):
    folder = market.save(tmp_path / "measured")
    assert [one.name for one in gather([str(folder)]).measured] == [
        f"measured.{index}@2017-06" for index in ("top_fifth_share", "user_gini", "user_herfindahl")
    ]
    (tmp_path / "out" / "audits").mkdir(parents=True)
    content = market.as_json()
    (tmp_path / "out" / "audits" / "firms.json").write_text(json.dumps(content))
    assert set(load(tmp_path / "out")) == {"firms"}
    content["targets"][0]["index"] = "user_ginni"
    (tmp_path / "odd.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="did you mean 'user_gini'"):
        load(tmp_path / "odd.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no audit there"):
        load(tmp_path / "empty")
