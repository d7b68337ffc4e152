"""A small ensemble made by hand, so that no society has to be simulated."""

import numpy as np
import pytest
import xarray

from datapolis.audits import Audit, Finding
from datapolis.model.indices import AIMS, GAPS, HOLDERS, INDICES, RIGHTS, STANDARD
from datapolis.model.world import SECTORS
from datapolis.report.tables import measured_rows

LABELS = {
    "sector": list(SECTORS),
    "right": list(RIGHTS),
    "gap": list(GAPS),
    "holder": list(HOLDERS),
    "aim": list(AIMS),
    "decile": list(range(1, 11)),
    "region": [0, 1],
    "joiner": ["market", "social"],
}
POLICIES = ("none", "open_government", "market_order", "citizens_rights")


def ensemble(sign=1, members=6, months=30, policies=POLICIES):
    """Government loses and open government restores power if `sign` is 1; the reverse if -1."""
    random = np.random.default_rng(1)
    shape = (len(policies), members, months)
    outer = ("policy", "member", "month")
    variables = {}
    for name in STANDARD:
        one = INDICES[name]
        inner = [len(LABELS[dim]) for dim in one.dims]
        member = random.uniform(0.2, 0.8, (1, members, 1, *inner))  # the same under each policy
        values = np.broadcast_to(member, (*shape, *inner)).astype(np.float32)
        variables[name] = ((*outer, *one.dims), values, {"units": one.unit})
    time = np.linspace(0, 1, months)[None, None, :]
    chance = random.uniform(-0.01, 0.01, (1, members, 1))
    effect = np.zeros((len(policies), 1, 1))
    effect[1:] = 0.1
    government = 0.5 - sign * (0.2 - effect) * time + chance * time
    share = np.stack([government, 0.9 - government, np.full_like(government, 0.1)], axis=-1)
    variables["power_share"] = ((*outer, "sector"), share)
    variables["top_fifth_share"] = (outer, 0.5 + sign * 0.3 * time + 0 * government)
    variables["trust"] = (outer, 0.5 + sign * effect * time + 0 * government)
    variables["harm"] = (outer, 0.3 - sign * effect * time + 0 * government)
    variables["rumour_half_time"] = (outer, np.full(shape, np.nan))
    variables["drawn"] = (("member",), np.arange(members))  # of each member, but no index
    coordinates = {
        "policy": list(policies),
        "member": np.arange(members),
        "month": np.arange(months),
        **LABELS,
    }
    return xarray.Dataset(variables, coordinates, {"citizens": 1_000})


@pytest.fixture(scope="session")
def results():
    return ensemble()


@pytest.fixture(scope="session")
def market():
    """An audit of the firms' table, made by hand."""
    found = {"herfindahl": 0.03, "top_fifth_share": 0.82, "gini": 0.77, "tail_exponent": 0.9}
    findings = [
        Finding(
            name=name,
            of=time,
            estimand="by hand",
            estimate=value,
            lower=value - 0.01,
            upper=value + 0.02,
            interval="bounds",
            n_units=488,
            units="holders",
            basis="by hand",
            method="by hand",
            says="by hand",
        )
        for time in ("2017-05", "2017-06", "2018-01")
        for name, value in found.items()
    ]
    return Audit(kind="concentration", title="Concentration", findings=tuple(findings))


@pytest.fixture(scope="session")
def measured(market):
    return measured_rows(market)
