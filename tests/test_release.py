"""What is released: wheel and sdist hold all that is needed, and nothing of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from datapolis import __version__
from verification import release

pytestmark = pytest.mark.outer

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return release.build(tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_every_file_of_the_package(files: list[Path]) -> None:
    (wheel,) = [path for path in files if path.suffix == ".whl"]
    held = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "src"
    wanted = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    information = f"datapolis-{__version__}.dist-info/"
    assert wanted <= held
    assert {one for one in held - wanted if not one.startswith(information)} == {
        "datapolis/model.md"
    }


def test_the_sdist_holds_what_builds_and_tests_it(files: list[Path]) -> None:
    (sdist,) = [path for path in files if path.name.endswith(".tar.gz")]
    head = f"datapolis-{__version__}/"
    with tarfile.open(sdist) as archive:
        held = {name.removeprefix(head) for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "NOTICE", "README.md", "docs/model.md"} <= held
    assert not [name for name in held if name.startswith((".venv", ".peers", "out/"))]


def test_an_installed_wheel_works_in_another_folder(files: list[Path], tmp_path: Path) -> None:
    """The packages it needs are borrowed from this environment; the checkout is not."""
    (wheel,) = [path for path in files if path.suffix == ".whl"]
    programs = release.environment(tmp_path / "environment", with_pip=False)
    python = programs / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    asked = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    own = Path(asked.stdout.strip())
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + os.linesep)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    said = list(release.use(programs / "datapolis", folder))
    assert said[0] == f"datapolis {__version__}" and len(said) == 4
    where = "import datapolis; print(datapolis.__file__)"
    found = subprocess.run([python, "-c", where], cwd=folder, capture_output=True, text=True)
    assert Path(found.stdout.strip()).is_relative_to(own)
    shutil.rmtree(tmp_path / "environment")
