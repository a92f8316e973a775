"""The model and its training: a pretrained backbone, a new head, stages of training, an export.

Folders, each of which imports only those above it; the modules below import the folders:
    bundled/     the small backbone that ships with the project, and how it was pretrained
    network/     the `model` section; backbone, weights, head; what is frozen
    data/        images in batches, augmented or reduced to stored features
    stages/      the `trainer` section; trains one stage after the other

The Trainer:
    task.py               run_fn, which the TFX Trainer calls: a table of contents of all this
    check.py              settings that do not fit each other, found before any image is read
    warm_start.py         starts from an earlier model's weights
    export.py             the SavedModel and its signatures
    serving_reference.py  scores that the exported model is compared with
    facts.py              what a training reports to the pipeline, typed
    run_log.py            training.json, learning curves, TensorBoard's log, the table of layers

Without training:
    classify.py           a pretrained network with its own ImageNet classes
"""
