"""Results at hand in a notebook: nothing is drawn or handed out that the results do not hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
import xarray

import datapolis as dp
from datapolis.audits import concentration
from datapolis.core.errors import InputError, StoreError
from datapolis.tables import open_table

MONTHS, MEMBERS = 13, 4
RECORD = ["power_share", "trust", "harm", "rights_by_decile"]


@pytest.fixture(scope="module")
def one() -> xarray.Dataset:
    world = dp.World.generate(200, seed=1)
    return dp.simulate(world, months=MONTHS, record=RECORD)


@pytest.fixture(scope="module")
def several(one: xarray.Dataset) -> xarray.Dataset:
    """Four members under two policies, made from one run: members differ by a known amount."""
    members = [one + 0.01 * number for number in range(MEMBERS)]
    base = xarray.concat(members, dim="member").assign_coords(member=range(MEMBERS))
    policies = xarray.Variable("policy", ["none", "opened"])
    joined = xarray.concat([base, base - 0.02], dim=policies)
    for name in joined.data_vars:
        joined[name].attrs = one[name].attrs
    return joined.assign_attrs(citizens=2000, datapolis=dp.__version__)


def test_rows_are_the_values_of_the_results(several: xarray.Dataset) -> None:
    rows = several.datapolis.frame("power_share", "trust")
    share = rows[(rows["index"] == "power_share") & (rows["label"] == "market")]
    at = share[(share.policy == "opened") & (share.member == 2) & (share.month == 7)]
    wanted = several.power_share.sel(sector="market", policy="opened", member=2, month=7)
    assert float(at.value.iloc[0]) == float(wanted)
    assert len(rows) == 2 * MEMBERS * MONTHS * (3 + 1)
    assert set(rows[rows["index"] == "trust"]["label"]) == {""}
    assert set(rows.unit) == {"share"}


def test_one_run_is_one_policy_and_one_member(one: xarray.Dataset) -> None:
    rows = one.datapolis.frame("trust")
    assert set(rows.policy) == {"none"} and set(rows.member) == {0}
    assert np.array_equal(rows.value, one.trust.values.astype(float))


def test_every_library_that_knows_arrow_takes_the_rows(several: xarray.Dataset) -> None:
    wanted = several.datapolis.frame()
    shape = (len(wanted), len(wanted.columns))
    assert polars.DataFrame(several.datapolis).shape == shape
    assert pyarrow.table(several.datapolis).shape == shape
    table = open_table(several.datapolis).numbers("value")
    total = float(table.fetch("value")["value"].sum())
    assert total == pytest.approx(wanted.value.sum(), rel=1e-12)


def test_a_chart_shows_median_and_range_over_members(several: xarray.Dataset) -> None:
    spec = several.datapolis.plot("trust").to_dict()
    rows = [row for row in spec["datasets"][spec["data"]["name"]] if row["month"] == MONTHS - 1]
    last = several.trust.isel(month=-1)
    for row, policy in zip(rows, ("none", "opened"), strict=True):
        found = np.quantile(last.sel(policy=policy).values.astype(float), (0.5, 0.05, 0.95))
        assert [row["value"], row["lower"], row["upper"]] == pytest.approx(list(found), rel=1e-4)
    assert spec["description"].startswith("Lines over the months")


def test_charts_of_the_report_are_named_where_they_are_possible(several: xarray.Dataset) -> None:
    names = dir(several.datapolis.plot)
    assert "sector_balance" in names and "governance" not in names
    assert several.datapolis.plot.sector_balance(width=400).to_dict()["title"]
    with pytest.raises(AttributeError, match="sector_balance"):
        _ = several.datapolis.plot.governance


def test_key_numbers_and_changes(several: xarray.Dataset) -> None:
    numbers = several.datapolis.key_numbers()
    assert list(numbers.columns) == ["start", "end, no policy", "end, opened"]
    changed = several.datapolis.changes().set_index("index")
    assert changed["value"].to_numpy() == pytest.approx(-0.02, rel=1e-3)


def test_a_cell_shows_picture_and_numbers_and_escapes_names(several: xarray.Dataset) -> None:
    named = several.assign_coords(policy=["none", "<b>opened"])
    html = named.datapolis._repr_html_()
    assert "2,000 citizens, 13 months, 4 members, 2 policies" in html
    assert "<svg" in html and "aria-label" in html
    assert "<b>opened" not in html


def test_groups_too_small_are_not_shown(one: xarray.Dataset) -> None:
    small = one.assign_attrs(citizens=50)  # five in each tenth
    with pytest.raises(InputError, match="rights_by_decile"):
        small.datapolis.plot("rights_by_decile")
    assert one.assign_attrs(citizens=200).datapolis.plot("rights_by_decile") is not None


def test_what_cannot_be_drawn_is_told(several: xarray.Dataset) -> None:
    with pytest.raises(InputError, match="did you mean 'trust'"):
        several.datapolis.plot("trus")
    with pytest.raises(InputError, match="did you mean 'trust'"):
        several.datapolis.frame("trus")
    with pytest.raises(InputError, match="month"):
        _ = several.isel(month=0, drop=True).datapolis.plot


def test_results_are_opened_from_a_folder(several: xarray.Dataset, tmp_path) -> None:  # type: ignore[no-untyped-def]
    several.to_zarr(tmp_path / "results.zarr", consolidated=False)
    again = dp.open_results(tmp_path)
    xarray.testing.assert_equal(again.load(), several)
    with pytest.raises(StoreError, match="run the study first"):
        dp.open_results(tmp_path / "none")


def test_worlds_and_societies_print_as_a_line() -> None:
    world = dp.World.generate(200, seed=1)
    assert repr(world).startswith("World(200 citizens in 6 regions") and "\n" not in repr(world)


def test_tables_come_in_from_every_library(several: xarray.Dataset) -> None:
    columns = {"firm": ["a", "b", "c", "d"], "users": [50.0, 30.0, 15.0, 5.0]}
    frame = pd.DataFrame(columns)
    dataset = frame.set_index("firm").to_xarray()
    sources = [columns, frame, polars.DataFrame(columns), pyarrow.table(columns), dataset]
    for source in sources:
        rows = open_table(source).text("firm").numbers("users")
        found = rows.fetch("firm", "users")
        assert list(found["firm"]) == columns["firm"] and list(found["users"]) == columns["users"]


def test_findings_go_out_to_every_library() -> None:
    columns = {"company": list("abcdefghijkl"), "share": [0.3, 0.2, 0.1] + [0.4 / 9] * 9}
    found = concentration(
        columns, holder="company", amount="share", basis="market", whole=1.0, public=True
    )
    frame = found.frame()
    assert pyarrow.table(found).num_rows == len(frame)
    assert polars.DataFrame(found)["name"].to_list() == list(frame["name"])
    html = found._repr_html_()
    assert "<svg" in html and found.findings[0].says.split("<")[0] in html
