"""What must hold before anything listens."""

from collections.abc import Iterator

from treenail_runtime.settings import ConfigurationError, Settings


def check_servable(settings: Settings) -> None:
    """Refuse what would put a person's credentials at everybody's service.

    Raises:
        ConfigurationError: With every reason.
    """
    checks = _open_problems if settings.no_auth else _guarded_problems
    problems = [*checks(settings), *_general_problems(settings)]
    if problems:
        raise ConfigurationError(*problems)


def _general_problems(settings: Settings) -> Iterator[str]:
    if settings.workers > 1 and settings.port == 0:
        yield "several workers need a port: --port 0 is for one"


def _open_problems(settings: Settings) -> Iterator[str]:
    if not settings.is_loopback:
        yield (
            f"--no-auth serves this machine only: {settings.host} is no loopback address; "
            "use 127.0.0.1"
        )
    if settings.cors_origins:
        yield (
            "--no-auth and CORS_ORIGINS: pages of those sites could call the tools without anybody's "
            "leave; unset CORS_ORIGINS"
        )
    if settings.is_production:
        yield "--no-auth is no way to serve in production: leave it out"
    if settings.legacy_sessions == "bound":
        yield (
            "TREENAIL_LEGACY_SESSIONS: sessions are bound to grants, which --no-auth has not; "
            "use stateless"
        )


def _guarded_problems(settings: Settings) -> Iterator[str]:
    if settings.auth_secret is None and settings.auth_secrets is None:
        yield (
            "AUTH_SECRETS is not set: credentials are encrypted under it. "
            "Make one with `treenail keys generate`, keep it safe, and set it"
        )
    if settings.base_url is None and not settings.is_loopback:
        yield (
            f"BASE_URL is not set: at {settings.host} clients need to be told under which "
            "https:// address they reach the server"
        )
    if settings.registration == "token" and settings.registration_token is None:
        yield "TREENAIL_REGISTRATION_TOKEN is not set, and TREENAIL_REGISTRATION=token asks for it"
    if settings.refresh_idle_seconds > settings.refresh_absolute_seconds:
        yield (
            "TREENAIL_REFRESH_IDLE_SECONDS is longer than TREENAIL_REFRESH_ABSOLUTE_SECONDS, "
            "after which every login ends"
        )
    if settings.is_production:
        yield from _production_problems(settings)


def _production_problems(settings: Settings) -> Iterator[str]:
    if settings.base_url is None or not settings.base_url.startswith("https://"):
        yield "BASE_URL must begin with https:// in production"
    if settings.log_level == "debug":
        yield "TREENAIL_LOG_LEVEL=debug is not for production: use info"
    if settings.workers > 1 and settings.database_url.get_secret_value().startswith("sqlite"):
        yield "several workers need PostgreSQL: set DATABASE_URL, or serve with one worker"
    if settings.registration == "open" and settings.auto_approve:
        yield (
            "TREENAIL_AUTO_APPROVE beside TREENAIL_REGISTRATION=open: whoever registers could be "
            "taken for a trusted client; set TREENAIL_REGISTRATION to token or off"
        )
    if settings.provider_url is not None:
        yield "TREENAIL_PROVIDER_URL is for a trial with a provider on this machine: unset it"
    if settings.client_document_networks:
        yield (
            "TREENAIL_CLIENT_DOCUMENT_NETWORKS lets strangers have private addresses fetched; "
            "unset it in production"
        )
