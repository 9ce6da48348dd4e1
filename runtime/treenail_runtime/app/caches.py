"""What one process holds of instances, tokens and answers, forgotten when somebody says so."""

from collections.abc import Sequence

from treenail_runtime.measures import CacheFigures
from treenail_runtime.upkeep import ClientTokens, TokenKeeper
from treenail_runtime.upstream import AnswerCache

from .directory import Directory


class Caches:
    """All of them. Nothing in them decides who may pass: that is read at each request."""

    def __init__(
        self,
        directory: Directory,
        keeper: TokenKeeper,
        tokens: ClientTokens,
        answers: AnswerCache,
    ) -> None:
        self._directory = directory
        self._keeper = keeper
        self._tokens = tokens
        self._answers = answers

    def forget(self, instance_id: str) -> int:
        """Read an instance and its tokens again; how many entries there were."""

        def belongs(other: str) -> bool:
            return other == instance_id

        return (
            self._directory.drop(instance_id)
            + self._keeper.forget_where(belongs)
            + self._tokens.forget_where(belongs)
            + self._answers.forget_where(belongs)
        )

    def forget_service(self, service: str) -> int:
        """The same of all instances of a connector; how many entries there were."""

        def belongs(instance_id: str) -> bool:
            # Tokens outlive what is known of their instance: then they may be of any connector.
            return self._directory.service_of(instance_id) in {service, None}

        held = (self._keeper, self._tokens, self._answers)
        count = sum(each.forget_where(belongs) for each in held)
        return count + self._directory.drop_service(service)

    def forget_all(self) -> int:
        """Read everything again; how many entries there were."""
        return (
            self._directory.forget_all()
            + self._keeper.forget_all()
            + self._tokens.forget_all()
            + self._answers.forget_all()
        )

    def figures(self) -> Sequence[CacheFigures]:
        """How each is doing."""
        caches = (self._directory, self._keeper, self._tokens, self._answers)
        return [each.figures() for each in caches]
