"""Downloads the pretrained weights of configurations into Keras' cache ($KERAS_HOME).

    KERAS_HOME=/opt/keras python fetch_weights.py CONFIG.yaml ...

Training then needs no network, and pods do not repeat the download.
"""

import sys
from pathlib import Path


def main() -> None:
    """Downloads the weights of each configuration; exits with 1 if that fails."""
    from components.errors import UserError
    from pipeline.config.errors import ConfigError
    from pipeline.config.load import load_config

    for name in sys.argv[1:]:
        try:
            config = load_config(Path(name), check_paths=False)
            if config.model.weights == "imagenet":
                # Imported here: it takes seconds.
                from trainer.network.backbones import build_backbone
                from trainer.network.weights import load_weights

                model = config.model
                backbone = build_backbone(
                    model.backbone, config.image_size, model.alpha, include_top=model.include_top
                )
                load_weights(backbone, model, config.image_size)
            print(f"{name}: {config.model.backbone}, weights: {config.model.weights}")
        except (ConfigError, UserError) as error:
            sys.exit(f"{name}: {error}")


if __name__ == "__main__":
    main()
