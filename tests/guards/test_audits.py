"""Audits find what they found, to nine digits and word for word."""

import pytest

from datapolis.audits import AUDITS
from tests.guards.audits import ENTRIES, REAL, Absent, audited, entry, path_of
from tests.guards.comparing import read_json
from tests.guards.renew import other


@pytest.mark.parametrize(("kind", "what"), ENTRIES)
def test_an_audit_finds_what_it_found(kind, what):
    try:
        for name in REAL[kind][what][0] if what in REAL[kind] else ():
            path_of(name)
    except Absent as missing:
        pytest.skip(str(missing))
    kept = read_json(f"audits_{kind}")[what]
    assert other(f"audits_{kind}", kept, entry(audited(kind, what))) == []


@pytest.mark.parametrize("kind", AUDITS)
def test_every_entry_is_kept_and_no_other(kind):
    assert list(read_json(f"audits_{kind}")) == sorted(what for one, what in ENTRIES if one == kind)
