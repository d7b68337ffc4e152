"""The schema of study files agrees with what checks them."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from datapolis.audits import AUDITS
from datapolis.audits.finding import options_of
from datapolis.core.errors import InputError
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVERS
from datapolis.studies import study
from datapolis.studies.document import schema
from datapolis.studies.document.template import study_text
from datapolis.studies.study import parse_study

ROOT = Path(__file__).parents[2]
SCHEMA = schema.json_schema()
CHECKER = jsonschema.Draft7Validator(SCHEMA)
HEAD = 'schema = 2\ntitle = "A study"\n'


def fits(text):
    """Whether the schema accepts a study."""
    return CHECKER.is_valid(tomllib.loads(text))


def read(text):
    """Whether the reader of studies accepts it."""
    try:
        parse_study(text.encode(), Path("study.toml"))
    except InputError:
        return False
    return True


def test_it_is_a_schema_and_its_text_is_its_json():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert json.loads(schema.schema_text()) == json.loads(json.dumps(SCHEMA))


@pytest.mark.parametrize(
    "text",
    [study_text(), *(path.read_text("utf-8") for path in ROOT.glob("examples/*/*.toml"))],
    ids=lambda text: text[:40],
)
def test_studies_that_ship_fit(text):
    assert [error.message for error in CHECKER.iter_errors(tomllib.loads(text))] == []
    assert read(text)


GOOD = [
    "",
    "[world]\ncitizens = 200\nfirms = 20",
    '[world.firms]\ntable = "a.csv"\nname = "n"\nweight = "w"\ntime = "t"\nmonth = "1"',
    '[world.graph]\ntable = "a.csv"\nfrom = "a"\nto = "b"\nstrong = ["kin"]',
    "[parameters]\nlaw.lag = 24\nattention.network_effect = 0.4",
    '[parameters]\n"law.lag" = 24.0',
    "[policies.none]",
    "[policies.a]\nopen_data = 1\nantitrust = { at = 3, months = 2, level = 0.5 }",
    "[policies.a]\nopen_data = { from = 3, to = 3, level = 1.0, first = 0.2 }",
    '[policies.a]\nantitrust = { when = "power_share.market", below = 0.3 }',
    "[policies.a.parameters]\nlaw.lag = { from = 1, to = 2, level = 24.0 }",
    '[[scenario]]\nmonth = 3\nwhom = "largest"\ndata = 0.5',
    "[[scenario]]\nmonth = 3\nwhom = 12",
    '[ensemble]\nmembers = 4\nvary = ["law.lag"]',
    '[record]\nextra = ["user_share_by_firm"]',
    '[sensitivity]\nmethod = "sobol"\noutcomes = ["harm@120", "power_share.market"]',
    '[search]\nobjectives = ["rights", "-harm@mean"]\nlevers = ["open_data"]',
    '[calibration]\ntargets = ["S04"]\nparticles = 8',
    '[measure.a]\nkind = "concentration"\ntable = "a.csv"\nholder = "h"\namount = "a"\n'
    'basis = "market"',
    '[measure.a]\nkind = "prices"\ntable = "a.csv"\noutcome = "p"\nwithin = ["c"]\nby = "i=a:b"',
]
BAD = [
    "[world]\ncitizens = 50",
    "[world]\ncitizns = 200",
    '[world]\ncitizens = "many"',
    "[world]\nfirms = 2",
    '[world.firms]\ntable = "a.csv"\nname = "n"',
    '[world.firms]\ntable = "a.csv"\nname = "n"\nweight = "w"\nmonth = "1"',
    "[parameters]\nlaw.lag = 1",
    "[parameters]\nlaw.lagg = 24",
    "[parameters]\nlaw.lag = { from = 1, to = 2, level = 24.0 }",
    "[policies.none]\nopen_data = 1.0",
    "[policies.1a]\nopen_data = 1.0",
    "[policies.a]\nopn_data = 1.0",
    "[policies.a]\nopen_data = 1.5",
    "[policies.a]\nopen_data = true",
    "[policies.a]\nopen_data = { from = 3, to = 4, level = 1.5 }",
    "[policies.a]\nopen_data = { from = 3, level = 0.5 }",
    "[policies.a]\nopen_data = { at = 3, months = 0, level = 0.5 }",
    '[policies.a]\nantitrust = { when = "harm" }',
    '[policies.a]\nantitrust = { when = "harm", above = 0.1, below = 0.2 }',
    '[policies.a]\nantitrust = { when = "harms", above = 0.1 }',
    '[policies.a]\nantitrust = { when = "power_share", above = 0.1 }',
    '[policies.a.parameters]\nlaw.lag = { when = "harm", above = 0.1 }',
    '[[scenario]]\nmonth = 3\nwhom = "somebody"',
    "[[scenario]]\nmonth = 3\ndata = 1.5",
    '[ensemble]\nvary = ["law.lagg"]',
    '[ensemble]\nvary = ["law.lag", "law.lag"]',
    '[record]\nextra = ["harms"]',
    '[claims]\ntest = ["X99"]',
    '[sensitivity]\nmethod = "other"',
    '[sensitivity]\noutcomes = ["harms"]',
    '[search]\nlevers = ["open"]',
    "[calibration]\nparticles = 2",
    '[measure.a]\nkind = "concentratio"\ntable = "a.csv"',
    '[measure.a]\nkind = "concentration"\ntable = "a.csv"\nholder = "h"\namount = "a"',
    '[measure.a]\nkind = "concentration"\ntable = "a.csv"\nholder = 5\namount = "a"\n'
    'basis = "market"',
    '[measure.a]\nkind = "concentration"\nholder = "h"\namount = "a"\nbasis = "market"',
    "[other]\nkey = 1",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_read_fits(text):
    assert read(HEAD + text) and fits(HEAD + text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_refused_does_not_fit(text):
    assert not read(HEAD + text) and not fits(HEAD + text)


def test_every_parameter_lever_and_audit_can_be_completed():
    defined = SCHEMA["definitions"]
    groups = defined["parameters"]["properties"]
    paths = {f"{group}.{name}" for group, one in groups.items() for name in one["properties"]}
    assert paths == set(DECLARED)
    assert set(defined["policy"]["properties"]) == {*LEVERS, "parameters"}
    kinds = {one["properties"]["kind"]["const"] for one in defined["measure"]["oneOf"]}
    assert kinds == set(AUDITS)


@pytest.mark.parametrize("name", AUDITS)
def test_no_option_of_an_audit_is_hidden_by_a_key_of_the_study(name):
    assert not set(options_of(AUDITS[name])) & set(study.MeasurePart.model_fields)


def test_every_key_has_words():
    assert list(schema.TOP) == list(SCHEMA["properties"])
    for name, part in schema.PARTS.items():
        keys = {field.alias or key for key, field in part.model_fields.items()}
        assert keys == set(schema.WORDS[name]), name
