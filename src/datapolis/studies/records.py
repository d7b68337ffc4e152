"""A run said in full, as plain data: what is kept beside its results, and makes it again.

Policies are written as in a study file, so that the record of a run can be read by people, and
pasted into a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from datapolis.core.policy import Policy, Pulse, Ramp, Rule, Setting
from datapolis.core.scenario import Shock
from datapolis.studies.runs import Case


def case_record(case: Case) -> dict[str, Any]:
    """A case as plain data; what is as usual is left out."""
    found: dict[str, Any] = {"seed": case.seed}
    if case.parameters:
        found["parameters"] = {path: float(value) for path, value in case.parameters.items()}
    if policy := policy_record(case.policy):
        found["policy"] = policy
    if case.scenario:
        found["scenario"] = [asdict(shock) for shock in case.scenario]
    if case.frozen:
        found["frozen"] = list(case.frozen)
    return found


def case_of(found: Mapping[str, Any], world: str) -> Case:
    """The case that a record says."""
    return Case(
        seed=found["seed"],
        parameters=dict(found.get("parameters", {})),
        policy=policy_of(found.get("policy", {})),
        scenario=tuple(Shock(**shock) for shock in found.get("scenario", ())),
        frozen=tuple(found.get("frozen", ())),
        world=world,
    )


def policy_record(policy: Policy) -> dict[str, Any]:
    """A policy as the table that a study would hold; its name is left out."""
    found = {lever: _said(setting) for lever, setting in policy.levers.items()}
    if policy.parameters:
        found["parameters"] = {path: _said(setting) for path, setting in policy.parameters.items()}
    return found


def policy_of(found: Mapping[str, Any], name: str = "") -> Policy:
    """The policy that a table says."""
    settings = {lever: _setting(value) for lever, value in found.items() if lever != "parameters"}
    scheduled = {path: _setting(value) for path, value in found.get("parameters", {}).items()}
    return Policy(name, parameters=scheduled, **settings)


def _said(setting: Setting) -> Any:
    if isinstance(setting, Ramp):
        first = {"first": setting.first} if setting.first else {}
        return {"from": setting.start, "to": setting.end, "level": setting.level, **first}
    if isinstance(setting, Pulse):
        return {"at": setting.start, "months": setting.months, "level": setting.level}
    if isinstance(setting, Rule):
        marks = {"above": setting.above, "below": setting.below, "release": setting.release}
        given = {name: mark for name, mark in marks.items() if mark is not None}
        return {"when": setting.when, **given, "level": setting.level}
    return float(setting)


def _setting(value: Any) -> Setting:
    if not isinstance(value, Mapping):
        return float(value)
    if "when" in value:
        return Rule(**value)
    if "at" in value:
        return Pulse(value["at"], value["months"], value["level"])
    return Ramp(value["from"], value["to"], value["level"], value.get("first", 0.0))
