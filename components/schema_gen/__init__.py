"""`component.ImageSchemaGen`, in place of TFX's SchemaGen: inferred or curated, with the image."""
