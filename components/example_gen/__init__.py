"""Images in, checked and split tf.Examples out.

`component.ImageExampleGen` is the TFX component. The data pass through these files:

    driver    which span, and has the data changed?     -> path, span, fingerprint
              (sources/spans, fingerprint; sources/tfds_folder finds or prepares a TFDS dataset)
    sources/  list the images                           -> listing.Listing
              (folders, manifest_source, tfrecord/source, tfds_source)
    inspection  read, check and decode each image       -> Checked     (Beam)
    verdicts  find conflicts, assign splits             -> accepted and quarantined
              (split, near_duplicates)
    shards    write the accepted ones as tf.Examples    -> Split-*/    (Beam)
    report    write what happened                       -> ingest.json, quarantine.jsonl,
                                                           near_duplicates.jsonl

`executor` composes them.
"""
