"""Where the time of a month goes: named by mechanism, and what must be touched counted by hand."""

import pytest

from datapolis.cli import show_profile
from datapolis.core.errors import InputError
from datapolis.core.parameters import Parameters
from datapolis.core.policy import Policy
from datapolis.model.mechanisms import absorption, attention, technology
from datapolis.model.profiling import Profile, Timing, profile
from datapolis.model.simulation import Run
from tests.helpers import small_world

FEW = {"mechanisms": (technology, absorption, attention), "record": ["user_herfindahl"]}


@pytest.fixture(scope="module")
def found():
    return profile(small_world(), **FEW)


def test_every_mechanism_of_the_month_is_timed_and_then_its_indices(found):
    names = [part.name for part in found.parts]
    assert names == ["technology", "absorption", "attention", "indices"]
    assert all(part.milliseconds > 0.0 for part in found.parts)
    assert found.ratio == found.milliseconds / found.least


def test_stocks_are_streamed_twice_and_traits_once(found):
    """Counted by hand: the bytes of each array of citizens."""
    world = small_world()
    run = Run.begin(world, months=1, seeds=0, parameters=Parameters(), policies=Policy(), **FEW)
    stocks = sum(value.nbytes for value in vars(run.society.citizens).values())
    traits = sum(value.nbytes for value in vars(world.citizens).values())
    assert found.touched == pytest.approx((2 * stocks + traits) / 1e6)


def test_what_simulate_refuses_is_refused():
    with pytest.raises(InputError, match="no_such_index"):
        profile(small_world(), record=["no_such_index"])


def test_the_command_prints_each_part_and_the_ratio(capsys):
    parts = (Timing("attention", 12.5, 80.0), Timing("indices", 3.25, 40.0))
    show_profile(Profile(1_000_000, parts, milliseconds=20.0, touched=100.0, least=4.0))
    text = capsys.readouterr().out
    for said in ("attention", "12.50", "indices", "1,000,000 citizens", "5.0 times"):
        assert said in text
