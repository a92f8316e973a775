"""The small backbone that ships with the project, so that the sample needs no network.

`LETTERS_WEIGHTS` holds a MobileNetV2 (alpha 0.35, no top) pretrained on printed letters by
`pretrain_letters.py`. It loads into that architecture at any image size:

    backbone = keras.applications.MobileNetV2(
        include_top=False, alpha=0.35, input_shape=(32, 32, 3), weights=None
    )
    backbone.load_weights(LETTERS_WEIGHTS)
"""

import pathlib

LETTERS_WEIGHTS: pathlib.Path = (
    pathlib.Path(__file__).resolve().parent / "letters_mobilenet_v2_0.35.weights.h5"
)
