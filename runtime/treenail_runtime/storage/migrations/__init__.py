"""Changes of the tables, in order; `storage.schema` applies them."""
