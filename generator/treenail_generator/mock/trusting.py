"""An upstream that asks its authorization server whether a bearer token is good."""

from typing import Final

import aiohttp

from .wire import Call, Refusal

_OK: Final = 200
_PATIENCE: Final = aiohttp.ClientTimeout(total=10)


async def check_token(call: Call, userinfo_url: str) -> None:
    """Do nothing when the authorization server takes the bearer token of `call`, or it has none.

    Args:
        call: The request.
        userinfo_url: OpenID Connect Core 5.3: it answers 200 to those who show a good token.

    Raises:
        Refusal: 401 (RFC 6750 3.1), or 503 without an answer.
    """
    shown = call.header("authorization") or ""
    if shown.partition(" ")[0].lower() != "bearer":
        return
    try:
        # Proxies of the environment could not reach this machine's own addresses.
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE, trust_env=False) as session,
            session.get(userinfo_url, headers={"Authorization": shown}) as answer,
        ):
            is_good = answer.status == _OK
    except (aiohttp.ClientError, TimeoutError):
        raise Refusal(503, "the authorization server did not answer") from None
    if not is_good:
        challenge = 'Bearer error="invalid_token"'
        raise Refusal(
            401,
            "the token is not, or no more, good at the authorization server",
            headers={"WWW-Authenticate": challenge},
        )
