"""Language models in folders of Hugging Face's format, to be asked, and what a run learned as such a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssllab.methods.causal_lm import CausalLM, CausalPredictor
from ssllab.methods.masked_lm import MaskedLM, MaskedPredictor
from ssllab.methods.predictor import Predictor
from ssllab.methods.sequences import SequenceMethod
from ssllab.nn.language import files
from ssllab.nn.language.transformer import Cache, Shape, Transformer
from ssllab.nn.model_files import CONFIG, ModelFileError, write_json
from ssllab.storage.errors import DataError
from ssllab.storage.files import read_object
from ssllab.text import tokenizer_file
from ssllab.text.symbols import END_NAME, UNKNOWN_NAME
from ssllab.text.tokenizer_file import MASK_NAME
from ssllab.text.units import END, Units, from_tokenizer_json

TOKENIZER, TOKENIZER_CONFIG, GENERATION = "tokenizer.json", "tokenizer_config.json", "generation_config.json"
MASKS = ("[MASK]", MASK_NAME)  # what hides a symbol, in the models at large
STARTS = ("[CLS]", "<s>")  # what stands before a text, where it is not what ends one


class Remembering(CausalPredictor):
    """Large models write on with what they read before: a symbol costs one step, until the window slides."""

    def __init__(self, model: Transformer, units: Units) -> None:
        super().__init__(model, units)
        self._before = np.zeros(0, np.int32), Cache()

    @torch.no_grad()
    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See :meth:`.Predictor.next`."""
        ids = ids[-self.context :]
        read, known = self._before
        cache = Cache()
        if 0 < len(read) < len(ids) and np.array_equal(read, ids[: len(read)]):
            cache.layers = list(known.layers)
        rest = torch.from_numpy(ids[cache.length :].astype(np.int64))[None]
        hidden = self.model(rest, cache=cache)[0, -1]
        self._before = ids.copy(), cache
        return self.model.logits(hidden).log_softmax(-1).numpy()


def read_stored(folder: Path) -> Predictor:
    """The model of a folder. Raises ModelFileError, DataError."""
    _, units, mask = described(folder)
    if mask is None:
        return Remembering(files.read(folder, units.rows), units)
    start = next((units.symbols.index(name) for name in STARTS if name in units.symbols), None)
    # What hides a symbol stands behind all others, as in our own models, wherever else it stands too.
    rows = np.append(units.rows, mask)
    return MaskedPredictor(files.read(folder, rows, None if start is None else (start, END)), units)


def described(folder: Path) -> tuple[Shape, Units, int | None]:
    """What a folder says of its model; its weights need not be there: shape, units, and the row of what hides a symbol.

    Raises ModelFileError, DataError.
    """
    shape = files.read_shape(folder)
    path = folder / TOKENIZER
    if not path.exists():
        raise ModelFileError(
            f"{folder} has no {TOKENIZER}: expected one beside {CONFIG}, as save_pretrained writes it."
        )
    document, ours = tokenizer_file.without_mask(read_object(path))
    try:
        units = from_tokenizer_json(document, shape.symbols - ours)
    except DataError as error:
        raise ModelFileError(f"{path}: {error}") from None
    if shape.causal:
        return shape, units, None
    if ours:
        return shape, units, len(units)
    mask = next((int(units.rows[units.symbols.index(name)]) for name in MASKS if name in units.symbols), None)
    if mask is None:
        raise ModelFileError(
            f"{path}: it has nothing that hides a symbol: expected one of {', '.join(MASKS)}."
        )
    return shape, units, mask


def write_stored(method: SequenceMethod, folder: Path) -> None:
    """Weights, settings and tokenizer as ``transformers`` reads them. Raises ModelFileError, DataError, OSError."""
    if not isinstance(method, CausalLM | MaskedLM):
        raise ModelFileError(
            f"{method.title}: Hugging Face has no such model: export its weights into a file FILE.safetensors."
        )
    units, mask = method.units, None if isinstance(method, CausalLM) else method.mask
    document = units.to_tokenizer_json()
    special = {"bos_token": END_NAME, "eos_token": END_NAME, "pad_token": END_NAME}
    if units.unknown is not None:
        special["unk_token"] = UNKNOWN_NAME
    if mask is not None:
        document = tokenizer_file.with_mask(document, mask)
        special["mask_token"] = MASK_NAME
    files.write(method.model, folder, end=END, mask=mask)
    write_json(folder / TOKENIZER, document)
    about: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
    }
    write_json(folder / TOKENIZER_CONFIG, about | special | {"model_max_length": method.config.context})
    if mask is None:
        write_json(folder / GENERATION, {f"{name}_token_id": END for name in ("bos", "eos", "pad")})
