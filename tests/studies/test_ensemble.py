from pathlib import Path

import numpy as np
import pytest

from datapolis.core.parameters import DECLARED
from datapolis.model import simulation
from datapolis.model.world import World
from datapolis.studies.ensemble import Batch, batch_size, compute, draws, plan
from datapolis.studies.study import parse_study

from .conftest import PARTS, RECORD, STUDY

TEXT = STUDY.partition("[world.firms]")[0] + "[parameters]" + STUDY.partition("[parameters]")[2]


@pytest.fixture(scope="module")
def study():
    return parse_study(TEXT.encode(), Path("study.toml"))


@pytest.fixture(scope="module")
def world():
    return World.generate(citizens=120, regions=2, departments=2, firms=8, associations=3)


@pytest.fixture(scope="module")
def computed(study, world):
    before = simulation.TRACES[0]
    batches = plan(list(study.policies), study.ensemble.members, 2)
    results = {}

    def keep(batch, values, seconds):
        results[batch] = values

    def fail(batch, error):
        raise error

    compute(study, world, batches, 2, RECORD, keep, fail, mechanisms=PARTS)
    results = dict(sorted(results.items(), key=lambda found: found[0].number))
    return results, simulation.TRACES[0] - before


def together(results, policy, name):
    return np.concatenate(
        [found[name] for batch, found in results.items() if batch.policy == policy]
    )


def test_batches_cover_every_member_once_under_every_policy():
    batches = plan(["none", "a"], 5, 2)
    assert [batch.number for batch in batches] == list(range(6))
    for policy in ("none", "a"):
        members = [m for batch in batches if batch.policy == policy for m in batch.members]
        assert members == list(range(5))
    assert batches[0] == Batch(0, "none", 0, 2) and batches[1] == Batch(1, "a", 0, 2)


@pytest.mark.parametrize(
    ("citizens", "members", "memory", "size"),
    [
        (2_000, 32, 2**34, 16),
        (2_000, 17, 2**34, 9),  # two of nine, not sixteen and one
        (100_000, 64, 2**34, 1),
        (100, 3, 2**34, 3),
        (100, 64, 2**28, 7),  # seven fit, so ten batches
        (10_000_000, 8, 2**28, 1),
    ],
)
def test_a_batch_is_as_large_as_pays_and_fits(citizens, members, memory, size):
    assert batch_size(citizens, members, memory) == size


def test_all_batches_of_all_policies_are_traced_once(computed):
    results, traces = computed
    assert traces == 1
    assert len(results) == 9


def test_the_last_batch_is_padded_and_cut(computed):
    results, _ = computed
    last = [found for batch, found in results.items() if batch.first == 4]
    assert all(found["skill"].shape == (1, 24, 3) for found in last)


def test_members_have_the_same_chance_under_every_policy(computed):
    results, _ = computed
    for name in RECORD:
        assert np.array_equal(together(results, "none", name), together(results, "idle", name))
    spreading = {p: together(results, p, "rumour_spreading") for p in ("none", "calm")}
    assert np.array_equal(spreading["none"][:, 0], spreading["calm"][:, 0])
    assert spreading["none"].mean() > spreading["calm"].mean()


def test_members_differ_in_chance_and_in_what_is_varied(computed, study):
    results, _ = computed
    technology = together(results, "none", "technology")[:, -1]
    assert len(np.unique(technology)) == 5
    assert np.array_equal(np.argsort(technology), np.argsort(draws(study)["technology.growth"]))


def test_a_member_is_the_run_of_its_seed_and_draw(computed, study, world):
    results, _ = computed
    drawn = {path: float(values[3]) for path, values in draws(study).items()}
    alone = simulation.simulate(
        world,
        months=24,
        seed=7 + 3,
        parameters=study.parameters.set(drawn),
        policy=study.policies["calm"],
        mechanisms=PARTS,
        record=RECORD,
    )
    for name in RECORD:
        member = together(results, "calm", name)[3]
        np.testing.assert_allclose(member, alone[name].values, rtol=1e-5, atol=1e-6)


def test_draws_fill_every_part_of_each_range(study):
    for path, values in draws(study).items():
        declared = DECLARED[path]
        level = (values - declared.low) / (declared.high - declared.low)
        assert sorted((level * 5).astype(int)) == [0, 1, 2, 3, 4]
    assert draws(study)["technology.growth"].tolist() == draws(study)["technology.growth"].tolist()
