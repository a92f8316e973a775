"""Beam's options kept out of what the cache asks for."""

from google.protobuf.message import Message
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.proto.orchestration.executable_spec_pb2 import BeamExecutableSpec

Operators = dict[type[Message], type[BeamExecutorOperator]]


def hide_beam_args(spec: Message) -> tuple[Message, Operators]:
    """Divides how a component is executed into what its outputs depend on, and on which workers.

    TFX's cache takes all of the former into its key: the same pictures on one worker more would be
    read, counted and trained on anew.

    Args:
        spec: How TFX executes the component.

    Returns:
        The spec without Beam's options, and operators that execute it with them, both for
        TFX's launcher.
    """
    if not isinstance(spec, BeamExecutableSpec):
        return spec, {}
    bare = BeamExecutableSpec()
    bare.CopyFrom(spec)
    bare.ClearField("beam_pipeline_args")
    bare.ClearField("beam_pipeline_args_placeholders")

    class OperatorWithArgs(BeamExecutorOperator):
        def __init__(self, executor_spec: Message, platform_config: Message | None = None):
            super().__init__(spec, platform_config)

    return bare, {BeamExecutableSpec: OperatorWithArgs}
