"""The mechanisms of the month: one file, one pure function, one equation each."""

from datapolis.model.mechanisms.absorption import absorption
from datapolis.model.mechanisms.attention import attention
from datapolis.model.mechanisms.breaches import breaches
from datapolis.model.mechanisms.collection import collection
from datapolis.model.mechanisms.exchange import exchange
from datapolis.model.mechanisms.governance import governance
from datapolis.model.mechanisms.law import law
from datapolis.model.mechanisms.mining import mining
from datapolis.model.mechanisms.monitoring import monitoring
from datapolis.model.mechanisms.power import power
from datapolis.model.mechanisms.pricing import pricing
from datapolis.model.mechanisms.resources import resources
from datapolis.model.mechanisms.rights import rights
from datapolis.model.mechanisms.rumours import rumours
from datapolis.model.mechanisms.technology import technology
from datapolis.model.mechanisms.ties import ties
from datapolis.model.mechanisms.trust import trust

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
