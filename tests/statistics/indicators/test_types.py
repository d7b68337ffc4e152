"""What the society carries and records has one type: float32 (or int32), never weak."""

import jax
import jax.numpy as jnp
import pytest

from datapolis import indicators as of

HOLDERS, PLACES = 6, 2
FLOAT = jax.ShapeDtypeStruct((HOLDERS,), jnp.float32)
WEB = jax.ShapeDtypeStruct((HOLDERS, PLACES), jnp.float32)
INT = jax.ShapeDtypeStruct((HOLDERS,), jnp.int32)
EDGES = jax.ShapeDtypeStruct((HOLDERS, PLACES), jnp.int32)
BOOL = jax.ShapeDtypeStruct((HOLDERS,), jnp.bool_)
HELD = jax.ShapeDtypeStruct((HOLDERS, PLACES), jnp.bool_)
SCALAR = jax.ShapeDtypeStruct((), jnp.float32)

INPUTS = {  # by name: what each is given inside the month
    "balance": (FLOAT,),
    "banzhaf": (FLOAT,),
    "centralization": (WEB, EDGES, BOOL),
    "component_count": (INT, BOOL),
    "component_sums": (FLOAT, INT),
    "components": (EDGES, HELD),
    "concentration_ratio": (FLOAT,),
    "cross_share": (WEB, EDGES, INT),
    "density": (WEB, EDGES, BOOL),
    "effective_number": (FLOAT,),
    "entropy": (FLOAT,),
    "giant_component_share": (EDGES, WEB, BOOL),
    "gini": (FLOAT, BOOL),
    "herfindahl": (FLOAT,),
    "herfindahl_by_group": (FLOAT, INT, 3),
    "herfindahl_split": (FLOAT, INT, 3, BOOL),
    "hill_tail_exponent": (FLOAT, 0.2, BOOL),
    "histogram_quantile": (FLOAT, 0.5),
    "integration_gap": (FLOAT, FLOAT),
    "largest_component_share": (INT, BOOL),
    "lorenz": (FLOAT, BOOL),
    "normalized_entropy": (FLOAT, BOOL),
    "normalized_herfindahl": (FLOAT, BOOL),
    "policy_distance": (FLOAT, FLOAT),
    "pooled_value": (FLOAT, INT, SCALAR),
    "price_dispersion": (FLOAT, FLOAT),
    "relational_power": (FLOAT, EDGES, WEB, SCALAR),
    "removal_value": (FLOAT,),
    "rights_gini": (WEB,),
    "sector_shares": (FLOAT, INT, 3),
    "shapley_shubik": (FLOAT,),
    "share_above": (FLOAT, FLOAT, FLOAT),
    "share_below": (FLOAT, FLOAT, FLOAT),
    "spearman": (FLOAT, FLOAT, BOOL),
    "top_fifth_share": (FLOAT, BOOL),
    "top_share": (FLOAT, 0.2, BOOL),
    "k_anonymity": (FLOAT,),
    "unique_share": (FLOAT,),
    "share_below_k": (FLOAT, 3),
    "matching_class_size": (FLOAT,),
    "match_chance": (FLOAT, 0.2),
    "certain_share": (WEB,),
    "l_diversity": (WEB,),
    "entropy_l_diversity": (WEB,),
    "t_closeness": (WEB,),
    "ordered_t_closeness": (WEB,),
    "basic_beta": (WEB,),
    "truncated_pareto_mean": (SCALAR, SCALAR),
    "truncated_pareto_survival": (FLOAT, SCALAR, SCALAR, SCALAR),
}
NUMPY_ONLY = {"bonacich", "fragility", "mean_path"}
WHOLE = {"components", "component_count"}


def test_every_indicator_is_here():
    assert INPUTS.keys() | NUMPY_ONLY == set(of.__all__)


@pytest.mark.parametrize("name", INPUTS)
def test_types_inside_the_month(name):
    """Traced, never run: no branch on a value, fixed shapes, and one type."""
    given = INPUTS[name]
    arrays = [value for value in given if isinstance(value, jax.ShapeDtypeStruct)]

    def traced(*values):
        remaining = iter(values)
        return getattr(of, name)(
            *(
                next(remaining) if isinstance(value, jax.ShapeDtypeStruct) else value
                for value in given
            )
        )

    for result in jax.tree.leaves(jax.eval_shape(traced, *arrays)):
        assert result.dtype == (jnp.int32 if name in WHOLE else jnp.float32)
        assert not result.weak_type
