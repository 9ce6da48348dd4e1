"""Fields and types to Python expressions; every text from outside goes through `repr`."""

from typing import Any, assert_never

from treenail_generator.plan import (
    ABSENT,
    AnyType,
    BooleanType,
    ChoiceType,
    ExactType,
    FieldPlan,
    FileType,
    ListType,
    MapType,
    ModelType,
    NullableType,
    NumberType,
    TextType,
    TypePlan,
)

from .definitions import exact


def annotation(field: FieldPlan) -> str:
    """The annotation of `field`."""
    text = _type(field.type)
    if not field.required and field.default is ABSENT:
        if isinstance(field.type, NullableType):
            text = f"{_type(field.type.inner)} | MISSING | None"
        else:
            text = f"{text} | MISSING"
    return text


def _holds_model(plan: TypePlan) -> bool:
    match plan:
        case ModelType():
            return True
        case ListType(item=inner) | MapType(inner) | NullableType(inner):
            return _holds_model(inner)
        case _:
            return False


def assigned(field: FieldPlan, *, sent: bool) -> str:
    """What stands behind the annotation: default, description, names.

    Only a model that is sent as it is knows its upstream names; a tool's call names its own.
    """
    keywords: dict[str, Any] = {}
    if field.description:
        keywords["description"] = field.description
    if field.name != field.attribute:
        keywords["validation_alias"] = field.name
    if sent and field.upstream != field.attribute:
        keywords["serialization_alias"] = field.upstream
    if field.published_default is not ABSENT and field.default is ABSENT:
        keywords["json_schema_extra"] = {"default": field.published_default}
    if isinstance(field.default, list | dict) and _holds_model(field.type):
        # Checked when it is used, and a model from then on.
        keywords["validate_default"] = True
    default = "MISSING" if field.default is ABSENT else repr(field.default)
    arguments = [] if field.required else [default]
    if not keywords and not isinstance(field.default, list | dict):
        return f" = {default}" if arguments else ""
    arguments += [f"{name}={value!r}" for name, value in keywords.items()]
    return f" = Field({', '.join(arguments)})"


def _type(plan: TypePlan) -> str:
    match plan:
        case ListType():
            item = _type(plan.item)
            return _annotated(f"list[{item}]", min_length=plan.min_items, max_length=plan.max_items)
        case ModelType(model):
            return model
        case MapType(value):
            return f"dict[str, {_type(value)}]"
        case NullableType(inner):
            return f"{_type(inner)} | None"
        case ExactType():
            return f"Annotated[JsonValue, {exact(plan)}]"
        case AnyType():
            return "JsonValue"
        case FileType():
            return _file(plan)
        case _:
            return _leaf(plan)


def _leaf(plan: TextType | NumberType | BooleanType | ChoiceType) -> str:
    match plan:
        case TextType():
            return _text(plan)
        case NumberType():
            return _annotated(
                "int" if plan.whole else "float",
                *(("WHOLE",) if plan.whole else ()),
                ge=plan.minimum,
                le=plan.maximum,
                gt=plan.exclusive_minimum,
                lt=plan.exclusive_maximum,
                multiple_of=plan.multiple_of,
            )
        case BooleanType():
            return "bool"
        case ChoiceType(values):
            whole = ("WHOLE",) if isinstance(values[0], int) else ()
            # Of those in the alphabet's order there is one, so that nothing can be taken for it.
            order = () if list(values) == sorted(values, key=repr) else ("InOrder()",)
            return _annotated(f"Literal[{', '.join(map(repr, values))}]", *whole, *order)
        case _:
            assert_never(plan)


def _file(plan: FileType) -> str:
    given = [f"max_bytes={plan.max_bytes!r}"] if plan.max_bytes is not None else []
    given += [f"accept={plan.accept!r}"] if plan.accept else []
    return f"Annotated[File, FileRules({', '.join(given)})]" if given else "File"


def _text(plan: TextType) -> str:
    if plan.opaque_id:
        return "OpaqueId"
    known = {"date": "Date", "date-time": "DateTime"} if plan.checked else {}
    base = known.get(plan.format or "", "str")
    checked = (f"Format({plan.format!r})",) if plan.checked and base == "str" else ()
    return _annotated(
        base,
        *checked,
        min_length=plan.min_length,
        max_length=plan.max_length,
        pattern=plan.pattern,
        json_schema_extra={"format": plan.format} if plan.format and not plan.checked else None,
    )


def _annotated(base: str, *further: str, **constraints: Any) -> str:
    given = ", ".join(
        f"{name}={value!r}" for name, value in constraints.items() if value is not None
    )
    parts = ([f"Field({given})"] if given else []) + list(further)
    return f"Annotated[{base}, {', '.join(parts)}]" if parts else base
