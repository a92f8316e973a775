"""The plain script, this pipeline and the stock TFX way, side by side on the same images."""
