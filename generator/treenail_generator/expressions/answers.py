"""What becomes of an answer's fields, as Python expressions."""

from dataclasses import fields

from treenail_generator.plan import KeptField, PagingPlan, RecordPlan


def kept(field: KeptField) -> str:
    """What the record says of a field."""
    if field.name is None:
        return "None"
    if field.redacted:
        return f"Redacted({field.name!r})"
    if field.plain:
        return f"AsText({field.name!r})"
    if field.record is not None:
        return f"Nested({field.name!r}, {_mentioned(field.record, late=field.late)})"
    return repr(field.name)


def rest(plan: RecordPlan) -> str:
    """What becomes of fields that the record does not name, where they pass."""
    return _mentioned(plan.values, late=plan.late) if plan.values else "True"


def _mentioned(constant: str, *, late: bool) -> str:
    return f"lambda: {constant}" if late else constant


def paged(plan: PagingPlan) -> str:
    """The contract's `Paging`; what it assumes by itself is not said."""
    told = [
        f"{each.name}={value!r}"
        for each in fields(plan)
        if (value := getattr(plan, each.name)) != each.default
    ]
    return f"Paging({', '.join(told)})"
