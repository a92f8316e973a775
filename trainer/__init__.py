"""The model and its training: a pretrained backbone, a new head, stages of training, an export.

What the configuration says:
    model_settings.py  the `model` section
    settings.py        the `trainer` section
    stage_settings.py  the entries of `trainer.stages`

The network:
    backbones.py       the table of backbones: how each is built, scaled and sized
    weights.py         where pretrained weights come from: keras_cache.py, bundled/
    normalization.py   EfficientNet computes what Keras' own does
    head.py            pooling, and what is trained from a vector to the logits
    network.py         the backbone and the head together
    warm_start.py      weights of an earlier model instead

What a stage reads:
    input.py           tf.Examples to batches of images and labels
    features.py        what the frozen part computes, once an image
    worth_storing.py   whether that is stored at all
    batches.py         one epoch, in an order of its own
    augmentation.py, mixup.py  random changes of training images
    class_weights.py   how much each class counts

How it is trained:
    auto_freeze.py, decide_freeze.py  `freeze: auto`
    freezing.py        which layers a stage trains
    cut.py             the network in two: the frozen part and the trained part
    inference_mode.py  BatchNorm keeps its statistics while its neighbours train
    optimizer.py       what a stage minimizes, and how
    distribution.py, distributed_model.py, precision.py  several devices, 16 bits
    stage_model.py     one stage, put together
    stage_state.py     where it stands; the validation split chooses the weights that are kept
    checkpoint.py      where an interrupted training goes on
    stages.py          all stages, epoch by epoch

What comes out:
    export.py          the SavedModel and its signatures
    run_log.py, curves.py, layers.py  what people look at
    task.py            run_fn: what the TFX Trainer calls; a table of contents of all this
    classify.py        a pretrained network as it is, without training
"""
