"""What must hold before anything listens."""

from typing import Final

from treenail_runtime.settings import ConfigurationError, Settings

_NO_OAUTH_YET: Final = (
    "OAuth is not there yet: pass --no-auth to serve this machine only, "
    "with the credentials of the environment"
)


def check_servable(settings: Settings) -> None:
    """Refuse what would put a person's credentials at everybody's service.

    Raises:
        ConfigurationError: With every reason.
    """
    problems: list[str] = []
    if not settings.no_auth:
        problems.append(_NO_OAUTH_YET)
    elif not settings.is_loopback:
        problems.append(
            f"--no-auth serves this machine only: {settings.host} is no loopback address; "
            "use 127.0.0.1"
        )
    if settings.workers > 1 and settings.port == 0:
        problems.append("several workers need a port: --port 0 is for one")
    if problems:
        raise ConfigurationError(*problems)
