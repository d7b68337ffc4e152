"""The mechanisms of the month: one file, one pure function, one equation each."""

from datapolis.mechanisms.absorption import absorption
from datapolis.mechanisms.attention import attention
from datapolis.mechanisms.breaches import breaches
from datapolis.mechanisms.collection import collection
from datapolis.mechanisms.exchange import exchange
from datapolis.mechanisms.governance import governance
from datapolis.mechanisms.law import law
from datapolis.mechanisms.mining import mining
from datapolis.mechanisms.monitoring import monitoring
from datapolis.mechanisms.power import power
from datapolis.mechanisms.pricing import pricing
from datapolis.mechanisms.resources import resources
from datapolis.mechanisms.rights import rights
from datapolis.mechanisms.rumours import rumours
from datapolis.mechanisms.technology import technology
from datapolis.mechanisms.ties import ties
from datapolis.mechanisms.trust import trust

__all__ = [
    "absorption",
    "attention",
    "breaches",
    "collection",
    "exchange",
    "governance",
    "law",
    "mining",
    "monitoring",
    "power",
    "pricing",
    "resources",
    "rights",
    "rumours",
    "technology",
    "ties",
    "trust",
]
