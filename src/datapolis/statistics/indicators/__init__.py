"""Plain functions from arrays to a number with a meaning at both ends.

The same text runs on NumPy columns (float64, the tables) and on JAX arrays (float32, the society).
"""

from datapolis.statistics.indicators.balance import balance, spearman
from datapolis.statistics.indicators.breaches import (
    truncated_pareto_mean,
    truncated_pareto_survival,
)
from datapolis.statistics.indicators.concentration import (
    concentration_ratio,
    effective_number,
    entropy,
    gini,
    herfindahl,
    herfindahl_by_group,
    herfindahl_split,
    hill_tail_exponent,
    lorenz,
    normalized_entropy,
    normalized_herfindahl,
    sector_shares,
    top_fifth_share,
    top_share,
)
from datapolis.statistics.indicators.disclosure import (
    basic_beta,
    certain_share,
    entropy_l_diversity,
    k_anonymity,
    l_diversity,
    match_chance,
    matching_class_size,
    ordered_t_closeness,
    share_below_k,
    t_closeness,
    unique_share,
)
from datapolis.statistics.indicators.enforcement import policy_distance
from datapolis.statistics.indicators.islands import (
    component_count,
    component_sums,
    components,
    integration_gap,
    largest_component_share,
    pooled_value,
)
from datapolis.statistics.indicators.power import (
    banzhaf,
    bonacich,
    relational_power,
    removal_value,
    shapley_shubik,
)
from datapolis.statistics.indicators.prices import price_dispersion, share_above, share_below
from datapolis.statistics.indicators.quantiles import histogram_quantile
from datapolis.statistics.indicators.rights import rights_gini
from datapolis.statistics.indicators.ties import (
    centralization,
    cross_share,
    density,
    fragility,
    giant_component_share,
    mean_path,
)

__all__ = [
    # concentration
    "concentration_ratio",
    "effective_number",
    "entropy",
    "gini",
    "herfindahl",
    "herfindahl_by_group",
    "herfindahl_split",
    "hill_tail_exponent",
    "lorenz",
    "normalized_entropy",
    "normalized_herfindahl",
    "sector_shares",
    "top_fifth_share",
    "top_share",
    # balance
    "balance",
    "spearman",
    # power
    "banzhaf",
    "bonacich",
    "relational_power",
    "removal_value",
    "shapley_shubik",
    # islands
    "component_count",
    "component_sums",
    "components",
    "integration_gap",
    "largest_component_share",
    "pooled_value",
    # ties
    "centralization",
    "cross_share",
    "density",
    "fragility",
    "giant_component_share",
    "mean_path",
    # disclosure
    "basic_beta",
    "certain_share",
    "entropy_l_diversity",
    "k_anonymity",
    "l_diversity",
    "match_chance",
    "matching_class_size",
    "ordered_t_closeness",
    "share_below_k",
    "t_closeness",
    "unique_share",
    # prices, breaches, rights, enforcement, quantiles
    "histogram_quantile",
    "policy_distance",
    "price_dispersion",
    "rights_gini",
    "share_above",
    "share_below",
    "truncated_pareto_mean",
    "truncated_pareto_survival",
]
