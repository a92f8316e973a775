"""What an image is: the same in ingest, in training, in `predict` and in the served model.

formats      which formats are accepted, and what the header of a file says
limits       how large an image may be
decode       the one decoder, with what it does in TensorFlow's graph:
             orientation (EXIF), pixel_count (limits from the header), colours, file_bytes
convert      PNGs of formats that the graph cannot decode: other_formats, headers
jpeg_damage  damage that decoders bridge without an error
sameness     whether two files show the same, exactly or nearly
check        whether training can use an image, and if not, why not
"""
