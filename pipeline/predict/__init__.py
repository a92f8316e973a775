"""Predictions of a pushed model, and of pretrained networks.

`predict`, one prediction after the other:

    predict.py        the command: model and images in, a line per image out
    find_model.py     a path or workspace               -> the folder of a SavedModel
    inputs.py         files, folders, patterns, stdin   -> `Listed`
    reading.py        read ahead and checked, in batches -> `Image` or `Unreadable`
    saved_model.py    `LoadedModel` and `predict_files` -> `Prediction`
    prediction.py     `Prediction`: a file's classes and scores, or its error
    output.py         a `Prediction` as text, CSV or JSON
    printing.py       predicts files and prints each prediction at once
    progress.py       a progress line on terminals

`predict --batch`, a large folder in shards; a run that was stopped resumes:

    batch.py          the command
    batch_plan.py     which images go into which shard  -> `Plan`
    batch_shards.py   one shard as Parquet or JSON lines
    batch_beam.py     the missing shards, with Beam's RunInference

`classify`, a pretrained network as it is:

    classify.py       the command; `trainer.classify` does the work
"""
