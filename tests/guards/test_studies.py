"""What is said of a wrong study is what was said, word for word."""

from tests.guards.comparing import other_lines, read_lines
from tests.guards.studies import COMMANDS, NOTHING, messages, said

SAME = ("seed = 1", "seed = 1")


def test_nothing_is_said_of_the_good_study():
    assert [said(*SAME), *(said(*SAME, command=one) for one in COMMANDS)] == [[NOTHING]] * 4


def test_messages_are_what_they_were():
    found = messages()
    assert other_lines(read_lines("studies"), found) == []
    assert len({line.partition("\t")[0] for line in found}) >= 60
    assert not [line for line in found if line.endswith(f"\t{NOTHING}")]
