"""The month of docs/model.md written a second time: agent by agent, in plain Python, on Mesa.

It was written from the description alone and shares no line with the package. Only the values of
parameters and levers come from there. It is slow, and meant to be read next to the description:
one file a mechanism, in the order of `verification.reference.month.MONTH`.
"""
