"""Asks the model about files, batch by batch."""

from collections.abc import Iterable, Iterator

from pipeline.predict.inputs import Listed
from pipeline.predict.prediction import Prediction
from pipeline.predict.reading import Image, Read, read_batches
from pipeline.predict.saved_model import LoadedModel


def answer(
    model: LoadedModel, listed: Iterable[Listed], patience_seconds: float | None = None
) -> Iterator[list[Prediction]]:
    """Asks about every file.

    Args:
        model: The model.
        listed: The files.
        patience_seconds: See `pipeline.predict.reading.read_batches`.

    Yields:
        Answers, batch by batch, in the order of the files.
    """
    for batch in read_batches(listed, patience_seconds):
        yield list(_answer_batch(model, batch))


def _answer_batch(model: LoadedModel, batch: list[Read]) -> Iterator[Prediction]:
    results = iter(model.ask([one.contents for one in batch if isinstance(one, Image)]))
    for one in batch:
        result = next(results) if isinstance(one, Image) else one.reason
        if isinstance(result, str):
            yield Prediction(one.path, (), result)
        else:
            yield Prediction(one.path, result)
