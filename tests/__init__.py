"""Tests: a package, so that `python -m tests.guards.renew` finds itself."""
