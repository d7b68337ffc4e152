"""Every answer of docs/theory.md is asked for by a test, or it is said why not."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_ASKED = {
    "O09": "growth by fitness is not in the month, and its tail carries a logarithm no fit sees",
    "O13": "nothing here solves exchange on a network: the month bargains in one pair (O14, F14)",
    "O34": "nothing here answers at random to protect the answerer",
    "O49": "the month's sectors join in pure strategies, one after the other, never by a mixed one",
}


def declared():
    """The ids in the first column of the table of answers."""
    lines = (ROOT / "docs" / "theory.md").read_text().splitlines()
    cells = [line.split("|")[1] for line in lines if re.match(r"\| O\d\d", line)]
    return {one for cell in cells for one in re.findall(r"O\d\d", cell)}


def asked():
    """The ids that tests name: "(O36)" in a docstring, or test_o36 in a name."""
    here = Path(__file__).name
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != here]
    found = re.findall(r"(?:\bO|_o)(\d\d)(?!\d)", "\n".join(texts))
    return {f"O{number}" for number in found}


def test_ids_that_are_tested_exist():
    assert len(declared()) > 45
    assert asked() <= declared()
    assert set(NOT_ASKED) <= declared()


def test_every_answer_is_asked_for_or_it_is_said_why_not():
    assert declared() - asked() == set(NOT_ASKED)
