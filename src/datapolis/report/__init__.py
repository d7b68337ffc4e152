"""The report: charts, tables and sentences of a study, as one HTML file."""

from datapolis.report.page import write

__all__ = ["write"]
