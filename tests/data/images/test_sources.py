"""The catalogue and the three sources that need no download."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from ssllab.data import catalogue
from ssllab.data.images.photos import _GRID, _TEST_TILES
from ssllab.data.images.shapes import SHAPES, oklch_to_srgb, shapes
from ssllab.data.kind import kinds
from ssllab.storage.errors import DataError


def test_the_catalogue_is_listed_without_torch():
    code = "import sys, ssllab.data.catalogue as c; c.sources(); sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_defaults_are_offline_and_names_are_unique():
    names = [info.name for info in catalogue.sources()]
    assert len(set(names)) == len(names)
    for name, kind in kinds().items():
        default = catalogue.source(kind.default)
        assert default is not None
        assert default.offline
        assert default.kind == name


@pytest.mark.parametrize(
    "info", [info for info in catalogue.sources("images") if info.offline], ids=lambda i: i.name
)
def test_offline_sources_are_what_the_catalogue_says(info):
    data = catalogue.load(info.name)
    assert (data.name, data.title) == (info.name, info.title)
    assert data.options == kinds()["images"].options_of(info)
    assert len(data.class_names) == info.classes
    for split in (data.train, data.test):
        assert split.images.dtype == torch.uint8
        assert split.images.is_contiguous()
        assert split.images.shape == (len(split), 3, data.image_size, data.image_size)
        assert split.labels.dtype == torch.int64
        assert set(split.labels.tolist()) == set(range(info.classes))
        for factor in split.factors:
            assert set(factor.values.tolist()) <= set(range(len(factor.names)))
    # The first images are what a person sees first: not all of one class.
    assert data.train.labels[:64].unique().numel() > 5


@pytest.mark.parametrize("name", ["shapes", "photos"])
def test_a_seed_draws_the_same_images_and_another_draws_others(name):
    one, same, other = (catalogue.load(name, seed=seed, options={"image_size": 16}) for seed in (3, 3, 4))
    assert torch.equal(one.train.images, same.train.images)
    assert torch.equal(one.test.images, same.test.images)
    assert not torch.equal(one.train.images, other.train.images)


@pytest.mark.parametrize("name", ["shapes", "digits", "photos"])
def test_no_test_image_is_a_train_image(name):
    data = catalogue.load(name, options={"image_size": 32})
    seen = {image.tobytes() for image in data.train.images.numpy()}
    assert not any(image.tobytes() in seen for image in data.test.images.numpy())


def test_digits_are_split_evenly():
    data = catalogue.load("digits")
    assert (len(data.train), len(data.test)) == (1437, 360)
    counts = torch.bincount(data.test.labels)
    assert counts.min() >= 34
    assert counts.max() <= 38
    assert torch.equal(data.train.images[:, 0], data.train.images[:, 2])


def test_no_row_or_column_of_a_photograph_has_two_test_tiles():
    rows, columns = zip(*_TEST_TILES, strict=True)
    assert sorted(rows) == sorted(columns) == list(range(_GRID))


@pytest.mark.parametrize("size", [0, 15, 257, -32])
def test_a_size_out_of_bounds_is_refused_in_one_line(size):
    with pytest.raises(DataError, match="expected a whole number of pixels from 16 to 256") as refused:
        catalogue.load("shapes", options={"image_size": size})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["", "  ", "shapez", "/no/such/place", "a\0b", "x\ny", "~nobody-here/x", "é" * 5000]
)
def test_an_unknown_name_is_refused_in_one_line(name):
    with pytest.raises(DataError, match=r"Expected one of shapes, digits") as refused:
        catalogue.load(name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_a_misspelt_name_is_recognized():
    with pytest.raises(DataError, match="Did you mean 'cifar10'"):
        catalogue.load("CIFAR-10")


# Shapes


def test_factors_of_shapes_are_independent():
    """Cramer's V of every pair of factors is near 0 (its mean under independence is about 1/sqrt(N))."""
    split = shapes(seed=1, size=16).train
    for i, a in enumerate(split.factors):
        for b in split.factors[i + 1 :]:
            rows, columns = len(a.names), len(b.names)
            table = torch.bincount(a.values * columns + b.values, minlength=rows * columns)
            table = table.view(rows, columns).double()
            expected = table.sum(1, keepdim=True) * table.sum(0, keepdim=True) / table.sum()
            chi2 = ((table - expected) ** 2 / expected).sum()
            v = (chi2 / table.sum() / (min(rows, columns) - 1)).sqrt()
            assert v < 0.06, (a.name, b.name, float(v))


def test_the_shape_factor_is_the_label_and_classes_are_balanced():
    data = shapes(seed=0, size=16)
    assert data.train.factors[0].name == "shape"
    assert torch.equal(data.train.factors[0].values, data.train.labels)
    for factor in data.train.factors:
        counts = torch.bincount(factor.values)
        assert counts.max() - counts.min() <= 1


def test_an_image_does_not_depend_on_its_size_beyond_sampling():
    """The same seed at twice the size, averaged over 2x2 pixels, is nearly the same picture."""
    small, large = (shapes(seed=5, size=size, train=200, test=10).train for size in (32, 64))
    assert torch.equal(small.labels, large.labels)
    averaged = torch.nn.functional.avg_pool2d(large.images.float(), 2)
    assert (averaged - small.images.float()).abs().mean() < 2.0


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("circle", np.pi * 0.86**2),
        ("square", (2 * 0.76) ** 2),
        ("ring", np.pi * (0.92**2 - 0.44**2)),
        ("cross", 2 * 1.9 * 0.6 - 0.6**2),
        ("bar", 2.1 * 0.6),
        ("star", 10 * 0.5 * 1.08 * 0.48 * np.sin(np.pi / 5)),
        ("heart", (2 * 0.56) ** 2 + np.pi * 0.56**2),
    ],
)
def test_shapes_have_the_area_of_their_geometry(name, area):
    ticks = torch.linspace(-1.5, 1.5, 1201)
    inside = SHAPES[name](ticks[None, None, :], ticks[None, :, None]) < 0
    assert inside.double().mean() * 9 == pytest.approx(area, rel=0.01)


def test_the_figure_can_be_seen_in_grey_too():
    """At the figure's centre the grey value differs from the corners': circles of every colour."""
    split = shapes(seed=0).train
    grey = split.images[split.labels == list(SHAPES).index("circle")].float().mean(dim=1)
    x = next(f for f in split.factors if f.name == "x").values[split.labels == 0]
    y = next(f for f in split.factors if f.name == "y").values[split.labels == 0]
    centred = (x == 1) & (y == 1)
    middle = grey[centred, 14:18, 14:18].mean(dim=(1, 2))
    corners = grey[centred][:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(dim=1)
    assert (middle - corners).abs().min() > 20


def test_oklch_gives_the_published_colours():
    """White, black and the sRGB primary red (Ottosson 2020: L 0.628, C 0.2577, h 29.23)."""
    rgb = oklch_to_srgb(
        torch.tensor([1.0, 0.0, 0.62796]), torch.tensor([0.0, 0.0, 0.25768]), torch.tensor([0.0, 0.0, 29.234])
    )
    expected = torch.tensor([[1.0, 1, 1], [0, 0, 0], [1, 0, 0]])
    torch.testing.assert_close(rgb, expected, atol=5e-3, rtol=0)


def test_photos_come_from_the_installed_package_only(monkeypatch, tmp_path):
    """A missing photograph is an error with what to do; nothing is fetched."""
    from ssllab.data.images import photos

    Image.new("RGB", (64, 64)).save(tmp_path / "astronaut.png")
    monkeypatch.setattr(photos, "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"chelsea\.png is missing or broken: reinstall it"):
        photos.photos()
