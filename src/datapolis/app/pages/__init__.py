"""The pages: each builds its parts and answers what a person does with them."""

from datapolis.app.pages.page import Page

__all__ = ["Page"]
