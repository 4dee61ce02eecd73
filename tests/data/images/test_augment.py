"""The augmentations: properties that hold for every setting, and the statistics that the paper gives."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab._torchvision import torchvision
from ssllab.data.images.augment import (
    OPERATORS,
    _grid,
    as_float,
    augment,
    blur_kernel_size,
    crop_size,
    gaussian_blur,
    only,
    two_views,
)
from ssllab.data.images.augment_settings import ABLATION, SWITCHES, AugmentConfig, ablation_config

OFF = dict.fromkeys(SWITCHES, False)
ALL_ON = AugmentConfig.make(dict.fromkeys(SWITCHES, True))


def pictures(count=6, size=32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=25)
@given(
    st.integers(1, 5),
    st.sampled_from([16, 28, 32, 96]),
    st.dictionaries(st.sampled_from(SWITCHES), st.booleans()),
    st.floats(0, 2),
    st.integers(0, 2**31),
)
def test_views_are_pictures_of_the_same_shape(count, size, switches, strength, seed):
    config = AugmentConfig.make({**switches, "jitter_strength": strength})
    view = augment(pictures(count, size), config, seeded(seed))
    assert view.shape == (count, 3, size, size)
    assert view.dtype == torch.float32
    assert view.min() >= 0
    assert view.max() <= 1


def test_with_every_operator_off_a_view_is_the_image():
    images = pictures()
    assert torch.equal(augment(images, AugmentConfig.make(OFF), seeded()), as_float(images))


@pytest.mark.parametrize(
    "zero",
    [
        {"jitter": True, "jitter_strength": 0.0},
        {"noise": True, "noise_sigma": 0.0},
        {"cutout": True, "cutout_size": 0.0},
        {"blur": True, "blur_probability": 0.0},
        {"sobel": True, "sobel_probability": 0.0},
        {"grayscale": True, "grayscale_probability": 0.0},
    ],
)
def test_strength_or_probability_zero_changes_nothing(zero):
    images = pictures()
    assert torch.equal(augment(images, AugmentConfig.make({**OFF, **zero}), seeded()), as_float(images))


@pytest.mark.parametrize(
    "zero", [{"flip_probability": 0.0}, {"rotate_probability": 0.0}, {"crop_probability": 0.0}]
)
def test_geometry_at_probability_zero_changes_nothing(zero):
    switch = next(iter(zero)).removesuffix("_probability")
    images = pictures()
    view = augment(images, AugmentConfig.make({**OFF, switch: True, **zero}), seeded())
    torch.testing.assert_close(view, as_float(images), atol=2e-5, rtol=0)


def test_what_happens_to_an_image_does_not_depend_on_the_others():
    images = pictures()
    changed = images.clone()
    changed[2] = 255 - changed[2]
    before, after = (augment(batch, ALL_ON, seeded()) for batch in (images, changed))
    others = [0, 1, 3, 4, 5]
    assert torch.equal(before[others], after[others])
    assert not torch.equal(before[2], after[2])


def test_the_same_generator_gives_the_same_views_and_switching_one_off_leaves_the_others():
    images = pictures(64)
    first, again = (augment(images, ALL_ON, seeded()) for _ in range(2))
    assert torch.equal(first, again)
    crop = AugmentConfig.make({**OFF, "crop": True})
    both = AugmentConfig.make({**OFF, "crop": True, "grayscale": True, "grayscale_probability": 0.5})
    alone, mixed = augment(images, crop, seeded(3)), augment(images, both, seeded(3))
    same = (alone == mixed).flatten(1).all(1)
    assert 0.25 < same.float().mean() < 0.75


def test_two_views_differ():
    first, second = two_views(pictures(), AugmentConfig(), seeded())
    assert not torch.equal(first, second)


def test_brightness_contrast_saturation_agree_with_torchvision():
    from ssllab.data.images.augment import _jitter

    reference = torchvision.transforms.functional
    image = as_float(pictures(1))
    # One operation at a time: the middle draw leaves an operation as it is.
    for index, adjust in enumerate(
        (reference.adjust_brightness, reference.adjust_contrast, reference.adjust_saturation)
    ):
        amount = torch.full((1, 4), 0.5)
        amount[0, index] = 0.9
        ours = _jitter(image, amount, torch.rand(1, 4), strength=1.0)
        torch.testing.assert_close(ours, adjust(image, 1 + 0.8 * 0.8), atol=2e-3, rtol=0)


def test_hue_keeps_grey_and_luma():
    from ssllab.data.images.augment import GREY, _hue_matrix

    matrix = _hue_matrix(torch.tensor([0.7]))[0]
    torch.testing.assert_close(matrix @ torch.ones(3), torch.ones(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(torch.tensor(GREY) @ matrix, torch.tensor(GREY), atol=1e-3, rtol=0)


def test_the_grid_is_torchs_own():
    theta = torch.rand(5, 2, 3, generator=seeded()) * 2 - 1
    torch.testing.assert_close(
        _grid(theta, 24, 32), F.affine_grid(theta, [5, 3, 24, 32], align_corners=False), atol=1e-6, rtol=0
    )


def test_crops_have_the_papers_statistics():
    generator = seeded()
    draws = torch.rand(20_000, 10, generator=generator), torch.rand(20_000, 10, generator=generator)
    width, height = crop_size(*draws, min_area=0.08)
    area, aspect = width * height, width / height
    assert area.min() >= 0.08 - 1e-6
    assert (width <= 1).all()
    assert (height <= 1).all()
    assert aspect.min() >= 3 / 4 - 1e-5
    assert aspect.max() <= 4 / 3 + 1e-5
    # Uniform in 0.08..1 has mean 0.54; rectangles that do not fit are drawn again, which favours small ones.
    assert 0.45 < area.mean() < 0.54


def test_blur_is_a_gaussian_of_a_tenth_of_the_height():
    assert [blur_kernel_size(size) for size in (32, 96, 224)] == [3, 9, 23]
    from scipy.ndimage import gaussian_filter

    image = as_float(pictures(1, 224))
    ours = gaussian_blur(image, torch.tensor([1.5]))
    reference = gaussian_filter(image[0, 0].numpy(), 1.5, mode="mirror", radius=11)
    torch.testing.assert_close(ours[0, 0], torch.from_numpy(reference), atol=1e-4, rtol=0)


def test_rotation_by_a_quarter_is_exact_up_to_rounding():
    images = pictures()
    config = AugmentConfig.make({**OFF, "rotate": True, "rotate_probability": 1.0})
    views = augment(images, config, seeded())
    for view, image in zip(views, as_float(images), strict=True):
        distance = min(float((view - torch.rot90(image, k, (1, 2))).abs().max()) for k in (1, 2, 3))
        assert distance < 1e-4


def test_there_are_the_ten_operators_of_figure_4_and_the_seven_of_figure_5():
    assert len(OPERATORS) == 10
    assert len(ABLATION) == 7
    images = pictures(1)
    original = OPERATORS[0].apply(images, AugmentConfig(), seeded())
    assert torch.equal(original, as_float(images))
    for operator in OPERATORS[1:]:
        assert not torch.equal(operator.apply(images, AugmentConfig(), seeded(1)), original)
    grey = OPERATORS[3].apply(images, AugmentConfig(), seeded())
    assert torch.equal(grey[:, 0], grey[:, 1])


def test_a_cell_of_the_grid_switches_its_pair_and_nothing_else():
    cell = ablation_config("crop", "colour")
    assert {name for name, on in cell.items() if on} == {"crop", "flip", "jitter", "grayscale"}
    assert only(("blur",), AugmentConfig()).blur_probability == 1.0
