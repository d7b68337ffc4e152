"""Differentially private releases: the noise is that of the theory, and the budget is kept."""

import numpy as np
import pytest

pytest.importorskip("opendp", reason="OpenDP is not installed")

from datapolis.audits.disclosure_log import Ledger
from datapolis.audits.private_release import (
    budget_left,
    declare_budget,
    private_counts,
    private_means,
)
from datapolis.core.errors import InputError

DRAWS = 2_000
GROUPS = ["a", "b", "nobody"]


@pytest.fixture
def log(tmp_path):
    declare_budget(tmp_path / "log", 1e6)
    return tmp_path / "log"


def people(many=300, rows=1):
    """People with incomes; group b has a third of them."""
    person = np.repeat(np.arange(many), rows)
    return {
        "who": [f"p{one}" for one in person],
        "group": np.where(person % 3 == 0, "b", "a"),
        "income": 1000.0 + person,
    }


def noise(log, epsilon, **options):
    """Noise on one group's count, drawn again and again, through the public function's own path."""
    from datapolis.audits.private_release import _noisy

    return _noisy(np.zeros(DRAWS, np.int64), options.get("moves", 1), epsilon)


@pytest.mark.parametrize("epsilon, moves", [(1.0, 1), (0.2, 1), (1.0, 5)])
def test_noise_is_discrete_laplace(log, epsilon, moves):
    """P(k) = (1 - r)/(1 + r) r^|k|, r = exp(-epsilon/moves): mean 0, variance 2 r/(1 - r)^2.

    Tolerance: four standard errors, for the variance by the law's own fourth moment.
    """
    drawn = noise(log, epsilon, moves=moves)
    r = np.exp(-epsilon / moves)
    places = np.arange(-4000, 4001)
    law = (1 - r) / (1 + r) * r ** np.abs(places)
    variance, fourth = (law @ places.astype(float) ** power for power in (2, 4))
    assert variance == pytest.approx(2 * r / (1 - r) ** 2)
    assert abs(drawn.mean()) <= 4 * np.sqrt(variance / DRAWS)
    assert abs(drawn.var() - variance) <= 4 * np.sqrt((fourth - variance**2) / DRAWS)
    zero = law[places == 0][0]
    assert abs((drawn == 0).mean() - zero) <= 4 * np.sqrt(zero * (1 - zero) / DRAWS)


def test_counts_lie_as_near_as_the_scale_says(log):
    """With epsilon 50 noise of 2 or more has a chance of 4e-44."""
    found = private_counts(people(), by="group", groups=GROUPS, unit="who", epsilon=50.0, log=log)
    np.testing.assert_allclose(found.counts, [200, 100, 0], atol=2)
    assert found.scale == 1 / 50 and found.delta == 0.0
    assert "epsilon 50" in found.says and "one who" in found.says
    frame = found.frame()
    assert list(frame["group"]) == GROUPS and set(frame["epsilon"]) == {50.0}


def test_means_are_bounded_and_near(log):
    """Incomes of a: 1001, 1002, 1004 ...; those above 1200 count as 1200."""
    found = private_means(
        people(), value="income", bounds=(1000, 1200), by="group", groups=GROUPS, unit="who",
        epsilon=200.0, log=log,
    )  # fmt: skip
    income = np.minimum(people()["income"], 1200)
    truth = [income[np.array(people()["group"]) == one].mean() for one in ("a", "b")]
    np.testing.assert_allclose(found.means[:2], truth, atol=1.0)
    assert np.isnan(found.means[2]) and found.bounds == (1000.0, 1200.0)
    assert "values taken from 1000 to 1200" in found.says


def test_a_person_moves_the_numbers_no_more_than_was_stated(log):
    """One person with 1,000 rows of a billion counts with two rows of the upper bound."""
    table = people(100)
    with_one = {
        "who": [*table["who"], *["rich"] * 1000],
        "group": [*table["group"], *["a"] * 1000],
        "income": [*table["income"], *[1e9] * 1000],
    }
    options = {"by": "group", "groups": ["a"], "unit": "who", "epsilon": 400.0, "log": log}
    counts = [private_counts(one, most_rows=2, **options).counts[0] for one in (table, with_one)]
    assert abs(counts[1] - counts[0] - 2) <= 2
    means = [
        private_means(one, value="income", bounds=(0, 2000), most_rows=2, **options).means[0]
        for one in (table, with_one)
    ]
    assert means[1] - means[0] == pytest.approx((2 * 2000 - 2 * means[0]) / 68, abs=3.0)


def test_which_rows_count_depends_on_the_person_alone(log):
    """Rows of a group that is not told use up what a person may have, whoever else is there."""
    table = {"who": ["p"] * 2, "group": ["a", "b"], "income": [1.0, 1.0]}
    options = {"by": "group", "unit": "who", "epsilon": 60.0, "log": log}
    found = private_counts(table, groups=["b", "a"], most_rows=1, **options)
    assert found.counts.sum() in (0, 1, 2) and abs(found.counts.sum() - 1) <= 1


# --- the budget ----------------------------------------------------------------------------------


def test_epsilons_add_up_and_the_last_is_refused(tmp_path):
    folder = tmp_path / "log"
    declare_budget(folder, 1.0)
    options = {"by": "group", "groups": ["a"], "unit": "who", "log": folder}
    assert private_counts(people(), epsilon=0.4, **options).left == pytest.approx(0.6)
    assert private_means(
        people(), value="income", bounds=(0, 1), epsilon=0.6, **options
    ).left == pytest.approx(0.0)
    with pytest.raises(InputError, match="budget is spent"):
        private_counts(people(), epsilon=0.01, **options)
    assert budget_left(folder) == pytest.approx(0.0)
    spent = [one.get("epsilon", 0.0) for one in Ledger(folder).entries]
    assert spent == [0.0, 0.4, 0.6]


def test_no_budget_no_release_and_a_budget_is_not_raised(tmp_path):
    options = {"by": "group", "groups": ["a"], "unit": "who", "log": tmp_path / "log"}
    with pytest.raises(InputError, match="no budget was declared"):
        private_counts(people(), epsilon=0.1, **options)
    declare_budget(tmp_path / "log", 1.0)
    declare_budget(tmp_path / "log", 1.0)
    with pytest.raises(InputError, match="protects nobody"):
        declare_budget(tmp_path / "log", 2.0)


def test_epsilon_is_spent_before_noise_is_drawn(tmp_path, monkeypatch):
    """A run that dies in between has spent it: drawn twice it would have been told twice."""
    from datapolis.audits import private_release

    declare_budget(tmp_path / "log", 1.0)

    def dies(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(private_release, "_noisy", dies)
    with pytest.raises(KeyboardInterrupt):
        private_counts(
            people(), by="group", groups=["a"], unit="who", epsilon=0.7, log=tmp_path / "log"
        )
    assert budget_left(tmp_path / "log") == pytest.approx(0.3)


@pytest.mark.parametrize(
    "change, says",
    [
        ({"epsilon": 0.0}, "epsilon"),
        ({"epsilon": np.nan}, "epsilon"),
        ({"groups": []}, "groups"),
        ({"groups": ["a", "a"]}, "groups"),
        ({"most_rows": 0}, "most_rows"),
    ],
)
def test_bad_options_spend_nothing(tmp_path, change, says):
    declare_budget(tmp_path / "log", 1.0)
    options = {"by": "group", "groups": ["a"], "unit": "who", "epsilon": 0.5}
    with pytest.raises(InputError, match=says):
        private_counts(people(), log=tmp_path / "log", **{**options, **change})
    assert budget_left(tmp_path / "log") == 1.0
