"""create_pipeline: the one TFX pipeline, for every way to run it."""

from tfx.components.infra_validator.component import InfraValidator
from tfx.components.trainer.component import Trainer
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2
from tfx.types import BaseChannel, Channel, standard_artifacts

from components.baseline.earlier_model import LastBlessedOnOtherImages
from components.baseline.resolver import LastBlessedOther
from components.evaluator.component import ImageEvaluator
from components.example_gen.component import ImageExampleGen
from components.example_validator.component import ExampleCheck
from components.pusher.component import ImagePusher
from components.report.component import Report
from components.schema_gen.component import ImageSchemaGen
from components.serving_check.component import ServingCheck
from components.serving_check.infra_validator import build_infra_validator
from components.signatures import SERVING_EXAMPLES
from components.statistics_gen.component import ImageStatisticsGen
from components.statistics_gen.options import statistics_options
from components.transform.component import ImageTransform
from pipeline.cluster.training_job.executor import TrainingExecutor
from pipeline.config.beam import check_reachable
from pipeline.config.schema import PipelineConfig
from pipeline.execution.beam_args import beam_args
from pipeline.execution.caching import fingerprint_code
from pipeline.nodes import node
from pipeline.run.paths import Workspace
from trainer.network.backbones import BACKBONES
from trainer.network.weights import fingerprint_weights


def create_pipeline(config: PipelineConfig, workspace: Workspace) -> Pipeline:
    """Composes the pipeline, for every TFX runner that brings the metadata's address itself."""
    # How a cluster runs it changes nothing of what comes out.
    config = config.model_copy(update={"kubeflow": None})
    # Every step follows from the examples: code that changed runs all again. Nothing follows from
    # the report, which is written again in each run.
    ingest = ImageExampleGen(
        config.data,
        sample_path=str(workspace.sample),
        code=fingerprint_code("components", without="report"),
    )
    examples = ingest.outputs["examples"]
    statistics = ImageStatisticsGen(examples=examples, stats_options=statistics_options()).with_id(
        "StatisticsGen"
    )
    schema = ImageSchemaGen(
        statistics=statistics.outputs["statistics"], schema_path=config.data.schema_path
    ).with_id("SchemaGen")
    check = ExampleCheck(
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        on_anomaly=config.data.on_anomaly,
    )
    transform = _transform(config, examples, schema)
    start_from = _earlier_model(examples) if config.trainer.warm_start else None
    trainer = _trainer(config, workspace, examples, schema, transform, start_from)
    # Nothing is computed from data that the check has not passed.
    transform.add_upstream_node(check)
    baseline = Resolver(
        strategy_class=LastBlessedOther,
        config={
            "serving": workspace.serving(config),
            "pipeline_name": config.push.model_name,
            "root": str(workspace.artifacts(config)),
        },
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        candidate=trainer.outputs["model"],
    ).with_id("Baseline")
    evaluator = ImageEvaluator(
        examples=examples,
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        gate=config.gate,
        signature_name=SERVING_EXAMPLES,
    ).with_id("Evaluator")
    infra, serving_check = _serving_check(config, examples, trainer, evaluator)
    can_serve = serving_check.outputs["blessing"] if serving_check else None
    pusher = ImagePusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=can_serve,
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=workspace.serving(config)
            )
        ),
        examples=examples,
        evaluation=evaluator.outputs["evaluation"],
        model_name=config.push.model_name,
        keep=config.push.keep,
        # Without where the model was made: made elsewhere, it is not pushed again.
        config=config.model_dump_json(by_alias=True, exclude={"beam", "metadata", "kubeflow"}),
        image_size=config.image_size,
    ).with_id("Pusher")
    report = Report(
        examples=examples,
        statistics=statistics.outputs["statistics"],
        anomalies=check.outputs["anomalies"],
        model_run=trainer.outputs["model_run"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        evaluation=evaluator.outputs["evaluation"],
        serving_check=can_serve,
        pushed_model=pusher.outputs["pushed_model"],
        configuration=config.model_dump_json(by_alias=True),
        code={package: fingerprint_code(package) for package in ("components", "trainer")},
    )
    check_reachable(config.beam, str(workspace.root), config.data.path)
    components = [
        ingest, statistics, schema, check, transform, *([start_from] if start_from else []),
        trainer, baseline, evaluator, *([infra] if infra else []),
        *([serving_check] if serving_check else []), pusher, report,
    ]  # fmt: skip
    for component in components:
        if node(component.id).uses_beam:
            component.with_beam_pipeline_args(beam_args(config.beam, component.id))
    return Pipeline(
        pipeline_name=config.push.model_name,
        pipeline_root=str(workspace.artifacts(config)),
        components=components,
        enable_cache=True,
    )


def _transform(
    config: PipelineConfig, examples: BaseChannel, schema: ImageSchemaGen
) -> ImageTransform:
    return ImageTransform(
        examples=examples,
        schema=schema.outputs["schema"],
        preprocessing_fn="components.transform.preprocessing.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"]),
        # Decoding on the fly is faster than reading stored floats, thirty times their JPEG's size.
        materialize=False,
        # Statistics of the transformed features would decode every image.
        disable_statistics=True,
        custom_config={
            "image_size": config.image_size,
            "interpolation": config.transform.interpolation,
            "scale": BACKBONES[config.model.backbone].scale,
            # Ingest has checked the images: this is for those that the exported model gets.
            "max_pixels": config.data.max_image_pixels,
        },
    ).with_id("Transform")


def _serving_check(
    config: PipelineConfig, examples: BaseChannel, trainer: Trainer, evaluator: ImageEvaluator
) -> tuple[InfraValidator | None, ServingCheck | None]:
    settings = config.serving_check
    if not settings.enabled:
        return None, None
    model = trainer.outputs["model"]
    infra = None
    if settings.infra_validator is not None:
        infra = build_infra_validator(
            settings.infra_validator, config.push.model_name, SERVING_EXAMPLES, model, examples
        ).with_id("InfraValidator")
    check = ServingCheck(
        settings,
        model=model,
        examples=examples,
        model_run=trainer.outputs["model_run"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=infra.outputs["blessing"] if infra else None,
    )
    return infra, check


def _earlier_model(examples: BaseChannel) -> Resolver:
    return Resolver(
        strategy_class=LastBlessedOnOtherImages,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        examples=examples,
    ).with_id("EarlierModel")


def _trainer(
    config: PipelineConfig,
    workspace: Workspace,
    examples: BaseChannel,
    schema: ImageSchemaGen,
    transform: ImageTransform,
    start_from: Resolver | None,
) -> Trainer:
    return Trainer(
        run_fn="trainer.task.run_fn",
        examples=examples,
        schema=schema.outputs["schema"],
        transform_graph=transform.outputs["transform_graph"],
        base_model=start_from.outputs["model"] if start_from else None,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["validation"]),
        custom_config={
            "model": config.model.model_dump_json(),
            "trainer": config.trainer.model_dump_json(),
            "image_size": config.image_size,
            "weights": fingerprint_weights(config.model),
            "code": fingerprint_code("trainer"),
            "checkpoints": str(workspace.checkpoints(config)),
        },
        # Everywhere, since what is cached depends on the executor's class.
        custom_executor_spec=ExecutorClassSpec(TrainingExecutor),
    )
