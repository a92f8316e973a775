"""Blessed models go into service: versions appear in a folder whole, or not at all.

    executor     TFX's Pusher: what is blessed is pushed
    model_card   what a person must know of a model
    warmup       requests that a server answers before it takes others
    versions     what is in service, what is added, what stays; `rollback` puts an older one back
    origin       where a version came from
    local_folder, object_store
                 how a version appears, on a disk or a mounted volume, and in a bucket
    lineage      a rollback, as ML Metadata keeps it; which models are kept out of service
    refused      models that the check before the Pusher refused

A version's folder, `NUMBER/`, holds the SavedModel as it was trained; all that is added lies in its
`assets.extra/`, which SavedModel leaves to whoever writes one and TensorFlow Serving passes over
(but for the warm-up requests).
"""
