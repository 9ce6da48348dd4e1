"""The discovery documents as data: they name exactly what is served."""

from collections.abc import Mapping, Sequence
from typing import Final

from .policy import OAuthPolicy
from .records import Instance
from .scopes import OFFLINE

_AUTH_METHODS: Final = ("none", "client_secret_basic", "client_secret_post")


def endpoint_url(instance: Instance, prefix: str, name: str) -> str:
    """The URL of an endpoint, such as `token`."""
    return f"{instance.issuer}{prefix}/{name}"


def authorization_server(
    instance: Instance, policy: OAuthPolicy, prefix: str
) -> Mapping[str, object]:
    """RFC 8414 section 2; the same document is served under its OpenID Connect name.

    Args:
        instance: Whose.
        policy: What is offered.
        prefix: Path before the endpoints' names.
    """
    methods = list(_AUTH_METHODS)
    found: dict[str, object] = {
        "issuer": instance.issuer,
        "authorization_endpoint": endpoint_url(instance, prefix, "authorize"),
        "token_endpoint": endpoint_url(instance, prefix, "token"),
        "revocation_endpoint": endpoint_url(instance, prefix, "revoke"),
        "scopes_supported": [*instance.scopes, OFFLINE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": policy.client_documents,
    }
    if policy.registration != "off":
        found["registration_endpoint"] = endpoint_url(instance, prefix, "register")
    if policy.introspection:
        found["introspection_endpoint"] = endpoint_url(instance, prefix, "introspect")
        found["introspection_endpoint_auth_methods_supported"] = methods[1:]
    return found


def protected_resource(instance: Instance) -> Mapping[str, object]:
    """RFC 9728 section 2; `offline_access` is the authorization server's affair (MCP, Scopes)."""
    return {
        "resource": instance.resource,
        "authorization_servers": [instance.issuer],
        "scopes_supported": list(instance.scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": instance.title,
    }


def server_paths(base_path: str) -> Sequence[str]:
    """Where the document of the issuer at `base_path` is (RFC 8414 3.1; OIDC Discovery 4)."""
    inserted = [
        f"/.well-known/oauth-authorization-server{base_path}",
        f"/.well-known/openid-configuration{base_path}",
    ]
    return [*inserted, f"{base_path}/.well-known/openid-configuration"] if base_path else inserted


def resource_path(base_path: str) -> str:
    """Where the document of the resource at `base_path` is (RFC 9728 3.1)."""
    return f"/.well-known/oauth-protected-resource{base_path}/mcp"


def resource_document_url(instance: Instance, base_url: str) -> str:
    """The same as a URL, for `WWW-Authenticate` (RFC 9728 5.1)."""
    return f"{base_url}{resource_path(instance.base_path)}"
