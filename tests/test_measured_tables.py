"""Tables that do not come with the project: read from the folder that DATA names, or skipped."""

import os
from pathlib import Path

import numpy as np
import pytest

from datapolis import tables
from datapolis.studies.inputs import build_world, read_inputs
from datapolis.studies.study import read_study

EXAMPLE = Path(__file__).parent.parent / "examples" / "web-tracking" / "study.toml"


@pytest.fixture
def folder():
    """The folder that DATA names."""
    name = os.environ.get("DATA", "")
    if not name or not Path(name).is_dir():
        pytest.skip("DATA names no folder with these tables")
    return Path(name)


def table(folder, name):
    if not (folder / name).is_file():
        pytest.skip(f"{name} is not in the folder that DATA names")
    return folder / name


def test_interfaces_of_public_bodies(folder):
    """200 interfaces of 26 bodies; NHS 24 %, DWP 19 %, HMRC 15 %."""
    path = table(folder, "uk_gov_api_catalogue_2021_07.csv")
    bodies, count = tables.count_rows(tables.read(path, {"name": "provider"})["name"])
    assert (len(bodies), count.sum()) == (26, 200)
    largest = np.sort(count)[::-1][:3] / count.sum()
    np.testing.assert_allclose(largest, [0.24, 0.19, 0.15], atol=0.01)


def test_calls_messages_and_friendships(folder):
    """3,600 calls, 24,333 messages, 6,429 friendships, as published with the data."""
    path = table(folder, "copenhagen_multiplex_ties.csv")
    rows = tables.read(path, {"layer": "layer", "weight": "weight"}, numbers=("weight",))
    events = {name: rows["weight"][rows["layer"] == name].sum() for name in ("calls", "sms")}
    assert events == {"calls": 3600, "sms": 24333}
    assert np.sum(rows["layer"] == "fb_friends") == 6429


def test_a_country_code_that_reads_na_stays_text(folder):
    """Namibia's code is the two letters N and A."""
    path = table(folder, "browser_vendor_share_region_201706_202312.csv")
    codes = tables.read(path, {"region": "region_id", "name": "region"})
    assert set(codes["name"][codes["region"] == "NA"]) == {"Namibia"}


@pytest.mark.outer
def test_the_example_with_all_its_tables(folder):
    """Bodies become departments, each central and in every region; students' ties are laid out."""
    table(folder, "uk_gov_api_catalogue_2021_07.csv")
    table(folder, "copenhagen_multiplex_ties.csv")
    study = read_study(EXAMPLE)
    inputs = read_inputs(study, folder)
    assert [one["part"] for one in inputs.files] == ["firms", "agencies", "graph"]
    world = build_world(study, inputs)
    assert world.sizes.agencies == 26 * (1 + world.sizes.regions)
    assert "google" in world.names
    ties = np.asarray(world.citizens.strong)
    assert 0 < np.mean(ties >= 0) < 1  # not everyone has eight
    openness = np.asarray(world.organizations.openness[world.sizes.government])
    assert abs(openness.mean() - 1.0) < 1e-5
