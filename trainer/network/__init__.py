"""The network: a pretrained backbone with a new head.

    network = build_network(ModelSettings(backbone="MobileNetV2"), image_size=160, classes=2)
    logits = network(images)

settings.py       the `model` section
network.py        `build_network`: backbone, pooling and head
backbones.py      the table of backbones: how each is built, scaled and sized
weights.py        loads pretrained weights: ImageNet's, a file's, or the bundled ones
normalization.py  makes EfficientNet's weights compute what Keras' own network does
head.py           pooling, and the layers from a vector to the logits
freezing.py       which layers are frozen; the network split into a frozen and a trained part
folding.py        BatchNorm in inference mode, folded into convolutions
precision.py      16 bits on GPUs made for them
"""
