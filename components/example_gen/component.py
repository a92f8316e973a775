"""The TFX component that reads images."""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.example_gen import driver
from components.example_gen.executor import Executor
from components.example_gen.settings import DataSettings

# What the examples do not depend on. The rest is part of the cache's key.
_IRRELEVANT = {"schema_path", "on_anomaly"}


class ImageExampleGenSpec(ComponentSpec):
    """What `ImageExampleGen` takes and makes."""

    PARAMETERS = {
        driver.SETTINGS_KEY: ExecutionParameter(type=str),
        driver.PATH_KEY: ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS: dict[str, ChannelParameter] = {}
    OUTPUTS = {driver.EXAMPLES_KEY: ChannelParameter(type=standard_artifacts.Examples)}


class ImageExampleGen(base_beam_component.BaseBeamComponent):
    """Reads images, checks each, and writes them as tf.Examples in three splits.

    Output `examples`: an `Examples` artifact with the splits `train`, `validation` and `test`. In
    its root, `ingest.json` counts what was found and `quarantine.jsonl` lists what was refused.

    Example:
        example_gen = ImageExampleGen(DataSettings(path="images"))
        statistics_gen = StatisticsGen(examples=example_gen.outputs["examples"])
    """

    SPEC_CLASS = ImageExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
    DRIVER_CLASS = driver.Driver

    def __init__(
        self, settings: DataSettings, sample_path: str | None = None, code: str = ""
    ) -> None:
        """Makes the component.

        Args:
            settings: The `data` section.
            sample_path: Folder that the built-in sample is written to; needed, and used, only
                where `settings.source` is `digits`.
            code: Fingerprint of the code; another one makes the cache miss.

        Raises:
            ValueError: If there is no path.
        """
        path = sample_path if settings.source == "digits" else settings.path
        if settings.source == "tfds":
            path = settings.path or ""  # the driver uses the default of TFDS
        if path is None:
            raise ValueError("ImageExampleGen needs sample_path for source digits, else data.path")
        spec = ImageExampleGenSpec(
            settings=settings.model_dump_json(by_alias=True, exclude=_IRRELEVANT),
            path=path,
            code=code,
            examples=types.Channel(type=standard_artifacts.Examples),
        )
        super().__init__(spec=spec)
