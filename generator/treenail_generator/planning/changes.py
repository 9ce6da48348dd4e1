"""Which objects of answers the agent gets otherwise than the upstream sends them, no verb asking."""

from treenail_generator.naming import snake_case

from .forms import Form, Forms


class Changes:
    """What becomes of untouched answers; each form is looked at once."""

    def __init__(self, forms: Forms, naming: str) -> None:
        """`naming` is the connector file's `defaults.naming`."""
        self._forms = forms
        self._is_snake = naming == "snake_case"
        self._found: dict[int, bool] = {}

    def styled(self, name: str) -> str:
        """What the agent calls a field that nobody renamed."""
        return snake_case(name) or name if self._is_snake else name

    def _changes(self, field: tuple[str, Form]) -> bool:
        name, form = field
        return form.is_secret or form.is_dated or self.styled(name) != name

    def in_reach_of(self, form: Form) -> bool:
        """Whether anything in what `form` reaches is left out or called otherwise."""
        if id(form) not in self._found:
            self._look(form)
        return self._found[id(form)]

    def _look(self, start: Form) -> None:
        """Find it out for `start` and all it reaches at once: forms reach each other in circles."""
        reached = {id(start): start}
        mentioned_by: dict[int, list[int]] = {}
        changing: list[int] = []
        waiting = [start]
        for here in waiting:
            fields = [(name, self._forms.of(each)) for name, each in here.properties.items()]
            if any(map(self._changes, fields)):
                changing.append(id(here))
            items = [self._forms.of(here.items)] if here.items is not None else []
            for each in (*items, *(inner for _, inner in fields)):
                known = self._found.get(id(each))
                if known:
                    changing.append(id(here))
                elif known is None:
                    mentioned_by.setdefault(id(each), []).append(id(here))
                    if id(each) not in reached:
                        reached[id(each)] = each
                        waiting.append(each)
        self._found |= dict.fromkeys(reached, False)
        while changing:
            changed = changing.pop()
            if not self._found[changed]:
                self._found[changed] = True
                changing.extend(mentioned_by.get(changed, ()))
