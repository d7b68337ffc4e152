import re
from pathlib import Path

import pytest

from datapolis.core.errors import InputError
from datapolis.core.parameters import DECLARED, Parameters
from datapolis.core.policy import LEVERS, Policy, Pulse, Ramp, Rule
from datapolis.core.scenario import Shock
from datapolis.studies.document import migrations
from datapolis.studies.document.sections import CLAIMS
from datapolis.studies.document.template import study_text
from datapolis.studies.document.toml_positions import Lines
from datapolis.studies.study import parse_study, read_study

HEAD = 'schema = 2\ntitle = "t"\n'


def parse(text, head=HEAD):
    return parse_study((head + text).encode(), Path("study.toml"))


def slips(text, head=HEAD):
    with pytest.raises(InputError) as error:
        parse(text, head)
    return str(error.value).splitlines()


def test_every_kind_of_setting_becomes_a_policy():
    study = parse(
        "[policies.all]\n"
        "open_data = 0.6\n"
        "data_sharing = { from = 60, to = 84, level = 0.8 }\n"
        "portability = { from = 0, to = 12, level = 0.2, first = 0.9 }\n"
        "pricing_ban = { at = 60, months = 12, level = 0.8 }\n"
        'antitrust = { when = "top_fifth_share", above = 0.8, level = 1.0, release = 0.7 }\n'
    )
    assert list(study.policies) == ["none", "all"]
    assert study.policies["none"].levers == {}
    assert study.policies["all"].levers == {
        "open_data": 0.6,
        "data_sharing": Ramp(60, 84, 0.8),
        "portability": Ramp(0, 12, 0.2, 0.9),
        "pricing_ban": Pulse(60, 12, 0.8),
        "antitrust": Rule("top_fifth_share", above=0.8, level=1.0, release=0.7),
    }


def test_parameters_by_tables_dotted_keys_and_quoted_paths_are_the_same():
    ways = [
        "[parameters]\nlaw.lag = 24\nlaw.move = 0.02\n",
        '[parameters]\n"law.lag" = 24\n"law.move" = 0.02\n',
        "[parameters.law]\nlag = 24\nmove = 0.02\n",
        '[parameters]\nlaw = { lag = 24.0 }\n"law.move" = 0.02\n',
    ]
    for way in ways:
        study = parse(way)
        assert study.parameters == Parameters().set({"law.lag": 24.0, "law.move": 0.02})
        assert study.set_parameters == {"law.lag": 24.0, "law.move": 0.02}


def test_a_policy_schedules_parameters_from_where_they_are():
    study = parse(
        "[parameters]\nlaw.lag = 100\n[policies.fast.parameters]\n"
        "law.lag = { from = 12, to = 24, level = 20 }\n[policies.slow.parameters]\n"
        '"trust.gain" = 0.01\n'
    )
    assert study.policies["fast"].parameters == {"law.lag": Ramp(12, 24, 20.0, 100.0)}
    assert study.paths == ("law.lag", "trust.gain")


def test_shocks_claims_and_what_is_varied():
    study = parse(
        '[[scenario]]\nmonth = 3\nwhom = "largest"\ndata = 0.5\n[[scenario]]\nmonth = 4\n'
        'attacks = 10\n[ensemble]\nmembers = 5\nvary = ["law.lag"]\n'
        '[claims]\ntest = ["M9", "X01"]\n'
        '[record]\nextra = ["user_share_by_firm"]\n'
    )
    assert study.scenario == (Shock(3, "largest", data=0.5), Shock(4, attacks=10.0))
    assert study.ensemble.vary == ("law.lag",)
    assert study.claims == ("M9", "X01")
    assert study.record[-1] == "user_share_by_firm" and "trust" in study.record


def test_marks_of_other_systems_in_a_text_do_no_harm():
    text = (HEAD + "[world]\nmonths = 12\n").replace("\n", "\r\n")
    study = parse_study(b"\xef\xbb\xbf" + text.encode(), Path("study.toml"))
    assert study.world.months == 12
    assert study.lines.of(("world", "months")) == 4


def test_claims_are_those_of_the_essay():
    assert len(CLAIMS) == 6 + 33 + 21 + 13 + 31 + 15 + 24


ONE_SLIP = [
    # unknown keys, with the nearest name
    (
        "[world]\ncitizen = 500\n",
        "study.toml:4: world.citizen: no such key; did you mean 'citizens'?",
    ),
    ("[wrld]\n", "study.toml:3: wrld: no such key; did you mean 'world'?"),
    (
        "[policies.watchdog]\n\nantitrst = 0.4\n",
        "study.toml:5: policies.watchdog.antitrst: no such lever; did you mean 'antitrust'?",
    ),
    (
        "[parameters]\nlaw.lga = 24\n",
        "study.toml:4: parameters.law.lga: no such parameter; did you mean 'lag'?",
    ),
    (
        "[parameters]\nlow.lag = 24\n",
        "study.toml:4: parameters.low: no such group of parameters; did you mean 'law'?",
    ),
    (
        '[policies.a]\nantitrust = { when = "harm", above = 0.1, levle = 1.0 }\n',
        "study.toml:4: policies.a.antitrust.levle: no such key of a rule; did you mean 'level'?",
    ),
    (
        '[world.firms]\ntable = "t.csv"\nname = "n"\nweight = "w"\ntiem = "m"\n',
        "study.toml:7: world.firms.tiem: no such key; did you mean 'time'?",
    ),
    ("[search]\nlevrs = []\n", "study.toml:4: search.levrs: no such key; did you mean 'levers'?"),
    (
        "[sensitivity]\nrnus = 64\n",
        "study.toml:4: sensitivity.rnus: no such key; did you mean 'runs'?",
    ),
    (
        "[calibration]\nparticle = 64\n",
        "study.toml:4: calibration.particle: no such key; did you mean 'particles'?",
    ),
    (
        "[ensemble]\nmember = 4\n",
        "study.toml:4: ensemble.member: no such key; did you mean 'members'?",
    ),
    # wrong types
    (
        '[world]\ncitizens = "many"\n',
        "study.toml:4: world.citizens: of the wrong type (given: 'many'); allowed: a whole number",
    ),
    (
        "[world]\ncitizens = 500.5\n",
        "study.toml:4: world.citizens: of the wrong type (given: 500.5); allowed: a whole number",
    ),
    (
        "[parameters]\nlaw.lag = true\n",
        "study.toml:4: parameters.law.lag: of the wrong type (given: True); allowed: a number",
    ),
    ("world = 3\n", "study.toml:3: world: of the wrong type (given: 3); allowed: a table"),
    (
        "[ensemble]\nvary = 3\n",
        "study.toml:4: ensemble.vary: of the wrong type (given: 3); allowed: a list",
    ),
    # out of range, nan
    (
        "[parameters]\nlaw.lag = 3\n",
        "study.toml:4: parameters.law.lag: out of range (given: 3); allowed: 12 to 240 month",
    ),
    (
        "[policies.a]\nopen_data = 1.2\n",
        "study.toml:4: policies.a.open_data: out of range (given: 1.2); allowed: 0 to 1",
    ),
    (
        "[policies.a]\nopen_data = { from = 3, to = 9, level = -1 }\n",
        "study.toml:4: policies.a.open_data.level: out of range (given: -1); allowed: 0 to 1",
    ),
    (
        "[policies.a]\nopen_data = { from = -3, to = 9, level = 1 }\n",
        "study.toml:4: policies.a.open_data.from: out of range (given: -3); allowed: at least 0",
    ),
    (
        "[parameters]\nlaw.lag = nan\n",
        "study.toml:4: parameters.law.lag: of the wrong type (given: nan); "
        "allowed: a number that is not nan or inf",
    ),
    (
        "[world]\nmonths = 0\n",
        "study.toml:4: world.months: out of range (given: 0); allowed: 1 to 12_000",
    ),
    (
        "[ensemble]\nmembers = 0\n",
        "study.toml:4: ensemble.members: out of range (given: 0); allowed: 1 to 1_000_000",
    ),
    # settings that contradict themselves
    (
        "[policies.a]\nopen_data = { from = 9, to = 3, level = 1 }\n",
        "study.toml:4: policies.a.open_data: a ramp ends before it starts (9 to 3); "
        "allowed: from <= to",
    ),
    (
        '[policies.a]\nopen_data = { when = "harm", level = 1 }\n',
        "study.toml:4: policies.a.open_data: a rule needs exactly one mark; "
        "allowed: above = x, or below = x",
    ),
    (
        '[policies.a]\nopen_data = { when = "harm", above = 0.2, release = 0.3 }\n',
        "study.toml:4: policies.a.open_data: the release lies on the wrong side of the mark; "
        "allowed: release <= above, or release >= below",
    ),
    (
        '[policies.a]\nopen_data = "much"\n',
        "study.toml:4: policies.a.open_data: of none of the kinds that a lever can be "
        "(given: 'much'); allowed: 0 to 1, { from, to, level }, { at, months, level }, or "
        "{ when, above or below, level, release }",
    ),
    (
        "[policies.a.parameters]\nlaw.lag = { when = 'harm', above = 0.2, level = 20 }\n",
        "study.toml:4: policies.a.parameters.law.lag: no value over time; "
        "allowed: 12 to 240, { from, to, level }, { at, months, level }",
    ),
    # names that do not exist
    (
        '[policies.a]\nopen_data = { when = "hram", above = 0.2 }\n',
        "study.toml:4: policies.a.open_data.when: a rule on an index that does not exist "
        "(given: 'hram'); did you mean 'harm'?",
    ),
    (
        '[policies.a]\nopen_data = { when = "power_share", above = 0.2 }\n',
        "study.toml:4: policies.a.open_data.when: an index of several numbers; a rule acts on one "
        "(given: 'power_share'); allowed: power_share.government, power_share.market, "
        "power_share.social",
    ),
    (
        '[record]\nextra = ["usr_share_by_firm"]\n',
        "study.toml:4: record.extra.0: no such index (given: 'usr_share_by_firm'); "
        "did you mean 'user_share_by_firm'?",
    ),
    (
        '[ensemble]\nvary = [\n  "law.lag",\n  "trust.gian",\n]\n',
        "study.toml:6: ensemble.vary.1: no such parameter (given: 'trust.gian'); "
        "did you mean 'trust.gain'?",
    ),
    (
        '[claims]\ntest = ["M34"]\n',
        "study.toml:4: claims.test.0: no such claim (given: 'M34'); did you mean 'M4'?",
    ),
    (
        '[[scenario]]\nmonth = 3\n[[scenario]]\nmonth = 4\nwhom = "markt"\n',
        "study.toml:7: scenario.1.whom: nobody of that name to shock (given: 'markt'); "
        "allowed: all, government, market, social, largest, or a place; did you mean 'market'?",
    ),
    # given twice, or missing
    (
        "[policies.a]\n[policies.b]\n[policies.a]\n",
        "study.toml:5: not TOML: cannot declare policies.a twice",
    ),
    (
        '[parameters]\nlaw.lag = 24\n"law.lag" = 36\n',
        "study.toml:5: parameters.law.lag: given twice; allowed: each parameter once",
    ),
    (
        '[ensemble]\nvary = ["law.lag", "law.lag"]\n',
        "study.toml:4: ensemble.vary: 'law.lag' stands twice; allowed: each once",
    ),
    ('[world.firms]\ntable = "t.csv"\nname = "n"\n', "study.toml:3: world.firms.weight: missing"),
    (
        "[policies.none]\nopen_data = 1.0\n",
        "study.toml:3: policies.none: the policy 'none' does nothing; "
        "allowed: an empty [policies.none]",
    ),
    (
        '[policies."a/b"]\n',
        "study.toml:3: policies.a/b: no name for a policy; "
        "allowed: letters, digits, _ and -, a letter first",
    ),
]


@pytest.mark.parametrize(("text", "line"), ONE_SLIP)
def test_one_slip_is_told_in_one_line(text, line):
    assert slips(text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'schema = 3\ntitel = "t"\n',
            "study.toml:1: schema: made for a newer datapolis; update datapolis to run it "
            "(given: 3); allowed: 1, 2",
        ),
        (
            'schema = 0\ntitle = "t"\n',
            "study.toml:1: schema: no such version of study files (given: 0); allowed: 1, 2",
        ),
        ('title = "t"\n', "study.toml: schema: the schema is missing; allowed: schema = 2"),
        ("schema = 2\n", "study.toml: title: missing"),
        ('schema = 2\ntitle = "t\n', "study.toml:2: not TOML: illegal character '\\n'"),
        ("schema = 2\ntitle = [3\n", "study.toml:3: not TOML: unclosed array"),
    ],
)
def test_what_is_wrong_with_the_file_itself(text, line):
    assert slips(text, head="") == [line]


def test_all_slips_are_told_at_once_in_the_order_of_the_file():
    found = slips(
        "[world]\ncitizens = 5\n[policies.a]\nantitrst = 1.0\nopen_data = 2.0\n"
        'pricing_ban = { when = "hram", above = 1.0 }\n[ensemble]\nmembers = -1\n'
    )
    assert [line.split(": ")[0] for line in found] == [f"study.toml:{n}" for n in (4, 6, 7, 8, 10)]


def test_a_file_that_is_not_there_names_the_nearest(tmp_path):
    (tmp_path / "study.toml").write_text(HEAD)
    with pytest.raises(InputError, match=r"stduy.toml: no such file; did you mean 'study.toml'"):
        read_study(tmp_path / "stduy.toml")
    with pytest.raises(InputError, match="a folder, not a study"):
        read_study(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe4"')
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        read_study(tmp_path / "latin.toml")


def test_lines_of_keys_under_all_spellings():
    text = '''# a comment with [brackets] and "quotes"
a = 1
"b c".d = """
text = 3
"""
[e] # here
f = [ # a list
  "x = 3",
  2,
]
g = { h = 1, i = { j = "}" } }
[[k]]
l = 'x'
[[k]]
l = 1979-05-27T07:32:00Z
[k.m]
n = 1
'''
    lines = Lines(text)
    found = {
        ("a",): 2,
        ("b c", "d"): 3,
        ("e",): 6,
        ("e", "f"): 7,
        ("e", "f", 0): 8,
        ("e", "f", 1): 9,
        ("e", "g", "i", "j"): 11,
        ("k", 0, "l"): 13,
        ("k", 1): 14,
        ("k", 1, "l"): 15,
        ("k", 1, "m", "n"): 17,
    }
    assert {place: lines.of(place) for place in found} == found
    assert lines.of(("e", "missing")) == 6 and lines.of(("missing",)) is None


def test_the_template_says_everything_and_fits(tmp_path):
    text = study_text()
    path = tmp_path / "study.toml"
    path.write_text(text)
    study = read_study(path)
    assert study.parameters == Parameters()
    for name in (*DECLARED, *LEVERS):
        assert name in text
    changed = re.sub(r"(?m)^# (\w+\.\w+ = )", r"\1", text.partition("# Policies")[0])
    assert set(parse(changed, head="").set_parameters) == set(DECLARED)


def test_the_example_fits():
    example = Path(__file__).parents[2] / "examples" / "web-tracking" / "study.toml"
    study = read_study(example)
    assert len(study.policies) == 4 and study.ensemble.members >= 32
    assert all(isinstance(policy, Policy) for policy in study.policies.values())


def test_a_study_of_an_earlier_version_is_read_as_one_of_this():
    """datapolis 0.1.0 called parts of one whole a share."""
    firms = '[world.firms]\ntable = "firms.csv"\nname = "name"\nweight = "users"\nbasis = "{}"\n'
    text = ('schema = {}\ntitle = "t"\n' + firms).format
    old, new = (parse(text(*one), head="") for one in ((1, "share"), (2, "market")))
    assert old.asked == new.asked
    assert old.text == text(1, "share").encode()  # kept as it was given
    (told,) = slips(text(2, "share"), head="")
    assert told.startswith("study.toml:7: world.firms.basis: not one of the words it can be")


def test_versions_are_taken_on_one_after_another(monkeypatch):
    """Say "seed" had been called "chance" once, and a title had been optional before that."""

    def titled(raw):
        return {"title": "untitled", **raw}

    def seeded(raw):
        ensemble = dict(raw.get("ensemble", {}))
        return {**raw, "ensemble": {"seed": ensemble.pop("chance", 0), **ensemble}}

    monkeypatch.setattr(migrations, "SCHEMA", 3)
    monkeypatch.setattr(migrations, "STEPS", {1: titled, 2: seeded})
    old = parse("schema = 1\n[ensemble]\nchance = 7\n", head="")
    new = parse('schema = 3\ntitle = "untitled"\n[ensemble]\nseed = 7\n', head="")
    assert old.asked == new.asked
    with pytest.raises(InputError, match=r"newer datapolis.*allowed: 1, 2, 3"):
        parse('schema = 4\ntitle = "t"\n', head="")


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ('fraction = "0.5"', "a number"),
        ('least_k = "2"', "a whole number"),
        ('quasi = "age"', 'a list, ["one", "other"]'),
        ("quasi = [1]", 'a list, ["one", "other"]'),
    ],
)
def test_an_option_of_an_audit_has_its_type(option, allowed):
    needed = "" if "quasi" in option else 'quasi = ["age"]\n'
    (told,) = slips(f'[measure.d]\nkind = "disclosure"\ntable = "d.csv"\n{needed}{option}\n')
    assert told.endswith(f"allowed: {allowed}")
