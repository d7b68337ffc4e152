"""Sentences follow from the numbers, whatever their sign."""

import numpy as np
import pytest

from datapolis.indices import INDICES
from datapolis.report import sentences

from .conftest import ensemble


def test_power_follows_the_sign():
    falls, rises = ensemble(1), ensemble(-1)
    assert "the market has it" in sentences.power(falls)
    assert "government still has the largest" in sentences.power(rises)
    for results in (falls, rises):
        assert "6 of 6 members" in sentences.power(results)


def test_users_follow_the_sign(measured):
    assert "firms rises" in sentences.users(ensemble(1), [])
    assert "firms falls" in sentences.users(ensemble(-1), [])
    level = ensemble(1).assign(top_fifth_share=lambda results: results["data_gini"])
    assert "does not clearly change" in sentences.users(level, [])
    assert "In the measured table" in sentences.users(ensemble(1), measured)


def test_policies_follow_the_sign():
    for_it = sentences.policy(ensemble(1), "open_government")
    against = sentences.policy(ensemble(-1), "open_government")
    raised, lowered = for_it.split("; it lowers ")
    assert "government's share of power by 10 points" in raised
    assert "trust by 10 points" in raised
    assert "harm to citizens by 10 points" in lowered
    raised, lowered = against.split("; it lowers ")
    assert "harm to citizens by 10 points" in raised
    assert "government's share of power by 10 points" in lowered


def test_a_policy_that_changes_nothing_is_said_to_change_nothing():
    results = ensemble(1)
    same = results.isel(policy=[0, 0]).assign_coords(policy=["none", "idle"])
    assert "changes none of the headline numbers clearly" in sentences.policy(same, "idle")


def test_a_tiny_change_is_not_called_a_change():
    results = ensemble(1)
    change = 0.001 * (results["policy"] != "none")
    results = results.assign(trust=results["trust"] * 0 + 0.5 + change)
    assert "hardly changes trust" in sentences.policy(results, "open_government")


def test_measures_of_power_that_disagree_are_told(results):
    one = {"power_share": [0.3, 0.6, 0.1], "pivotality": [0.1, 0.1, 0.8]}
    values = {
        name: (results[name].dims, np.broadcast_to(share, results[name].shape))
        for name, share in one.items()
    }
    said = sentences.agreement(results[list(one)].assign(values))
    assert "the market is first by resources" in said
    assert "associations are first by pivotality" in said
    assert "1 of 2 measures agree" in said


@pytest.mark.parametrize(
    "value, unit, said",
    [
        (0.5, "share", "50\u202f%"),
        (0.0123, "share", "1.2\u202f%"),
        (-0.02, "share", "−2.0\u202f%"),
        (1234.5, "power", "1.23e+03"),
        (0.03183, "1", "0.0318"),
        (float("nan"), "share", "–"),
        (None, "share", "–"),
    ],
)
def test_numbers_are_written_to_be_read(value, unit, said):
    assert sentences.number(value, unit) == said


def test_every_claim_has_a_place_to_look():
    claims = [name for names, _ in sentences.EXPERIMENTS.values() for name in names.split()]
    assert len(claims) == len(set(claims)) == 6 + 33 + 21 + 13 + 31 + 15
    for _, indices in sentences.EXPERIMENTS.values():
        assert set(indices.split()) <= set(INDICES)
    assert sentences.where_to_look("M32")[0] == "X13"
    assert sentences.where_to_look("X13")[0] == "X13"
    assert sentences.where_to_look("nothing") == ("", [])
