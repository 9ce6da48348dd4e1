"""What a client's document is fetched from: a certificate for client.test, and its addresses."""

from collections.abc import Sequence


class Names:
    """A resolver that gives fixed answers, one after another, and remembers what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        assert port > 0
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
