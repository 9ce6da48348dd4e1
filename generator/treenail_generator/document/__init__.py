"""OpenAPI documents: read tolerantly, operation by operation; validated strictly on demand."""

from treenail_generator.document.document import Document
from treenail_generator.document.inputs import Inputs, ReadOther, TextFile
from treenail_generator.document.model import (
    Body,
    Encoding,
    Media,
    Operation,
    Parameter,
    Place,
    Response,
    Schema,
    SecurityKind,
    SecurityRequirement,
    SecurityScheme,
    Server,
    ServerVariable,
    Version,
)
from treenail_generator.document.reading import read_document
from treenail_generator.document.validation import validate_operations
from treenail_generator.yaml_source import JSON, Pointer

__all__ = [
    "JSON",
    "Body",
    "Document",
    "Encoding",
    "Inputs",
    "Media",
    "Operation",
    "Parameter",
    "Place",
    "Pointer",
    "ReadOther",
    "Response",
    "Schema",
    "SecurityKind",
    "SecurityRequirement",
    "SecurityScheme",
    "Server",
    "ServerVariable",
    "TextFile",
    "Version",
    "read_document",
    "validate_operations",
]
