"""Images in, checked and split tf.Examples out.

`component.ImageExampleGen` is the TFX component. The data's way through its files:

    driver    which span, and has the data changed?     -> path, span, fingerprint
              (tfds_folder finds or makes a TFDS dataset)
    sources   list what there is                        -> Found
              (folders; and manifest_source, tfrecords, tfds_source)
    check     read, check and decode each image       -> Checked     (Beam)
    verdicts  find conflicts, assign splits             -> accepted and quarantined
    shards    write the accepted ones as tf.Examples    -> Split-*/    (Beam)
    report    write what happened                       -> ingest.json, quarantine.jsonl

`executor` composes them.
"""
