"""Parameters that are the whole query, and what cannot stand beside them."""

from collections.abc import Sequence

from treenail_generator.plan import Binding

from .credentials import Key
from .faults import Faults


def tell_two_queries(bindings: Sequence[Binding], keys: frozenset[Key], faults: Faults) -> None:
    """Report what stands beside a whole query: parameters, and behind JSON or text the credentials.

    Source: OpenAPI 3.2.0, 4.12.1 Parameter Locations: `querystring` comes once, and without `query`.
    """
    whole = [each for each in bindings if each.place == "querystring"]
    for each in [*whole[1:], *(each for each in bindings if whole and each.place == "query")]:
        faults.add(
            each.source,
            "unsupported-parameter",
            f"{each.place} parameter {each.upstream!r}: {whole[0].upstream!r} is the whole query",
            hint="hide one of the two",
        )
    takes_more = whole and whole[0].style is not None and whole[0].style.style == "urlencoded"
    if whole and any(place == "query" for place, _ in keys) and not takes_more:
        faults.add(
            whole[0].source,
            "unsupported-parameter",
            f"querystring parameter {whole[0].upstream!r}: the credentials go into the same query",
            hint=None if whole[0].required else "hide it",
        )
