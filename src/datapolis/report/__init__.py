"""The report: charts, tables and sentences of a study or of audits, as one HTML file."""

from datapolis.report.measured import write_measured
from datapolis.report.page import write

__all__ = ["write", "write_measured"]
