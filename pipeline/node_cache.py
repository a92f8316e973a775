"""When the cache may answer for a node, where TFX's own rule (same inputs, same code) is wrong."""

from typing import TYPE_CHECKING

from components.push.versions import was_pushed_last

if TYPE_CHECKING:
    from pipeline.nodes import CompiledPipeline


def may_use_cache(node_id: str, compiled: "CompiledPipeline", serving: str) -> bool:
    """Whether what an earlier run made still holds.

    Args:
        node_id: The node.
        compiled: The run; the nodes that this one reads from have finished.
        serving: The folder of the model's versions.
    """
    if node_id != "Pusher":
        return True
    # The cache knows what was pushed once, not what is in service now.
    trainer = compiled.find_result("Trainer")
    model_uri = trainer.outputs["model"][0].uri if trainer and trainer.outputs else None
    return was_pushed_last(serving, model_uri)
