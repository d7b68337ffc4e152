"""A study that runs in seconds: few people, rumours alone, and a table of firms."""

import hashlib
from pathlib import Path

import pytest
import zarr

from datapolis.model.mechanisms import rumours, technology
from datapolis.studies import ensemble, pipeline

PARTS = [technology, rumours]
RECORD = ["rumour_spreading", "technology", "skill"]
STUDY = """
schema = 2
title = "Small talk"

[world]
citizens = 120
months = 24
regions = 2
agencies = 2
associations = 3

[world.firms]
table = "firms.csv"
name = "firm"
weight = "users"
time = "year"
most = 5

[parameters]
rumours.strong_transmission = 0.4
rumours.rate = 1.0
rumours.seed = 0.01

[policies.idle]
antitrust = 1.0

[policies.calm]
rumour_correction = 1.0
[policies.calm.parameters]
rumours.rate = { from = 6, to = 12, level = 0.1 }

[ensemble]
members = 5
seed = 7
vary = ["rumours.forgetting", "technology.growth"]
"""
FIRMS = "year,firm,users\n" + "".join(
    f"{year},firm{number},{(number + 1) ** 2 + year - 2000}\n"
    for year in (2001, 2002)
    for number in range(7)
)


@pytest.fixture
def small_batches(monkeypatch):
    """Two members at once, so that five make three batches a policy, the last one padded."""
    monkeypatch.setattr(ensemble, "AT_ONCE", 240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the study and its table."""
    place = tmp_path_factory.mktemp("study")
    (place / "study.toml").write_text(STUDY)
    (place / "firms.csv").write_text(FIRMS)
    return place


@pytest.fixture(scope="module")
def undisturbed(folder, tmp_path_factory):
    """The folder of results of a run that nothing disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "AT_ONCE", 240)
        return run(folder, tmp_path_factory.mktemp("results") / "out")


def run(folder, out, **more):
    """Run the study of a folder."""
    return pipeline.run(folder / "study.toml", out, mechanisms=PARTS, record=RECORD, **more)


def bits(out: Path) -> dict[str, bytes]:
    """The bits of every array of the results."""
    group = zarr.open_group(str(out / "results.zarr"), mode="r")
    return {name: group[name][...].tobytes() for name in sorted(group.array_keys())}


def snapshot(place: Path) -> dict[str, str]:
    """Every file of a folder with the hash of its content."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }
