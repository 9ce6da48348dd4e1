"""A connector as `gen build` would write it; tests also copy this file into a connectors folder."""

from typing import Annotated

from pydantic import MISSING, Field

from treenail_runtime.contract import (
    CONTRACT_VERSION,
    WHOLE,
    Annotations,
    Answer,
    BasicAuth,
    Connector,
    CredentialCheck,
    Endpoint,
    ErrorRules,
    Input,
    JsonBody,
    JsonObject,
    LoginField,
    Retries,
    Server,
    Tool,
    ToolContext,
)

READS = Annotations(read_only=True, destructive=False, idempotent=True, open_world=True)
WRITES = Annotations(read_only=False, destructive=False, idempotent=False, open_world=True)
LOCAL = Annotations(read_only=True, destructive=False, idempotent=True, open_world=False)

_ITEM = Endpoint("GET", "/items/{itemId}", reads=True, repeatable=True, timeout_s=5)
_CREATE = Endpoint("POST", "/items", body=JsonBody(), timeout_s=5)
_SLOW = Endpoint("GET", "/slow", reads=True, repeatable=True, timeout_s=30)
_LIST = Endpoint(
    "GET", "/items", answer=Answer(root="items", name="items", many=True), reads=True, timeout_s=5
)


class Colour(Input):
    red: int
    green: int


class GetItem(Input):
    item_id: Annotated[str, Field(description="Id of the item.")]
    page: Annotated[int, Field(ge=0, le=100), WHOLE] | MISSING = MISSING
    colour: Colour | MISSING = MISSING
    tags: list[str] | MISSING = MISSING


class CreateItem(Input):
    name: str
    amount: int | None


class Nothing(Input):
    """No arguments."""


async def get_item(arguments: GetItem, context: ToolContext) -> JsonObject:
    return await context.call(
        _ITEM, path={"itemId": arguments.item_id}, query={"page": arguments.page}
    )


async def create_item(arguments: CreateItem, context: ToolContext) -> JsonObject:
    return await context.call(_CREATE, body={"name": arguments.name, "amount": arguments.amount})


async def list_items(_: Nothing, context: ToolContext) -> JsonObject:
    return await context.call(_LIST)


async def wait(_: Nothing, context: ToolContext) -> JsonObject:
    return await context.call(_SLOW)


async def crash(_: Nothing, __: ToolContext) -> JsonObject:
    raise RuntimeError("a fault in the tool")


async def get_connection_info(_: Nothing, context: ToolContext) -> JsonObject:
    return context.connection_info(["email", "password", "region"])


async def check(context: ToolContext) -> JsonObject:
    return await context.call(_LIST)


CONNECTOR = Connector(
    contract=CONTRACT_VERSION,
    name="sample",
    title="Sample shop",
    version="1.2.3",
    instructions="Call get_connection_info first.",
    servers={
        "eu": Server("Europe", "http://eu.sample.invalid/v1"),
        "us": Server("America", "http://us.sample.invalid/v1"),
    },
    default_server="eu",
    auth=BasicAuth("global/{email}", "{password}"),
    login=(
        LoginField(name="email", label="E-mail", kind="email"),
        LoginField(name="password", label="Password", kind="password", secret=True),
        LoginField(
            name="region",
            label="Region",
            kind="select",
            required=False,
            options={"eu": "Europe", "us": "America"},
        ),
        LoginField(name="shop_id", label="Shop", required=False, pattern="[A-Za-z0-9_-]+"),
    ),
    check=CredentialCheck(run=check),
    errors=ErrorRules(
        code="error.code",
        message="error.message",
        advice={"LOCKED": "Wait until the shop is open.", 404: "List the items first."},
    ),
    retries=Retries(most=0),
    tools=(
        Tool(
            name="get_item",
            title="Get item",
            description="One item.",
            arguments=GetItem,
            run=get_item,
            annotations=READS,
            errors={"GONE": "Choose another item."},
        ),
        Tool(
            name="create_item",
            title="Create item",
            description="A new item.",
            arguments=CreateItem,
            run=create_item,
            annotations=WRITES,
        ),
        Tool(
            name="list_items",
            title="List items",
            description="All items.",
            arguments=Nothing,
            run=list_items,
            annotations=READS,
        ),
        Tool(
            name="wait",
            title="Wait",
            description="Answers late.",
            arguments=Nothing,
            run=wait,
            annotations=READS,
        ),
        Tool(
            name="crash",
            title="Crash",
            description="Has a fault.",
            arguments=Nothing,
            run=crash,
            annotations=READS,
        ),
        Tool(
            name="get_connection_info",
            title="Connection",
            description="Whose data this is.",
            arguments=Nothing,
            run=get_connection_info,
            annotations=LOCAL,
        ),
    ),
)
