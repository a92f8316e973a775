"""The steps of the pipeline: each folder is a TFX component that is usable alone in any pipeline.

    example_gen/        ImageExampleGen: images to tf.Examples
    statistics_gen/     TFX's StatisticsGen, with options for images
    schema_gen/         ImageSchemaGen: what normal data looks like
    example_validator/  ExampleCheck: anomalies stop the run
    transform/          ImageTransform: decode, resize, scale; label vocabulary
    baseline/           the earlier model to compare with, and the one to start from
    evaluator/          ImageEvaluator: measures with TFMA, decides, blesses
    serving_check/      ServingCheck: calls the exported model in a separate process
    pusher/             ImagePusher: a new version in `serving/`, whole or not at all
    report/             Report: a page about each run

The files beside them are shared: `images/` decides which images are valid and decodes them;
`facts` is what every component reports, in a `facts.py` of its own.

Nothing in here imports `pipeline`.
"""
