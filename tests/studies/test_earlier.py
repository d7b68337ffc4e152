"""A folder of results that datapolis 0.1.0 wrote on 2026-11-24, and what this version makes of it.

`earlier.zip` holds a study of two societies under two policies over a year, with its results as
they were written then. That state of the code recorded neither seals nor a hash of itself.
"""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

import datapolis as dp
from datapolis.report import write
from datapolis.studies import pipeline
from datapolis.studies.reproduce import again, why_other

KEPT = Path(__file__).parents[1] / "golden" / "earlier.zip"


@pytest.fixture
def folder(tmp_path):
    with zipfile.ZipFile(KEPT) as kept:
        kept.extractall(tmp_path)
    return tmp_path / "earlier"


def test_its_results_are_what_was_summed_up_when_it_was_written(folder):
    results = dp.open_results(folder)
    assert dict(results.sizes)["policy"] == 2 and dict(results.sizes)["member"] == 2
    summed = parquet.read_table(folder / "tables" / "outcomes.parquet").to_pandas()
    summed = summed[summed.month.isin([0, 11])]
    for (name, label), rows in summed.groupby(["index", "label"]):
        values = results[name]
        if label:
            (along,) = set(values.dims) - {"policy", "member", "month"}
            values = values.isel({along: [str(one) for one in values[along].values].index(label)})
        mean = values.mean("member")
        for row in rows.itertuples():
            there = float(mean.sel(policy=row.policy, month=row.month))
            assert there == pytest.approx(row.mean, rel=1e-5, abs=1e-9, nan_ok=True), (name, label)


def test_its_report_can_be_written_and_it_counts_as_done(folder):
    page = write(folder).read_text()
    assert "A study of an earlier version" in page
    before = {
        one: one.read_bytes() for one in (folder / "results.zarr").rglob("*") if one.is_file()
    }
    steps = []
    study = folder.parent / "study.toml"
    study.write_bytes((folder / "study.toml").read_bytes())
    pipeline.run(study, folder, progress=lambda *step: steps.append(step))
    assert steps == [("summing up", 0, 0)]  # nothing is computed
    assert before == {one: one.read_bytes() for one in before}


@pytest.mark.outer
def test_that_the_model_has_changed_since_is_told(folder):
    (first,) = again(folder, round="none")
    assert not first.same
    assert why_other(folder) == "was this the same machine, and the same state of the code?"
    place = folder / "provenance.json"
    held = json.loads(place.read_text())
    place.write_text(json.dumps({**held, "versions": {**held["versions"], "model code": "abc"}}))
    assert re.fullmatch(r"they were made with model code abc, this is \w{12}", why_other(folder))


def test_its_tables_are_read(folder):
    parameters = parquet.read_table(folder / "tables" / "parameters.parquet").to_pandas()
    assert list(parameters.parameter[parameters.varied]) == ["law.lag"]
    assert np.isfinite(parameters.value).all()
