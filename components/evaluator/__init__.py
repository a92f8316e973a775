"""The gate between a trained model and service: TFX's Evaluator, and what it decided, in words."""
