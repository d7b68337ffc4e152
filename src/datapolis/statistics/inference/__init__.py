"""Statistics that audits share: arrays in, numbers out, every random step from a seed."""
