"""ServingCheck: the component between Evaluator and Pusher."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.serving_check.driver import Driver
from components.serving_check.executor import Executor
from components.serving_check.settings import ServingCheckSettings


class ServingCheckSpec(ComponentSpec):
    """Inputs and outputs of `ServingCheck`."""

    PARAMETERS = {"settings": ExecutionParameter(type=str)}
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun, optional=True),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing, optional=True),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing, optional=True),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingCheck(base_component.BaseComponent):
    """Calls the exported model in a process that has only TensorFlow, and checks its responses.

    A model that failed is checked again in the next run; one that passed is not.

    Output `blessing`: an `InfraBlessing`, as TFX's InfraValidator makes it, for the Pusher's
    `infra_blessing`; for `serving_check.json` in it, see `verdict.py`.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        settings: ServingCheckSettings,
        model: types.BaseChannel,
        examples: types.BaseChannel,
        **inputs: types.BaseChannel | None,
    ) -> None:
        """Creates the component.

        Args:
            settings: The bounds.
            model: A `Model` channel.
            examples: An `Examples` channel with the splits `test` and `validation`.
            inputs: `model_run`, with the scores to compare with, see `reference.py`; and
                `model_blessing` and `infra_blessing`: a model that they refuse is not checked.
        """
        spec = ServingCheckSpec(
            settings=settings.model_dump_json(),
            model=model,
            examples=examples,
            blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            **inputs,
        )
        super().__init__(spec=spec)
