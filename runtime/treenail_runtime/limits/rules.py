"""Which limits there are: the defaults, and what an operator changes about them."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

Bucket = Literal[
    "login",
    "login_account",
    "authorize",
    "mcp",
    "mcp_grant",
    "token_ip",
    "token_client",
    "token",
    "register",
    "register_hour",
    "introspect",
    "revoke",
    "documents",
    "static",
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
    }
)


class LimitRulesError(ValueError):
    """The operator's text names no limits.

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
        rules: dict[Bucket, LimitRule] = dict(DEFAULTS)
        problems: list[str] = []
        seen: set[str] = set()
        for entry in _entries(text):
            name, _, value = (part.strip() for part in entry.partition("="))
            problem = _problem(name, value, seen)
            seen.add(name)
            if problem is not None:
                problems.append(problem)
            elif value == "off":
                rules.pop(cast("Bucket", name), None)
            else:
                rules[cast("Bucket", name)] = _rule(value) or LimitRule(0, 1)
        if problems:
            raise LimitRulesError(*problems)
        return cls(MappingProxyType(rules))


def _entries(text: str) -> Iterable[str]:
    return (entry.strip() for entry in text.split(",") if entry.strip())


def _problem(name: str, value: str, seen: set[str]) -> str | None:
    names: tuple[str, ...] = get_args(Bucket)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0)
        return f"{name!r} is no limit; the nearest is {near[0]}"
    if name in seen:
        return f"{name} is there twice"
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
