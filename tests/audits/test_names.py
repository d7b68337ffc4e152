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
from tests.findings import same_findings

FOLDER = Path(audits.__file__).parent
ODD = [
    "n", "N", "self", "by", "Cross", "order by", 'say "so", it\'s', "a.b [c] 50 % {x} `$1` \\",
    "金額 الاسم 🎈",
]  # fmt: skip
MODULES = {  # of each audit, beside its own
    "diffusion": ("adoption", "neighbours", "ties", "rumours", "spreading"),
    "islands": ("openness",),
    "prices": ("cells", "price_areas", "price_slopes"),
}
random = np.random.default_rng(4)
MANY = 120
WHO = [f"w{one % 40}" for one in range(MANY)]
SIDE = [("a", "b")[one % 2] for one in range(MANY)]
LAND = [("north", "south", "east")[one % 3] for one in range(MANY)]
SIZE = np.round(random.lognormal(3, 1, MANY), 3).tolist()
DAYS = np.datetime64("2015-01-01") + random.integers(0, 1_200, MANY)
YEAR = [str(2018 + one // 40) for one in range(MANY)]
ENDS = [
    (f"h{one}", f"h{other}") for one in range(24) for other in range(one) if one * other % 5 == 1
]
FIRST, SECOND = ([one[at] for one in ENDS] for at in (0, 1))
RIGHTS = {"unit": [f"u{one % 24}" for one in range(48)], "time": ["2014"] * 24 + ["2015"] * 24}
PUBLIC = {"public": True}


CASES = {  # audit; what else it is told; its columns by option
    "concentration": (
        {"basis": "amount"},
        {"holder": WHO, "amount": SIZE, "time": YEAR, "within": [one[:1] for one in YEAR]},
    ),
    "concentration, weighed": (
        {"basis": "amount", **PUBLIC},
        {"holder": WHO, "amount": SIZE, "within": YEAR, "weight": [1.0] * MANY, "group": [
            "odd" if int(one[1:]) % 2 else "even" for one in WHO]},
    ),
    "tails": ({"draws": 9}, {"column": SIZE, "unit": WHO}),
    "enforcement": ({"draws": 9}, {"amount": SIZE, "by": [LAND, SIDE], "unit": WHO}),
    "enforcement, dated": (
        {"draws": 9, **PUBLIC},
        {"amount": SIZE, "by": [LAND], "date": (DAYS + 30).astype(str), "opened": DAYS.astype(str)},
    ),
    "breaches": (
        {"draws": 9},
        {"start": DAYS.astype(str), "reported": (DAYS + random.integers(1, 60, MANY)).astype(str),
         "size": SIZE, "holder": WHO, "entity": LAND, "shares": [SIDE]},
    ),
    "breaches, public": (
        {"draws": 9, **PUBLIC},
        {"start": DAYS.astype(str), "lag": [float(one % 30) if one % 4 else None
         for one in range(MANY)], "size": SIZE, "holder": WHO},
    ),
    "influence": (
        {"draws": 9},
        {"payer": WHO, "own": ["true"] * MANY, "form": ["report"] * MANY, "amount": SIZE,
         "period": YEAR, "parent": [""] * MANY, "filer": SIDE, "client": WHO},
    ),
    "prices": (
        {"draws": 19},
        {"outcome": SIZE, "by": (SIDE, "a:b"), "within": [LAND], "cost": [[
         float(one % 7) for one in range(MANY)]], "unit": [f"{one}" for one in range(MANY)],
         "cluster": [f"{one // 2}" for one in range(MANY)], "weight": [1.0] * MANY},
    ),
    "prices, slope": (
        {"draws": 19},
        {"outcome": SIZE, "by": [float(one % 11) for one in range(MANY)], "same": [SIDE],
         "unit": WHO},
    ),
    "rights": ({"right": "know", "draws": 19}, {**RIGHTS, "score": SIZE[:48]}),
    "rights, counts": (
        {"right": "know", "draws": 19},
        {**RIGHTS, "yes": [[3 + one % 4 for one in range(48)]], "of": [[20] * 48],
         "minus": [[one % 3 for one in range(48)]]},
    ),
    "disclosure": (
        {"samples": 0},
        {"quasi": [LAND, SIDE, [str(one % 5) for one in range(MANY)]], "sensitive": YEAR},
    ),
    "islands": (
        {"edge_means": "an exchange", "exponent": 2.0},
        {"source": FIRST, "target": SECOND, "value": [[1.0] * len(ENDS)] * 2},
    ),
    "islands, views": (
        {"edge_means": "a joint view"},
        {"left": FIRST, "right": SECOND, "weight": [0.5] * len(ENDS)},
    ),
    "islands, offers": (
        {}, {"holder": WHO, "time": DAYS.astype(str), "attributes": [["yes", "no", "no"] * 40]},
    ),
    "islands, entries": (
        {}, {"is_open": ["no", "no", "yes"] * 40, "attributes": [["yes", "no"] * 60, ["yes"] * 120],
             "place": WHO, "dataset": [str(one) for one in range(MANY)], "time": YEAR},
    ),
    "diffusion": (
        {"never": 9.0, "draws": 9},
        {"time": [float(1 + one % 9) for one in range(MANY)], "within": LAND},
    ),
    "diffusion, ties": (
        {"draws": 9}, {"strength": [1.0 + one % 3 for one in range(len(ENDS))],
                       "ties": [FIRST, SECOND]},
    ),
    "diffusion, rumours": (
        {"draws": 9},
        {"thread": WHO, "veracity": [("true", "false")[int(one[1:]) % 2] for one in WHO],
         "depth": [float(one % 4) for one in range(MANY)], "seconds": [float(one) for one in
         range(MANY)], "stance": [("deny", "support", "")[one % 3] for one in range(MANY)],
         "post": [str(one) for one in range(MANY)], "parent": [str(one - 40) if one >= 40 else ""
         for one in range(MANY)]},
    ),
}  # fmt: skip


def asked(case, names):
    """The answer to a case as text, its columns called so."""
    kind = case.partition(",")[0]
    more, columns = CASES[case]
    names = iter(names)
    table, options = {}, {}

    def put(cells):
        name = next(names)
        table[name] = [None if one in ("", None) else one for one in cells]
        return name

    for option, cells in columns.items():
        if isinstance(cells, tuple):
            options[option] = f"{put(cells[0])}={cells[1]}"
        elif isinstance(cells[0], list):
            options[option] = [put(one) for one in cells]
        else:
            options[option] = put(cells)
    if kind == "rights":
        options["time"] = [options["time"]]
    found = AUDITS[kind](table, **more, **options).as_json()
    told = {key: found[key] for key in ("title", "findings", "targets", "notes")}
    return json.dumps(told, ensure_ascii=False), found["series"]


def width(case):
    return sum(len(one) if isinstance(one[0], list) else 1 for one in CASES[case][1].values())


@cache
def plain(case):
    return asked(case, [f"qq{place}qq" for place in range(width(case))])


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
    assert {case.partition(",")[0] for case in CASES} == set(AUDITS)
    assert {"amount", "weight"} <= set(own_names("concentration"))  # the source is understood
    assert {"tie_one", "kinds"} <= set(own_names("diffusion"))


@pytest.mark.parametrize("case", CASES)
def test_no_name_of_a_column_changes_an_answer(case):
    kind = case.partition(",")[0]
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
