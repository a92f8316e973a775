"""Images that come as tf.Examples in TFRecord files.

settings    how the features are called, and the file that names the classes
source      finds the files and lists their records
records     finds the records of one file
unpack      makes compressed files readable from anywhere
label_file  reads the names of numbered classes
"""
