"""What becomes of an answer's fields, as Python expressions."""

from treenail_generator.plan import KeptField


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
