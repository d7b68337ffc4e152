"""Audits of tables as people have them: the right value, or a refusal that names the option."""

import numpy as np
import pytest

from datapolis.audits import AUDITS, concentration, enforcement
from datapolis.audits.finding import options_of
from datapolis.audits.options import READING
from datapolis.core.errors import InputError

USERS = [740736, 230100, 56300, 12450, 998, 640, 410, 250, 99, 45, 12]
GERMAN = "Firma;Nutzer\n" + "".join(
    f"F{place};{f'{users:,}'.replace(',', '.')}\n" for place, users in enumerate(USERS)
)
MARKET = {"basis": "market", "public": True}


@pytest.fixture
def file(tmp_path):
    def write(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_every_audit_says_how_cells_are_read():
    for audit in AUDITS.values():
        options = options_of(audit)
        assert list(options)[-len(READING) :] == list(READING)
        assert {options[name].default for name in ("thousands", "decimal", "dates")} == {"ask"}


def test_points_between_thousands(file):
    """Read as decimals the index was 1,846 of 10,000, and the fifth firm the largest."""
    asked = {"holder": "Firma", "amount": "Nutzer", **MARKET}
    with pytest.raises(InputError, match=r"row 1 \(999\.999\) can be read in two ways"):
        concentration(file(GERMAN), **asked)
    found = concentration(file(GERMAN), thousands=".", whole="sum", **asked)
    share = np.array(USERS) / sum(USERS)
    assert found["herfindahl"].estimate == pytest.approx(float((share**2).sum()))
    assert round(1e4 * found["herfindahl"].estimate) == 5571
    assert found["largest"].estimate == 740736
    assert found.options["thousands"] == "."
    assert any("thousands = '.'" in note for note in found.notes)


def test_a_firm_that_grows_does_not_fall(file):
    """From 20 to 80 % between 15/12/2021 and 05/01/2022; as text the later day is the first."""
    rows = ["15/12/2021,a,20", "15/12/2021,b,40", "15/12/2021,c,40"]
    rows += ["05/01/2022,a,80", "05/01/2022,b,10", "05/01/2022,c,10"]
    path = file("day,firm,share\n" + "\n".join(rows) + "\n")
    asked = {"holder": "firm", "amount": "share", "time": "day", **MARKET}
    with pytest.raises(InputError, match=r"day: holds dates: .*--dates day-first"):
        concentration(path, **asked)
    change = concentration(path, dates="day-first", **asked)["herfindahl_change"]
    assert change.of == "2021-12-15 to 2022-01-05"
    assert change.estimate == pytest.approx(0.66 - 0.36)


@pytest.mark.parametrize(
    "labels", [("Dec 2021", "Apr 2022"), ("wave 9", "wave 10"), ("Q4 2021", "Q1 2022")]
)
def test_change_goes_from_the_earlier_to_the_later_period(labels):
    table = {
        "when": np.repeat(labels, 2),
        "firm": ["a", "b"] * 2,
        "share": np.array([0.5, 0.5, 0.9, 0.1]),
    }
    found = concentration(table, holder="firm", amount="share", time="when", **MARKET)
    assert found["herfindahl_change"].of == " to ".join(labels)
    assert found["herfindahl_change"].estimate == pytest.approx(0.82 - 0.5)


@pytest.mark.parametrize("scale", [0.48, 48, 200, 600])
def test_a_market_needs_a_whole(scale):
    table = {"firm": list("abc"), "share": scale * np.array([0.5, 0.3, 0.2])}
    asked = {"holder": "firm", "amount": "share", **MARKET}
    with pytest.raises(InputError, match=r"what is the whole.*--whole sum"):
        concentration(table, **asked)
    found = concentration(table, whole="sum", **asked)
    assert found["herfindahl"].estimate == pytest.approx(0.38)
    assert any("(whole = sum)" in note for note in found.notes)
    with pytest.raises(InputError) as refused:  # three holders are too few to tell their sum
        concentration(table, **{**asked, "public": False})
    assert "given" not in str(refused.value)


@pytest.mark.parametrize("whole", [1, 100])
def test_the_whole_that_was_recognised_is_said(whole):
    table = {"firm": list("abc"), "share": whole * np.array([0.5, 0.3, 0.18])}
    found = concentration(table, holder="firm", amount="share", **MARKET)
    assert any(f"98.0% to 98.0% of the whole, which is {whole}" in note for note in found.notes)


def pooled(years=6):
    return {
        "firm": np.tile(["a", "b"], years),
        "year": np.repeat(np.arange(2019, 2019 + years), 2),
        "share": np.tile([60.0, 40.0], years),
    }


def test_years_are_no_market_together():
    asked = {"holder": "firm", "amount": "share"}
    with pytest.raises(InputError, match="year holds periods; allowed: --time year"):
        concentration(pooled(), **asked, **MARKET)
    found = concentration(pooled(), time="year", **asked, **MARKET)
    assert found["herfindahl", "2019"].estimate == pytest.approx(0.52)
    sizes = concentration(pooled(), basis="amount", public=True, **asked)
    assert any("--time year tells them apart" in note for note in sizes.notes)
    assert sizes["total"].estimate == 600


def test_percentages_are_read_where_that_is_said(file):
    path = file("firm,share\na,45.3%\nb,34.7%\nc,20.0%\n")
    asked = {"holder": "firm", "amount": "share", "public": True}
    with pytest.raises(InputError, match=r"99.9%: a percent sign.*--percent"):
        concentration(path, basis="market", **asked)
    found = concentration(path, basis="market", percent=True, **asked)
    assert found["herfindahl"].estimate == pytest.approx(0.453**2 + 0.347**2 + 0.2**2)
    present = concentration(path, basis="presence", percent=True, **asked)
    assert present["largest"].estimate == pytest.approx(0.453)


def test_an_amount_of_0_is_asked_about(file):
    lines = "".join(
        f"n,{fine},10/{day:02}/2019\n" for day, fine in enumerate([0, *range(1, 20)], 1)
    )
    path = file("land,fine,date\n" + lines)
    asked = {"amount": "fine", "by": ["land"], "public": True}
    with pytest.raises(InputError, match=r"date: holds dates: .*--dates month-first"):
        enforcement(path, **asked)
    found = enforcement(path, dates="month-first", **asked)
    assert any("--blanks 0" in note for note in found.notes)
    assert any("20 to the day" in note for note in found.notes)
    known = enforcement(path, dates="month-first", blanks=["0"], **asked)
    assert any("1 give no amount, 0 an amount of 0" in note for note in known.notes)
