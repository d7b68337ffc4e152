"""The mutants of verification/mutants.py: one change each, in equations and nowhere else."""

import ast
from pathlib import Path

import pytest

from datapolis import mechanisms
from verification.mutants import mutants

TEXT = '''"""1 + 1."""

@writes("a" + "b")
def one(a: Array | None, key: Array) -> Array:
    """2 + 2."""
    if a is None:
        raise ValueError("a" + "b")
    b = clip01(a - 0.5) < chance(key, many, 3)
    return replace(a, b=jnp.where(~b, a.shape[1], 4), c=-a)
'''
EXPECTED = {
    ("a - 0.5", "(a + 0.5)"),
    ("a - 0.5", "a"),
    ("0.5", "0.75"),
    ("clip01(a - 0.5)", "(a - 0.5)"),
    ("clip01(a - 0.5) < chance(key, many, 3)", "(clip01(a - 0.5) > chance(key, many, 3))"),
    ("clip01(a - 0.5) < chance(key, many, 3)", "(clip01(a - 0.5) <= chance(key, many, 3))"),
    ("b=jnp.where(~b, a.shape[1], 4)", ""),
    ("c=-a", ""),
    ("jnp.where(~b, a.shape[1], 4)", "jnp.where(~b, 4, a.shape[1])"),
    ("~b", "b"),
    ("4", "3"),
    ("-a", "a"),
}


def test_equations_are_changed_and_nothing_else():
    found = mutants(TEXT)
    assert {(one.before, one.after) for one in found} == EXPECTED
    assert len(found) == len(EXPECTED)


@pytest.mark.parametrize("name", ["law", "monitoring"])
def test_every_mutant_can_be_read_and_is_another(name):
    text = Path(mechanisms.__file__).with_name(f"{name}.py").read_text()
    found = mutants(text)
    assert len({one.identity for one in found}) == len(found) > 30
    trees = {ast.dump(ast.parse(one.text)) for one in found}
    assert ast.dump(ast.parse(text)) not in trees


def test_a_name_outlives_a_move():
    def names(text):
        return [one.identity for one in mutants(text)]

    assert names("a = b + 1.0\n") == names("\n\n# something new\na = b + 1.0\n")
