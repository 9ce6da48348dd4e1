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
            if self._changes_itself(here):
                changing.append(id(here))
            for each in self._inside(here):
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
            here = changing.pop()
            if not self._found[here]:
                self._found[here] = True
                changing.extend(mentioned_by.get(here, ()))

    def _inside(self, form: Form) -> list[Form]:
        items = [self._forms.of(form.items)] if form.items is not None else []
        return [*items, *map(self._forms.of, form.properties.values())]

    def _changes_itself(self, form: Form) -> bool:
        """Whether one of its own fields is left out or called otherwise."""
        for name, schema in form.properties.items():
            inner = self._forms.of(schema)
            if inner.is_secret or inner.is_dated or self.styled(name) != name:
                return True
        return False
