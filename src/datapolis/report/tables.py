"""The numbers of a report: results of an ensemble as tidy rows, with the range over its members.

The middle is the median over members, and `lower` to `upper` holds the middle 90 % of them: it says
how far chance and the varied parameters move a number, in this model. Policies are compared member
by member, so that what members have in common cancels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datapolis.model.indices import INDICES
from datapolis.report.certainty import LOWER, UPPER, certainty

if TYPE_CHECKING:
    import xarray

    from datapolis.audits import Audit

    Values: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[Row]

BASE = "none"  # the policy that the others are compared with
LEAST = 10  # no group of fewer citizens is shown
MOST_MONTHS = 81  # points of a line; the full months are in the results


@dataclass(frozen=True)
class Key:
    """A key number: one index, or one label of it, in plain words."""

    name: str
    label: str
    at: tuple[str, str] | None = None  # dimension and label
    mean_over: str | None = None

    @property
    def unit(self) -> str:
        """Its unit, as the index declares it; 1 for a share that nobody reads in percent."""
        unit = INDICES[self.name].unit
        pure = any(word in self.name for word in ("herfindahl", "gini", "inequality"))
        return "1" if pure and unit == "share" else unit

    def of(self, results: xarray.Dataset) -> xarray.DataArray:
        """Its values by policy, member and month."""
        values = results[self.name]
        if self.at is not None:
            values = values.sel({self.at[0]: self.at[1]}, drop=True)
        if self.mean_over is not None:
            values = values.mean(self.mean_over)
        return values.transpose("policy", "member", "month")


KEYS = (
    Key("power_share", "government's share of power", ("sector", "government")),
    Key("power_share", "market's share of power", ("sector", "market")),
    Key("power_share", "associations' share of power", ("sector", "social")),
    Key("total_power", "total power"),
    Key("partnership", "dealings as equals"),
    Key("top_fifth_share", "users at the largest fifth of firms"),
    Key("user_herfindahl", "concentration of users (HHI)"),
    Key("solved", "public problems solved"),
    Key("law_gap", "law's lag behind technology"),
    Key("trust", "trust of citizens"),
    Key("harm", "harm to citizens"),
    Key("stray_share", "data beyond citizens' control"),
    Key("rights", "rights enjoyed, mean of four", mean_over="right"),
    Key("rights_inequality", "inequality of rights (Gini)"),
    Key("citizens_gain", "net gain of a citizen"),
)
"""What is compared between policies, in the order in which it is shown."""

MEASURED = {
    "herfindahl": ("user_herfindahl", "HHI"),
    "top_fifth_share": ("top_fifth_share", "share of the largest fifth"),
    "gini": ("user_gini", "Gini coefficient"),
    "tail_exponent": ("user_tail", "tail exponent"),
}
"""Indicators of a measured table, each with the index that observes the same in the society."""


def policies(results: xarray.Dataset) -> list[str]:
    """The names of the policies, in the study's order."""
    return [str(name) for name in results["policy"].values]


def baseline(results: xarray.Dataset) -> str:
    """The policy that the others are compared with: none, or the first if there is no "none"."""
    names = policies(results)
    return BASE if BASE in names else names[0]


def others(results: xarray.Dataset) -> list[str]:
    """The policies that are compared with the baseline."""
    return [name for name in policies(results) if name != baseline(results)]


def observed(results: xarray.Dataset) -> xarray.Dataset:
    """The indices alone, without what else is kept of each member."""
    outer = {"policy", "member", "month"}
    return results[[name for name, one in results.data_vars.items() if outer <= set(one.dims)]]


def done(results: xarray.Dataset) -> np.ndarray[Any, np.dtype[np.bool]]:
    """Which members are done under which policies: those with a number in the last month."""
    found = np.zeros((results.sizes["policy"], results.sizes["member"]), bool)
    for values in results.isel(month=-1).data_vars.values():
        last = np.asarray(values.transpose("policy", "member", ...).values)
        found |= np.isfinite(last.reshape(*found.shape, -1)).any(axis=2)
    return found


def members_done(results: xarray.Dataset) -> int:
    """How many members have a result under every policy."""
    return int(done(results).all(axis=0).sum())


def with_results(results: xarray.Dataset) -> xarray.Dataset:
    """The results without policies under which no member is done yet."""
    return results.isel(policy=np.flatnonzero(done(results).any(axis=1)))


def last_month(results: xarray.Dataset) -> int:
    """The last month of the results."""
    return int(results["month"].values[-1])


def thinned(results: xarray.Dataset, most: int = MOST_MONTHS) -> xarray.Dataset:
    """The results at evenly spread months, the first and the last among them."""
    many = results.sizes["month"]
    chosen = np.unique(np.linspace(0, many - 1, min(many, most)).round().astype(int))
    return results.isel(month=chosen)


def large_enough(results: xarray.Dataset, citizens: int) -> xarray.Dataset:
    """The results without what is told of groups of fewer than `LEAST` citizens."""
    decile = results.sizes.get("decile", 1)
    if citizens // decile >= LEAST:
        return results
    small = [name for name, values in results.data_vars.items() if "decile" in values.dims]
    return results.drop_vars([*small, "decile"], errors="ignore")


def middle_and_range(values: Values) -> Values:
    """Median, lower and upper end of the middle 90 % over the first axis; nan where nothing is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        found: Values = np.nanquantile(values, (0.5, LOWER, UPPER), axis=0)
    return found


def bands(values: xarray.DataArray) -> Rows:
    """Middle, lower and upper over members, one row for each of the other coordinates."""
    values = values.transpose("member", ...)
    middle, lower, upper = middle_and_range(np.asarray(values.values, np.float64))
    dims = [str(dim) for dim in values.dims[1:]]
    labels = [[plain(label) for label in values[dim].values] for dim in dims]
    return [
        {
            **{dim: labels[axis][at[axis]] for axis, dim in enumerate(dims)},
            **estimate(middle[at], lower[at], upper[at]),
        }
        for at in np.ndindex(middle.shape)
        if np.isfinite(middle[at])
    ]


def changes(results: xarray.Dataset, keys: Sequence[Key] = KEYS, month: int = -1) -> Rows:
    """What each policy changes in each key number: policy less baseline, member by member.

    `sign` is 1 or -1 where it is clear (`report.certainty`), else 0; `certainty` says why not.
    """
    base, rows = baseline(results), []
    for key in available(results, keys):
        values = key.of(results).isel(month=month)
        plain_values = np.asarray(values.sel(policy=base).values, np.float64)
        for policy in others(results):
            difference = np.asarray(values.sel(policy=policy).values, np.float64) - plain_values
            middle, lower, upper = middle_and_range(difference)
            if np.isfinite(middle):
                certain = certainty(difference)
                rows.append(
                    {
                        "policy": policy,
                        "index": key.label,
                        "unit": key.unit,
                        "sign": certain.sign,
                        "certainty": certain,
                        **estimate(middle, lower, upper),
                    }
                )
    return rows


def key_numbers(results: xarray.Dataset, keys: Sequence[Key] = KEYS) -> Rows:
    """Each key number at the start, without a policy, and at the end under each policy."""
    rows = []
    for key in available(results, keys):
        ends = bands(key.of(results).isel(month=[0, -1]))
        at = {(row["policy"], row["month"]): row for row in ends}
        first, last = int(results["month"].values[0]), last_month(results)
        rows.append(
            {
                "index": key.label,
                "unit": key.unit,
                "start": at.get((baseline(results), first)),
                "end": {name: at.get((name, last)) for name in policies(results)},
            }
        )
    return rows


def available(results: xarray.Dataset, keys: Iterable[Key] = KEYS) -> list[Key]:
    """Those of the key numbers that were recorded."""
    return [key for key in keys if key.name in results]


def measured_rows(audit: Audit | None) -> Rows:
    """What the audit of the firms' table found, period by period; none if nothing was measured."""
    if audit is None:
        return []
    return [
        {
            "time": one.of or "measured",
            "indicator": one.name,
            "value": short(one.estimate),
            "lower": short(one.estimate if one.interval == "none" else one.lower),
            "upper": short(one.estimate if one.interval == "none" else one.upper),
        }
        for one in audit.findings
        if one.name in MEASURED and np.isfinite(one.estimate)
    ]


def first_and_last(rows: Rows) -> Rows:
    """The measured rows of the first and the last period."""
    periods = sorted({row["time"] for row in rows})
    return [row for row in rows if row["time"] in (periods[:1] + periods[-1:])]


def estimate(middle: float, lower: float, upper: float) -> Row:
    """Three numbers of one estimate, short enough for a page."""
    return {"value": short(middle), "lower": short(lower), "upper": short(upper)}


def short(value: float) -> float | None:
    """A number to five digits; None for what is no number."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def plain(value: Any) -> Any:
    """A NumPy value as Python's own: dates as text, what is no number as None."""
    if isinstance(value, np.datetime64):
        return str(value)
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, int | float | str) else str(value)
