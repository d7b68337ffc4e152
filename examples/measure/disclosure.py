"""Whom a table about people singles out: the Adult file, raw and made k = 3 and k = 10."""

from __future__ import annotations

from typing import Any

from datapolis.audits.disclosure import disclosure
from datapolis.audits.finding import Audit
from examples.measure.real import Published, table

TITLE = "Disclosure: whom a table about people singles out"

QUASI = ("age", "education", "occupation", "relationship", "sex", "native-country")
MORE = ("workclass", "marital-status", "race", "hours-per-week")
MEASURED = {  # k, t and beta
    "adult_raw_quasi_identifiers.csv": (1, 0.7592, 3.1527),
    "adult_anonymized_k3.csv": (3, 0.7136, 2.4912),
    "adult_anonymized_k10.csv": (10, 0.6349, 1.7393),
}
PYCANON = "pycanon 1.3.6 on the file; k and l as published (Scientific Data 9:785, 2022)"
COUNTED = "counted from the file by other means"
SAMPLED = "samples of the file, drawn by other means"


def demo() -> tuple[Audit, list[Published]]:
    """The raw file with four further columns searched, and the published measures of all three."""
    sensitive = "salary-class"
    raw, *generalised = MEASURED
    main = disclosure(table(raw), quasi=QUASI, sensitive=sensitive, attributes=MORE, samples=40)
    few: dict[str, Any] = {"sensitive": sensitive, "samples": 0, "up_to": 1}
    audits = {raw: main} | {
        name: disclosure(table(name), quasi=QUASI, **few) for name in generalised
    }
    compared = [
        Published(f"{measure}, {name}", value, audits[name][measure].estimate, tolerance, PYCANON)
        for name, (k, t, beta) in MEASURED.items()
        for measure, value, tolerance in (
            ("k", k, 0),
            ("l", 1, 0),
            ("t", t, 5e-5),
            ("beta", beta, 5e-5),
        )
    ]
    three = disclosure(table(raw), quasi=("age", "sex", "race"), **few)["unique_share"].estimate
    six, ten = main["unique_share"].estimate, main["all_attributes"].estimate
    compared += [
        Published(f"unique by {words}", value, ours, 5e-5, COUNTED)
        for words, value, ours in (
            ("six attributes", 0.3118, six),
            ("ten attributes", 0.7617, ten),
            ("age, sex and race", 0.0020, three),
        )
    ]
    for percent, estimate in (("5%", 0.234), ("10%", 0.308), ("30%", 0.550)):
        ours = main["tried_match_chance", f"{percent} of the file"].estimate
        what = f"chance of a right match estimated from {percent}"
        compared.append(Published(what, estimate, ours, 0.01, SAMPLED))
        ours = main["tried_population_unique", f"{percent} of the file"].estimate
        what = f"unique share by the model from {percent}, beside the truth"
        compared.append(Published(what, 0.3118, ours, 0.04, COUNTED))
    return main, compared
