"""Where the doctor of speech runs draws its lines between healthy and sick, each with its reason."""

from __future__ import annotations

# Before this many steps under the present settings a healthy run may sit at chance with few codes.
WARMUP_STEPS = 100

# Usage dips to a tenth of the room before it climbs; measured in healthy small runs over by step 350.
PATIENCE_STEPS = 400

# So long a young run may be at chance with few codes, or know less of the phones than untrained features do: in healthy
# small runs the phone probe falls by ten points before it rises.
SETTLING_STEPS = 600

# Small models leave chance late: only a plateau as long as this is one.
PLATEAU_STEPS = 1000

# The share of a group's room that hard perplexity fills, (perplexity - 1) / (V - 1); below it the group counts as
# collapsed.
COLLAPSED_SHARE = 0.05

# A codebook that gains this factor in hard perplexity over TREND_STEPS steps is waking up: those that came back doubled,
# frozen ones crept up by a fifth.
RISING_FACTOR = 1.5
TREND_STEPS = 100

# With this share of the codes not chosen once in the sliding window, the rest is not merely unevenly used; with the
# second one, collapse has lasted a whole pass over the data and needs no more patience.
DEAD_SHARE = 0.5
ALL_DEAD_SHARE = 0.9

# A task this well solved with so few codes is solved because negatives equal to the positive do not count. wav2vec 2.0
# reaches .62 to .78 (table 4) with most codes in use. Collapsing runs pass .8 with 1 % of the room.
SOLVED_TOP1 = 0.75
SOLVED_SHARE = 0.1

# A codebook broken in mid-run has few dead codes for a whole pass, for the window remembers those before. With next to no
# codes left in any group, a task that is partly solved says enough: it bounces between .25 and 1 as codes die, and
# a healthy run with so few codes is at chance.
HOLLOW_TOP1 = 0.25
HOLLOW_SHARE = 0.02

# Soft usage may be even while one code wins everywhere; seen: soft 602.7 of 640 with hard 23.8. Measured here: healthy
# runs up to 6.3 times as high; without Gumbel noise 8 to 12, with frozen codes 15 to 100.
EVEN_SOFT_SHARE = 0.5
SOFT_TO_HARD = 8.0

# The shortcut is looked for once the task is solved this well.
SHORTCUT_TOP1 = 0.3

# Codes that know no more than this many times what loudness alone knows of the phone are loudness in other words.
VOLUME_FACTOR = 1.15

# Loudness that knows next to nothing of the phone is nobody's shortcut: then the codes know nothing either.
LEAST_VOLUME = 0.05

# Without phones: the share of a code's uncertainty that the level of the frame settles. An even cut of the level
# into as many drawers gives 1, codes of phones about .3.
VOLUME_SHARE = 0.7

# The weight of the entropy loss that revives a codebook, and from which on it outweighs the task.
REVIVING_ENTROPY_WEIGHT = 1.0
HEAVY_ENTROPY_WEIGHT = 0.5

# Most of the codes spent on silence, far more than there is silence.
SILENCE_CODES = 0.6
SILENCE_FACTOR = 2.0

# Small models learn with 3e-3, published ones with 5e-4; a rate this many times higher is to blame before all else.
USUAL_LEARNING_RATE = 3e-3
FAR_TOO_HIGH = 10.0

# Frames in a hidden span: small models leave chance within some hundred steps with 3, in thousands with the paper's 10.
LONG_SPAN = 5
SHORT_SPAN = 3

# wav2vec 2.0, section 4.2 and 3.2.
USUAL_DIVERSITY_WEIGHT = 0.1
USUAL_ENTROPY_WEIGHT = 0.1  # beyond the paper, see wav2vec2_settings
USUAL_TEMPERATURE = 2.0
USUAL_FLOOR = 0.5
USUAL_FEATURE_GRADIENT = 0.1
