import pytest

from ssllab.training.run_record import RunSettings
from ssllab.training.run_store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def settings():
    return RunSettings(
        method="simclr", config={"temperature": 0.5, "crop": True, "encoder": "small", "batch_size": 64},
        data="shapes", options={"image_size": 32}, seed=3, device="cpu", precision="float32", steps=100,
    )  # fmt: skip
