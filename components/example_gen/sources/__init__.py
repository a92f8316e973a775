"""Where images come from: each source lists its images as `listing.Listing`.

    folders          a folder per class, or split folders with folders per class
    manifest_source  a CSV or JSON-lines file that lists images (read by `manifest`)
    tfrecord/        tf.Examples in TFRecord files
    tfds_source      a TensorFlow Datasets dataset (prepared by `tfds_folder`, cut by `tfds_slices`)
    digits           the built-in sample, written as folders

`listing` and `split_settings` have what all of them share, `spans` resolves `{SPAN}` in a path, and
`layout_hints` suggests what to write in the configuration. Nothing in here imports `example_gen`.
"""
