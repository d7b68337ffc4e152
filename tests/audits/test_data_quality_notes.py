"""Every audit asks about every slip that its columns can show, and about none in a sound table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapolis.audits import AUDITS, rights, tails
from datapolis.audits.data_quality import ANOTHER, in_a_run_of_rows, stops_in_a_round
from datapolis.audits.data_quality_notes import NO_ORDER
from datapolis.audits.finding import ROLES, audit
from datapolis.core.errors import InputError
from tests.audit_cases import (
    CASES,
    WHO,
    audited,
    kind_of,
    plain_names,
    table_and_options,
)

NO_AMOUNT = {"islands, views", "islands, offers", "islands, entries", "disclosure", "diffusion"}
CUT = [case for case in CASES if any(cells is WHO for cells in CASES[case][1].values())]


def questions(found):
    """What is asked of the unit of amounts, and of rows that may be lost."""
    return [one for one in found.notes if ANOTHER in one or "cut short?" in one]


def amounts(case, options):
    """The columns of amounts of a case, by what its audit declares."""
    found = []
    for one in ROLES[kind_of(case)].amount:
        option, _, condition = one.partition(" if ")
        if option in options and (not condition or options.get(condition)):
            found += np.atleast_1d(options[option]).tolist()
    return found


def test_every_audit_with_amounts_has_a_case():
    assert {kind_of(case) for case in CASES if case not in NO_AMOUNT} == set(AUDITS)
    assert len({kind_of(case) for case in CUT}) >= 6


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_asked_of_a_sound_table(case):
    assert questions(audited(case, *table_and_options(case, plain_names(case)))) == []


def scaled(case, here):
    """The table of a case with amounts in thousandths where `here` says so, and options."""
    table, options = table_and_options(case, plain_names(case))
    names = amounts(case, options)
    names += [*options["yes"], *options["minus"]] if "yes" in options else []  # parts of a whole
    for name in names:
        changed = here(table, options)
        table[name] = [
            1_000 * one if odd and one is not None else one
            for one, odd in zip(table[name], changed, strict=True)
        ]
    return table, options


def asked_about(case, here):
    """Whether an audit asks about another unit, or refuses that a holder has two amounts."""
    try:
        found = audited(case, *scaled(case, here))
    except InputError as refused:
        return "hold one amount in one row and another in another" in refused.problem
    return any(ANOTHER in one for one in questions(found))


def unit_column(case, table, options):
    """What the rows are of, by what the audit declares."""
    for one in ROLES[kind_of(case)].unit:
        if one in options:
            return np.array(table[np.atleast_1d(options[one])[0]], str)
    return None


@pytest.mark.parametrize("case", [one for one in CASES if one not in NO_AMOUNT])
@pytest.mark.parametrize("part", [slice(80, None), slice(0, 30)])
def test_amounts_in_another_unit_in_a_run_of_rows_are_asked_about(case, part):
    def here(table, options):
        rows = np.arange(len(next(iter(table.values()))))
        return np.isin(rows, np.arange(120)[part] * rows.size // 120)

    assert asked_about(case, here)


@pytest.mark.parametrize("case", [one for one in CASES if one not in NO_AMOUNT])
def test_another_scale_for_some_units_is_asked_about(case):
    def here(table, options):
        unit = unit_column(case, table, options)
        return (
            np.arange(len(next(iter(table.values())))) % 2
            if unit is None
            else (np.unique(unit, return_inverse=True)[1] % 2)
        )

    assert asked_about(case, here)


@pytest.mark.parametrize("case", CUT)
def test_rows_cut_off_are_asked_about_where_units_come_in_rounds(case):
    table, options = table_and_options(case, plain_names(case))
    table = {name: cells[:107] for name, cells in table.items()}
    assert any("cut short?" in one for one in questions(audited(case, table, options)))


def test_where_the_order_of_rows_is_not_known_it_is_said():
    import ibis

    size = np.random.default_rng(2).lognormal(3, 1, 90)
    found = tails(ibis.memtable({"size": size}), "size", draws=9)
    assert NO_ORDER in found.notes
    assert NO_ORDER not in tails({"size": size}, "size", draws=9).notes


def test_nothing_is_asked_of_few_units():
    """Below the threshold not even the order of amounts is told."""
    unit = np.repeat(["a", "b", "c", "d"], 12)
    score = np.random.default_rng(3).lognormal(2, 0.3, 48) * np.where(unit < "c", 1, 1_000)
    table = {
        "unit": unit,
        "year": np.tile([str(2000 + one) for one in range(12)], 4),
        "score": score,
    }
    assert questions(rights(table, right="know", unit="unit", score="score", draws=9)) == []


def test_an_audit_without_a_declaration_is_no_audit():
    def plain(table: "Source", *, size: str = "") -> None: ...

    with pytest.raises(TypeError):
        audit(plain)
    with pytest.raises(TypeError, match="no option length"):
        audit(amount="length", unit=(), period=())(plain)


# --- a run of rows -------------------------------------------------------------------------------


@given(st.floats(0.2, 2.0), st.integers(0, 10_000), st.sampled_from([60, 300]))
def test_one_law_in_any_order_is_one_unit(spread, seed, many):
    value = np.random.default_rng(seed).lognormal(3, spread, many)
    assert in_a_run_of_rows("x", value) == []
    assert in_a_run_of_rows("x", np.sort(value)) == []
    assert in_a_run_of_rows("x", np.sort(value)[::-1]) == []


@given(st.floats(0.2, 1.5), st.integers(0, 10_000), st.sampled_from([0.001, 1_000.0]))
def test_a_last_third_in_thousands_is_never_missed(spread, seed, times):
    value = np.random.default_rng(seed).lognormal(3, spread, 300)
    value[200:] *= times
    (told,) = in_a_run_of_rows("x", value)
    assert told.startswith("x is of another order in about the last 35% of the rows")


def test_large_units_that_stand_together_are_no_slip():
    size = np.random.default_rng(1).lognormal(0, 0.5, 300)
    size[200:] *= 1_000
    assert in_a_run_of_rows("x", size, np.arange(300) // 10) == []  # each in one place
    assert in_a_run_of_rows("x", size, np.arange(300) % 10)  # each on both sides


def test_rows_that_stop_in_a_round():
    assert stops_in_a_round("firm", np.arange(120) % 40, 10, 2) == []
    assert stops_in_a_round("firm", np.arange(119) % 40, 10, 2)
    assert stops_in_a_round("firm", np.random.default_rng(1).integers(0, 40, 119), 10, 2) == []
    assert stops_in_a_round("firm", np.arange(19) % 8, 10, 2) == []  # few
    assert stops_in_a_round("firm", np.arange(70) % 40, 10, 2) == []  # one whole round
