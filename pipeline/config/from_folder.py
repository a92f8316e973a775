"""A folder of images -> a configuration to start with, beside the workspace.

`init` and `run FOLDER` write it once, with what is in the folder. From then on it is the user's:
it is read again, and never written.
"""

import itertools
import os
import re
import textwrap
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from components.errors import UserError
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.folders import list_folders
from components.example_gen.sources.layout_hints import FRACTIONS, guess_splits, suggest_splits
from components.example_gen.sources.listing import list_entries
from components.example_gen.sources.split_settings import SplitSettings
from components.format import count
from components.printable import encodable, printable
from pipeline.config.errors import ConfigError
from pipeline.config.yaml_reader import read_yaml, write_yaml

_MOST_SHOWN = 20
_UNBALANCED = 3
"""So many times the smallest class is the largest one where class weights are suggested."""

_TEMPLATE = """\
# What `{model_name}` is trained from: {counts}.
# The file is yours to change: `run` reads it again and never writes to it.
# All settings: image-pipeline show-config {model_name}.yaml

data:
{classes}
  path: {path}
{splits_comment}
  splits: {splits}

model:
  # A small network, pretrained on ImageNet's photos. Keras takes the weights from its cache, or
  # downloads them once (9 MB); without a network, write the path of a weights FILE here.
  backbone: MobileNetV2
  weights: imagenet

trainer:{class_weights}
  stages:
    # A new last layer, on features that are computed once.
    - name: head
      epochs: 30
      early_stopping: {{patience: 5}}
    # Then the network's last layers, too, at a low rate.
    - name: fine-tune
      freeze: block_15_expand
      epochs: 10
      optimizer: {{learning_rate: 3.0e-5}}
      early_stopping: {{patience: 3}}
      # For photos; not where left and right differ, as in text.
      # augmentation: {{horizontal_flip: true}}

gate:
  # The lowest accuracy on the test images that is released: halfway between always answering
  # {largest} and no mistake. Raise it to what you need.
  min_accuracy: {min_accuracy}

push:
  model_name: {model_name}
"""


@dataclass(frozen=True)
class FolderContents:
    """What is in a folder of images.

    Attributes:
        folder: Its absolute path.
        splits: The `data.splits` that fit it, as YAML.
        classes: The number of files of each class.
        split_folders: The number of files below each split folder; empty without such folders.
        is_deep: Whether every file lies in a folder of its class folder, as where data sets lie
            beside each other.
    """

    folder: Path
    splits: str
    classes: dict[str, int]
    split_folders: dict[str, int]
    is_deep: bool

    @property
    def counts(self) -> str:
        """How much there is, in words."""
        files = count(sum(self.classes.values()), "file")
        return f"{files} in {count(len(self.classes), 'class')}"

    @property
    def listed_classes(self) -> str:
        """The classes and how many files each has."""
        return _listed(self.classes)


def look_into(folder: Path) -> FolderContents:
    """Finds classes and split folders in a folder of images.

    Raises:
        UserError: There are none, or the configuration could not name the folder.
    """
    path = _absolute(folder)
    if encodable(str(path)) != str(path):
        raise UserError(f"the path {path} is not UTF-8", "Rename the folder.")
    names = [entry.name for entry in list_entries(str(path)) if entry.is_folder]
    splits = suggest_splits(names) if _are_splits(names) else FRACTIONS
    settings = SplitSettings.model_validate(read_yaml(splits))
    listing = list_folders(str(path), settings)
    images = [image for image in listing.images if image.label]
    counts = Counter(image.label for image in images)
    classes = {name: counts[name] for name in sorted(listing.classes)}
    folders = Counter(image.name.partition("/")[0] for image in images if image.given_split)
    above = 2 if settings.are_named else 1
    is_deep = all(image.name.count("/") > above for image in images)
    return FolderContents(path, splits, classes, dict(folders), is_deep)


def find_configuration(folder: Path, workspace: Path) -> Path:
    """Where a folder's configuration is, or is to be written: beside the workspace.

    Raises:
        IngestError: The workspace would be inside the folder of images.
    """
    folder, beside = _absolute(folder), workspace.absolute().parent
    if workspace.resolve().is_relative_to(folder.resolve()):
        raise IngestError(
            f"the workspace {workspace} would be inside the folder of images {folder}.",
            "Start the command in another folder, or choose another --workspace.",
        )
    stem = _model_name(folder.name)
    for number in itertools.count(1):
        file = beside / (f"{stem}-{number}.yaml" if number > 1 else f"{stem}.yaml")
        if not file.exists() or _is_of(file, folder):
            return file
    raise AssertionError("count() never ends")


def configuration_text(contents: FolderContents, model_name: str) -> str:
    """The configuration to start with, as YAML."""
    sizes = contents.classes
    largest = max(sizes, key=lambda name: sizes[name])
    halfway = (1 + sizes[largest] / sum(sizes.values())) / 2
    return _TEMPLATE.format(
        model_name=model_name,
        counts=contents.counts,
        classes=_comment(f"Files by class: {contents.listed_classes}"),
        path=write_yaml(str(contents.folder)),
        splits_comment=_splits_comment(contents),
        splits=contents.splits,
        class_weights=_class_weights(sizes),
        largest=printable(largest),
        min_accuracy=int(100 * halfway) / 100,
    )


def _absolute(folder: Path) -> Path:
    """A folder's path; a link stays one, since it may lead elsewhere tomorrow."""
    return Path(os.path.abspath(folder))


def _are_splits(names: list[str]) -> bool:
    """Whether folders of these names are splits, with or without others beside them."""
    splits = guess_splits(names)
    return "train" in splits and (len(splits) > 1 or len(names) == 1)


def _is_of(file: Path, folder: Path) -> bool:
    """Whether a file is a configuration of these images, or was before it was broken."""
    try:
        tree = read_yaml(file.read_text(encoding="utf-8"))
        path = tree["data"]["path"]
        named = _absolute(file.parent / Path(path).expanduser())
        return named == folder or named.resolve() == folder.resolve()
    except ConfigError:
        return True
    except (OSError, ValueError, LookupError, TypeError, RuntimeError):
        return False


def _model_name(folder: str) -> str:
    """A name of a model, as `push.model_name` allows it, from a folder's."""
    plain = unicodedata.normalize("NFKD", folder).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-_")[:50]
    if name[:1].isalpha():
        return name
    return f"images-{name}" if name else "images"


def _splits_comment(contents: FolderContents) -> str:
    if contents.split_folders:
        return _comment(f"Split folders: {_listed(contents.split_folders)}")
    return _comment("Shares of the images; a hash of its bytes says which split an image is in.")


def _class_weights(sizes: dict[str, int]) -> str:
    if max(sizes.values()) < _UNBALANCED * max(min(sizes.values()), 1):
        return ""
    text = (
        "\n  # The classes differ in size; with `auto`, rare ones count as much as frequent ones."
    )
    return f"{text}\n  # class_weights: auto"


def _listed(sizes: dict[str, int]) -> str:
    shown = [f"{printable(name)} {size:,}" for name, size in sizes.items()]
    more = len(shown) - _MOST_SHOWN
    return ", ".join(shown[:_MOST_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


def _comment(text: str) -> str:
    return textwrap.fill(
        text, 100, initial_indent="  # ", subsequent_indent="  # ", break_on_hyphens=False
    )
