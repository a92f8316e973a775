"""What a stage trains, described before it starts."""

from trainer.network.freezing import find_first_trainable, freeze_below
from trainer.network.network import Network
from trainer.stages.layers import describe_stage, layer_table
from trainer.stages.settings import StageSettings


def _text(network: Network, freeze: str) -> str:
    freeze_below(network.body, find_first_trainable(network.body, freeze))
    return describe_stage(StageSettings(name="stage", freeze=freeze), network).text


def test_a_stage_is_described_in_a_sentence(network: Network) -> None:
    assert _text(network, "all") == "stage: trains the head (34 of 2,138 parameters)"
    assert _text(network, "none") == (
        "stage: trains the head and 11 of 11 layers (2,074 of 2,138 parameters)"
    )
    assert _text(network, "conv_2") == (
        "stage: trains the head and 4 of 11 layers, from conv_2 on (1,234 of 2,138 parameters)"
    )


def test_numbers_add_up(network: Network) -> None:
    freeze_below(network.body, 8)
    numbers = describe_stage(StageSettings(name="stage"), network).numbers
    assert numbers["layers"] == 11 and numbers["trainable_layers"] == 3
    assert numbers["total_parameters"] == sum(
        layer.count_params() for layer in (*network.body.layers, *network.head.layers)
    )


def test_table_numbers_layers_as_freeze_does(network: Network) -> None:
    lines = layer_table(network).splitlines()
    assert len(lines) == 1 + 11 + 2
    assert lines[1 + 7].split()[:3] == ["7", "conv_2", "Conv2D"]
    assert lines[1 + 7].split()[-1] == "1,168"
    assert lines[-1].split()[0] == "head"
    assert len({len(line) for line in lines}) == 1
