"""Training in stages: each freezes some layers and trains the others.

    results = train_stages(Training(network, images, settings, strategy, checkpoint))

settings.py           the `trainer` section
train.py              `train_stages`: all stages, epoch by epoch
build.py              one stage: its model, and the batches it reads
state.py              history and best epoch of a stage; early stopping
checkpoint.py         the saved state that an interrupted training resumes from
auto_freeze.py        `freeze: auto`: how many layers to freeze
layers.py             describes what a stage trains
optimizer.py          loss, optimizer and learning rate schedule
distribution.py       the `tf.distribute` strategy: several GPUs or machines
distributed_model.py  a Keras model that gives the same result on one device and on many
"""
