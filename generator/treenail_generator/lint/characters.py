"""Characters that people do not see, or take for others: found, told by number, undone.

Source: Unicode 15, chapter 23 (special areas and format characters); UTS 51 for emoji sequences;
UTS 39 for look-alikes.
"""

import re
import unicodedata
from typing import Final

# Letters of other scripts that look like the Latin ones beside them in `_LATIN`.
_CYRILLIC_GREEK: Final = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u03bd\u03b9\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4"
    "\u03a5\u03a7"
)
_LATIN: Final = "aeopcyxijshdqwABEKMHOPCTXIJSoviABEZHIKMNOPTYX"
_LOOKALIKES: Final = str.maketrans(_CYRILLIC_GREEK, _LATIN)

_SHOWN: Final = re.compile(r"[\t\n\r -~]*")
_WORD: Final = re.compile(r"[^\W\d_]+")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_DRAWN: Final = frozenset(  # format characters with a shape of their own
    "\t\n\r\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_BLANK_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS: Final = frozenset("\u200c\u200d")
_EMOJI_PARTS: Final = frozenset({"So", "Sm", "Sk"})
_OTHER_EMOJI: Final = frozenset("\u2139\u203c\u2049\u3030")
_KEYCAP: Final = "\u20e3"


def hidden_in(text: str) -> tuple[int, ...]:
    """Indexes of the characters that show nothing, or reorder what is shown."""
    if _SHOWN.fullmatch(text):
        return ()
    return tuple(index for index in range(len(text)) if _is_hidden(text, index))


def lookalikes_in(text: str) -> tuple[int, ...]:
    """Indexes of the letters that pass for Latin ones inside a word with real Latin letters."""
    found: list[int] = []
    for word in _WORD.finditer(text):
        letters = word.group()
        if not letters.isascii() and any(_is_latin(letter) for letter in letters):
            found.extend(
                word.start() + index
                for index, letter in enumerate(letters)
                if ord(letter) in _LOOKALIKES
            )
    return tuple(found)


def undisguised(text: str) -> str:
    """`text` on one line, with every character that could deceive written as `U+XXXX`."""
    suspects = {*hidden_in(text), *lookalikes_in(text)}
    return "".join(
        code_point(character) if index in suspects or not character.isprintable() else character
        for index, character in enumerate(text)
    )


def code_point(character: str) -> str:
    """`U+200B`."""
    return f"U+{ord(character):04X}"


def plain(text: str) -> str:
    """`text` as a model may read it: disguises undone, one case, single spaces."""
    kept = without_hidden(text).translate(_LOOKALIKES)
    return " ".join(unicodedata.normalize("NFKC", kept).casefold().split())


def without_hidden(text: str) -> str:
    """`text` without the characters that show nothing, or reorder what is shown."""
    hidden = set(hidden_in(text))
    if not hidden:
        return text
    return "".join(each for index, each in enumerate(text) if index not in hidden)


def _is_hidden(text: str, index: int) -> bool:
    character = text[index]
    before = text[index - 1] if index else ""
    after = text[index + 1] if index + 1 < len(text) else ""
    if character in _JOINERS:
        return not _joins(character, before, after)
    if _is_selector(character):
        return not _selects(character, before, after)
    if "\U000e0000" <= character <= "\U000e0fff" or "\ufff0" <= character <= "\ufff8":
        return True
    if character in _BLANK_LETTERS:
        return True
    return unicodedata.category(character) in _UNSEEN and character not in _DRAWN


def _joins(character: str, before: str, after: str) -> bool:
    """Whether a joiner does what it is for: in emoji, and in scripts whose letters connect."""
    if not before or not after:
        return False
    if _connects(before) and (_connects(after) or not after.isalnum()):
        return True
    emoji = (before == "\ufe0f" or _is_emoji(before)) and _is_emoji(after)
    return character == "\u200d" and emoji


def _is_emoji(character: str) -> bool:
    """Roughly: a symbol outside ASCII, or one of the few others with a picture."""
    if character in _OTHER_EMOJI:
        return True
    return not character.isascii() and unicodedata.category(character) in _EMOJI_PARTS


def _connects(letter: str) -> bool:
    """Whether it is of a script from Hebrew to Myanmar, or from Khmer to Mongolian."""
    return "\u0590" <= letter <= "\u109f" or "\u1780" <= letter <= "\u18af"


def _is_selector(character: str) -> bool:
    return (
        "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
        or "\u180b" <= character <= "\u180f"
    )


def _selects(character: str, before: str, after: str) -> bool:
    """Whether a variation selector stands behind something that has variants."""
    if not before:
        return False
    if "\u180b" <= character <= "\u180f":
        return "\u1800" <= before <= "\u18af"
    if "\u3400" <= before <= "\u9fff" or "\U00020000" <= before <= "\U0003ffff":
        return True
    if character > "\ufe0f":
        return False
    return _is_emoji(before) or (before in "#*0123456789" and after == _KEYCAP)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")
