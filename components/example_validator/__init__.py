"""What the examples should look like, and whether they do.

`statistics.statistics_options` for TFX's StatisticsGen, `schema.ImageSchemaGen` in place of
SchemaGen, and `component.ExampleCheck` in place of ExampleValidator.
"""
