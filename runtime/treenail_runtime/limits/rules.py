"""Which limits there are: the defaults, and what an operator changes about them."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

Bucket = Literal[
    "login",
    "login_account",
    "authorize",
    "mcp",
    "mcp_grant",
    "mcp_instance",
    "token_ip",
    "token_client",
    "token",
    "register",
    "register_hour",
    "introspect",
    "revoke",
    "documents",
    "static",
    "admin",
    "admin_ip",
    "refresh_upstream",
]

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_RULE: Final = re.compile(r"(?P<limit>[0-9]{1,9})/(?P<count>[0-9]{0,5})(?P<unit>[smhd])")
_LONGEST: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class LimitRule:
    """At most `limit` times within `window_s` seconds, which begin with the first time."""

    limit: int
    window_s: int


DEFAULTS: Final[Mapping[Bucket, LimitRule]] = MappingProxyType(
    {
        "login": LimitRule(5, 900),
        "login_account": LimitRule(10, 3600),
        "authorize": LimitRule(100, 900),
        # Failed and missing bearer tokens only: one run of an agent makes more calls than that.
        "mcp": LimitRule(100, 900),
        "mcp_grant": LimitRule(600, 60),
        # Before anybody is proven. Vendors of agents call from few addresses.
        "token_ip": LimitRule(300, 60),
        "token_client": LimitRule(30, 60),
        # By client, of those with a secret: nobody can use up what is somebody else's.
        "token": LimitRule(100, 5),
        "register": LimitRule(10, 60),
        "register_hour": LimitRule(50, 3600),
        "introspect": LimitRule(100, 300),
        "revoke": LimitRule(30, 60),
        "documents": LimitRule(10, 60),
        "static": LimitRule(250, 600),
        # By admin token; and by address, failed and missing tokens only.
        "admin": LimitRule(300, 60),
        "admin_ip": LimitRule(30, 300),
        "refresh_upstream": LimitRule(10, 60),
    }
)


OF_INSTANCES: Final[frozenset[Bucket]] = frozenset(
    {
        "login",
        "authorize",
        "mcp",
        "mcp_grant",
        "mcp_instance",
        "token_ip",
        "token_client",
        "token",
    }
)
"""Counted at each instance for itself. The others guard what there is only once: accounts of the
upstream, the registry of clients, and the sites of strangers."""


class LimitRulesError(ValueError):
    """A text names no limits.

    Attributes:
        problems: One for each fault, with what to write instead.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class LimitRules:
    """The limits in force; a bucket without one is not limited."""

    rules: Mapping[Bucket, LimitRule] = field(default_factory=lambda: DEFAULTS)

    def of(self, bucket: Bucket) -> LimitRule | None:
        """The limit of `bucket`, None where it is switched off."""
        return self.rules.get(bucket)

    @classmethod
    def parsed(cls, text: str = "") -> "LimitRules":
        """The defaults with the changes of `text`, such as `login=5/15m,token=off`.

        Raises:
            LimitRulesError: With all faults at once.
        """
        return _changed(cls(), list(_entries(text)), get_args(Bucket))

    def of_instance(self, own: Mapping[str, str]) -> "LimitRules":
        """These with an instance's own in their place, such as `{"mcp_grant": "100/1m"}`.

        Raises:
            LimitRulesError: With all faults at once; also for what counts for the whole server.
        """
        return _changed(self, list(own.items()), sorted(OF_INSTANCES)) if own else self


def _changed(
    before: LimitRules, entries: Sequence[tuple[str, str]], names: Sequence[str]
) -> LimitRules:
    seen = Counter(name for name, _ in entries)
    problems = [_problem(name, value, names) for name, value in entries]
    problems += [f"{name} is there twice" for name, count in seen.items() if count > 1]
    told = [each for each in problems if each is not None]
    if told:
        raise LimitRulesError(*told)
    rules = dict(before.rules)
    for name, value in entries:
        rule, bucket = _rule(value), cast("Bucket", name)
        if rule is None:
            rules.pop(bucket, None)
        else:
            rules[bucket] = rule
    return LimitRules(MappingProxyType(rules))


def _entries(text: str) -> Iterable[tuple[str, str]]:
    for entry in text.split(","):
        if entry.strip():
            name, _, value = (part.strip() for part in entry.partition("="))
            yield name, value


def _problem(name: str, value: str, names: Sequence[str]) -> str | None:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0)
        return f"{name!r} is no limit; the nearest is {near[0]}"
    if value != "off" and _rule(value) is None:
        return (
            f"{name}: write a number from 1 on per time up to 7d, such as 5/15m or 100/5s, or off"
        )
    return None


def _rule(value: str) -> LimitRule | None:
    found = _RULE.fullmatch(value)
    if found is None:
        return None
    limit = int(found["limit"])
    window_s = int(found["count"] or "1") * _UNITS[found["unit"]]
    return LimitRule(limit, window_s) if limit and 0 < window_s <= _LONGEST else None
