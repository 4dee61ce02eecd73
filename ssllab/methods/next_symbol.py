"""What the predictors have in common that read a window in one go and say after each symbol what comes next."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.methods.predictor import Predictor, in_windows


class NextSymbolPredictor(Predictor):
    """A network brings :meth:`logs`."""

    def logs(self, ids: NDArray[np.int32]) -> Tensor:
        """Log-probabilities ``(n, size)`` of what comes after each of ``ids (n,)``, at most a context."""
        raise NotImplementedError

    def next(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See :meth:`.Predictor.next`."""
        return self.logs(ids[-self.context :])[-1].cpu().numpy()

    def after_each(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See :meth:`.Predictor.after_each`."""
        return in_windows(lambda part: self.logs(part).cpu().numpy(), ids, self.context)

    def window(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """See :meth:`.Predictor.window`."""
        logs = self.logs(ids[:-1])
        follows = torch.from_numpy(ids[1:]).to(logs.device, torch.int64)
        return logs.gather(1, follows[:, None])[:, 0].cpu().numpy()
