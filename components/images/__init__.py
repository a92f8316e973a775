"""What an image is: the one place that knows formats, limits and decoding.

formats  which formats are accepted, and what the header of a file says
limits   how large an image may be
decode   the one decoder: the same in ingest, Transform, training and serving
check    whether training can use an image, and if not, why not
"""
