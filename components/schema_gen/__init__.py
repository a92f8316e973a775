"""schema_gen."""
