"""Downloads against a server of our own on 127.0.0.1, and the readers of the downloaded files."""

import gzip
import hashlib
import http.server
import io
import re
import socket
import struct
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.download import Remote, fetch
from ssllab.data.images import torchvision_sets
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
CONTENT = np.random.default_rng(0).bytes(3_000_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; ``ranges`` answers Range requests, ``cut`` breaks off after so many bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {"/file.bin": CONTENT}
        self.ranges, self.cut, self.requests = True, 0, []

    def remote(self, path: str = "/file.bin", md5: str | None = None) -> Remote:
        content = self.files.get(path, b"")
        address = f"http://127.0.0.1:{self.server_port}{path}"
        return Remote(address, md5 or hashlib.md5(content).hexdigest(), "Test set")


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = 0
        if asked and self.server.ranges:
            start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = self.server.cut or len(content)
        try:
            self.wfile.write(content[start:end])
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(remote, directory, progress=lambda fraction, text: None, cancelled=lambda: False, timeout=5.0):
    return fetch(remote, directory, progress=progress, cancelled=cancelled, timeout=timeout)


def test_a_file_arrives_whole_with_progress(server, tmp_path):
    seen = []
    path = get(server.remote(), tmp_path / "new", progress=lambda *step: seen.append(step))
    assert path.read_bytes() == CONTENT
    assert not list((tmp_path / "new").glob("*.part"))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert re.fullmatch(r"Test set: 3\.0 of 3\.0 MB, [\d.]+ MB/s", seen[-1][1])
    get(server.remote(), tmp_path / "new")
    assert len(server.requests) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_cancel_keeps_the_part_and_the_next_try_goes_on(server, tmp_path, ranges):
    server.ranges = ranges
    steps = []
    with pytest.raises(Cancelled):
        get(server.remote(), tmp_path, lambda *s: steps.append(s), lambda: len(steps) > 3)
    have = (tmp_path / "file.bin.part").stat().st_size
    assert 0 < have < len(CONTENT)
    assert get(server.remote(), tmp_path).read_bytes() == CONTENT
    assert server.requests[-1] == ("/file.bin", f"bytes={have}-")


def test_a_broken_connection_is_told_and_resumed(server, tmp_path):
    server.cut = 1_000_000
    with pytest.raises(DataError, match=r"broke after 1\.0 of 3\.0 MB. Load it again to go on from there"):
        get(server.remote(), tmp_path)
    server.cut = 0
    assert get(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_complete_already_is_recognized(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert get(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    assert get(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_damaged_part_is_found_by_the_checksum_and_removed(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"x" * 1000)
    with pytest.raises(DataError, match=r"damaged .* It was removed; load it again"):
        get(server.remote(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert get(server.remote(), tmp_path).read_bytes() == CONTENT


def test_a_refused_connection_says_what_to_do(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DataError) as error:
        get(Remote(f"http://127.0.0.1:{port}/x.bin", "0" * 32, "Test set"), tmp_path)
    message = str(error.value)
    assert "Connection refused" in message
    assert "Check the network and load it again. Or choose data that needs no download" in message
    assert "\n" not in message


def test_a_server_that_never_answers(tmp_path):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with pytest.raises(DataError, match=r"no connection to .* .no answer."):
            get(
                Remote(f"http://127.0.0.1:{deaf.getsockname()[1]}/x", "0" * 32, "Test set"),
                tmp_path,
                timeout=0.2,
            )


def test_a_missing_file_and_a_folder_that_cannot_be_written(server, tmp_path):
    with pytest.raises(DataError, match="the server answered 404"):
        get(server.remote("/gone.bin"), tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError) as error:
        get(server.remote(), tmp_path / "file" / "below")
    assert "\n" not in str(error.value)


def tar_gz(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_cifar10_is_downloaded_and_parsed_without_pickle(server, tmp_path, monkeypatch):
    """Record: one byte label, then 1,024 red, green and blue bytes in row order (the page's description)."""
    record = np.zeros((10_000, 3073), np.uint8)
    record[:, 0] = np.arange(10_000) % 10
    record[:, 1:1025], record[:, 1025:2049], record[:, 2049:] = 10, 20, np.arange(1024) % 251
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    folder = "cifar-10-batches-bin/"
    members = {f"{folder}data_batch_{i}.bin": record.tobytes() for i in range(1, 6)}
    members |= {
        "../../test_batch.bin": record.tobytes(),  # a path that must not matter
        folder + "batches.meta.txt": ("\n".join(names) + "\n\n").encode(),
    }
    server.files["/cifar-10-binary.tar.gz"] = tar_gz(members)
    remote = server.remote("/cifar-10-binary.tar.gz")
    monkeypatch.setattr(torchvision_sets, "CIFAR10", remote)
    data = load("cifar10", root=tmp_path)
    assert data.class_names == tuple(names)
    assert (len(data.train), len(data.test)) == (50_000, 10_000)
    assert data.train.labels[:12].tolist() == [*range(10), 0, 1]
    assert data.train.images[7, 0].unique().tolist() == [10]
    assert data.train.images[7, 2, 0, :5].tolist() == [0, 1, 2, 3, 4]
    assert data.train.images[7, 2, 1, 0] == 32
    assert {path.name for path in tmp_path.rglob("*")} == {"cifar10", "cifar-10-binary.tar.gz"}
    (tmp_path / "cifar10" / "cifar-10-binary.tar.gz").write_bytes(b"damaged later")
    with pytest.raises(DataError, match=r"cannot read the downloaded files .* Delete that folder"):
        load("cifar10", root=tmp_path)


def test_the_addresses_are_torchvisions():
    assert torchvision_sets.CIFAR10.url == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert torchvision_sets.STL10.file_name == "stl10_binary.tar.gz"
    assert [r.file_name for r in torchvision_sets.FASHION_MNIST] == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), 1)


def test_fashion_mnist_is_padded_to_32(server, tmp_path, monkeypatch):
    images = np.full((20, 28, 28), 200, np.uint8)
    labels = (np.arange(20) % 10).astype(np.uint8)
    remotes = []
    for real in torchvision_sets.FASHION_MNIST:
        server.files["/" + real.file_name] = idx(images if "images" in real.file_name else labels)
        remotes.append(server.remote("/" + real.file_name))
    monkeypatch.setattr(torchvision_sets, "FASHION_MNIST", tuple(remotes))
    seen = []
    data = load("fashion_mnist", root=tmp_path, progress=lambda *step: seen.append(step[0]))
    assert data.train.images.shape == (20, 3, 32, 32)
    assert data.train.images[:, :, :2].max() == 0
    assert data.train.images[:, :, 2:30, 2:30].min() == 200
    assert data.class_names[9] == "Ankle boot"
    assert seen == sorted(seen)
    assert load("fashion_mnist", root=tmp_path, options={"image_size": 64}).image_size == 64


def test_stl10_turns_its_columns_into_rows(server, tmp_path, monkeypatch):
    """Pixels are stored in column-major order and labels from 1 (the page's description)."""
    pixels = 3 * 96 * 96
    one = np.zeros((3, 96, 96), np.uint8)  # channel, column, row
    one[0, 5, 9] = 255
    members = {
        "stl10_binary/test_X.bin": one.tobytes() * 8000,
        "stl10_binary/test_y.bin": bytes([10]) * 8000,
        "stl10_binary/train_X.bin": bytes(5000 * pixels),
        "stl10_binary/train_y.bin": bytes([1]) * 5000,
        "stl10_binary/class_names.txt": b"\n".join(b"class %d" % i for i in range(10)),
    }
    server.files["/stl10_binary.tar.gz"] = tar_gz(members)
    monkeypatch.setattr(torchvision_sets, "STL10", server.remote("/stl10_binary.tar.gz"))
    data = load("stl10", root=tmp_path, options={"image_size": 96})
    assert data.test.images[0, 0, 9, 5] == 255
    assert data.test.images[0].sum() == 255
    assert data.test.labels[0] == 9
    assert data.train.labels[0] == 0
    # The second time neither the server nor the archive is needed.
    assert not (tmp_path / "stl10" / "stl10_binary.tar.gz").exists()
    assert load("stl10", root=tmp_path, options={"image_size": 16}).image_size == 16
    assert len(server.requests) == 1


def test_idx_of_another_kind_is_refused(tmp_path):
    for name, content in {
        "kind": struct.pack(">HBBI", 0, 13, 1, 4) + bytes(16),
        "huge": struct.pack(">HBBIII", 0, 8, 3, 2**31, 2**31, 2**31),
        "short": struct.pack(">HBBI", 0, 8, 1, 100) + bytes(5),
    }.items():
        path = tmp_path / name
        path.write_bytes(gzip.compress(content))
        with pytest.raises(DataError, match="Delete it and load it again"):
            torchvision_sets.read_idx(path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared/data beside the repository")
def test_the_real_fashion_mnist_test_files():
    raw = SHARED / "images_fashion_mnist" / "FashionMNIST" / "raw"
    images = torchvision_sets.read_idx(raw / "t10k-images-idx3-ubyte.gz")
    labels = torchvision_sets.read_idx(raw / "t10k-labels-idx1-ubyte.gz")
    assert images.shape == (10_000, 28, 28)
    assert np.bincount(labels).tolist() == [1000] * 10
    assert 60 < images.mean() < 90


def test_resize_keeps_the_mean_of_a_picture():
    images = torch.randint(0, 256, (5, 3, 96, 96), dtype=torch.uint8)
    small = torchvision_sets.resize(images, 32)
    assert small.shape == (5, 3, 32, 32)
    torch.testing.assert_close(small.float().mean((2, 3)), images.float().mean((2, 3)), atol=2.0, rtol=0)
