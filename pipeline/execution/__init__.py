"""Runs one node of the pipeline, in a local run or as a task on a cluster.

compiled_pipeline.py  `CompiledPipeline`: runs single nodes of the compiled TFX pipeline
launcher.py           TFX's launcher, safe for nodes that are started again
attempt.py            the attempts of a node; only the newest one publishes
caching.py            when TFX's cache may be used, and the part of our code it depends on
beam_args.py          Beam's options from the `beam` settings, kept out of the cache key
"""
