"""What comes along is pinned to files, and its licences are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verification import supply

REQUIREMENTS = Path(__file__).parents[1] / "requirements"
PIN = re.compile(r"^[A-Za-z0-9._-]+==\S+( ;.*)? \\$")


@pytest.mark.parametrize("name", ["core.txt", "dev.txt"])
def test_every_requirement_is_one_version_with_the_hashes_of_its_files(name: str) -> None:
    text = (REQUIREMENTS / name).read_text()
    lines = [line for line in text.splitlines() if not line.startswith(" ")]
    assert lines and all(PIN.match(line) for line in lines if line)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry
    assert "://" not in text  # no index is named


def test_dev_pins_what_core_pins() -> None:
    pins = [
        set(re.findall(r"^(\S+==\S+)", (REQUIREMENTS / name).read_text(), re.M))
        for name in ("core.txt", "dev.txt")
    ]
    assert pins[0] <= pins[1]


@pytest.mark.parametrize("extra", ["", *supply.EXTRAS])
def test_licences_may_be_passed_on_together_or_are_told(extra: str) -> None:
    parts = supply.closure(extra)
    assert supply.incompatible(parts) == []
    if not extra:  # exceptions come with extras alone
        assert not parts.keys() & supply.APART.keys()
    text = supply.PAGE.read_text(encoding="utf-8")
    assert all(f"| {name} |" in text for name in parts)
