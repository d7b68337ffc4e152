"""How new things spread: among doctors and farmers, as rumours, over students' ties."""

from __future__ import annotations

from dataclasses import replace

from datapolis.audits.diffusion import diffusion
from datapolis.audits.finding import Audit
from examples.measure.real import Published, table

TITLE = "Diffusion: adoption, rumours, strong and weak ties"

SATURATION = "package netdiffuseR, page diffusion-data"
RUMOUREVAL = "Derczynski et al. (2017)"
STUDENTS = "Sapiezynski et al. (2019)"
DATA = "computed independently on the same tables"
NEVER, ALL = "a share never adopts", "all adopt in the end"


def doctors() -> tuple[Audit, list[Published]]:
    """Doctors who begin to prescribe a new drug, by month, in four cities."""
    audit = diffusion(
        table("medical_innovation_nodes.csv"),
        table("medical_innovation_ties.csv"),
        time="toa",
        never=18,
        within="city",
    )
    rows = [
        ("p of doctors", 0.088, audit["p", NEVER], 5e-4, DATA),
        ("q of doctors", 0.140, audit["q", NEVER], 5e-4, DATA),
        ("ceiling of doctors", 0.92, audit["ceiling", NEVER], 5e-3, DATA),
        ("p of doctors, no ceiling", 0.096, audit["p", ALL], 5e-4, DATA),
        ("q of doctors, no ceiling", 0.054, audit["q", ALL], 5e-4, DATA),
        ("2 Δ log L of q = 0, no ceiling", 1.4, audit["imitation_test", ALL], 0.05, DATA),
        ("q of doctors, OLS", 0.163, audit["q", "ordinary least squares"], 5e-4, DATA),
        ("q of doctors, NLS", 0.207, audit["q", "nonlinear least squares"], 5e-4, DATA),
        ("highest saturation, doctors", 0.89, audit["saturation_highest"], 5e-3, SATURATION),
        ("lowest saturation, doctors", 0.81, audit["saturation_lowest"], 5e-3, SATURATION),
        ("time to half, doctors, mean", 6.0, audit["half_time_mean"], 0.5, SATURATION),
        ("neighbours first, doctors", 0.455, audit["earlier_neighbours"], 5e-4, DATA),
        ("the same by chance", 0.405, audit["earlier_neighbours_by_chance"], 5e-3, DATA),
    ]
    return audit, [Published(what, value, one.estimate, *rest) for what, value, one, *rest in rows]


def farmers() -> tuple[Audit, list[Published]]:
    """Farmers who begin to sow a new seed, by year, in eleven villages."""
    audit = diffusion(
        table("brazil_farmers_nodes.csv"),
        table("brazil_farmers_ties.csv"),
        time="toa",
        never=20,
        within="village",
    )
    rows = [
        ("p of farmers", 0.0037, audit["p", NEVER], 5e-5, DATA),
        ("q of farmers", 0.289, audit["q", NEVER], 5e-4, DATA),
        ("highest saturation, farmers", 0.98, audit["saturation_highest"], 5e-3, SATURATION),
        ("lowest saturation, farmers", 0.29, audit["saturation_lowest"], 5e-3, SATURATION),
        ("time to half, farmers", 16.0, audit["half_time"], 0.5, SATURATION),
        ("neighbours first, farmers", 0.511, audit["earlier_neighbours"], 5e-4, DATA),
        ("the same by chance, farmers", 0.370, audit["earlier_neighbours_by_chance"], 3e-3, DATA),
    ]
    return audit, [Published(what, value, one.estimate, *rest) for what, value, one, *rest in rows]


def rumours() -> tuple[Audit, list[Published]]:
    """Threads of replies to posts about rumours."""
    audit = diffusion(
        table("rumour_cascades_rumoureval2017_traindev.csv"),
        thread="thread",
        post="post",
        parent="parent",
        depth="depth",
        seconds="seconds_since_source",
        stance="stance",
        veracity="veracity",
    )
    counts = [
        *(("threads", kind, many) for kind, many in (("true", 137), ("false", 62))),
        ("threads", "unverified", 98),
        ("posts", "with a stance", 4519),
        *(("posts", stance, many) for stance, many in (("support", 910), ("deny", 344))),
        *(("posts", stance, many) for stance, many in (("query", 358), ("comment", 2907))),
    ]
    tests = [("size", 0.30, 5e-3), ("depth", 0.28, 5e-3), ("last_post", 0.02, 5e-3)]
    published = [
        Published(f"{name}: {of}", many, audit[name, of].estimate, 0, RUMOUREVAL)
        for name, of, many in counts
    ]
    published += [
        Published(f"p of {name}, false against true", p, audit[name].p_value, to, DATA)
        for name, p, to in [*tests, ("deny_share", 0.002, 5e-4)]
    ]
    return audit, published


def students() -> tuple[Audit, list[Published]]:
    """Calls and messages among students."""
    audit = diffusion(
        table("copenhagen_multiplex_ties.csv"),
        ties=("source", "target"),
        layer=("calls", "sms"),
        strength="weight",
    )
    rows = [
        ("calls", 3600, audit["total_strength", "calls"], 0, STUDENTS),
        ("messages", 24333, audit["total_strength", "sms"], 0, STUDENTS),
        ("friendships", 6429, audit["total_strength", "fb_friends"], 0, STUDENTS),
        ("ties of calls and messages", 880, audit["ties"], 0, DATA),
        ("overlap, weakest quarter", 0.096, audit["overlap", "weakest quarter"], 5e-4, DATA),
        ("overlap, strongest quarter", 0.153, audit["overlap", "strongest quarter"], 5e-4, DATA),
    ]
    for order, share in (("weakest first", 0.34), ("at random", 0.43), ("strongest first", 0.48)):
        found = audit["giant_share", f"half cut, {order}"]
        rows.append((f"largest component, half cut, {order}", share, found, 7.5e-3, DATA))
    return audit, [Published(what, value, one.estimate, *rest) for what, value, one, *rest in rows]


def demo() -> tuple[Audit, list[Published]]:
    """The four as one audit, each finding named by its table, beside what was published."""
    parts = {
        "doctors": doctors(),
        "farmers": farmers(),
        "rumours": rumours(),
        "students": students(),
    }
    audits = {name: audit for name, (audit, _) in parts.items()}
    whole = replace(
        audits["doctors"],
        title=TITLE,
        findings=tuple(
            replace(one, of=f"{name}: {one.of}" if one.of else name)
            for name, audit in audits.items()
            for one in audit.findings
        ),
        series={
            key: columns
            for name in ("students", "rumours", "doctors")
            for key, columns in audits[name].series.items()
        },
        notes=tuple(dict.fromkeys(note for audit in audits.values() for note in audit.notes)),
        inputs=tuple(one for audit in audits.values() for one in audit.inputs),
        options={},
    )
    return whole, [one for _, published in parts.values() for one in published]
