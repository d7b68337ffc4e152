"""Sentences follow from the numbers, whatever their sign."""

import numpy as np
import pytest

from datapolis.model.indices import INDICES
from datapolis.report import certainty, sentences, tables
from datapolis.studies.claims.declared import EXPERIMENTS

from .conftest import ensemble as made


def ensemble(sign=1, members=24, **more):
    """So many that a sign can be clear."""
    return made(sign, members, **more)


def test_power_follows_the_sign():
    falls, rises = ensemble(1), ensemble(-1)
    assert "the market has it" in sentences.power(falls)
    assert "government still has the largest" in sentences.power(rises)
    for results in (falls, rises):
        assert "24 of 24 members" in sentences.power(results)


def test_users_follow_the_sign(measured):
    assert "firms rises" in sentences.users(ensemble(1), [])
    assert "firms falls" in sentences.users(ensemble(-1), [])
    level = ensemble(1).assign(top_fifth_share=lambda results: results["data_gini"])
    assert "does not change in any member" in sentences.users(level, [])
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


@pytest.mark.parametrize("members", [1, 6, 19])
def test_below_twenty_members_nothing_is_clear(members, measured):
    """Of so few the 90 % range ends at the outermost members: 6 alike come by chance 1 in 32."""
    few = ensemble(1, members)
    assert {row["sign"] for row in tables.changes(few)} == {0}
    said = sentences.policy(few, "open_government")
    assert f"{members} member" in said and "fewer than 20, so no change is called clear" in said
    assert "raises" not in said and "lowers" not in said
    assert f"trust +10 points, {members} up, 0 down of {members}" in said
    assert "no change is called clear" in sentences.clear_changes(few, tables.KEYS)
    assert "rises" not in sentences.users(few, measured)
    assert "too few members" in sentences.users(few, measured)


def test_members_that_disagree_are_said_to():
    results = ensemble(1)
    turned = (
        np.where(np.arange(24) < 9, -0.1, 0.1)[None, :, None]
        * (np.arange(results.sizes["policy"]) > 0)[:, None, None]
    )
    results = results.assign(trust=results["harm"] * 0 + 0.5 + turned)
    assert "trust (15 up, 9 down of 24)" in sentences.policy(results, "open_government")
    (row,) = (
        row
        for row in tables.changes(results)
        if row["index"] == "trust of citizens" and row["policy"] == "open_government"
    )
    assert row["certainty"].words == "members disagree (15 up, 9 down of 24)"


@pytest.mark.parametrize(
    "values, standing",
    [
        ([1.0] * 20, "clear"),
        ([1.0] * 19, "too few"),
        ([1.0] * 19 + [np.nan], "too few"),
        ([0.0] * 30, "same"),
        ([1.0] * 15 + [-1.0] * 15, "disagree"),
        ([1.0] * 40 + [-1.0], "clear"),  # one of 41 lies outside the middle 90 %
    ],
)
def test_one_rule_says_what_is_clear(values, standing):
    assert certainty.certainty(np.array(values)).standing == standing
    assert certainty.certainty(-np.array(values)).standing == standing


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
    claims = [name for one in EXPERIMENTS for name in one.claims]
    assert len(claims) == len(set(claims)) == 6 + 33 + 21 + 13 + 31 + 15
    for one in EXPERIMENTS:
        assert one.indices and set(one.indices) <= set(INDICES)
    assert sentences.where_to_look("M32")[0] == "X13"
    assert sentences.where_to_look("X13")[0] == "X13"
    assert sentences.where_to_look("nothing") == ("", [])


def adding_up(results, weights=(0.02, 0.5)):
    """The same, with a net gain that is the sum of its parts; some harm less under policies."""
    time = np.linspace(0, 1, results.sizes["month"])
    less = np.where(results["policy"] == "none", 0.0, 0.02)[:, None, None]
    shape = results["citizens_gain"].shape
    dims = results["citizens_gain"].dims
    parts = {
        "surplus": np.broadcast_to(0.01 + 0.01 * time - 0.1 * less, shape),
        "service": np.broadcast_to(0.4 * time**2, shape),
        "harm": np.broadcast_to(0.03 * time - less * time, shape),
    }
    gain = parts["surplus"] + weights[0] * parts["service"] - weights[1] * parts["harm"]
    return results.assign(
        {name: (dims, part) for name, part in (parts | {"citizens_gain": gain}).items()}
    )


def test_whoever_says_gain_says_where_it_turns():
    """Without a policy .02 + .008 - .015 = .013; a policy takes .002 surplus and .02 harm."""
    results = adding_up(ensemble(1))
    said = sentences.net_gain(results)
    assert "a citizen gains 1.3" in said
    assert "where harm weighs 0.93 incomes instead of 0.5" in said  # .028 / .03
    policy = sentences.policy(results, "open_government")
    assert "a citizen's net gain by" in policy
    assert "where harm weighs 0.1 incomes instead of 0.5" in policy  # .002 / .02
    assert "at no weight of service from 0 to 0.1" in policy
    assert any("0.93 incomes" in part for part in sentences.summary(results, []))
    assert "0.93 incomes" in sentences.rich_and_poor(results)
    assert "0.1 incomes" in sentences.clear_changes(results, sentences.HEADLINES)


def test_a_gain_without_its_parts_says_that_it_cannot_be_told():
    results = adding_up(ensemble(1)).drop_vars("service")
    assert "was not recorded" in sentences.net_gain(results)
    assert sentences.net_gain(results.drop_vars("citizens_gain")) == ""
