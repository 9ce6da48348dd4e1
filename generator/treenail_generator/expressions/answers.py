"""What becomes of an answer's fields, as Python expressions."""

from dataclasses import fields

from treenail_generator.plan import KeptField, PagingPlan


def kept(field: KeptField) -> str:
    """What the record says of a field."""
    if field.name is None:
        return "None"
    if field.redacted:
        return f"Redacted({field.name!r})"
    if field.record is not None:
        record = f"lambda: {field.record}" if field.late else field.record
        return f"Nested({field.name!r}, {record})"
    return repr(field.name)


def paged(plan: PagingPlan) -> str:
    """The contract's `Paging`; what it assumes by itself is not said."""
    told = [
        f"{each.name}={value!r}"
        for each in fields(plan)
        if (value := getattr(plan, each.name)) != each.default
    ]
    return f"Paging({', '.join(told)})"
