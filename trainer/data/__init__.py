"""The data of an epoch: images, or features of the frozen part, with labels.

    split = open_split(fn_args.train_files, labels)
    batches = ImageBatches(split, build_parser(transform_layer), Labels(...), batch_size=32)
    model.fit(batches.epoch(0))

input.py          tf.Examples to batches of images and labels
batches.py        the batches of an epoch, shuffled and labelled
features.py       features of the frozen part, computed once per image, and whether to store them
augmentation.py   random changes of training images: layers, and mixup
class_weights.py  the weight of each class in the loss
safe_decode.py    decoding in which a broken image does not fail its batch
"""
