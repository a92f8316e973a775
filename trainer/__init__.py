"""The model and its training: a pretrained backbone, a new head, stages of training, an export.

settings.py      the `model` and `trainer` sections of the configuration
backbones.py     the table of backbones: how each is built, scaled and sized
weights.py       where pretrained weights come from
head.py          pooling, dropout, logits
cut.py           a backbone in two: the frozen part and the trainable part
input.py         tf.Examples to batches of pictures and labels
augmentation.py  random changes of training pictures
features.py      what the frozen part computes, once a picture
inference_mode.py  BatchNorm keeps its statistics while its neighbours train
optimizer.py     what a stage minimizes, and how
best_epoch.py    the validation split chooses the weights that are kept
stages.py        one stage of training
export.py        the SavedModel and its signatures
task.py          run_fn: what the TFX Trainer calls
"""
