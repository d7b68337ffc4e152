"""`datapolis schema`: the JSON Schema of study files, for editors that complete them."""

from __future__ import annotations

import typer

from datapolis.cli.shared import told


def add(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("schema", short_help="print the JSON Schema of study files")(told(print_schema))


def print_schema() -> None:
    """Print the JSON Schema of study files: datapolis schema > study.schema.json."""
    from datapolis.studies.document.schema import schema_text

    print(schema_text(), end="")
