"""AtomicPusher: TFX's Pusher with our executor."""

from tfx.components.pusher.component import Pusher
from tfx.dsl.components.base import executor_spec

from components.push.executor import Executor


class AtomicPusher(Pusher):
    """Pushes a blessed model to a folder of versions; each appears whole or not at all.

    Takes and gives what TFX's Pusher does.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
