"""A study to begin with: every parameter, lever and table that can stand in one, with its meaning.

Written from the declarations, so it never falls behind them. What is commented out is the default.
"""

from __future__ import annotations

from collections.abc import Iterator

from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVER_DECLARED
from datapolis.studies.document.migrations import SCHEMA
from datapolis.studies.document.sections import WorldPart

WORLD = {
    "citizens": "time grows in proportion; 100_000 is a good size where there is time",
    "months": "how long, counted from 0",
    "seed": "of the world: who has which income, who knows whom",
    "regions": "each with a law and a market of its own",
    "firms": "a number, or a table [world.firms] as below",
    "agencies": "departments of government; a number, or a table [world.agencies]",
    "associations": "organizations of citizens",
    "income_spread": "standard deviation of the logarithm of income",
    "rewired": "share of kin ties that lead out of the neighbourhood",
}

TABLES = """
# Tables: CSV or Parquet, beside this file or in the folder given by --data. With `optional = true`
# a table that is not there is generated, and the report says so. Instead of the numbers above:
# [world.firms]
# table = "companies.csv"
# name = "company"             # a column
# weight = "reach"             # a column: how much of the market each reaches
# unit = "share of users"      # what it is measured in, told in the report
# basis = "market"             # parts of one whole; "amount" of sizes; "presence" if they overlap
# whole = "sum"                # of a market, if its parts sum to neither about 1 nor about 100
# public = true                # a public register: firms may be named, and few of them told of
# time = "month"               # a column of periods; all are measured
# month = "2018-01"            # the one to start from; the first if not given
# cadence = "monthly"          # what one period is, if periods are 1, 2, 3; of dates it is read
# most = 200                   # only the largest become firms
# [world.agencies]
# table = "bodies.csv"
# name = "body"
# openness = "rows"            # how many rows a body has, or a column
# [world.organizations]        # of all sectors: government, market, social
# table = "organizations.csv"
# name = "name"
# sector = "sector"
# data = "data"                # and any of wealth, reach, openness, region
# [world.ties]                 # between organizations
# table = "ties.csv"
# from = "one"
# to = "other"
# strength = "strength"        # 0 to 1
# [world.graph]                # between people
# table = "contacts.csv"
# from = "one"
# to = "other"
# layer = "layer"              # a column that tells strong from weak ties
# strong = ["family"]
# weak = ["online"]
# weight = "contacts"
# [world.incomes]              # microdata or deciles
# table = "incomes.csv"
# income = "income"
# weight = "people"
# Audits of tables, whose findings stand in the report: `datapolis measure --help` lists the kinds,
# `datapolis measure prices --help` the options of one.
# [measure.offers]
# kind = "prices"
# table = "offers.csv"
# outcome = "price"
# by = "income=low:high"
# within = ["city", "provider"]
# unit = "block"
"""

POLICIES = """
# Policies: levers from 0 (untouched) to 1 (full). Each is a number, or
#     {{ from = 60, to = 84, level = 0.8 }}       rises from month 60 to month 84, and stays
#     {{ at = 60, months = 12, level = 0.8 }}     0.8 for twelve months
#     {{ when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }}
#                                               acts when an index passed a mark last month
# The levers:
{levers}
[policies.none]                # always there, to compare with

[policies.open_government]
data_sharing = {{ from = 60, to = 84, level = 0.8 }}
open_data = 0.6

[policies.watchdog]
antitrust = {{ when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }}
# [policies.watchdog.parameters] # a policy can also set parameters, by a number, a ramp or a pulse
# law.lag = {{ from = 60, to = 84, level = 24.0 }}

# Shocks from outside, at most eight: a loss of data or wealth, or attacks times a factor.
# [[scenario]]
# month = 120
# whom = "largest"             # all, government, market, social, largest, or a place
# data = 0.5
# attacks = 10.0
# months = 3

[ensemble]
members = 32                   # each with chance of its own, the same under every policy
seed = 1
vary = ["attention.network_effect", "law.lag"]   # each member has another draw of these

# [record]
# extra = ["user_share_by_firm"] # besides the standard indices

[claims]
test = []                      # ids of docs/claims-map.md
"""


def study_text() -> str:
    """The text of a commented study that runs as it is."""
    levers = "\n".join(f"#   {name:<24} {one.about}" for name, one in LEVER_DECLARED.items())
    return "".join(
        [
            "# A study. Run it with: datapolis run THIS_FILE FOLDER_OF_THE_RESULTS\n",
            f"schema = {SCHEMA}\n",
            'title = "A study of data power"\n\n',
            "[world]\n",
            *_world(),
            TABLES,
            "\n# Parameters: take away the # in front of what you want to change.\n[parameters]\n",
            *_parameters(),
            POLICIES.format(levers=levers),
        ]
    )


def _world() -> Iterator[str]:
    small = {"citizens": 2_000}
    for name, about in WORLD.items():
        value = small.get(name, WorldPart.model_fields[name].default)
        shown = f"{value:_}" if isinstance(value, int) else f"{value:g}"
        yield _commented(f"{name} = {shown}", about)


def _parameters() -> Iterator[str]:
    group = ""
    for path, one in DECLARED.items():
        if path.partition(".")[0] != group:
            group = path.partition(".")[0]
            yield f"# --- {group}\n"
        unit = "" if one.unit == "1" else f" {one.unit}"
        about = f"{one.about}; {one.low:g} to {one.high:g}{unit}"
        yield _commented(f"# {path} = {float(one.default)!r}", about)


def _commented(line: str, about: str) -> str:
    return f"{line:<45} # {about}\n"
