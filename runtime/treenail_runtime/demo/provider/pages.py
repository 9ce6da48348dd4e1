"""The provider's pages: plain forms without script, every text escaped."""

from collections.abc import Sequence
from html import escape
from typing import Final

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def login_page(action: str, txn: str, *, wrong: bool = False) -> str:
    """Who is it?"""
    alarm = "<p role=alert>That was not right.</p>" if wrong else ""
    return _page(
        "Sign in",
        f"{alarm}<p>This is a made-up provider. Any name will do, with any password but "
        "<code>wrong</code>.</p>",
        action,
        txn,
        '<p><label>Name <input name="username" autocomplete="username" required></label></p>'
        '<p><label>Password <input name="password" type="password" '
        'autocomplete="current-password" required></label></p>'
        "<p><button>Sign in</button></p>",
    )


def consent_page(
    action: str, txn: str, *, subject: str, client_id: str, scopes: Sequence[str], host: str
) -> str:
    """May it?"""
    listed = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    return _page(
        "Allow access",
        f"<p>{escape(subject)}, the application <b>{escape(client_id)}</b> at {escape(host)} wants "
        f"to act for you.</p><ul>{listed}</ul>",
        action,
        txn,
        '<p><button name="decision" value="allow">Allow</button> '
        '<button name="decision" value="deny">Deny</button></p>',
    )


def problem_page(text: str) -> str:
    """Nobody can be sent anywhere."""
    return _shell("Something is wrong", f"<p role=alert>{escape(text)}</p>")


def _page(title: str, text: str, action: str, txn: str, fields: str) -> str:
    form = (
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="txn" value="{escape(txn)}">{fields}</form>'
    )
    return _shell(title, text + form)


def _shell(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head><body><main><h1>{escape(title)}</h1>{body}</main>"
        "</body></html>"
    )
