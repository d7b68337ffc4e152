"""An option that would do nothing is refused and names the other; every other does something."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from datapolis.app.questions import type_of
from datapolis.audits import AUDITS, concentration, enforcement
from datapolis.audits.dependencies import Needs, Without, rules_of, unmet
from datapolis.audits.finding import options_of
from datapolis.core.errors import InputError
from tests.small_tables import CASES, asked

pytestmark = pytest.mark.outer

RULES = [
    pytest.param(kind, name, rule, id=f"{kind}-{name}-{type(rule).__name__}-{rule.options[0]}")
    for kind, audit in AUDITS.items()
    for name, rules in rules_of(get_type_hints(audit, include_extras=True)).items()
    for rule in rules
]


@pytest.mark.parametrize(("kind", "name", "rule"), RULES)
def test_an_option_without_effect_is_refused_and_both_are_named(kind, name, rule):
    """Refused before any table is read: the table given is none."""
    options = options_of(AUDITS[kind])
    named = {one: "x" for one, of in options.items() if of.default is of.empty}
    named |= {name: "given"}
    if isinstance(rule, Without):
        named |= dict.fromkeys(rule.options, "given")
        others = rules_of(get_type_hints(AUDITS[kind], include_extras=True))[name]
        for other in others:  # the other rules of the option are met
            if isinstance(other, Needs):
                named[other.options[0]] = other.value or "given"
    with pytest.raises(InputError) as caught:
        AUDITS[kind]("no such table.csv", **named)
    said = str(caught.value)
    assert f"--{name.replace('_', '-')} has no effect" in said
    assert all(f"--{one.replace('_', '-')}" in said for one in rule.options)


def test_names_of_the_rules_are_options_or_tables():
    for kind, audit in AUDITS.items():
        hints = get_type_hints(audit, include_extras=True)
        for rules in rules_of(hints).values():
            assert {one for rule in rules for one in rule.options} <= set(hints), kind


def test_what_is_given_is_what_differs_from_its_default():
    rules = {"a": [Needs("b")], "c": [Without("b")], "d": [Needs("b", value="x")]}
    plain = {"a": (), "b": "", "c": 1, "d": None}
    assert unmet(rules, plain, plain) is None
    assert unmet(rules, {**plain, "a": []}, plain) is None
    assert unmet(rules, {**plain, "a": np.zeros(2)}, plain)[0] == "a"
    assert unmet(rules, {**plain, "b": "x", "c": 2}, plain)[0] == "c"
    assert unmet(rules, {**plain, "b": "x", "d": 3}, plain) is None
    assert unmet(rules, {**plain, "b": "y", "d": 3}, plain)[0] == "d"


def test_a_weight_without_markets():
    """The table of 200 farms: without --within the weight was dropped in silence."""
    farms = {"size": [1, 5, 20, 100, 1000], "farms": [120, 60, 15, 4, 1]}
    options = {"holder": "size", "amount": "size", "basis": "amount", "public": True}
    with pytest.raises(InputError, match=r"--weight has no effect.*only with --within"):
        concentration(farms, **options, weight="farms")


def test_a_last_day_without_dates():
    table = {"land": list("ab") * 20, "fine": np.arange(40.0)}
    with pytest.raises(InputError, match=r"--as-of has no effect.*only with --date"):
        enforcement(table, amount="fine", by=["land"], as_of="2020-12-31")


# --- every option does something ---------------------------------------------------------------

VALUES = {
    "drop": ["who=w1", "land=l1", "payer=w1", "from=w1", "site=1", "free=yes", "holder=a",
             "side=a", "body=b1", "when=1", "thread=w1", "source=1", "kind=office"],
    "only": ["place=p1"],
    "as_of": ["2019-06-30", "2013-06-30"],
    "law_from": ["2010-06-01"],
    "currency": ["CHF"],
    "edge_means": ["y"],
    "amends": ["repo"],
    "layer": [["x"]],
    "by": ["side=b:a"],
    "outcome": ["income"],
    "min_group": [1000],
    "missing": ["?"],
    ("diffusion", "start"): [0],
}  # fmt: skip
WITHOUT = {
    "seed": "it says which chance, where there is any: a study sets one for all its audits",
    "draws": "it says how many samples, where there are any: a study sets one for all its audits",
    "duplicates": "no row of these tables repeats another",
    "empty": "no cell of this table is empty",
    "samples": "estimates are tried on files of 1,000 people or more",
    "totals": "no row of these tables is called a total",
    "amends": "no filing of this table amends another",
    "links": "all islands of this table are of equal size",
    "target": "a score is no target in any case, which a note says",
    "minus": "refused beside a score, under the name of `of`",
    "cover": "three holders see every site",
    "entry": "it tells rows of one unit and period apart, and here there is one of each",
    "post": "it is looked up by replies, and each stands once in a thread here",
    "never": "an empty cell means the same in this table, and is refused beside it",
    "public": "that it lifts suppression is tried where charts are",
}


def candidates(kind, one, columns):
    """Values of an option that are not its default."""
    hint, _ = type_of(one)
    if found := VALUES.get((kind, one.name), VALUES.get(one.name)):
        return found
    if hint is bool:
        return [not one.default]
    if get_origin(hint) is Literal:
        return [value for value in get_args(hint) if value != one.default]
    if hint in (int, float):
        start = 0 if one.default in (None, one.empty) else one.default
        return [hint(start + 1), hint(20), hint(1), 0.5 if hint is float else 3]
    if get_origin(hint) is Sequence:
        return [[name] for name in columns]
    if get_origin(hint) is Mapping:
        return [{"one": name} for name in columns]
    return columns


def told(audit):
    """All that an audit tells."""
    series = {
        name: {column: list(values) for column, values in table.items()}
        for name, table in audit.series.items()
    }
    words = (audit.title, audit.notes, audit.suppressed)
    return repr((audit.findings, audit.targets, words, series))


@pytest.mark.parametrize(("kind", "table", "options"), CASES)
def test_every_option_changes_something_or_is_refused_by_its_name(kind, table, options):
    privacy = {"public": True}
    plain = told(asked(kind, table, options, **privacy))
    columns = list(table())
    idle = []
    for name, one in options_of(AUDITS[kind]).items():
        if name in WITHOUT or name in options:
            continue
        given = {} if name in ("public", "min_group") else privacy
        before = plain if given else told(asked(kind, table, options))
        for value in itertools.islice(candidates(kind, one, columns), 14):
            try:
                found = told(asked(kind, table, {**options, name: value}, **given))
            except InputError as error:
                found = "" if name in str(error).replace("-", "_") else before
            if found != before:
                break
        else:
            idle.append(name)
    assert not idle
