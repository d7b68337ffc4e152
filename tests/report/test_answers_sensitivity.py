"""The page of a sensitivity says what its numbers say."""

import json

import pytest

from datapolis.report.answered import html
from datapolis.report.answers import sensitivity
from datapolis.studies.sensitivity import CHANCE, Dependence, Influence, Sensitivity

NAMES = ["law.lag", "attention.network_effect", CHANCE]


def influences(sizes, alone=(0.1, 0.05, 0.02)):
    return tuple(
        Influence(name, rank, size, size * 0.8, size * 1.2, one, one - 0.01, one + 0.01)
        for rank, (name, size, one) in enumerate(zip(NAMES, sizes, alone, strict=True), 1)
    )


def answer(method, sizes=(0.5, 0.2, 0.1), spread=0.3):
    return Sensitivity(
        method=method,
        runs=80,
        months=24,
        citizens=500,
        policy="none",
        varied=tuple(NAMES[:-1]),
        dependences=(
            Dependence("harm", "share", 0.2, spread, 0, influences(sizes)),
            Dependence("trust@mean", "share", 0.5, 0.1, 3, influences(sizes)),
        ),
    )


@pytest.fixture
def folder(tmp_path):
    def write(found):
        (tmp_path / "answer.json").write_text(json.dumps(found.as_json(), allow_nan=False))
        question = {
            "kind": "sensitivity", "method": found.method, "outcomes": ["harm", "trust@mean"],
            "vary": NAMES[:-1], "size": 20, "months": 24, "citizens": 500, "policy": "none",
        }  # fmt: skip
        (tmp_path / "question.json").write_text(json.dumps(question))
        return tmp_path

    return write


def test_the_answer_survives_its_file():
    for method in ("morris", "sobol"):
        found = answer(method)
        assert Sensitivity.from_json(json.loads(json.dumps(found.as_json()))) == found


def test_the_page_says_what_matters_and_how_much_is_chance(folder):
    page = sensitivity.page(folder(answer("sobol")))
    assert "harm depends most on law.lag and attention.network_effect" in page.answer
    assert "chance makes 2 % of its variance by itself, and has a part in 10 %" in page.answer
    assert [one.title for one in page.sections] == ["harm", "trust@mean"]
    assert "In 3 runs it had no value" in page.sections[1].text
    text = html(page, {"facts": {}, "inputs": []})
    assert text.count('role="img"') == 4


def test_screening_holds_parameters_against_chance(folder):
    page = sensitivity.page(folder(answer("morris")))
    assert "another luck alone moves it by 0.1, and 0 of 2 parameters" in page.answer
    assert "runs=80" in page.again[0]
    small = sensitivity.page(folder(answer("morris", sizes=(0.5, 0.11, 0.1))))
    assert "and 1 of 2 parameters move it no more than that" in small.answer


def test_an_outcome_that_never_changes_depends_on_nothing(folder):
    page = sensitivity.page(folder(answer("morris", sizes=(0.0, 0.0, 0.0), spread=0.0)))
    assert "harm is the same in all runs" in page.answer


def test_chance_is_always_drawn():
    many = tuple(
        Influence(path, rank, 1.0 / rank, 0.0, 2.0 / rank, 0.0)
        for rank, path in enumerate([*list(sensitivity.DECLARED)[:20], CHANCE], 1)
    )
    one = Dependence("harm", "share", 0.2, 0.1, 0, many)
    for width in (720, 354):
        (chart,) = sensitivity.charts(one, "morris", width)
        spec = chart.to_dict()
        assert "chance" in spec["description"] and spec["title"] == "What harm depends on"
