"""How many threads torch takes for what the desk asks of a model."""

from __future__ import annotations


def use_one_thread() -> None:
    """Have torch compute on the calling thread alone, whatever the others do.

    Beside a training, each wait for a second thread costs more than a short piece of sound, and training is held up.
    ``torch.set_num_threads`` would speak for threads that begin later, too, such as that of a training.
    """
    import torch
    from threadpoolctl import threadpool_limits

    if torch.get_num_threads() > 1:
        threadpool_limits(1, user_api="openmp")
