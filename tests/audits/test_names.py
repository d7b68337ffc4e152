"""Names of columns never meet the names of what an audit derives: every audit, every odd name.

Each case is an audit of a small table whose columns bear names that nothing else bears. Renamed, to
what other programs call counts, to every name that the audits give what they derive, to words of
SQL, signs and other scripts, the table must give the same answer: word for word, the new name in
place of the old.
"""

import ast
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from datapolis import audits
from datapolis.audits import AUDITS, concentration, enforcement, tails
from datapolis.audits.answers import plural
from tests.audit_cases import (
    CASES,
    LAND,
    PUBLIC,
    SIZE,
    WHO,
    audited,
    kind_of,
    plain_names,
    table_and_options,
    width,
)
from tests.findings import same_findings

pytestmark = pytest.mark.outer

FOLDER = Path(audits.__file__).parent
ODD = [
    "n", "N", "self", "by", "Cross", "order by", 'say "so", it\'s', "a.b [c] 50 % {x} `$1` \\",
    "金額 الاسم 🎈",
]  # fmt: skip
MODULES = {  # of each audit, beside its own
    "diffusion": ("adoption", "neighbours", "ties", "rumours", "diffusion_common"),
    "islands": ("openness",),
    "prices": ("cells", "price_areas", "price_slopes"),
}


def asked(case, names):
    """The answer to a case as text, its columns called so, and its series."""
    found = audited(case, *table_and_options(case, names)).as_json()
    told = {key: found[key] for key in ("title", "findings", "targets", "notes")}
    return json.dumps(told, ensure_ascii=False), found["series"]


@cache
def plain(case):
    return asked(case, plain_names(case))


@cache
def own_names(kind):
    """What the modules of an audit call what they derive, by their source."""
    found = set()
    for module in (kind, *MODULES.get(kind, ())):
        for call in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            called = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if called in ("group", "mutate"):
                found |= {one.arg for one in call.keywords if one.arg}
            if called == "derived" and isinstance(call.args[0], ast.Constant):
                found.add(call.args[0].value)
    return sorted(found)


def test_every_audit_has_a_case():
    assert {kind_of(case) for case in CASES} == set(AUDITS)
    assert {"amount", "weight"} <= set(own_names("concentration"))  # the source is understood
    assert {"tie_one", "kinds"} <= set(own_names("diffusion"))


@pytest.mark.parametrize("case", CASES)
def test_no_name_of_a_column_changes_an_answer(case):
    kind = kind_of(case)
    unlike = {one.lower(): one for one in [*ODD, *own_names(kind)]}  # capitals alone are no other
    names, many = list(unlike.values()), width(case)
    words, series = plain(case)
    assert '"estimate": ' in words
    for place in range(len(names)):
        named = [names[(place + more) % len(names)] for more in range(many)]
        found, drawn = asked(case, named)
        assert found == renamed(words, named), named
        assert shape(drawn) == shape(series), named


def renamed(words, named):
    """The answer with other names in place of the plain ones, and their plurals."""
    for place, name in enumerate(named):
        for old, new in ((f"qq{place}qqs", plural(name)), (f"qq{place}qq", name)):
            words = words.replace(old, json.dumps(new, ensure_ascii=False)[1:-1])
    return words


def shape(series):
    """How many series, and how long each of their columns is."""
    return [[len(one) for one in columns.values()] for columns in series.values()]


# --- what such names once did --------------------------------------------------------------------


def test_a_column_called_month_is_grouped_by_as_it_stands():
    """The groups by month of the date once took the place of the column's own: 60 of 120."""
    table = {
        "firm": [f"f{one}" for one in range(120)],
        "month": ["Jan", "Feb", "Mar"] * 40,
        "year": ["2019"] * 60 + ["2020"] * 60,
        "fine": np.round(np.random.default_rng(3).lognormal(7, 0.2, 120)),
    }
    found = enforcement(table, amount="fine", by=["month"], unit="firm", draws=9)
    groups = found.series["groups"]
    assert dict(zip(groups["group"], groups["decisions"], strict=True)) == {
        "Jan": 40, "Feb": 40, "Mar": 40,
    }  # fmt: skip
    assert "40 of 120 decisions" in found["most_decisions"].says


def test_an_amount_called_year_is_no_date():
    table = {"year": SIZE, "land": LAND, "date": WHO}
    found = enforcement(table, amount="year", by=["land"], unit="date", draws=9, **PUBLIC)
    assert found["sum"].estimate == pytest.approx(sum(SIZE))
    assert "years" not in found.series


def test_what_r_and_sql_call_counts_is_a_column_like_others():
    sizes = np.random.default_rng(5).integers(1, 300, 200)
    one, other = (tails({name: sizes}, name, discrete=True, draws=9) for name in ("n", "words"))
    same_findings(one, other)
    held = {"amount": [f"f{one}" for one in range(24)], "n": np.arange(1, 25) ** 2}
    other = {"firm": held["amount"], "held": held["n"]}
    assert (
        concentration(held, holder="amount", amount="n", basis="amount")["gini"].estimate
        == concentration(other, holder="firm", amount="held", basis="amount")["gini"].estimate
    )
