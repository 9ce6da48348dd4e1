"""What one process holds of instances and of tokens, forgotten when somebody says so."""

from treenail_runtime.upkeep import ClientTokens, TokenKeeper

from .directory import Directory


class Caches:
    """All of them. Nothing in them decides who may pass: that is read at each request."""

    def __init__(self, directory: Directory, keeper: TokenKeeper, tokens: ClientTokens) -> None:
        self._directory = directory
        self._keeper = keeper
        self._tokens = tokens

    def forget(self, instance_id: str) -> int:
        """Read an instance and its tokens again; how many entries there were."""
        return (
            self._directory.drop(instance_id)
            + self._keeper.forget_instance(instance_id)
            + self._tokens.forget_instance(instance_id)
        )

    def forget_all(self) -> int:
        """Read everything again; how many entries there were."""
        return self._directory.forget_all() + self._keeper.forget_all() + self._tokens.forget_all()
