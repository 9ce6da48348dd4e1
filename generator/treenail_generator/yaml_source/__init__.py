"""YAML and JSON text as plain data that still knows where everything stood."""

from treenail_generator.yaml_source.source import Source, read_source
from treenail_generator.yaml_source.tree import JSON, Pointer

__all__ = ["JSON", "Pointer", "Source", "read_source"]
