"""Levers over time, as data."""

import numpy as np
import pytest

from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.core.policy import (
    LEVER_CLAIMS,
    LEVER_COST,
    LEVER_DECLARED,
    LEVERS,
    Policy,
    Rule,
    pulse,
    ramp,
)


def base(policy, months=12, lever="open_data"):
    return policy.schedule(months).base[:, LEVERS.index(lever)]


def test_there_are_sixteen_levers_each_with_a_cost_and_its_claims():
    assert len(LEVERS) == 16
    assert all(cost > 0 for cost in LEVER_COST)
    assert all(LEVER_CLAIMS[name] for name in LEVERS)
    assert all(LEVER_DECLARED[name].about and LEVER_DECLARED[name].source for name in LEVERS)


def test_a_constant_a_ramp_and_a_pulse():
    assert np.allclose(base(Policy(open_data=0.6)), 0.6)
    found = base(Policy(open_data=ramp(2, 6, 0.8)))
    assert np.allclose(found, [0, 0, 0, 0.2, 0.4, 0.6, *[0.8] * 6])
    falls = base(Policy(open_data=ramp(2, 4, 0.2, first=0.6)))
    assert np.allclose(falls, [0, 0, 0.6, 0.4, *[0.2] * 8])
    assert np.allclose(base(Policy(open_data=pulse(3, 2, 0.7))), [0, 0, 0, 0.7, 0.7, *[0] * 7])
    assert np.allclose(base(Policy(open_data=ramp(4, 4, 0.5))), [0] * 4 + [0.5] * 8)


def test_an_empty_policy_pulls_nothing():
    schedule = Policy().schedule(5)
    assert not schedule.base.any()
    assert (schedule.watch == -1).all()


def test_a_rule_says_what_it_watches():
    policy = Policy(antitrust=Rule("top_fifth_share", above=0.8, level=0.9, release=0.6))
    schedule = policy.schedule(3, ["harm", "top_fifth_share"])
    place = LEVERS.index("antitrust")
    assert schedule.watch[place] == 1
    assert np.allclose(
        [schedule.on[place], schedule.off[place], schedule.level[place]], [0.8, 0.6, 0.9]
    )
    assert not schedule.below[place]
    assert policy.watched() == {"top_fifth_share"}
    below = Policy(antitrust=Rule("harm", below=0.1)).schedule(3, ["harm"])
    assert below.below[place]
    assert below.off[place] == np.float32(0.1)


def test_all_policies_have_one_shape():
    observed = ["harm"]
    plain = Policy().schedule(4, observed, ["law.lag"])
    other = Policy(
        open_data=Rule("harm", above=0.5), parameters={"law.lag": ramp(1, 3, 24.0, first=48.0)}
    ).schedule(4, observed, ["law.lag"])
    for one, two in zip(vars(plain).values(), vars(other).values(), strict=True):
        assert one.shape == two.shape
        assert one.dtype == two.dtype
    assert np.isnan(plain.values).all()
    assert np.allclose(other.values[:, 0], [np.nan, 48, 36, 24], equal_nan=True)


def test_levers_by_name_are_a_policy():
    given = {"antitrust": 0.5, "open_data": ramp(2, 4, 0.8)}
    assert Policy.of(given).levers == Policy(**given).levers
    one = Policy(antitrust=0.5)
    assert Policy.of(one) is one and Policy.of(None).levers == Policy.of({}).levers == {}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Policy.of({"antitrst": 0.5}), "did you mean 'antitrust'"),
        (lambda: Policy.of({"antitrust": 1.5}), "0 to 1"),
        (lambda: Policy.of({"antitrust": "much"}), "no setting of a lever"),
        (lambda: Policy.of(0.5), "levers by name"),
        (lambda: Policy.of({1: 0.5}), "levers by name"),
        (lambda: Policy(antitrst=0.5), "antitrust"),
        (lambda: Policy(antitrust=1.5), "0 to 1"),
        (lambda: Policy(antitrust=-0.1), "0 to 1"),
        (lambda: Policy(antitrust=ramp(0, 5, 1.2)), "0 to 1"),
        (lambda: Policy(antitrust=float("nan")), "0 to 1"),
        (lambda: ramp(5, 3, 1.0), "before it starts"),
        (lambda: ramp(-1, 3, 1.0), "0 <= from"),
        (lambda: pulse(3, 0, 1.0), "a month or more"),
        (lambda: Rule("harm"), "exactly one mark"),
        (lambda: Rule("harm", above=0.1, below=0.2), "exactly one mark"),
        (lambda: Rule("harm", above=0.1, release=0.2), "wrong side"),
        (lambda: Rule("harm", below=0.2, release=0.1), "wrong side"),
        (lambda: Policy(antitrust=Rule("harn", above=0.1)).schedule(2, ["harm"]), "harm"),
        (lambda: Policy(parameters={"law.lag": Rule("harm", above=0.1)}), "a lever only"),
    ],
)
def test_bad_policies_are_explained(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_parameters_are_set_and_read_by_path():
    changed = Parameters().set({"law.lag": 12.0, "ties.spur": 0.5})
    assert changed.get("law.lag") == 12.0
    assert Parameters().get("law.lag") == 48.0
    with pytest.raises(InputError, match=r"law\.lag"):
        Parameters().set({"law.lagg": 1.0})
    with pytest.raises(InputError, match="no such parameter"):
        Parameters().set({"law.lag.more": 1.0})
