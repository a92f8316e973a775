"""The loss and the optimizer of a stage."""

import keras
import tensorflow as tf

from trainer.stages.settings import OptimizerSettings


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Lets a rate rise linearly before it follows its schedule (arXiv:1706.02677, section 2.2).

    Args:
        rate: The highest rate.
        steps: Training steps from zero to it; the schedule starts after them.
        schedule: What follows; None keeps the rate constant.
    """

    def __init__(
        self,
        rate: float,
        steps: int,
        schedule: keras.optimizers.schedules.LearningRateSchedule | None = None,
    ):
        super().__init__()
        self._rate = rate
        self._steps = steps
        self._schedule = schedule

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate of one step, counted from 0."""
        step = tf.cast(step, tf.float32)
        rising = self._rate * (step + 1) / max(1, self._steps)
        after = self._schedule(step - self._steps) if self._schedule else self._rate
        return tf.where(step < self._steps, rising, after)

    def get_config(self) -> dict:
        """The constructor's arguments, for serialization."""
        return {"rate": self._rate, "steps": self._steps, "schedule": self._schedule}


def build_optimizer(
    settings: OptimizerSettings, epochs: int, steps_per_epoch: int
) -> keras.optimizers.Optimizer:
    """Builds a stage's optimizer; a cosine schedule falls to zero over all its epochs."""
    builders = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    momentum = {"momentum": 0.9} if settings.name == "sgd" else {}
    # With None, Keras' AdamW uses a default of its own.
    decay = settings.weight_decay if settings.name == "adamw" else settings.weight_decay or None
    rate = _build_rate(settings, epochs, steps_per_epoch)
    return builders[settings.name](rate, weight_decay=decay, **momentum)


def find_last_rate(
    settings: OptimizerSettings,
    epochs: int,
    steps_per_epoch: int,
    optimizer: keras.optimizers.Optimizer,
) -> float:
    """The learning rate of an optimizer's last step.

    Its `learning_rate` is that of the next step, which is zero at the end of a cosine schedule.
    """
    rate = _build_rate(settings, epochs, steps_per_epoch)
    if isinstance(rate, float):
        return rate
    return float(rate(max(0, int(optimizer.iterations.numpy()) - 1)))


def build_loss(label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Cross-entropy of logits and labels, both `[batch, classes]`; each row of labels sums to 1.

    Label smoothing is the share of each label that is spread over all classes, 0 to 1.
    """
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)


def _build_rate(
    settings: OptimizerSettings, epochs: int, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    rate = settings.learning_rate
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    schedule = None
    if settings.schedule == "cosine":
        steps = max(1, epochs * steps_per_epoch - warmup)
        schedule = keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps)
    if warmup:
        return WarmUp(rate, warmup, schedule)
    return schedule if schedule is not None else rate
