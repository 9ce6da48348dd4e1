"""How a set-up that cannot work is told."""


class ConfigurationError(Exception):
    """The product cannot start like this; `problems` are complete lines for the operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
