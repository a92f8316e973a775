"""Puts blessed models into service: each version appears in a folder whole, or not at all.

    component      `ImagePusher`; its settings are the section `push`
    executor       TFX's Pusher with versions that appear whole, and files beside the graph
    saved_model    signatures, labels and release of a SavedModel, read without loading it
    model_card     `model_card.json`: what a person must know of a model
    warmup         requests that TensorFlow Serving runs first, with drawn images
    versions       which version is in service; adds one and removes old ones
    version        one version and its `origin.json`: where it came from
    local_folder   how a version appears on a disk or a mounted volume
    object_store   how a version appears in a bucket; `files` reads and copies for both
    rollback       puts an older version back; `rollback_lineage` records that in ML Metadata
    out_of_service which models ML Metadata knows to be withdrawn or refused

A version's folder, `NUMBER/`, contains the SavedModel as it was trained; all additions are in its
`assets.extra/`, which SavedModel reserves for its users and TensorFlow Serving ignores (except the
warm-up requests).
"""
