"""An audit of each kind, of small tables whose columns are given by the options that name them."""

import numpy as np

from datapolis.audits import AUDITS

random = np.random.default_rng(4)
MANY = 120
WHO = [f"w{one % 40}" for one in range(MANY)]
SIDE = [("a", "b")[one % 2] for one in range(MANY)]
LAND = [("north", "south", "east")[one % 3] for one in range(MANY)]
SIZE = np.round(random.lognormal(3, 0.6, MANY), 3).tolist()
DAYS = np.datetime64("2015-01-01") + random.integers(0, 1_200, MANY)
YEAR = [str(2018 + one // 40) for one in range(MANY)]
ENDS = [
    (f"h{one}", f"h{other}") for one in range(36) for other in range(one) if one * other % 7 == 1
]
ENDS = [ENDS[place] for place in random.permutation(len(ENDS))]
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
        {"holder": WHO, "amount": SIZE, "within": YEAR, "weight": [1.0] * MANY},
    ),
    "concentration, grouped": (
        {"basis": "amount", **PUBLIC},
        {"holder": WHO, "amount": SIZE, "time": YEAR, "group": [
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
    "disclosure, numbers": (
        {"samples": 0, "numbers": True}, {"quasi": [LAND, SIDE], "sensitive": SIZE},
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
         "depth": [float(one % 4) for one in range(MANY)], "seconds": [
         float(one * 53 % 120) for one in range(MANY)],
         "stance": [("deny", "support", "")[one % 3] for one in range(MANY)],
         "post": [str(one) for one in range(MANY)], "parent": [str(one - 40) if one >= 40 else ""
         for one in range(MANY)]},
    ),
}  # fmt: skip


def table_and_options(case, names):
    """The table of a case, its columns called so, and the options that name them."""
    more, columns = CASES[case]
    names = iter(names)
    table, options = {}, dict(more)

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
    if kind_of(case) == "rights":
        options["time"] = [options["time"]]
    return table, options


def kind_of(case):
    """The audit of a case."""
    return case.partition(",")[0]


def width(case):
    """How many columns a case has."""
    return sum(len(one) if isinstance(one[0], list) else 1 for one in CASES[case][1].values())


def plain_names(case):
    """Names that nothing else bears."""
    return [f"qq{place}qq" for place in range(width(case))]


def audited(case, table, options):
    """The answer to a case."""
    return AUDITS[kind_of(case)](table, **options)
