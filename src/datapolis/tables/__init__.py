"""Tables: checked columns for a world, and questions to a table where its rows stay where they lie.

read         columns of a file as arrays, every cell checked
open_table   a file, a data frame or an Ibis table as a `Table`, whose reductions are computed by
             DuckDB, or by Spark, and never need all rows in memory
Format       how the cells of a table are written: marks of thousands and decimals, order of dates
"""

from datapolis.tables.formats import Dates, Decimal, Format, Thousands, Totals
from datapolis.tables.opened import Duplicates, N, Source, Table, on_spark, open_table
from datapolis.tables.reading import count_rows, derived, find, read, sha256

__all__ = [
    "Dates",
    "Decimal",
    "Duplicates",
    "Format",
    "N",
    "Source",
    "Table",
    "Thousands",
    "Totals",
    "count_rows",
    "derived",
    "find",
    "on_spark",
    "open_table",
    "read",
    "sha256",
]
