"""The app: measure and simulate in a browser, on this machine alone.

It calls the same functions as a script would and owns no number of its own: what it shows is a
report's chart, an audit's finding or an answer's verdict. `server` serves it, `view` is what a link
can say, `comparison` steps the societies, and `pages` holds a page each.
"""

from datapolis.app.server import serve

__all__ = ["serve"]
