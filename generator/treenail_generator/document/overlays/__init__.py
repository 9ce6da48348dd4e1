"""OpenAPI Overlays: changes to a document that stand in files of their own."""

from treenail_generator.document.overlays.applying import apply_overlays

__all__ = ["apply_overlays"]
