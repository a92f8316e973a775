"""ImagePusher: TFX's Pusher with versions that appear whole or not at all."""

from tfx.components.pusher.component import Pusher
from tfx.dsl.components.base import base_component, executor_spec
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_component_specs import PusherSpec
from tfx.utils import json_utils

from components.pusher.executor import Executor
from components.pusher.object_store import check_address


class ImagePusherSpec(PusherSpec):
    """Inputs and outputs of TFX's Pusher, and what the files beside the graph are made from."""

    PARAMETERS = {
        **PusherSpec.PARAMETERS,
        "model_name": ExecutionParameter(type=str),
        "keep": ExecutionParameter(type=int, optional=True),
        "config": ExecutionParameter(type=str, optional=True),
        "image_size": ExecutionParameter(type=int, optional=True),
    }
    INPUTS = {
        **PusherSpec.INPUTS,
        "examples": ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation, optional=True),
    }


class ImagePusher(Pusher):
    """Pushes a blessed model to a folder of versions; each appears whole or not at all.

    Has the inputs of TFX's Pusher, and what the files beside the graph are made from. Like TFX's,
    it pushes only what `model_blessing` and `infra_blessing` bless, if they are given. Its
    PushedModel artifact has TFX's properties and `is_new` (0: it was in service already); for a
    model that a rollback took out of service, `withdrawn`, `in_service_version` and
    `in_service_path`.
    """

    SPEC_CLASS = ImagePusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        push_destination: pusher_pb2.PushDestination,
        *,
        model_name: str | None = None,
        config: str | None = None,
        image_size: int | None = None,
        keep: int | None = None,
        **inputs: BaseChannel | None,
    ) -> None:
        """Creates the component.

        Args:
            model: What to push.
            push_destination: Folder of its versions, a path or a URL.
            model_name: Its name in service; None uses the name of the folder.
            config: The effective configuration as JSON, for the model card.
            image_size: Height and width that it resizes images to, in pixels, for the model card.
            keep: How many of the newest versions stay; None keeps all.
            inputs: `model_blessing`, by the Evaluator; `infra_blessing`, by ServingCheck or TFX's
                InfraValidator; `examples` that it was trained on, whose test images become the
                warm-up requests; `evaluation`, for the model card.

        Raises:
            UserError: TensorFlow cannot write to the folder.
        """
        folder = push_destination.filesystem.base_directory
        check_address(folder)
        spec = ImagePusherSpec(
            model=model,
            push_destination=push_destination,
            custom_config=json_utils.dumps(None),
            model_name=model_name or folder.rstrip("/").rpartition("/")[2],
            keep=keep,
            config=config,
            image_size=image_size,
            pushed_model=Channel(type=standard_artifacts.PushedModel),
            **inputs,
        )
        # Not the Pusher's own __init__, which creates its own spec.
        base_component.BaseComponent.__init__(self, spec=spec)
