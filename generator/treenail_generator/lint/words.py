"""Words of names and of sentences, made comparable: does this text say more than that name?"""

import re
from typing import Final

from treenail_generator.naming import snake_case

_STOP_WORDS: Final = frozenset(
    {"a", "an", "the", "any", "this", "that", "these", "those", "it", "its", "their", "and", "or"}
    | {"as", "at", "by", "for", "from", "in", "of", "on", "to", "with", "are", "be", "is"}
)
_WORD: Final = re.compile(r"[^\W_]+")
_SIBILANTS: Final = ("sses", "xes", "ches", "shes")
_SHORTEST_PLURAL: Final = 4


def words(text: str) -> tuple[str, ...]:
    """The telling words of a sentence in order: no stop words, no plurals, one case.

    `E-mail` is one word, as `email` is; `birth_date` is two.
    """
    joined = re.sub(r"(?<=\w)[-'\u2019](?=\w)", "", text)
    stems = (_stem(word) for word in _WORD.findall(joined.casefold()))
    return tuple(stem for stem in stems if stem not in _STOP_WORDS)


def name_words(name: str) -> tuple[str, ...]:
    """The telling words of a name, whatever its style."""
    return words((snake_case(name) if name.isascii() else name).replace("-", " "))


def is_restated(text: str, name: tuple[str, ...]) -> bool:
    """Whether `text` is made of words of the name, in their order, and of nothing else."""
    rest = iter(name)
    return all(word in rest for word in words(text))


def _stem(word: str) -> str:
    """Without the s of plurals and of third persons; a rule of thumb for comparing, not a stem."""
    if len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(_SIBILANTS) else word.removesuffix("s")
