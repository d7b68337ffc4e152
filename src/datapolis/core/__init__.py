"""The words of the model: what is declared, parameters, levers, shocks, errors. Loads no JAX."""
