"""Swagger 2.0 documents, read as if they had been written in OpenAPI 3.0."""

from treenail_generator.document.upgrading.upgrade import upgrade

__all__ = ["upgrade"]
