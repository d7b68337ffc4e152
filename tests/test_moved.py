"""Modules under their old names: the same modules, with a warning."""

import importlib
import subprocess
import sys

import pytest

from datapolis._moved import MOVED


@pytest.mark.parametrize("name", MOVED)
def test_an_old_name_is_the_same_module_and_warns(name):
    now = importlib.import_module(f"datapolis.{MOVED[name]}")
    sys.modules.pop(f"datapolis.{name}", None)
    with pytest.warns(DeprecationWarning, match=f"datapolis.{name} is now {now.__name__}"):
        assert importlib.import_module(f"datapolis.{name}") is now
    assert now.__spec__.name == now.__name__


def test_a_module_inside_a_moved_package_is_not_loaded_twice():
    program = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "import datapolis.mechanisms.law as old\n"
        "from datapolis.model.mechanisms import law as new\n"
        "assert old is new"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
