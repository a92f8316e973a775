"""Transform: decoded, resized and scaled images, and the label vocabulary.

preprocessing  `preprocessing_fn`, the graph
scaling        the pixel ranges that backbones expect
component      `ImageTransform`, TFX's Transform with an executor that needs no Beam
"""
