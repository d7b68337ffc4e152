"""The numbers of a report, by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray

from datapolis.report import tables
from datapolis.report.tables import KEYS, Key

from .conftest import ensemble


def one_index(values, policies):
    values = np.asarray(values, float)
    return xarray.Dataset(
        {"trust": (("policy", "member", "month"), values)},
        {
            "policy": list(policies),
            "member": range(values.shape[1]),
            "month": range(values.shape[2]),
        },
    )


def test_a_band_is_the_median_and_the_middle_ninety_percent():
    results = one_index(np.arange(101.0)[None, :, None], ["none"])
    (row,) = tables.bands(results["trust"])
    assert row == {"policy": "none", "month": 0, "value": 50.0, "lower": 5.0, "upper": 95.0}


def test_changes_are_taken_member_by_member():
    """Members lie far apart, yet each gains exactly 0.1: the difference has no spread."""
    plain = np.linspace(0.1, 0.8, 20)[:, None]
    results = one_index([plain, plain + 0.1], ["none", "watchdog"])
    (row,) = tables.changes(results, [Key("trust", "trust")])
    assert row["sign"] == 1
    assert np.allclose([row["value"], row["lower"], row["upper"]], 0.1)


def test_a_change_on_both_sides_of_nothing_has_no_sign():
    plain = np.array([0.5, 0.5, 0.5])[:, None]
    results = one_index([plain, plain + np.array([[-0.1], [0.0], [0.2]])], ["none", "watchdog"])
    (row,) = tables.changes(results, [Key("trust", "trust")])
    assert row["sign"] == 0


def test_members_that_are_not_done_are_left_out():
    values = np.full((2, 3, 2), 0.4)
    values[0, 2] = values[1, 1:] = np.nan
    results = one_index(values, ["none", "watchdog"])
    assert tables.members_done(results) == 1
    assert [row["value"] for row in tables.bands(results["trust"])] == [0.4] * 4


def test_a_policy_without_any_member_is_left_out():
    values = np.stack([np.full((2, 2), 0.4), np.full((2, 2), np.nan)])
    results = tables.with_results(one_index(values, ["none", "watchdog"]))
    assert tables.policies(results) == ["none"]


@pytest.mark.parametrize("citizens, shown", [(100, True), (99, False), (0, False)])
def test_groups_of_fewer_than_ten_citizens_are_suppressed(results, citizens, shown):
    kept = tables.large_enough(results, citizens)
    assert ("rights_by_decile" in kept) is shown
    assert ("decile" in kept.dims) is shown
    assert "trust" in kept


def test_key_numbers_exist_and_are_recorded(results):
    assert tables.available(results) == list(KEYS)
    rows = tables.key_numbers(results)
    assert len(rows) == len(KEYS)
    assert set(rows[0]["end"]) == set(tables.policies(results))


def test_thinned_keeps_both_ends():
    results = tables.thinned(ensemble(months=240), 41)
    assert results.sizes["month"] == 41
    assert results["month"].values[[0, -1]].tolist() == [0, 239]


def test_what_is_no_number_was_not_measured(market):
    nothing = replace(
        market.findings[0],
        estimate=np.nan,
        lower=np.nan,
        upper=np.nan,
        interval="none",
        cannot_say="nothing",
    )
    assert tables.measured_rows(replace(market, findings=(nothing,))) == []
    assert tables.measured_rows(None) == []
