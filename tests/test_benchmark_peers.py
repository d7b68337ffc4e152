"""The works of the peer benchmarks: inputs that are what they say, and answers known otherwise."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.outer

PEERS = Path(__file__).parent.parent / "benchmarks" / "peers"
AGENTS, STEPS = 2_000, 24


@pytest.fixture(scope="module")
def peers():
    """The makers of inputs, the protocol, and datapolis's own programs."""
    names = ("protocol", "inputs", "datapolis_peer")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PEERS))
        yield [__import__(name) for name in names]
    for name in names:
        sys.modules.pop(name, None)


def answers(work, seeds=4):
    found = []
    for seed in range(seeds):
        work.start(seed)
        work.step(STEPS)
        found.append(work.answer())
    return {name: np.mean([one[name] for one in found]) for name in found[0]}


def test_the_graph_is_simple_mutual_and_of_mean_degree_eight(peers):
    _, inputs, _ = peers
    made = inputs.rumour(AGENTS)
    edges, offsets, targets = made["edges"], made["offsets"], made["targets"]
    assert len(edges) == 4 * AGENTS
    assert (edges[:, 0] < edges[:, 1]).all()
    assert len(np.unique(edges, axis=0)) == len(edges)
    ego = np.repeat(np.arange(AGENTS), np.diff(offsets))
    both = {(int(i), int(j)) for i, j in zip(ego, targets, strict=True)}
    assert both == {(int(i), int(j)) for one in (edges, edges[:, ::-1]) for i, j in one}
    # degrees of a random graph are Poisson: variance and mean are the same (within 5 errors)
    assert np.diff(offsets).var() == pytest.approx(8.0, abs=5 * 8.0 * (2 / AGENTS) ** 0.5)


def test_kin_are_mutual_and_firms_in_use_differ(peers):
    _, inputs, _ = peers
    made = inputs.citizens(AGENTS)
    for one in (0, 7, AGENTS - 1):
        for other in made["kin"][one]:
            assert other != one
            assert one in made["kin"][other]
    used = np.sort(made["uses"], axis=1)
    assert (np.diff(used, axis=1) > 0).all()
    assert made["income"].mean() == pytest.approx(1.0, abs=0.08)  # 5 errors of a lognormal mean


def test_wealth_goes_to_the_queue_of_pollaczek_and_khinchine(peers):
    _, inputs, ours = peers
    found = answers(ours.Wealth(inputs.wealth(AGENTS)))
    assert found["mean"] == 1.0
    assert found["nothing"] == pytest.approx(2**0.5 - 1.0, abs=0.02)


def test_rumour_is_the_one_written_from_the_contract(peers):
    protocol, inputs, ours = peers
    made = inputs.rumour(AGENTS)
    found = answers(ours.Rumour(made))
    beta, alpha = float(made["beta"]), float(made["alpha"])
    ego = np.repeat(np.arange(AGENTS), np.diff(made["offsets"]))
    reference = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        state = np.zeros(AGENTS, int)
        state[made["seeds"]] = 1
        history = []
        for _ in range(STEPS):
            theirs = state[made["targets"]]
            told = np.bincount(ego, theirs == 1, AGENTS)
            met = np.bincount(ego, theirs > 0, AGENTS)
            luck = rng.random(AGENTS)
            hears = (state == 0) & (luck < 1 - (1 - beta) ** told)
            stops = (state == 1) & (luck < 1 - (1 - alpha * beta) ** met)
            state = np.where(hears, 1, np.where(stops, 2, state))
            history.append(np.mean(state == 1))
        reference.append(protocol.rumour_answer(float(np.mean(state == 0)), history))
    # four errors of the difference of means of four runs, each about 0.01 at this size
    for name, allowed in (("heard", 0.03), ("top", 0.03), ("month", 1.5)):
        assert found[name] == pytest.approx(np.mean([one[name] for one in reference]), abs=allowed)


def test_citizens_are_those_of_the_contract(peers):
    _, inputs, ours = peers
    made = inputs.citizens(AGENTS)
    found = answers(ours.Citizens(made))
    reference = [contract(made, seed) for seed in range(4)]
    expected = {name: np.mean([one[name] for one in reference]) for name in reference[0]}
    assert found["awareness"] == pytest.approx(0.1 * 0.98**STEPS, rel=1e-5)
    for name in ("trust", "profile", "data", "sales"):
        assert found[name] == pytest.approx(expected[name], rel=0.01), name
    assert found["heard"] == pytest.approx(expected["heard"], abs=0.06)
    assert found["top"] == pytest.approx(expected["top"], rel=0.4)  # one firm of 200, by chance


def contract(made, seed):
    """The work `citizens`, written once more from the words of protocol.py."""
    rng = np.random.default_rng(seed)
    many, slots = made["uses"].shape
    firms, price = int(made["firms"]), float(made["price"])
    beta, alpha = float(made["beta"]), float(made["alpha"])
    who, row = np.arange(many), np.arange(many)[:, None]
    uses, profile = made["uses"].astype(int), np.zeros((many, slots))
    trust, awareness, state = np.full(many, 0.6), np.full(many, 0.1), np.zeros(many, int)
    state[made["seeds"]] = 1
    share, data, kin = np.full(firms, 1 / firms), np.zeros(firms), made["kin"]

    def taste(citizen, firm):
        return made["tastes"][(40503 * citizen + 30011 * firm) % 65536]

    for _ in range(STEPS):
        attraction = 0.35 * np.log((firms * share + 0.01) / 1.01) + made["quality"]
        psi = 1 - np.exp(-profile)
        value = attraction[uses] + psi - awareness[:, None] * psi**2 + taste(row, uses)
        friend = kin[who, rng.integers(0, 8, many)]
        seen = uses[friend, rng.integers(0, slots, many)]
        offer = attraction[seen] + taste(who, seen)
        new = ~(uses == seen[:, None]).any(axis=1)
        moves = (rng.random(many) < 0.25) & new & (offer > value.min(axis=1) + 0.3)
        at = who[moves], value.argmin(axis=1)[moves]
        uses = uses.copy()
        uses[at], value[at], profile[at], psi[at] = seen[moves], offer[moves], 0.0, 0.0
        part = np.exp(value - value.max(axis=1, keepdims=True))
        part /= part.sum(axis=1, keepdims=True)
        time = part * (made["reach"] * trust)[:, None]
        profile = 0.95 * profile + 0.8 * time
        bought = np.where(made["income"][:, None] >= price, 0.1 * time, 0.0)
        share = np.bincount(uses.ravel(), part.ravel(), firms) / many
        data = 0.97 * data + np.bincount(uses.ravel(), 0.8 * time.ravel(), firms) / many
        told, met = (state[kin] == 1).sum(axis=1), (state[kin] > 0).sum(axis=1)
        luck = rng.random(many)
        hears = (state == 0) & (luck < 1 - (1 - beta) ** told)
        stops = (state == 1) & (luck < 1 - (1 - alpha * beta) ** met)
        state = np.where(hears, 1, np.where(stops, 2, state))
        good = np.clip(made["income"] - price, 0, 1) + 0.5 * (part * psi).sum(axis=1)
        trust = trust + 0.03 * good * (1 - trust) - 0.02 * (state == 1) * trust
        awareness = 0.98 * awareness
    return {
        "trust": trust.mean(),
        "profile": profile.mean(),
        "top": share.max(),
        "data": data.sum(),
        "sales": bought.sum() / many,
        "heard": (state > 0).mean(),
    }
