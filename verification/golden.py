"""Numbers that stay true: results of this version, kept with tolerances, and asked for again.

    python -m verification.golden check     compares what is computed now with what is kept
    python -m verification.golden write     keeps what is computed now; say in the commit why
    python -m verification.golden oldest    makes an environment of the oldest versions allowed, in
                                      .golden/, and checks there

Kept in tests/golden/numbers.json. A simulated number may move by float32 rounding, since compilers
add in another order; a finding of an audit is arithmetic in float64, or draws from NumPy's
generators, whose streams are fixed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "golden" / "numbers.json"
TABLE = ROOT / "examples" / "web-tracking" / "tracker_company_month_201705_201801.csv"
OLDEST = ROOT / ".golden"
TOLERANCE = {"society": 1e-3, "audit": 1e-9}  # of the number, and of 1e-6 where it is near 0
RECORD = (
    "power_share", "total_power", "partnership", "top_fifth_share", "user_herfindahl", "solved",
    "law_gap", "trust", "harm", "stray_share", "rights", "rights_inequality", "citizens_gain",
)  # fmt: skip
MONTHS = (0, 11, 23)
WATCHED = ("jax", "numpy", "xarray", "ibis-framework", "duckdb", "zarr", "scipy", "statsmodels")

Numbers = dict[str, float]


def society() -> Numbers:
    """Indices of a small society under a ramp and a rule, at three months."""
    import datapolis as dp

    world = dp.World.generate(400, seed=1)
    rule = dp.Rule(when="top_fifth_share", above=0.3, level=0.5)
    policy = dp.Policy(data_sharing=dp.ramp(3, 9, 0.8), open_data=0.4, antitrust=rule)
    results = dp.simulate(world, months=24, seed=1, policy=policy, record=list(RECORD))
    found = {}
    for name in RECORD:
        values = results[name]
        flat = values.values.reshape(values.sizes["month"], -1)
        for month in MONTHS:
            for place, value in enumerate(flat[month]):
                found[f"{name}[{place}] in month {month}"] = float(value)
    return found


def audit() -> Numbers:
    """Findings of audits of the table that ships with datapolis."""
    import datapolis as dp

    asked = {"holder": "company", "amount": "reach", "time": "month", "public": True}
    concentrated = dp.audits.concentration(TABLE, basis="presence", floor=0.001, **asked)
    tails = dp.audits.tails(TABLE, column="reach", only="month=2018-01", public=True, draws=19)
    found = {}
    for one in (concentrated, tails):
        for finding in one.findings:
            for kind in ("estimate", "lower", "upper"):
                value = getattr(finding, kind)
                if value == value:  # not nan
                    found[f"{one.kind} {finding.name} {finding.of} {kind}"] = value
    return found


def compute() -> dict[str, Numbers]:
    """All numbers, by what they come from."""
    return {"society": society(), "audit": audit()}


def differences(kept: dict[str, Numbers], found: dict[str, Numbers]) -> list[str]:
    """What is not as it was kept, in sentences."""
    said = []
    for source, numbers in kept.items():
        if numbers.keys() != found[source].keys():
            changed = sorted(numbers.keys() ^ found[source].keys())
            said.append(f"{source}: kept or found alone: {', '.join(changed[:5])}")
        for name in numbers.keys() & found[source].keys():
            old, new = numbers[name], found[source][name]
            if abs(new - old) > TOLERANCE[source] * max(abs(old), 1e-3):
                said.append(f"{name}: {new!r}, kept {old!r}")
    return sorted(said)


def kept() -> dict[str, Numbers]:
    """The numbers that are kept."""
    found: dict[str, Numbers] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def lowest() -> list[str]:
    """The direct dependencies, each at the oldest version that is allowed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [one.replace(">=", "==") for one in project["dependencies"]]


def oldest() -> int:
    """Make the environment of the oldest versions and check there; the exit status."""
    python = OLDEST / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(OLDEST, with_pip=True, symlinks=True)
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, *lowest()], check=True)
        subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)
    command = [str(python), "-m", "verification.golden", "check"]
    return subprocess.run(command, check=False, cwd=ROOT).returncode


def main() -> None:
    """Do what is asked."""
    asked = sys.argv[1] if sys.argv[1:] else ""
    if asked == "oldest":
        raise SystemExit(oldest())
    if asked not in ("check", "write"):
        raise SystemExit(__doc__)
    print(", ".join(f"{name} {version(name)}" for name in WATCHED))
    found = compute()
    if asked == "write":
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return
    said = differences(kept(), found)
    many = sum(map(len, found.values()))
    print(f"{many} numbers, {len(said)} not as kept", *said[:20], sep="\n")
    raise SystemExit(bool(said))


if __name__ == "__main__":
    main()
