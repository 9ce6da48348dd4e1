"""Hand-written tools of this case."""

from treenail_runtime.contract import Annotations, Input, JsonObject, Tool, ToolContext


class AddNumbers(Input):
    """Arguments of add_numbers."""

    left: float
    right: float


async def add_numbers(arguments: AddNumbers, context: ToolContext) -> JsonObject:
    """Add; sends nothing."""
    return {"sum": arguments.left + arguments.right}


TOOLS = (
    Tool(
        name="add_numbers",
        title="Add numbers",
        description="Adds two numbers.",
        arguments=AddNumbers,
        run=add_numbers,
        annotations=Annotations(read_only=True, destructive=False, idempotent=True, open_world=False),
    ),
)
