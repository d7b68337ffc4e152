"""Keep what is found now, on purpose: say in the commit and in CHANGELOG.md what moved, and why.

    python -m tests.guards.renew            says what differs, and keeps what is found now
    python -m tests.guards.renew NAME ...   some guards only

A real table that is not here is not measured: what is kept of it stays. Set DATA to their folder.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import tests.conftest  # noqa: F401  the flags of the compiler, before JAX is loaded
from datapolis.audits import AUDITS
from datapolis.core.errors import nearest
from tests.guards import comparing, model, names, studies
from tests.guards.audits import found_of

RELATIVE = {"audits": 1e-9, "society": 1e-5, "results": 1e-5}  # by which a float may differ
ELSEWHERE = 1e-6  # on another kind of processor
SIMULATED = {"society": model.society, "results": model.results}
LINES = {"studies": studies.messages, "names": names.names}
GUARDS = [*(f"audits_{kind}" for kind in AUDITS), *SIMULATED, *LINES]
SHOWN = 60  # differences of a guard that are printed


def other(name: str, kept: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What is not as it was kept, in sentences."""
    relative = RELATIVE[name.partition("_")[0]]
    if comparing.read_json("society")["platform"] != comparing.platform():
        relative = max(relative, ELSEWHERE)
    return comparing.differences_of(kept, found, relative)


def renew(name: str) -> list[str]:
    """Keep what is found now under a name; what differs from what was kept, in sentences."""
    if name in LINES:
        lines = LINES[name]()
        said = comparing.other_lines(comparing.read_lines(name), lines)
        comparing.write_lines(name, lines)
        return said
    kept, absent = comparing.read_json(name), {}
    if name in SIMULATED:
        found = SIMULATED[name]()
    else:
        found, absent = found_of(name.removeprefix("audits_"))
        found = {**{what: kept[what] for what in absent if what in kept}, **found}
    said = other(name, kept, found)
    said += [f"{place}: other bits" for place in comparing.other_bits(kept, found)]
    comparing.write_json(name, found)
    return [*said, *(f"{what}: left as it is kept: {why}" for what, why in absent.items())]


def main() -> None:
    """Renew what is asked for."""
    asked = sys.argv[1:] or GUARDS
    for name in asked:
        if name not in GUARDS:
            near = nearest(name, GUARDS)
            raise SystemExit(f"{name}: no such guard; did you mean {near}? {', '.join(GUARDS)}")
    for name in asked:
        said = renew(name)
        print(f"{name}: {len(said) or 'nothing'} to tell", *said[:SHOWN], sep="\n  ")
        if len(said) > SHOWN:
            print(f"  and {len(said) - SHOWN} more")


if __name__ == "__main__":
    main()
