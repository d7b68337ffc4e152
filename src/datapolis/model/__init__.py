"""The simulated society: a world, its state, the month, and what is observed each month."""
