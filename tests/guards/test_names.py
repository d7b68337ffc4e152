"""Public names, what they take, and the options of commands are what they were."""

from tests.guards.comparing import other_lines, read_lines
from tests.guards.names import names


def test_public_names_are_what_they_were():
    assert other_lines(read_lines("names"), names()) == []
