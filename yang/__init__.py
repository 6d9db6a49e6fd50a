"""What data there can be, and data: models, schema, trees, edits, differences, validation, bindings."""
