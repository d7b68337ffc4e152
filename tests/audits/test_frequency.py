"""Tables of value and count: with `frequency` as the table in which each row is repeated."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapolis.audits import concentration, disclosure, frequency, tails
from datapolis.core.errors import InputError

FARMS = {"size": [1, 5, 20, 100, 1000], "farms": [120, 60, 15, 4, 1]}
some = settings(max_examples=12, deadline=None)
times = st.lists(st.integers(0, 30), min_size=6, max_size=6).filter(lambda one: sum(one) > 12)
levels = st.lists(st.integers(1, 50), min_size=6, max_size=6, unique=True)


def repeated(columns, count):
    """The table written out: each row as often as it says, without the column that says so."""
    often = np.asarray(columns[count], int)
    return {key: np.repeat(np.asarray(one), often) for key, one in columns.items() if key != count}


def facts(audit, *, without=()):
    """The findings as what can be compared: nan equals nan."""
    return [
        (one.name, one.of, one.estimate, one.lower, one.upper, one.p_value, one.n_rows,
         one.n_units, one.units, one.method, one.says)
        for one in audit.findings if one.name not in without
    ]  # fmt: skip


def same(one, other):
    assert len(one) == len(other)
    for first, second in zip(one, other, strict=True):
        for a, b in zip(first, second, strict=True):
            assert a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b)), first


def test_two_hundred_farms_by_size():
    """Written out by hand: sum 3,620... of 200 farms; Gini and HHI by the textbook's formulas."""
    options = {"holder": "size", "amount": "size", "basis": "amount", "public": True}
    found = concentration(FARMS, **options, frequency="farms")
    x = np.repeat(FARMS["size"], FARMS["farms"]).astype(float)
    x.sort()
    n, place = x.size, np.arange(1, x.size + 1)
    assert n == 200
    gini = ((2 * place - n - 1) * x).sum() / (n * x.sum())
    assert found["gini"].estimate == pytest.approx(gini) == pytest.approx(0.8243, abs=5e-5)
    hhi = ((x / x.sum()) ** 2).sum()
    assert found["herfindahl"].estimate == pytest.approx(hhi) == pytest.approx(0.2331, abs=5e-5)
    assert found["gini"].n_units == 200
    assert "as many holders as farms says" in " ".join(found.notes)


@given(levels, times)
@some
def test_concentration_is_that_of_the_table_written_out(held, often):
    table = {"size": held, "group": ["a", "b"] * 3, "n": often}
    expanded = repeated(table, "n")
    expanded["who"] = [f"w{one}" for one in range(len(expanded["size"]))]
    options = {"amount": "size", "basis": "amount", "group": "group"}
    for floor in ({"min_group": 5}, {"public": True}):
        one = concentration(table, holder="size", frequency="n", **options, **floor)
        other = concentration(expanded, holder="who", **options, **floor)
        same(facts(one, without=["largest"]), facts(other, without=["largest"]))
        assert [target.value for target in one.targets] == [t.value for t in other.targets]


def test_classes_are_not_followed_from_one_period_to_the_next():
    table = {**{key: one * 2 for key, one in FARMS.items()}, "year": [1] * 5 + [2] * 5}
    table["farms"] = [*FARMS["farms"], 100, 70, 20, 6, 4]
    options = {"amount": "size", "basis": "amount", "time": "year", "public": True}
    found = concentration(table, holder="size", frequency="farms", **options)
    expanded = repeated(table, "farms")
    expanded["who"] = np.arange(len(expanded["size"])).astype(str)
    other = concentration(expanded, holder="who", **options)
    for name in ("gini", "herfindahl", "top_fifth_share"):
        for year in ("1", "2"):
            assert found[name, year].estimate == other[name, year].estimate
        change = found[f"{name}_change"]
        assert change.estimate == pytest.approx(other[f"{name}_change"].estimate)
        assert "balanced panel" not in change.says
    assert not {"rank_persistence", "top_overlap"} & {one.name for one in found.findings}


def test_separate_markets_keep_their_weights():
    table = {
        "size": [1, 2, 3, 4],
        "place": ["a", "a", "b", "b"],
        "n": [8, 5, 7, 2],
        "w": [1, 1, 3, 3],
    }
    expanded = repeated(table, "n")
    expanded["who"] = np.arange(22).astype(str)
    options = {
        "amount": "size",
        "basis": "amount",
        "within": "place",
        "weight": "w",
        "public": True,
    }
    one = concentration(table, holder="size", frequency="n", **options)
    same(facts(one), [
        tuple(cell.replace("who", "size") if isinstance(cell, str) else cell for cell in row)
        for row in facts(concentration(expanded, holder="who", **options))
    ])  # fmt: skip


@given(levels, times)
@settings(max_examples=4, deadline=None)
def test_tails_are_those_of_the_table_written_out(held, often):
    table = {"size": held, "who": list("aabbcc"), "n": often}
    expanded = repeated(table, "n")
    for options in ({"public": True}, {"public": True, "unit": "who"}, {"min_group": 5}):
        one = tails(table, "size", frequency="n", draws=9, **options)
        same(facts(one), facts(tails(expanded, "size", draws=9, **options)))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]),
                          st.sampled_from(["ill", "well", ""]), st.integers(0, 9)),
                min_size=8, max_size=16))  # fmt: skip
@some
def test_disclosure_is_that_of_the_table_written_out(rows):
    rows = [*rows, ("a", "x", "ill", 3), ("b", "y", "well", 9)]
    table = dict(
        zip(("place", "job", "state", "n"), map(list, zip(*rows, strict=True)), strict=True)
    )
    options = {"quasi": ["place", "job"], "sensitive": "state", "samples": 0, "fraction": 0.1}
    for privacy in ({"public": True}, {"min_group": 3}):
        one = disclosure(table, frequency="n", **options, **privacy)
        same(facts(one), facts(disclosure(repeated(table, "n"), **options, **privacy)))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1", "2", "-1"], "farms.*is out of range"),
        (["1", "2", "1.5"], "farms.*no whole number"),
        (["1", "2", ""], "farms.*is empty"),
        (["1", "2", "many"], "farms.*is not a number"),
        (["0", "0", "0"], "farms.*is 0 in every row"),
    ],
)
def test_what_is_no_frequency_is_refused(cells, said, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("size,farms\n" + "".join(f"{n + 1},{one}\n" for n, one in enumerate(cells)))
    asked = {
        concentration: {"holder": "size", "amount": "size", "basis": "amount"},
        tails: {"column": "size"},
        disclosure: {"quasi": ["size"], "sensitive": "farms"},
    }
    for audit, options in asked.items():
        with pytest.raises(InputError, match=said):
            audit(path, frequency="farms", **options)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(InputError, match="frequency"):
        tails(FARMS, "size", frequency="firms")


def test_too_many_units_to_write_out_are_refused(monkeypatch):
    monkeypatch.setattr(frequency, "MOST", 100)
    with pytest.raises(InputError, match="200 units in one list"):
        concentration(FARMS, holder="size", amount="size", basis="amount", frequency="farms")
