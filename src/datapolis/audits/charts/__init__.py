"""The charts of each audit: a function `draw` from its series to Altair charts."""
