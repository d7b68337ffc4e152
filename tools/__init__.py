"""Tools for those who work on the code; no part of the package."""
