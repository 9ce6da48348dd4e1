"""What a change of the ways to log in means for people who are logged in."""

from collections.abc import Iterator, Mapping

from treenail_generator.lock import LockedAuth
from treenail_generator.plan import FIELDS, PROVIDER, SCOPES

from .drift import Found

_AGAIN = "people have to log in again"
_NONE = "none"
_BY_PERSON = "oauth2_authorization_code"


def login_changes(old: LockedAuth | None, new: LockedAuth | None) -> Iterator[Found]:
    """The differences; none where a lock is older than what it tells of logins.

    Breaking is what a connection that was made before cannot do.
    """
    if old is None or new is None or old == new:
        return
    before, after = old.ways.keys() - {_NONE}, new.ways.keys() - {_NONE}
    if not before:
        yield "breaking", f"{_list(after)}: people have to log in now"
        return
    if not after:
        yield "compatible", "nobody has to log in any more"
        return
    for way in sorted(before - after):
        yield (
            "breaking",
            f"{way} is no way to log in any more; who connected by it has to log in again",
        )
    for way in sorted(after - before):
        if new.use == "all":
            yield "breaking", f"each request takes {way}, too: {_AGAIN}"
        else:
            yield "compatible", f"{way} is a new way to log in"
    if old.use != new.use and "all" in {old.use, new.use} and before == after:
        yield from _use(new.use)
    common = before & after
    if new.use == "first" and _only(old.order, common) != _only(new.order, common):
        yield "compatible", f"the ways are tried in another order: {', '.join(new.order)}"
    for way in sorted(common):
        yield from _way(way, old.ways[way], new.ways[way])


def _use(use: str | None) -> Iterator[Found]:
    if use == "all":
        yield "breaking", f"all ways go with each request now: {_AGAIN}"
    else:
        yield "compatible", "one way is enough now"


def _way(way: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Found]:
    """What has changed in one way."""
    if old.get(PROVIDER) != new.get(PROVIDER):
        told = f"{way}: the provider is {new.get(PROVIDER)} now"
        yield "breaking", f"{told}, and tokens of {old.get(PROVIDER)} are not shown to it: {_AGAIN}"
    fields, more = _added(old, new, FIELDS), _added(old, new, SCOPES)
    if fields:
        yield "breaking", f"{way}: it takes the login field {_list(fields)}, too: {_AGAIN}"
    if more and way.startswith(_BY_PERSON):
        yield "breaking", f"{way}: it asks for the scope {_list(more)}, too: {_AGAIN}"
    elif more:
        yield "compatible", f"{way}: it asks for the scope {_list(more)}, too"
    if less := _added(new, old, SCOPES):
        yield "compatible", f"{way}: it no longer asks for the scope {_list(less)}"
    for name in sorted((old.keys() | new.keys()) - {PROVIDER, FIELDS, SCOPES}):
        texts = old.get(name, "unsaid"), new.get(name, "unsaid")
        is_provider = texts == (old.get(PROVIDER), new.get(PROVIDER))
        if texts[0] != texts[1] and not is_provider:
            yield "compatible", f"{way}: {name} changes: {texts[0]} -> {texts[1]}"


def _added(old: Mapping[str, str], new: Mapping[str, str], fact: str) -> set[str]:
    """The words that a fact has won."""
    return {*new.get(fact, "").split()} - {*old.get(fact, "").split()}


def _only(order: list[str], ways: set[str]) -> list[str]:
    return [way for way in order if way in ways]


def _list(words: set[str]) -> str:
    return ", ".join(sorted(words))
