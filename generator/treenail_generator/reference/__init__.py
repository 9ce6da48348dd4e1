"""A connector's tools as a page for people: what they do, take, answer and cost."""

from .page import reference_page

__all__ = ["reference_page"]
