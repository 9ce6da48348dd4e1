"""Text to document: the root is strict, everything below it costs one operation at most."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.document.digest import Digests
from treenail_generator.document.document import Document
from treenail_generator.document.gathering import gather
from treenail_generator.document.inputs import Inputs, TextFile
from treenail_generator.document.model import (
    WITH_SIBLINGS,
    OAuthFlow,
    SecurityKind,
    SecurityScheme,
    Version,
)
from treenail_generator.document.operations import Operations, read_security
from treenail_generator.document.overlays import apply_overlays
from treenail_generator.document.parts import PLACES, Context, read_servers
from treenail_generator.document.reach import Reach
from treenail_generator.document.references import References, Target, child
from treenail_generator.document.schemas import Schemas
from treenail_generator.document.upgrading import upgrade
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Source, read_source

_VERSION = re.compile(r"(3\.[012])(?:\.[0-9]+)?(?:-[0-9A-Za-z.-]+)?")
_VERSIONS: Mapping[str, Version] = {version: version for version in get_args(Version)}
_KINDS: Mapping[str, SecurityKind] = {kind: kind for kind in get_args(SecurityKind)}
_DIALECTS = re.compile(
    r"https://spec\.openapis\.org/oas/3\.1/dialect/.+|https://json-schema\.org/draft/2020-12/schema"
)


def read_document(text: str, file: str, inputs: Inputs | None = None) -> Document:
    """Read an OpenAPI document of any version from 2.0 to 3.2; opens no file and no connection.

    A faulty operation does not fail the document: it becomes a warning, and an error for whoever
    asks for it by name.

    Raises:
        BuildError: The text is no YAML or JSON (see `read_source`), no OpenAPI document
            (`not-openapi`), one of another version (`openapi-version`), or one whose paths are
            no mapping (`invalid-openapi`); or an overlay has faults (see `apply_overlays`).
    """
    inputs = inputs or Inputs()
    overlays = _read_overlays(inputs.overlays)
    source, idle = apply_overlays(read_source(text, file), overlays)
    version = _read_version(source)
    others: tuple[TextFile, ...] = ()
    if inputs.read_other is not None:
        source, others = gather(source, inputs.read_other)
    source, notes = upgrade(source) if version == "2.0" else (source, ())
    references = References(source, siblings_count=version in WITH_SIBLINGS)
    context = Context(
        version=version,
        references=references,
        schemas=Schemas(version, references),
        reach=Reach(references),
    )
    document = _read_root(context)
    return replace(
        document,
        faults=(*idle, *document.faults),
        files=_hashes((*inputs.overlays, *others)),
        notes=(*notes, *_left_aside(context)),
    )


def _read_overlays(files: Sequence[TextFile]) -> tuple[Source, ...]:
    faults: list[Diagnostic] = []
    sources: list[Source] = []
    for each in files:
        try:
            sources.append(read_source(each.text, each.file))
        except BuildError as error:
            faults.extend(error.diagnostics)
    if faults:
        raise BuildError(faults)
    return tuple(sources)


def _hashes(files: Sequence[TextFile]) -> dict[str, str]:
    return {each.file: hashlib.sha256(each.text.encode()).hexdigest() for each in files}


def _left_aside(context: Context) -> Iterator[Diagnostic]:
    """What is another service's interface: the upstream would call it, not we."""
    source, webhooks = context.references.source, context.references.root.get("webhooks")
    if mapping(webhooks):
        message = f"webhooks are left aside ({len(mapping(webhooks))})"
        yield Diagnostic(source.key_at(("webhooks",)), "left-aside", message, severity="note")


def _read_root(context: Context) -> Document:
    references, source = context.references, context.references.source
    root = Target((), source.value)
    if not isinstance(references.root.get("paths") or {}, dict):
        context.fail(("paths",), "'paths' must be a mapping of paths")
    schemes, scheme_faults = _read_security_schemes(context)
    return Document(
        file=source.file,
        version=context.version,
        title=text(mapping(references.root.get("info")).get("title")),
        api_version=source.text_at(("info", "version")) or "",
        servers=read_servers(context, child(root, "servers")),
        security=read_security(references.root.get("security")),
        security_schemes=schemes,
        references=references,
        schemas=context.schemas,
        index=Operations(context),
        digests=Digests(references),
        faults=(*_read_dialect(source), *scheme_faults),
    )


def _read_version(source: Source) -> Version:
    if source.text_at(("swagger",)) == "2.0" and "openapi" not in mapping(source.value):
        return "2.0"
    found = _VERSION.fullmatch(source.text_at(("openapi",)) or "")
    if found is None:
        raise BuildError([_version_fault(source)])
    return _VERSIONS[found[1]]


def _version_fault(source: Source) -> Diagnostic:
    root = mapping(source.value)
    for key, name in (("openapi", "OpenAPI"), ("swagger", "Swagger")):
        if key in root:
            message = f"{name} {source.text_at((key,)) or '?'} is not supported"
            hint = "OpenAPI 2.0, 3.0, 3.1 and 3.2 are; convert the document"
            return Diagnostic(source.at((key,)), "openapi-version", message, hint=hint)
    if "paths" in root or "components" in root:
        message, hint = "the document names no OpenAPI version", "begin it with 'openapi: 3.1.0'"
        return Diagnostic(source.at(()), "openapi-version", message, hint=hint)
    return Diagnostic(source.at(()), "not-openapi", "this is not an OpenAPI document")


def _read_dialect(source: Source) -> tuple[Diagnostic, ...]:
    dialect = source.text_at(("jsonSchemaDialect",))
    if dialect is None or _DIALECTS.fullmatch(dialect):
        return ()
    message = f"schemas are read as JSON Schema 2020-12, not as {dialect!r}"
    return (Diagnostic(source.at(("jsonSchemaDialect",)), "unknown-dialect", message),)


def _read_security_schemes(
    context: Context,
) -> tuple[Mapping[str, SecurityScheme], tuple[Diagnostic, ...]]:
    components = mapping(context.references.root.get("components"))
    schemes: dict[str, SecurityScheme] = {}
    faults: list[Diagnostic] = []
    for name, node in mapping(components.get("securitySchemes")).items():
        try:
            listed = Target(("components", "securitySchemes", name), node)
            schemes[name] = _read_security_scheme(context, name, listed)
        except BuildError as error:
            faults.extend(error.diagnostics)
    return schemes, tuple(faults)


def _read_security_scheme(context: Context, name: str, listed: Target) -> SecurityScheme:
    target = context.references.follow(listed)
    node = mapping(target.value)
    kind = text(node.get("type"))
    if kind not in _KINDS:
        message = f"security scheme {name!r} has the unknown type {kind!r}"
        context.fail((*target.pointer, "type"), message)
    is_key = kind == "apiKey"
    return SecurityScheme(
        name=name,
        kind=_KINDS[kind],
        scheme=text(node.get("scheme")).lower(),
        place=PLACES.get(text(node.get("in"))) if is_key else None,
        parameter_name=text(node.get("name")) if is_key else "",
        location=context.references.source.key_at(target.pointer),
        flows={name: _flow(mapping(flow)) for name, flow in mapping(node.get("flows")).items()},
        openid_url=text(node.get("openIdConnectUrl")),
    )


def _flow(node: Mapping[str, JSON]) -> OAuthFlow:
    return OAuthFlow(
        authorize_url=text(node.get("authorizationUrl")),
        token_url=text(node.get("tokenUrl")),
        refresh_url=text(node.get("refreshUrl")),
        scopes=tuple(mapping(node.get("scopes"))),
    )
