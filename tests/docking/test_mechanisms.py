"""Docking: the package and the reference on the same societies, with the same chance.

Whole numbers must be the same; tolerances of the rest are those of `verification.docking.compare`.
"""

from functools import cache

import numpy as np
import pytest

from verification.docking import compare
from verification.docking.adapter import package_arrays, to_arrays, to_package, to_reference
from verification.docking.chance import BLOCK, PackageChance, WorldChance
from verification.docking.compare import WRITES, mechanism_by_mechanism, whole_month
from verification.docking.societies import Case, cases, lived, stages
from verification.reference.chance import HashedChance

CASES = {case.name: case for case in cases()}
STEPS = tuple(WRITES)


@cache
def world(name):
    return CASES[name].world


@cache
def society(name):
    return lived(CASES[name], world(name))


@cache
def compared(name):
    """Every field after every step of one month."""
    case = CASES[name]
    return list(mechanism_by_mechanism(case, world(name), society(name), case.months))


@cache
def month(name):
    """The package's month, step by step."""
    case = CASES[name]
    return list(stages(case, world(name), society(name), case.months))


def told(differences):
    return [
        f"{one.case}, {one.path}: {one.wrong} of {one.entries}, {one.example}"
        for one in differences
        if not one.agrees
    ]


@pytest.mark.parametrize("step", STEPS)
def test_a_mechanism_agrees_on_every_society(step):
    """All fields after it: those that it writes, and those that it must leave alone."""
    found = [one for name in CASES for one in compared(name) if one.mechanism == step]
    assert {one.case for one in found} == set(CASES)
    assert told(found) == []


@pytest.mark.parametrize("name", CASES)
def test_a_whole_month_agrees(name):
    """The reference goes on from what it made itself, mechanism after mechanism."""
    case = CASES[name]
    found = list(whole_month(case, world(name), society(name), case.months))
    assert {one.path for one in found} > {"citizens.trust", "flows.new_ties", "links"}
    assert told(found) == []


# --- that the societies are worth comparing on ----------------------------------------------------


def happened(step, what):
    """Whether something happened in a step in any of the societies."""
    return any(
        bool(np.any(what(before, after)))
        for name in CASES
        for done, before, after in month(name)
        if done == step
    )


EVENTS = [
    ("shocks", "a blow", lambda _, s: s.flows.shocked),
    ("attention", "a change of firm", lambda b, s: b.citizens.uses != s.citizens.uses),
    ("attention", "steering", lambda _, s: s.flows.steered_to_top > 0),
    ("attention", "a dead firm in use", lambda _, s: s.flows.attention == 0),
    ("pricing", "an unfair price", lambda _, s: s.flows.unfair > 0),
    ("pricing", "a fine", lambda _, s: s.flows.fines > 0),
    ("exchange", "a new link", lambda b, s: s.links & ~b.links),
    ("exchange", "a link that lapses", lambda b, s: b.links & ~s.links),
    ("exchange", "an island", lambda _, s: s.flows.islands != np.arange(len(s.flows.islands))),
    ("exchange", "a sale", lambda _, s: s.flows.sold > 0),
    ("breaches", "a breach", lambda _, s: s.flows.leaked_share > 0),
    ("breaches", "a breach of everything", lambda _, s: s.flows.leaked_share == 1),
    ("breaches", "security", lambda b, s: s.organizations.security > b.organizations.security),
    ("rumours", "a beginning", lambda b, s: s.controversy.age < b.controversy.age),
    ("rumours", "an end", lambda b, s: s.controversy.reach != b.controversy.reach),
    ("rumours", "a teller", lambda b, s: (s.citizens.rumour == 1) & (b.citizens.rumour == 0)),
    ("rumours", "a stifled one", lambda b, s: (s.citizens.rumour == 2) & (b.citizens.rumour == 1)),
    ("trust", "an awakening", lambda b, s: s.citizens.awake & ~b.citizens.awake),
    ("trust", "a falling asleep", lambda b, s: b.citizens.awake & ~s.citizens.awake),
    ("governance", "one who joins", lambda _, s: s.flows.joins == 1),
    ("governance", "one who does not", lambda _, s: s.flows.joins == 0),
    ("resources", "an exit", lambda _, s: s.flows.gone > 0),
    ("resources", "a merger", lambda _, s: s.flows.merged > 0),
    ("resources", "a break-up", lambda _, s: s.flows.broken_up > 0),
    ("resources", "an entry", lambda _, s: s.flows.born > 0),
    ("resources", "a debt", lambda _, s: s.flows.money["written_off"] > 0),
    ("law", "a move", lambda b, s: s.organizations.region != b.organizations.region),
    ("ties", "a new tie", lambda _, s: s.flows.new_ties),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "event", "what"), EVENTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_happened_in_some_society(step, event, what):
    assert happened(step, what), event


# --- the adapter and chance -----------------------------------------------------------------------


def test_a_society_comes_back_as_it_was():
    """To the reference and back, with all flows of the month."""
    *_, (_, _, after) = month("busy")
    mirrored = to_reference(after, world("busy"))
    there, back = to_arrays(mirrored), package_arrays(to_package(mirrored, after))
    once = package_arrays(after)
    assert set(once) == set(there) == set(back)
    for path, value in once.items():
        np.testing.assert_array_equal(value, there[path].astype(value.dtype), err_msg=path)
        np.testing.assert_array_equal(value, back[path], err_msg=path)


def test_the_package_draws_the_numbers_of_the_description():
    """Section 7.0 of docs/model.md, as the reference wrote it down, against `model.noise`."""
    here = world("as it is")
    package = PackageChance(5, here)
    described = HashedChance(5, tuple(int(word) for word in here.tastes))
    for number in (0, 7):
        package.begin_month(number)
        described.begin_month(number)
        for mechanism in ("attention", "ties", "resources"):
            for identity, draw in ((0, 0), (3, 9), (BLOCK - 1, 1), (BLOCK + 5, 6)):
                name = (mechanism, identity, draw)
                assert package.uniform(*name) == described.uniform(*name)
                pair = (mechanism, identity, 35, draw)
                assert package.uniform_of_pair(*pair) == described.uniform_of_pair(*pair)
        assert package.taste(11, 47) == described.taste(11, 47)


def test_chance_of_its_own_shares_only_tastes():
    here = world("as it is")
    package, own, again = PackageChance(5, here), WorldChance(5, here), WorldChance(5, here)
    assert own.taste(3, 4) == package.taste(3, 4)
    assert own.uniform("law", 3, 1) == again.uniform("law", 3, 1) != package.uniform("law", 3, 1)
    numbers = [own.uniform("law", identity, 0) for identity in range(2000)]
    assert len(set(numbers)) > 1990
    assert 0.47 < np.mean(numbers) < 0.53


def test_a_difference_is_seen(monkeypatch):
    """What is off by more than rounding is told, with where."""
    case = Case("spoiled", 0, 0)
    here = case.world

    def spoiled(mechanism):
        def act(society, parameters, levers, chance):
            mechanism(society, parameters, levers, chance)
            society.citizens[7].trust += 1e-4

        act.__name__ = mechanism.__name__
        return act

    month = [spoiled(one) if one.__name__ == "trust" else one for one in compare.REFERENCE]
    monkeypatch.setattr(compare, "REFERENCE", month)
    found = list(mechanism_by_mechanism(case, here, lived(case, here), 0))
    assert [(one.mechanism, one.path, one.wrong) for one in found if not one.agrees] == [
        ("trust", "citizens.trust", 1)
    ]
