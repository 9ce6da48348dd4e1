"""Values that reach each other, found without recursion: chains are longer than Python's stack."""

from collections.abc import Callable, Container, Iterable, Iterator

from treenail_generator.document.references import Target
from treenail_generator.yaml_source import Pointer


def circles(
    start: Target, following: Callable[[Target], Iterable[Target]], done: Container[Pointer]
) -> Iterator[list[Target]]:
    """All that `start` reaches, in groups whose members reach each other, the farthest first.

    Tarjan's algorithm. A group comes after all that lies beyond it.

    Args:
        start: Where to begin.
        following: What a value refers to.
        done: The places that need no look; whoever takes a group puts its places in.
    """
    if start.pointer in done:
        return
    if all(each.pointer in done for each in following(start)):
        yield [start]
        return
    order = {start.pointer: 0}
    lowest = dict(order)
    open_targets = [start]
    path = [(start, iter(following(start)))]
    while path:
        here, others = path[-1]
        beyond = next((each for each in others if each.pointer not in done), None)
        if beyond is None:
            path.pop()
            if path:
                above = path[-1][0].pointer
                lowest[above] = min(lowest[above], lowest[here.pointer])
            if lowest[here.pointer] == order[here.pointer]:
                yield _popped(open_targets, here.pointer)
        elif beyond.pointer in order:
            lowest[here.pointer] = min(lowest[here.pointer], order[beyond.pointer])
        else:
            order[beyond.pointer] = lowest[beyond.pointer] = len(order)
            open_targets.append(beyond)
            path.append((beyond, iter(following(beyond))))


def _popped(targets: list[Target], first: Pointer) -> list[Target]:
    """Take off the targets from the one at `first` on."""
    taken = [targets.pop()]
    while taken[-1].pointer != first:
        taken.append(targets.pop())
    return taken
