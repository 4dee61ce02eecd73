"""Which images probes ask about."""

import torch

from ssllab.data.images.probed import probed
from ssllab.data.images.types import Factor, ImageData, ImageSplit
from ssllab.diagnostics.linear_probe import MOST_CLASSES


def split(labels: torch.Tensor | None, count: int) -> ImageSplit:
    """Images that show their number."""
    images = torch.arange(count)[:, None, None, None].expand(count, 3, 2, 2)
    return ImageSplit(images, labels, (Factor("number", torch.arange(count), ("x",)),))


def data(train: torch.Tensor, test: torch.Tensor) -> ImageData:
    names = tuple(map(str, range(int(max(train.max(), test.max())) + 1)))
    return ImageData("x", "X", split(train, len(train)), split(test, len(test)), names)


def test_of_few_classes_images_are_taken_evenly_over_the_set():
    labels = torch.arange(1000) % 10
    train, test, classes = probed(data(labels, labels), 5, 3)
    assert train.images[:, 0, 0, 0].tolist() == [0, 250, 500, 749, 999]
    assert torch.equal(train.labels, labels[[0, 250, 500, 749, 999]])
    assert len(test) == 3
    assert classes == 10


def test_of_thousands_of_classes_those_with_the_most_images_are_asked_for_and_numbered_anew():
    often = torch.arange(0, 3000, 10)  # 300 classes of four images, the others have one
    train, test, classes = probed(
        data(torch.cat([torch.arange(3000), often, often, often]), often), 400, 1000
    )
    assert classes == MOST_CLASSES
    assert len(train) == 400
    assert len(test) == MOST_CLASSES
    assert test.labels.tolist() == list(range(MOST_CLASSES))
    number = train.factors[0].values  # goes with its image
    assert torch.equal(train.images[:, 0, 0, 0], number)
    assert (train.labels[number < 3000] * 10 == number[number < 3000]).all()


def test_classes_that_have_no_image_in_the_other_part_are_not_asked_for():
    train, test, classes = probed(data(torch.arange(500), torch.arange(500, 1000)), 100, 100)
    assert (train.labels, test.labels, classes) == (None, None, 0)
    assert (len(train), len(test)) == (100, 100)
