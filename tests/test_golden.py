"""Numbers that were kept are found again; `verification.golden oldest` asks the oldest versions."""

from verification import golden


def test_numbers_are_as_they_were_kept() -> None:
    assert golden.differences(golden.kept(), golden.compute()) == []


def test_a_number_that_moved_is_told() -> None:
    kept = {"society": {"trust": 0.5, "harm": 0.1}, "audit": {"gini": 0.785}}
    found = {"society": {"trust": 0.5001, "harm": 0.2}, "audit": {"gini": 0.7851}}
    assert golden.differences(kept, found) == ["gini: 0.7851, kept 0.785", "harm: 0.2, kept 0.1"]
