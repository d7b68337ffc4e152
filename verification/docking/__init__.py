"""Docking: the package and the reference, the same month written twice, held against each other.

The package (`datapolis`) computes the month on arrays; the reference (`reference`) agent by agent,
written from docs/model.md alone. Here they are compared in two ways (docs/verification.md):

    mechanism by mechanism    the same society and the same chance: they must agree up to rounding
    whole runs                the same first societies, chance of their own: the distributions of
                              all indices must be equivalent (Axtell et al., 1996,
                              doi:10.1007/BF01299065)

`python -m verification.docking` does both and prints the tables.
"""
