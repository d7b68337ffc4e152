"""One small table for each question of each audit, of which every chart can be drawn."""

import numpy as np
import pytest

from datapolis.audits import AUDITS

N = 60
RANDOM = np.random.default_rng(5)
SIZES = np.round(100 * RANDOM.lognormal(0, 1, N), 2)
WHO = [f"w{one}" for one in range(N)]
TURN = np.arange(N)


def in_time():
    return {"who": WHO * 2, "held": [*SIZES, *(SIZES * 1.1)], "year": ["2001"] * N + ["2002"] * N}


def in_markets():
    return {
        "who": WHO,
        "held": SIZES,
        "place": [f"p{one % 6}" for one in range(N)],
        "often": 1 + TURN % 3,
    }


def dated():
    start = np.datetime64("2010-01-01") + 23 * TURN
    return {
        "start": start.astype(str),
        "reported": (start + 1 + TURN % 40).astype(str),
        "size": SIZES,
        "kind": np.where(TURN % 2, "clinic", "office"),
        "cause": np.where(TURN % 3, "theft", "loss"),
        "days": 2 + TURN % 40,
        "who": [f"w{one // 2}" for one in range(N)],
    }


def fined():
    return {
        "land": [f"l{one % 3}" for one in range(N)],
        "fine": SIZES,
        "date": (np.datetime64("2019-01-15") + 30 * (TURN % 12)).astype(str),
    }


def counted():
    return {
        "region": [f"l{one % 3}" for one in range(N)],
        "sex": np.where(TURN % 2, "f", "m"),
        "age": 20 + TURN % 7,
        "job": TURN % 11,
        "grade": 1 + TURN % 4,
        "often": 1 + TURN % 3,
    }


def filed():
    return {
        "payer": WHO,
        "own": ["true"] * N,
        "form": ["report"] * N,
        "spent": SIZES,
        "period": ["2001"] * N,
        "filer": WHO,
        "client": WHO,
    }


def exchanged():
    to = ["" if one % 20 == 19 else f"w{one + 1}" for one in range(N)]
    return {"from": WHO, "to": to, "held": SIZES}


def seen():
    left, right = np.divmod(np.arange(N * 3), 3)
    here = (left + right) % 5 > 0
    return {
        "chance": np.full(here.sum(), 0.5),
        "site": left[here],
        "firm": np.array(["a", "b", "c"])[right[here]],
    }


def listed():
    return {
        "open": np.where(TURN % 4 == 0, "yes", "no"),
        "free": np.where(TURN % 4 == 0, "yes", np.where(TURN % 3, "no", "yes")),
        "whole": np.where(TURN % 4 == 0, "yes", np.where(TURN % 2, "no", "yes")),
    }


def offered():
    return {
        "holder": np.where(TURN % 3, "a", "b"),
        "api": np.where(TURN % 2, "yes", "no"),
        "added": (np.datetime64("2019-01-15") + 30 * (TURN % 3)).astype(str),
    }


def sold():
    return {
        "price": SIZES,
        "side": np.where(TURN % 2, "a", "b"),
        "income": TURN + 0.5,
        "one": 10 + TURN % 7,
        "other": 10 + TURN % 5,
    }


def answered():
    return {
        "body": [f"b{one}" for one in range(N)] * 2,
        "year": ["2014"] * N + ["2015"] * N,
        "level": [*SIZES, *(SIZES + 1)],
        "month": ["2014-03"] * N + ["2015-09"] * N,
    }


def adopted():
    return {"when": [*(1 + TURN % 7), *[None] * 40], "town": ["a", "b"] * (N // 2 + 20)}


def told():
    return {
        "thread": WHO,
        "truth": np.where(TURN % 2, "true", "false"),
        "depth": TURN % 9,
        "seconds": TURN,
    }


def tied():
    one, other = np.triu_indices(12, 1)
    return {"source": one, "target": other, "strength": 1 + (one * other) % 5}


ASKED = {
    "concentration": [
        (in_time, {"holder": "who", "amount": "held", "basis": "amount", "time": "year"}),
        (in_markets, {"holder": "who", "amount": "held", "basis": "amount", "within": "place"}),
    ],
    "tails": [(in_markets, {"column": "held", "draws": 9})],
    "disclosure": [(counted, {"quasi": ["region", "sex", "age"], "sensitive": "grade"})],
    "breaches": [
        (
            dated,
            {
                "start": "start",
                "reported": "reported",
                "size": "size",
                "entity": "kind",
                "shares": ["cause"],
                "draws": 9,
            },
        )
    ],
    "enforcement": [(fined, {"amount": "fine", "by": ["land"], "draws": 9})],
    "influence": [
        (
            filed,
            {
                "payer": "payer",
                "own": "own",
                "form": "form",
                "amount": "spent",
                "period": "period",
                "filer": "filer",
                "client": "client",
            },
        )
    ],
    "islands": [
        (exchanged, {"source": "from", "target": "to", "value": ["held"], "edge_means": "x"}),
        (seen, {"left": "site", "right": "firm", "edge_means": "x"}),
        (listed, {"is_open": "open", "attributes": ["free", "whole"]}),
        (offered, {"holder": "holder"}),
    ],
    "prices": [
        (sold, {"outcome": "price", "by": "side=a:b", "draws": 19}),
        (sold, {"outcome": "price", "by": "income", "draws": 19}),
        (sold, {"outcome": "price", "groups": {"one": "one", "other": "other"}, "draws": 19}),
    ],
    "rights": [(answered, {"right": "know", "unit": "body", "score": "level"})],
    "diffusion": [
        (adopted, {"time": "when", "draws": 9}),
        (told, {"thread": "thread", "veracity": "truth", "depth": "depth"}),
        (tied, {"strength": "strength", "draws": 9}),
    ],
}
CASES = [
    pytest.param(kind, table, options, id=f"{kind}-{place}")
    for kind, asked in ASKED.items()
    for place, (table, options) in enumerate(asked)
]


def asked(kind, table, options, **privacy):
    """What an audit says of a small table."""
    return AUDITS[kind](table(), **options, **privacy)
