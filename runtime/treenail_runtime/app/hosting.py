"""The names under which the server answers, and the web pages that may call it."""

from treenail_runtime.edge.cors import CorsRules
from treenail_runtime.edge.hosts import HostRules
from treenail_runtime.settings import Settings, host_of, is_loopback


def host_rules(settings: Settings) -> HostRules:
    """Its own names and pages, and those that the operator adds."""
    hosts = (*_announced(settings), *settings.allowed_hosts)
    cors = CorsRules.of(settings.cors_origins)
    public = settings.base_url
    if public is None or is_loopback(host_of(public)):
        return HostRules(hosts, settings.allowed_origins, cors=cors)
    origins = (public, *settings.allowed_origins)
    return HostRules.of_base_url(public, hosts, origins, cors=cors)


def _announced(settings: Settings) -> list[str]:
    """The name in the URL that is announced. Not for 0.0.0.0, which any web page can reach."""
    if not settings.is_loopback:
        return []
    return [f"[{settings.host}]:*" if ":" in settings.host else f"{settings.host}:*"]
