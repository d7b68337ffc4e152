"""The default run stays inside bands of what is known; no constant stands at an end unsaid."""

from functools import cache

import pytest

from datapolis.core.parameters import DECLARED
from verification import known

AT_AN_END = {  # with the reason in docs/model.md, section 9
    "absorption.use_firms",
    "absorption.use_associations",
    "exchange.shared",
    "rumours.tellers",
    "power.substitution",
    "power.wealth_weight",
    "law.growth_scale",
    "governance.capabilities",
}
results = cache(known.default_run)


@pytest.mark.parametrize("one", known.KNOWN, ids=lambda one: one.name)
def test_the_default_run_lies_where_it_is_said_to(one):
    value = one.read(results())
    assert one.holds(value) is not one.outside, f"{value:.3g}, {one.lower:g} to {one.upper:g}"


def test_the_document_shows_these_bands_and_these_values():
    """A value there may differ by what another machine's rounding does to chance: a tenth."""
    rows = known.TABLE.search(known.DOCUMENT.read_text(encoding="utf-8")).group(0).splitlines()
    rows = [row.strip("| ").split(" | ") for row in rows if row.startswith("| ")][2:]
    assert [row[0] for row in rows] == [one.name for one in known.KNOWN]
    for row, one in zip(rows, known.KNOWN, strict=True):
        assert row[1] == f"{one.lower:g} to {one.upper:g}"
        assert row[3] == one.source
        said, value = float(row[2].split()[0]), one.read(results())
        assert abs(said - value) <= 0.1 * abs(value) + 0.005


def test_bands_have_sources_and_a_width():
    assert all(one.lower < one.upper and one.source for one in known.KNOWN)
    assert sum(not one.source.startswith("own") for one in known.KNOWN) >= 8


def test_no_default_stands_at_an_end_of_its_range_unsaid():
    found = {path for path, one in DECLARED.items() if one.default in (one.low, one.high)}
    assert found == AT_AN_END


@pytest.mark.parametrize(
    ("name", "value", "holds"), [("low", -1.0, False), ("in", 0.5, True), ("nan", float("nan"), 0)]
)
def test_a_value_that_is_missing_lies_outside(name, value, holds):
    band = known.Known(name, 0.0, 1.0, lambda _: value, "nobody")
    assert band.holds(value) is bool(holds)
