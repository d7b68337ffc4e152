"""The study file: what may stand in it, what is wrong with it, and how an older one is read."""
