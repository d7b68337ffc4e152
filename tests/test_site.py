"""The site says what the code says: examples run, commands exist, references are up to date."""

import importlib.util
import inspect
import os
import re
import runpy
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import typer

import datapolis as dp
from datapolis import audits, cli, indicators
from datapolis.cli.measure import measure_app
from datapolis.core.parameters import DECLARED
from datapolis.core.policy import LEVERS
from datapolis.model.indices import INDICES

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "docs"
SITE = ("learn", "guides", "look-up", "know")
PAGES = [DOCUMENTS / "index.md", *(p for one in SITE for p in (DOCUMENTS / one).rglob("*.md"))]
NAMES = {page: str(page.relative_to(DOCUMENTS)) for page in PAGES}


@cache
def script(name):
    """A script of the documents, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCUMENTS / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of(text, kind):
    """The blocks of code of one kind."""
    return re.findall(rf"^ *```{kind}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


# --- examples -----------------------------------------------------------------------------------


@pytest.fixture
def as_before(monkeypatch):
    """An audit that an example declares is forgotten after its page."""
    monkeypatch.setattr(audits.finding, "AUDITS", dict(audits.AUDITS))


@pytest.mark.outer
@pytest.mark.parametrize("page", script("run_examples").pages(), ids=lambda page: NAMES[page])
def test_the_examples_of_a_page_run_and_print_what_stands_there(page, tmp_path, as_before):
    examples = script("run_examples")
    if examples.lacks_tables(page):
        pytest.skip(f"{NAMES[page]}: DATA names no folder with its tables")
    for one in examples.run(page, tmp_path):
        if one.printed is not None or one.found:
            same = examples.agree(one.found, one.printed or "")
            assert same, f"{NAMES[page]}:{one.line} prints\n{one.found}"


def test_a_page_whose_tables_are_not_here_is_left_out_and_named(monkeypatch, capsys):
    monkeypatch.delenv("DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["run_examples.py", "learn/government-data.md"])
    assert script("run_examples").main() == 0
    assert "docs/learn/government-data.md is left out" in capsys.readouterr().out


def test_every_page_with_python_is_run():
    with_code = {page for page in PAGES if of(page.read_text("utf-8"), "python")}
    assert set(script("run_examples").pages()) == with_code


@pytest.mark.parametrize(
    ("found", "printed", "same"),
    [
        ("share 0.51\n", "share 0.50\n", True),
        ("share 0.71\n", "share 0.50\n", False),
        ("1,051,000 rows", "1,000,000 rows", False),
        ("True", "False", False),
    ],
)
def test_outputs_agree_if_words_are_the_same_and_numbers_are_near(found, printed, same):
    assert script("run_examples").agree(found, printed) is same


@pytest.mark.parametrize("page", PAGES, ids=lambda page: NAMES[page])
def test_programs_that_are_only_shown_compile_and_name_what_there_is(page):
    for block in of(page.read_text("utf-8"), "py"):
        compile(block, NAMES[page], "exec")
        for module, name in re.findall(r"\b(dp(?:\.\w+)*)\.(\w+)\(", block):
            thing = dp
            for part in module.split(".")[1:]:
                thing = getattr(thing, part)
            assert hasattr(thing, name), f"{module}.{name}"


# --- commands -----------------------------------------------------------------------------------


@cache
def commands():
    """The options of each command, and of each kind of audit."""
    app = typer.main.get_command(cli.app)
    kinds = typer.main.get_command(measure_app(lambda one: one, lambda: None))
    found = {f"measure {name}": kind for name, kind in kinds.commands.items()}
    found |= {name: one for name, one in app.commands.items() if name != "measure"}
    return {
        name: {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
        for name, command in found.items()
    }


def lines(text):
    """Each command in the blocks of shell, without comments."""
    for block in of(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == "datapolis":
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: NAMES[page])
def test_commands_and_their_options_exist(page):
    for words in lines(page.read_text("utf-8")):
        if words[-1] == "--help":
            continue
        name = " ".join(words[:2]) if words[0] == "measure" else words[0]
        assert name in commands(), name
        for word in words[1:]:
            if word.startswith("--"):
                assert word.partition("=")[0] in commands()[name], f"datapolis {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: NAMES[page])
def test_examples_of_toml_are_toml(page):
    import tomllib

    for block in of(page.read_text("utf-8"), "toml"):
        tomllib.loads(block)


# --- references ---------------------------------------------------------------------------------


def test_the_floor_plan_is_that_of_the_layers():
    kept = (DOCUMENTS / "floor-plan.svg").read_text("utf-8")
    assert kept == script("make_floor_plan").plan()


def test_generated_pages_are_up_to_date():
    for name, text in script("make_reference").pages().items():
        kept = (DOCUMENTS / "look-up" / name).read_text("utf-8")
        assert kept == text, f"look-up/{name}: run python docs/make_reference.py"


def documented():
    """The full names of what the pages of the library show."""
    pages = (DOCUMENTS / "look-up" / "api").glob("*.md")
    return re.findall(r"^::: (\S+)$", "".join(p.read_text("utf-8") for p in pages), re.MULTILINE)


def test_what_the_library_pages_show_exists():
    for path in documented():
        module, _, name = path.rpartition(".")
        assert hasattr(importlib.import_module(module), name), path


def test_every_public_name_of_the_doors_is_shown():
    shown = documented()
    names = {path.rpartition(".")[2] for path in shown}
    assert names >= set(dp._WHERE)
    assert names >= set(indicators.__all__)
    assert names >= set(audits.__all__)
    assert len(shown) == len(set(shown))


def test_every_index_parameter_and_lever_has_a_row():
    page = (DOCUMENTS / "look-up" / "parameters.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    wanted = [*DECLARED, *LEVERS, *INDICES]
    assert sorted(rows) == sorted(wanted)


def test_the_citation_is_of_this_version():
    import yaml

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert cited.keys() >= {"cff-version", "message", "title", "authors", "license"}
    assert str(cited["version"]) == dp.__version__


# --- the site -----------------------------------------------------------------------------------


def test_every_page_has_a_place_in_the_site_and_every_place_a_page():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    placed = re.findall(r"[\s:]([\w/-]+\.md)$", text.partition("\nnav:\n")[2], re.MULTILINE)
    pages = {str(path.relative_to(DOCUMENTS)) for path in DOCUMENTS.rglob("*.md")}
    assert len(placed) == len(set(placed))
    assert set(placed) == pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: NAMES[page])
def test_links_and_pictures_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_docstrings_become_tables_where_they_are_columns():
    columns = runpy.run_path(str(DOCUMENTS / "docstrings.py"))["as_markdown"]
    text = inspect.cleandoc(dp.simulate.__doc__)
    rows = re.findall(r"^\| `(\w+)` \|", columns(text), re.MULTILINE)
    given = [one for one in inspect.signature(dp.simulate).parameters if one in text]
    assert set(rows) <= set(given) and "months" in rows
    prose = (
        "A sentence.\n\n    H = sum  s**2\n\nAnother, with two  spaces inside, is no table\nhere."
    )
    assert columns(prose) == prose


@pytest.mark.outer
def test_the_site_builds_strictly_and_asks_nothing_of_the_network(tmp_path):
    pytest.importorskip("mkdocs", reason="MkDocs is not installed: pip install 'datapolis[docs]'")
    pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(PAGES)
    loaded = re.compile(
        r"<(?:script|img|iframe|link)\b[^>]*?(?:src|href)=\"?((?:https?:)?//[^\"> ]*)"
    )
    for page in pages:
        assert loaded.findall(page.read_text("utf-8")) == [], page.name
    styles = (tmp_path / "site").rglob("*.css")
    assert not any(re.search(r"url\(\"?(?:https?:)?//", css.read_text("utf-8")) for css in styles)
    assert (tmp_path / "site" / "search" / "search_index.js").is_file()
