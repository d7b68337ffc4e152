"""Results at hand in a notebook: as pictures, as key numbers, and as rows for other libraries.

    results = dp.simulate(world, months=120)   # or dp.open_results("out/study")
    results.datapolis                          # shown as a picture and its key numbers
    results.datapolis.plot("trust")            # an index, a line for each policy
    results.datapolis.plot.sector_balance()    # a chart of the report; dir() names those possible
    results.datapolis.frame("trust")           # rows in pandas
    polars.DataFrame(results.datapolis)        # and wherever the Arrow interface is known

The accessor is there once `simulate`, `Run` or `open_results` was taken from `datapolis`, or this
module was imported. It takes what `simulate` returns, several such runs joined along `member` and
`policy`, and the results of a study.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray

from datapolis.core.errors import InputError, StoreError, nearest
from datapolis.report import charts
from datapolis.report.page import FIGURES, Figure, number_row
from datapolis.report.tables import (
    BASE,
    bands,
    changes,
    key_numbers,
    large_enough,
    members_done,
    observed,
    policies,
    thinned,
    with_results,
)
from datapolis.theme import NARROW, WIDE, Chart, finish, svg

if TYPE_CHECKING:
    import pandas
    import pyarrow

OUTER = ("policy", "member", "month")
PANELS = 12  # most labels of an index that are drawn beside each other


def open_results(folder: Path | str) -> xarray.Dataset:
    """The results of a study from its folder: policy, member and month of each index.

    Values are read when they are first used. Raises StoreError if the folder holds no results.
    """
    path = Path(folder) / "results.zarr"
    if not path.exists():
        raise StoreError(f"{folder}: no results.zarr here; run the study first")
    results: xarray.Dataset = xarray.open_zarr(path, chunks=None, consolidated=False)
    return results


@xarray.register_dataset_accessor("datapolis")  # type: ignore[no-untyped-call]
class Results:
    """Results of runs, as pictures and as rows; xarray makes it of a dataset when it is used."""

    def __init__(self, dataset: xarray.Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def laid_out(self) -> xarray.Dataset:
        """The indices alone, by policy, member and month; one policy and one member if not told."""
        given, results = {"policy": [BASE], "member": [0]}, self._dataset
        if "month" not in results.dims:
            raise InputError(
                "not results of a simulation",
                field="dims",
                value=", ".join(map(str, results.dims)),
                allowed="month, and policy and member where there are several",
            )
        missing = {dim: labels for dim, labels in given.items() if dim not in results.dims}
        over = results.drop_vars(list(missing), errors="ignore")
        spread = [name for name, one in over.data_vars.items() if "month" in one.dims]
        wide = over[spread].expand_dims(missing) if missing else over[spread]
        return observed(wide).transpose(*OUTER, ...)

    @cached_property
    def shown(self) -> xarray.Dataset:
        """What pictures and key numbers may show: no group too small, no policy without members."""
        citizens = int(self._dataset.attrs.get("citizens", 0))
        return with_results(large_enough(self.laid_out, citizens).load())

    @property
    def plot(self) -> Plots:
        """Charts: `plot("trust")` of an index, `plot.sector_balance()` of the report."""
        return Plots(self.shown)

    def arrow(self, *names: str) -> pyarrow.Table:
        """The values of indices, all by default, as rows.

        index, label ("" for an index of one number), policy, member, month, value, unit.
        """
        import pyarrow

        every = [str(name) for name in self.laid_out.data_vars]
        chosen = [known(self.laid_out, name) for name in names] or every
        parts = [_rows(name, self.laid_out[name]) for name in chosen]
        return pyarrow.concat_tables(parts)

    def frame(self, *names: str) -> pandas.DataFrame:
        """The same rows as a pandas data frame."""
        return self.arrow(*names).to_pandas()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """All rows, for whatever takes Arrow: `polars.DataFrame(results.datapolis)`."""
        return self.arrow().__arrow_c_stream__(requested_schema)

    def key_numbers(self) -> pandas.DataFrame:
        """The key numbers in words: at the start, and at the end under each policy."""
        import pandas

        rows = [number_row(row) for row in key_numbers(self.shown)]
        heads = ["start", *(f"end, {charts.words(name)}" for name in policies(self.shown))]
        cells = {
            row["label"]: [f"{value} ({span})" if span else value for value, span in row["cells"]]
            for row in rows
        }
        found = pandas.DataFrame.from_dict(cells, orient="index", columns=heads)
        return found.rename_axis("index")

    def changes(self) -> pandas.DataFrame:
        """What each policy changes in the last month, member by member: middle and 90 % range."""
        import pandas

        heads = ["policy", "index", "unit", "value", "lower", "upper"]
        return pandas.DataFrame(changes(self.shown), columns=heads)

    def _repr_html_(self) -> str:
        from markupsafe import Markup

        from datapolis.report.render import environment

        plots, numbers = self.plot, self.key_numbers()
        picture = svg(plots.sector_balance()) if "sector_balance" in dir(plots) else ""
        html: str = (
            environment()
            .get_template("notebook.html")
            .render(
                about=self._about(),
                picture=Markup(picture),
                heads=list(numbers.columns),
                rows=[(row.Index, row[1:]) for row in numbers.itertuples()],
                plots=dir(plots),
            )
        )
        return html

    def _about(self) -> str:
        """How much it is, in a line."""
        members, many = members_done(self.shown), len(policies(self.shown))
        citizens = int(self._dataset.attrs.get("citizens", 0))
        parts = [
            f"{citizens:,} citizens" if citizens else "",
            f"{charts.months(self.shown)} months",
            f"{members} member{'s' * (members != 1)}",
            f"{many} polic{'y' if many == 1 else 'ies'}",
            f"{len(self.laid_out.data_vars)} indices",
        ]
        version = self._dataset.attrs.get("datapolis", "")
        return ", ".join(filter(None, parts)) + (f" · datapolis {version}" if version else "")


class Plots:
    """The charts that these results can be drawn as, as Altair charts.

    Lines are medians over members, bands the middle 90 % of them. Called with the name of an index
    it draws that one; each figure of the report is a method, which `dir` names where it is
    possible.
    """

    def __init__(self, results: xarray.Dataset) -> None:
        self._results = results

    def __call__(self, name: str, width: int = WIDE) -> Chart:
        """An index over the months: a line for each policy, a panel for each label."""
        values = thinned(self._results)[known(self._results, name)]
        title = str(values.attrs.get("long_name", name)).rstrip(".")
        labels = [str(dim) for dim in values.dims[len(OUTER) :]]
        many = int(np.prod([values.sizes[dim] for dim in labels]))
        if many > PANELS:
            raise InputError(
                "too many labels to be drawn beside each other",
                field=name,
                value=str(many),
                allowed=f"up to {PANELS}; choose some with .sel({labels[0]}=[...])",
            )
        rows = charts.named(bands(values))
        unit = str(values.attrs.get("units", ""))
        if labels:
            rows = [{**row, "panel": " ".join(str(row[dim]) for dim in labels)} for row in rows]
            drawn = charts.small_multiples(rows, self._results, width, unit, shared=True)
        else:
            colours = charts.policy_colours(self._results)
            ink = charts.policy_ink(self._results)
            drawn = charts.lines(rows, "policy", colours, ink, unit, width)
        over = (*(("panel",) if labels else ()), "policy")
        said = f"Lines over the months, one for each policy. {charts.ends_in_words(rows, *over)}"
        return finish(drawn, title, said)

    def __getattr__(self, name: str) -> Callable[..., Chart]:
        """A figure of the report by its name."""
        possible = self._figures()
        if name not in possible:
            raise AttributeError(
                f"no chart {name!r} can be drawn of these results; there are {', '.join(possible)}"
            )
        return partial(_drawn, possible[name], self._results)

    def __dir__(self) -> Sequence[str]:
        return list(self._figures())

    def _figures(self) -> dict[str, Figure]:
        """The figures of the report that need nothing but these results."""
        return {one.id.replace("-", "_"): one for one in FIGURES if one.possible(self._results, [])}


def known(results: xarray.Dataset, name: str) -> str:
    """The name, if it is one of an index that was recorded."""
    if name not in results.data_vars:
        names = [str(one) for one in results.data_vars]
        raise InputError(
            "no such index was recorded", field="index", value=name, nearest=nearest(name, names)
        )
    return name


def _drawn(figure: Figure, results: xarray.Dataset, width: int = WIDE) -> Chart:
    """A figure of the report, so many pixels wide."""
    chart: Chart = figure.draw(results, [], max(width, NARROW // 2))
    return chart


def _rows(name: str, values: xarray.DataArray) -> pyarrow.Table:
    """An index as rows."""
    import pyarrow

    dims = [str(dim) for dim in values.dims]
    grids = dict(
        zip(dims, np.meshgrid(*(values[dim].values for dim in dims), indexing="ij"), strict=True)
    )
    labels = [grids[dim].ravel().astype(str) for dim in dims if dim not in OUTER]
    many = values.size
    label = [" ".join(parts) for parts in zip(*labels, strict=True)] if labels else [""] * many
    return pyarrow.table(
        {
            "index": pyarrow.array([name] * many).dictionary_encode(),
            "label": pyarrow.array(label, pyarrow.string()).dictionary_encode(),
            "policy": pyarrow.array(grids["policy"].ravel().astype(str)).dictionary_encode(),
            "member": pyarrow.array(grids["member"].ravel().astype(np.int32)),
            "month": pyarrow.array(grids["month"].ravel().astype(np.int32)),
            "value": pyarrow.array(np.asarray(values.values, np.float64).ravel()),
            "unit": pyarrow.array([str(values.attrs.get("units", ""))] * many).dictionary_encode(),
        }
    )
