"""Asking a pushed model: images in, labels and scores out.

    model_folder     which SavedModel is meant                   -> its folder
    saved_model      the model, loaded                           -> scores of a batch
    listing          which files are meant                       -> Listed
    reading          read and checked ahead, in batches          -> Image or Unreadable
    answering        the model asked, batch by batch             -> Prediction
    output           as text, CSV or JSON lines
    printing         to stdout, as they come
    progress         how far it is, on a terminal

Over a large folder, in shards that are never done twice:

    batch_plan       which images go into which shard          -> Plan
    batch_shards     one shard as Parquet or JSON lines
    batch_beam       the missing shards, on Beam's RunInference

`predict` and `batch` compose them; `pipeline.cli.predict` is what a person calls.
"""
