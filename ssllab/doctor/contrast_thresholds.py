"""Where the doctor draws its lines between healthy and sick contrastive runs, each with its reason."""

from __future__ import annotations

# Before this many steps under the present settings a healthy run may still sit at chance with little spread.
WARMUP_STEPS = 100

# Rank and probe accuracy move later than the loss: a healthy small conv net starts with a rank of 2 or 3.
PATIENCE_STEPS = 300

# A loss this many nats above guessing, with guesses no better than chance, is no plateau: it blew up.
DIVERGED_LOSS_MARGIN = 1.0

# Features this many times wider than at the start, at chance accuracy: the weights ran away.
DIVERGED_STD_RATIO = 1000.0

# Raw std of h as a share of the untrained encoder's. Measured with the variance term off: .01 against .46.
COLLAPSED_STD_SHARE = 0.05

# The same, absolute, where the untrained encoder was not measured.
COLLAPSED_STD = 0.01

# Mean channel std of z/||z|| times sqrt(d): collapsed SimSiam .05 - .15, trained above .6, uniform 1.
COLLAPSED_NORMALIZED_STD = 0.15

# Effective rank of the centred covariance. Measured in sick runs 1.0 - 1.5, in healthy ones above 4.
COLLAPSED_RANK = 2.0

# Below this width a low rank is the choice of the user (a 2-D head for the circle), not a sickness.
RANKED_DIMENSION = 8

# A loss within this share of chance has learned nothing, unless the temperature is so high that no embedding
# could do better: the loss can move by about 2/t only.
CHANCE_LOSS_SHARE = 0.97
CHANCE_LOSS_TEMPERATURE = 1.0

# Contrastive accuracy counts as chance up to three times chance, and at least one point above it.
CHANCE_FACTOR = 3.0
CHANCE_MARGIN = 0.01

# The contrastive task counts as solved when accuracy is halfway from chance to certainty.
SOLVED_SHARE = 0.5

# A probe that has not climbed this share of the way from the untrained encoder to 100 % has learned nothing.
SHORTCUT_GAIN = 0.05

# An untrained encoder above 90 % leaves too little room to judge by its share: take a tenth as the room.
LEAST_ROOM = 0.1

# Learning rates that usually work, for a batch of 256; SGD's and LARS's grow with the batch.
USUAL_LEARNING_RATE = {"adamw": 2e-3, "sgd": 0.06, "lars": 0.3}
# A rate this many times the usual one is to blame before anything else.
FAR_TOO_HIGH = 3.0
USUAL_TEMPERATURE = 0.5
LOW_TEMPERATURE = 0.05
HIGH_TEMPERATURE = 2.0
