"""YAML and JSON text as plain data that still knows where everything stood."""

from treenail_generator.yaml_source.data import JSON, Pointer
from treenail_generator.yaml_source.reading import read_source
from treenail_generator.yaml_source.source import Source

__all__ = ["JSON", "Pointer", "Source", "read_source"]
