"""The steps of the pipeline, each one a TFX component that is usable alone in any TFX pipeline.

    ingest/      images to tf.Examples: ImageExampleGen
    validation/  anomalies stop the run: ExampleCheck
    transform/   decode, resize, scale, label vocabulary: preprocessing_fn
    evaluation/  the gate: measures with TFMA, decides, blesses
    report/      a page about each run, for people: Report
    serving_check/  the exported model, asked in a process of its own: ServingCheck
    push/        a new version in serving/, whole or not at all: ImagePusher

Nothing in here imports `pipeline`.
"""
