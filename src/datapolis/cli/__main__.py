"""`python -m datapolis.cli` is the command `datapolis`."""

from datapolis.cli import main

main()
