"""Images: what there is of them, and who reads which."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import Kind, Option, Request, SourceInfo, Words

if TYPE_CHECKING:
    from ssllab.data.images.types import ImageData


def _load(name: str, request: Request) -> ImageData:
    size, seed = request.options["image_size"], request.seed
    match name:
        case "shapes":
            from ssllab.data.images.shapes import shapes

            return shapes(seed=seed, size=size)
        case "digits":
            from ssllab.data.images.digits import digits

            return digits(size=size)
        case "photos":
            from ssllab.data.images.photos import photos

            return photos(seed=seed, size=size)
        case "cifar10" | "fashion_mnist" | "stl10":
            from ssllab.data.images import torchvision_sets

            return torchvision_sets.load(
                name, size=size, root=request.root, progress=request.progress, cancelled=request.cancelled
            )
    from ssllab.data.images.folder import folder

    return folder(Path(name).expanduser(), size=size, progress=request.progress, cancelled=request.cancelled)


def _amount(data: ImageData) -> str:
    size = data.image_size
    return f"{len(data.train):,} images of {size}x{size} to learn from, {len(data.test):,} held out"


KIND = Kind(
    name="images",
    title="Images",
    item="images",
    own="images",
    default="shapes",
    load=_load,
    formats=(".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
    options=(Option("image_size", "image size", "--size", 16, 256, 32, "pixels", "{0}x{0}"),),
    amount=_amount,
    words=Words(
        "The images that are learned from",
        "Open a folder of images…",
        "A folder of images, with a subfolder per class or flat",
        "Open an archive of images…",
        "Archives (*.zip *.tar *.tar.gz *.tgz)",
    ),
    sources=(
        SourceInfo(
            "shapes",
            "Shapes",
            "Ten shapes drawn on the fly. Colour, size, position, rotation and background are known, so probes "
            "can say what the embedding kept and what it threw away.",
            "Drawn by ssllab from the run's seed; MIT licence.",
            classes=10,
        ),
        SourceInfo(
            "digits",
            "Digits",
            "1,797 handwritten digits of 8x8 pixels, enlarged. Small enough to see everything.",
            "UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak), CC BY 4.0, from scikit-learn.",
            classes=10,
        ),
        SourceInfo(
            "photos",
            "Photos",
            "Small crops of a dozen colour photographs. The label is the photograph that a crop comes from; "
            "train and test crops never overlap.",
            "Photographs inside scikit-image: public domain or CC0, credits in skimage.data; the motorcycle is "
            "from the Middlebury stereo set (Scharstein et al., 2014).",
            classes=12,
        ),
        SourceInfo(
            "cifar10",
            "CIFAR-10",
            "60,000 small colour photographs of ten kinds of animals and vehicles: the standard benchmark.",
            "Krizhevsky, 2009, https://www.cs.toronto.edu/~kriz/cifar.html; for research, no stated licence.",
            download_mb=170,
            classes=10,
        ),
        SourceInfo(
            "fashion_mnist",
            "Fashion-MNIST",
            "70,000 grey pictures of ten kinds of clothes.",
            "Xiao, Rasul and Vollgraf, 2017 (Zalando Research), MIT licence.",
            download_mb=31,
            classes=10,
        ),
        SourceInfo(
            "stl10",
            "STL-10",
            "13,000 labelled colour photographs of ten kinds of animals and vehicles, 96x96 pixels.",
            "Coates, Ng and Lee, 2011, https://cs.stanford.edu/~acoates/stl10/; from ImageNet, for research.",
            download_mb=2640,
            classes=10,
            options={"image_size": 96},
        ),
    ),
)
