"""What is said of studies that are wrong: one good study, spoilt in one place at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datapolis.core.errors import InputError, StoreError
from datapolis.studies import calibration, inputs, search, sensitivity
from datapolis.studies.study import read_study

NAME = "study.toml"
GOOD = """\
schema = 2
title = "A good study"

[world]
citizens = 300
months = 24
seed = 1
regions = 3
associations = 6
rewired = 0.05

[world.firms]
table = "firms.csv"
name = "firm"
weight = "users"
time = "day"
month = "2018-01-01"
basis = "amount"
most = 5

[world.agencies]
table = "bodies.csv"
name = "body"
openness = "rows"

[world.graph]
table = "contacts.csv"
from = "one"
to = "other"
layer = "layer"
strong = ["family"]
weak = ["online"]

[world.incomes]
table = "incomes.csv"
income = "income"

[parameters]
law.lag = 60
trust.gain = 0.01

[policies.none]

[policies.watchdog]
open_data = 0.6
data_sharing = { from = 2, to = 9, level = 0.8 }
pricing_ban = { at = 3, months = 5, level = 0.8 }
antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }
[policies.watchdog.parameters]
law.lag = { from = 1, to = 11, level = 24.0 }

[[scenario]]
month = 4
whom = "largest"
data = 0.5
attacks = 10.0
months = 2

[ensemble]
members = 2
seed = 5
vary = ["attention.network_effect", "trust.gain"]

[record]
extra = ["user_share_by_firm"]

[claims]
test = ["M30", "E6"]

[sensitivity]
method = "morris"
outcomes = ["harm@mean"]
vary = ["law.lag"]
runs = 100

[search]
objectives = ["rights", "concentration"]
levers = ["open_data", "antitrust"]
vary = ["law.lag"]
thresholds = { rights = 0.25 }

[calibration]
targets = ["market"]
vary = ["law.lag"]
particles = 16

[measure.market]
kind = "concentration"
table = "firms.csv"
holder = "firm"
amount = "users"
time = "day"
basis = "amount"
public = true
"""
TABLES = {
    "firms.csv": "day,firm,users\n"
    + "".join(
        f"{day},firm{one},{(one + 1) ** 2}\n"
        for day in ("2018-01-01", "2018-02-01")
        for one in range(7)
    ),
    "bodies.csv": "body\nhealth\nhealth\ntaxes\n",
    "contacts.csv": "one,other,layer\na,b,family\nb,c,online\nc,d,family\n",
    "incomes.csv": "income\n1.0\n2.0\n4.0\n",
}
FIRMS = GOOD[GOOD.index("\n[world.firms]") : GOOD.index("\n[world.agencies]")]
LAST = '[measure.market]\nkind = "concentration"'

READ: dict[str, tuple[str, str]] = {  # what is wrong: what stands there, what is put in its place
    # keys that are written wrong, in every section
    "key of the file": ('title = "A good study"', 'titel = "A good study"'),
    "section": ("[record]", "[recrod]"),
    "section that is like no other": ("[record]", "[xyzzy]"),
    "key of world": ("citizens = 300", "citizen = 300"),
    "key of world that is like no other": ("citizens = 300", "xyzzy = 300"),
    "key of firms": ('weight = "users"', 'wieght = "users"'),
    "key of agencies": ("openness =", "opennes ="),
    "key of graph": ('layer = "layer"', 'layr = "layer"'),
    "key of incomes": ('income = "income"\n', 'incme = "income"\n'),
    "group of parameters": ("law.lag = 60", "lwa.lag = 60"),
    "parameter": ("law.lag = 60", "law.lga = 60"),
    "lever": ("open_data = 0.6", "open_dta = 0.6"),
    "lever that is like no other": ("open_data = 0.6", "xyzzy = 0.6"),
    "key of a ramp": ("from = 2, to = 9, level", "from = 2, til = 9, level"),
    "key of a pulse": ("at = 3, months = 5", "at = 3, month = 5"),
    "key of a rule": ("release = 0.7", "relase = 0.7"),
    "parameter of a policy": ("law.lag = { from", "law.lga = { from"),
    "key of a shock": ("attacks = 10.0", "atacks = 10.0"),
    "key of ensemble": ("members = 2", "member = 2"),
    "key of record": ("extra = [", "extras = ["),
    "key of claims": ('test = ["M30"', 'tests = ["M30"'),
    "key of sensitivity": ("runs = 100", "rnus = 100"),
    "key of search": ("objectives =", "objective ="),
    "key of calibration": ("particles = 16", "particels = 16"),
    "option of an audit": ('holder = "firm"', 'holdr = "firm"'),
    # of another type
    "text for a whole number": ("citizens = 300", 'citizens = "many"'),
    "fraction for a whole number": ("months = 24", "months = 24.5"),
    "number for a text": ('title = "A good study"', "title = 3"),
    "true for a number": ("rewired = 0.05", "rewired = true"),
    "number for a table": ("[policies.none]\n", "[policies]\nnone = 3\n"),
    "text for a list": ('extra = ["user_share_by_firm"]', 'extra = "user_share_by_firm"'),
    "number in a list of texts": ('test = ["M30", "E6"]', "test = [30]"),
    "text for a parameter": ("law.lag = 60", 'law.lag = "long"'),
    "text for a lever": ("open_data = 0.6", 'open_data = "much"'),
    "date for a number": ("law.lag = 60", "law.lag = 2018-01-01"),
    "text for firms": (FIRMS, 'firms = "many"\n'),
    "key of a section within it": ("[world.agencies]", "firms = 3\n[world.agencies]"),
    "list for an option of an audit": ('holder = "firm"', 'holder = ["firm"]'),
    "text for true or false": ("public = true", 'public = "yes"'),
    # out of range
    "too few citizens": ("citizens = 300", "citizens = 5"),
    "no months": ("months = 24", "months = 0"),
    "seed below 0": ("seed = 1", "seed = -1"),
    "too many firms": (FIRMS, "firms = 50000\n"),
    "too many regions": ("regions = 3", "regions = 5000"),
    "share above 1": ("rewired = 0.05", "rewired = 1.5"),
    "too few firms": ("most = 5", "most = 2"),
    "parameter below its range": ("law.lag = 60", "law.lag = 3"),
    "parameter that is not a number": ("law.lag = 60", "law.lag = nan"),
    "lever above 1": ("open_data = 0.6", "open_data = 1.2"),
    "level of a ramp": ("to = 9, level = 0.8", "to = 9, level = 8"),
    "ramp that ends before it starts": ("from = 2, to = 9", "from = 9, to = 2"),
    "ramp before the first month": ("from = 2, to = 9", "from = -2, to = 9"),
    "pulse of no months": ("at = 3, months = 5", "at = 3, months = 0"),
    "release above the mark": ("release = 0.7", "release = 0.9"),
    "rule without a mark": ("above = 0.8, ", ""),
    "level of a parameter over time": ("level = 24.0", "level = 500.0"),
    "loss above 1": ("data = 0.5", "data = 1.5"),
    "no members": ("members = 2", "members = 0"),
    "too few particles": ("particles = 16", "particles = 1"),
    "too few runs": ("runs = 100", "runs = 1"),
    # names that do not exist
    "index of a rule": ('when = "top_fifth_share"', 'when = "top_fith_share"'),
    "index of several numbers": ('when = "top_fifth_share"', 'when = "power_share"'),
    "index to record": ('"user_share_by_firm"', '"user_shares_by_firm"'),
    "parameter to vary": ('"trust.gain"]', '"trust.gian"]'),
    "claim": ('"E6"', '"E66"'),
    "whom to shock": ('whom = "largest"', 'whom = "larges"'),
    "basis": ('basis = "amount"\nmost', 'basis = "amounts"\nmost'),
    "method": ('method = "morris"', 'method = "moris"'),
    "outcome": ('"harm@mean"', '"hram@mean"'),
    "lever of a search": ('levers = ["open_data"', 'levers = ["open_dta"'),
    "audit": ('kind = "concentration"', 'kind = "concentraton"'),
    "policy with a name that is none": ("[policies.watchdog]\n", '[policies."a/b"]\n'),
    "the policy that does nothing": ("[policies.none]\n", "[policies.none]\nopen_data = 1.0\n"),
    "measure with a name that is none": (LAST, '[measure."a b"]\nkind = "concentration"'),
    # missing, or given twice
    "no schema": ("schema = 2\n", ""),
    "schema of later": ("schema = 2", "schema = 99"),
    "no title": ('title = "A good study"\n', ""),
    "empty title": ('"A good study"', '""'),
    "firms without a weight": ('weight = "users"\n', ""),
    "ramp without a level": ("to = 9, level = 0.8", "to = 9"),
    "shock without a month": ("month = 4\n", ""),
    "audit without an option": ('holder = "firm"\n', ""),
    "audit without a table": ('table = "firms.csv"\nholder', "holder"),
    "month without a column of periods": ('time = "day"\nmonth', "month"),
    "key twice": ("months = 24", "months = 24\nmonths = 36"),
    "section twice": ("[claims]", "[record]"),
    "policy twice": ("[policies.none]", "[policies.watchdog]"),
    "parameter twice": ("law.lag = 60", 'law.lag = 60\n"law.lag" = 61'),
    "varied twice": ('"trust.gain"]', '"attention.network_effect"]'),
    # no TOML, or too much of it
    "quote that is not closed": ('"A good study"', '"A good study'),
    "list that is not closed": ('"trust.gain"]', '"trust.gain"'),
    "no value": ("seed = 5", "seed ="),
    "no equals sign": ("seed = 5", "seed 5"),
    "a word without quotes": ('whom = "largest"', "whom = largest"),
    "a comma for a point": ("rewired = 0.05", "rewired = 0,05"),
    "leading nought": ("members = 2", "members = 02"),
    "date that does not exist": ("law.lag = 60", "law.lag = 2018-02-30"),
    "number that is too large": ("seed = 5", "seed = 99999999999999999999"),
    # files
    "table outside the folder": ('table = "firms.csv"\nname', 'table = "../firms.csv"\nname'),
    "table that is not there": ('table = "firms.csv"\nname', 'table = "frims.csv"\nname'),
    "table of an audit that is not there": (
        'table = "firms.csv"\nholder', 'table = "frims.csv"\nholder',
    ),
    "column that is not there": ('weight = "users"', 'weight = "user"'),
    "column of an audit that is not there": ('amount = "users"', 'amount = "user"'),
    "column of agencies that is not there": ('name = "body"', 'name = "bodies"'),
    "column of texts for numbers": ('weight = "users"', 'weight = "firm"'),
    "month that the table has not": ('month = "2018-01-01"', 'month = "2018-03-01"'),
    "layer that the table has not": ('strong = ["family"]', 'strong = ["familly"]'),
    "month that is no date": ('month = "2018-01-01"', 'month = "2018-13-01"'),
}  # fmt: skip
ASKED: dict[str, dict[str, tuple[str, str]]] = {  # found by the command that reads the section
    "search": {
        "objective": ('objectives = ["rights"', 'objectives = ["rigths"'),
        "one objective": ('["rights", "concentration"]', '["rights"]'),
        "target of no objective": ("{ rights = 0.25 }", "{ privacy_loss = 0.25 }"),
        "target above 1": ("{ rights = 0.25 }", "{ rights = 2.5 }"),
        "target that is a text": ("{ rights = 0.25 }", '{ rights = "much" }'),
    },
    "sensitivity": {
        "outcome after the last month": ('"harm@mean"', '"harm@99"'),
        "too few runs for a design": ("runs = 100", "runs = 8"),
    },
    "calibrate": {
        "target": ('targets = ["market"]', 'targets = ["markt"]'),
        "no targets": ('targets = ["market"]\n', ""),
        "fewer proposals than particles": ("particles = 16", "particles = 16\nproposals = 8"),
    },
}
COMMANDS: dict[str, Callable[..., Any]] = {
    "search": search.ask, "sensitivity": sensitivity.ask, "calibrate": calibration.ask,
}  # fmt: skip
NOTHING = "nothing is wrong with it"


def messages() -> list[str]:
    """A line for each thing that is said: the name of the study, a tab, and the message."""
    found = [f"{name}\t{line}" for name, change in READ.items() for line in said(*change)]
    for command, every in ASKED.items():
        for name, change in every.items():
            found += [f"{command}: {name}\t{line}" for line in said(*change, command=command)]
    return found


def said(before: str, after: str, command: str = "run") -> list[str]:
    """What is said of the good study with one place changed, before anything is run."""
    if GOOD.count(before) < 1:
        raise ValueError(f"the good study has no {before!r}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**TABLES, NAME: GOOD.replace(before, after, 1)}.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        try:
            _asked(Path(folder) / NAME, command)
        except InputError as error:
            return str(error).splitlines()
    return [NOTHING]


def _asked(path: Path, command: str) -> None:
    """Read a study as a command does, up to its first run: a file in place of the folder stops it.

    Running a study asks for its tables only after the folder, so that is done here by its parts.
    """
    if command == "run":
        study = read_study(path)
        read = inputs.read_inputs(study)
        inputs.measure_inputs(study, read)
        return
    try:
        COMMANDS[command](path, path)
    except StoreError:
        return
