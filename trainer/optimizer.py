"""What a stage minimizes, and how."""

import keras

from trainer.settings import OptimizerSettings


def build_optimizer(settings: OptimizerSettings, steps: int) -> keras.optimizers.Optimizer:
    """Builds a stage's optimizer.

    Args:
        settings: Its name, rate and schedule.
        steps: Training steps of the whole stage, over which a cosine schedule falls to zero.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, decay_steps=steps)
    decay = settings.weight_decay or None
    if settings.name == "adam":
        return keras.optimizers.Adam(rate, weight_decay=decay)
    if settings.name == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    if settings.name == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    return keras.optimizers.SGD(rate, momentum=0.9)


def build_loss() -> keras.losses.Loss:
    """Cross-entropy of logits `[batch, classes]` and label ids `[batch]`."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
