"""What the site needs beyond the documents: files beside them that they link to.

A document may link to a file of the repository outside `docs`, such as an example's study. The site
carries a copy under `repository/`, so that the link leads there too.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<=\]\()((?:\.\./)+[^)#\s]+)")
CARRIED = "repository"


def outside(link: str, page: str) -> str | None:
    """The path in the repository that a link of a page leads to, if that lies outside `docs`."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    beyond = not path.startswith(("docs/", "../")) and (ROOT / path).is_file()
    return path if beyond else None


def on_files(files: Any, config: Any) -> Any:
    """Add what documents link to outside `docs`."""
    found = set()
    for file in files.documentation_pages():
        for link in LINK.findall(file.content_string):
            if path := outside(link, file.src_uri):
                found.add(path)
    for path in sorted(found):
        files.append(File.generated(config, f"{CARRIED}/{path}", abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links outside `docs` lead to the copy that the site carries."""
    here = posixpath.dirname(page.file.src_uri)

    def turned(found: re.Match[str]) -> str:
        path = outside(found[1], page.file.src_uri)
        return posixpath.relpath(f"{CARRIED}/{path}", here or ".") if path else found[1]

    return LINK.sub(turned, markdown)
