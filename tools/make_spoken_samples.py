"""Makes ``resources/speech/``: sentences of our own, spoken by espeak-ng, with the times of all words and phones.

    apt-get install espeak-ng
    python tools/make_spoken_samples.py

Every choice comes from ``SEED``. A hundred words make millions of sentences, so that a small model can learn to
write down, from minutes of speech, sentences that it never heard.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from espeak import Espeak, Utterance

FOLDER = Path(__file__).parent.parent / "resources" / "speech"
SEED = 20
RATE = 16_000
TRAIN_CLIPS_A_VOICE, TEST_CLIPS_A_VOICE = 60, 9
#: libsndfile's scale for Vorbis, 0 (best) to 1 (smallest). Opus of that size takes five times as long to decode.
COMPRESSION = 0.85


@dataclass(frozen=True)
class Voice:
    """``rhotic``: says the r of "river", so that its last vowel is ER. ``trained``: also speaks in ``train``."""

    name: str
    espeak: str
    pitch: int
    rhotic: bool
    trained: bool = True


# Variants without espeak's echo: it would sound on in the pauses.
VOICES = (
    Voice("us-m", "en-us", 40, rhotic=True),
    Voice("us-f", "en-us+Annie", 55, rhotic=True),
    Voice("rp-m", "en-gb-x-rp+m3", 35, rhotic=False),
    Voice("scots-f", "en-gb-scotland+linda", 60, rhotic=True),
    Voice("caribbean-m", "en-029+m7", 45, rhotic=False),
    Voice("lancaster-f", "en-gb-x-gbclan+f1", 50, rhotic=False),
    Voice("nyc-f", "en-us-nyc+Andrea", 50, rhotic=True, trained=False),
    Voice("midlands-m", "en-gb-x-gbcwmd+m1", 45, rhotic=False, trained=False),
)

WORDS = {
    "name": "alice peter kathy quentin david susan zoe victor helen jack",
    "verb": "bought sold saw wanted gave found painted kept",
    "number": "two three four five six seven eight nine ten twelve",
    "colour": "red green blue yellow white black pink brown",
    "things": "boxes cups chairs rings knives spoons toys shoes flowers keys",
    "thing": "box cup chair ring knife spoon toy shoe",
    "animal": "dog cat fox horse mouse sheep bird goose",
    "goes": "jumps runs walks sleeps waits swims",
    "where": "over under behind near beside through",
    "place": "river bridge garden house village window tree kitchen",
    "when": "today|tomorrow|on monday|on friday|at night|this morning",
}
CHOICES = {kind: words.split("|" if "|" in words else " ") for kind, words in WORDS.items()}
# "In the" and "with the" are one word to espeak, so they do not occur. A comma is heard, but not written.
SENTENCES = (
    "{name} {verb} {number} {colour} {things}",
    "{name} {verb} {number} {things} {when}",
    "{name} and {name} {verb} the {colour} {things}, {when}",
    "the {animal} {goes} {where} the {place}",
    "the {colour} {animal} {goes} {where} the {place}, {when}",
    "please put the {colour} {thing} {where} the {place}",
    "{when}, {name} {verb} {number} {things}",
    "please take {number} {things} to the {place}, {when}",
)

#: espeak's mnemonics to the 38 phones of the ARPAbet that occur. A vowel with r in it counts as the vowel.
PHONES = {
    phone: names.split()
    for phone, names in {
        "sil": "_: _ _| _!",
        "AA": "0 A: A@",
        "AE": "a",
        "AH": "@ @2 @5 a# V",
        "AO": "O: O@ O2 o@",
        "AW": "aU",
        "AY": "aI aI2",
        "EH": "E e@",
        "ER": "3: IR",
        "EY": "eI",
        "IH": "I I2 I# i@3",
        "IY": "i i:",
        "OW": "oU",
        "OY": "OI",
        "UH": "U",
        "UW": "u:",
        "B": "b",
        "CH": "tS",
        "D": "d",
        "DH": "D",
        "F": "f",
        "G": "g",
        "HH": "h",
        "JH": "dZ",
        "K": "k",
        "L": "l",
        "M": "m",
        "N": "n",
        "NG": "N",
        "P": "p",
        "R": "r r-",
        "S": "s",
        "SH": "S",
        "T": "t t# t[",
        "TH": "T",
        "V": "v",
        "W": "w w#",
        "Y": "j",
        "Z": "z",
    }.items()
}
PHONE_OF = {name: phone for phone, names in PHONES.items() for name in names}
_GLIDE = ";"  # espeak's mark of a palatal transition: part of the phone before it
_CLOSING = {"P", "T", "K", "B", "D", "G", "CH", "JH"}


@dataclass(frozen=True)
class Clip:
    """``samples: (n,)`` float32 at 16 kHz; ``phones``: (label, end sample); ``words``: first and last phone."""

    text: str
    samples: np.ndarray
    phones: list[tuple[str, int]]
    words: list[tuple[int, int]]


def sentences(count: int, chooser: random.Random) -> list[str]:
    """Different sentences of the grammar: every pattern, and every word of a kind, equally often."""

    def dealt(words: list[str]) -> Iterator[str]:
        while True:
            yield from chooser.sample(words, len(words))

    decks = {kind: dealt(words) for kind, words in CHOICES.items()}
    found: dict[str, None] = {}
    while len(found) < count:
        pattern = SENTENCES[len(found) % len(SENTENCES)]
        sentence = re.sub(r"\{(\w+)\}", lambda place: next(decks[place[1]]), pattern)
        if not re.search(r"(\w+) and \1", sentence):
            found.setdefault(sentence)
    return list(found)


def aligned(
    said: Utterance, voice: Voice, text: str
) -> tuple[list[tuple[str, int, int]], list[tuple[int, int]]]:
    """The phones as (label, start, end) in espeak's samples, without gaps, and each word's first and last phone."""
    phones: list[tuple[str, int, int]] = []  # label, start, position of the word in the text
    for phone in said.phones:
        if phone.name == _GLIDE:
            continue
        label = ("ER" if voice.rhotic else "AH") if phone.name == "3" else PHONE_OF[phone.name]
        start = phone.start
        if label in _CLOSING:
            # The event comes with the burst; the closure before it, silent to the last bit, belongs to the stop.
            while start > 0 and abs(int(said.samples[start - 1])) <= 2:
                start -= 1
            start = max(start, phones[-1][1] if phones else 0)
        phones.append((label, start, phone.word if label != "sil" else -1))
    ends = [*(start for _, start, _ in phones[1:]), len(said.samples)]
    spans = [(label, start, end) for (label, start, _), end in zip(phones, ends, strict=True)]
    positions = [index for index, letter in enumerate(text) if index == 0 or text[index - 1] == " "]
    words = []
    for position in positions:
        inside = [index for index, phone in enumerate(phones) if phone[2] == position]
        words.append((inside[0], inside[-1]))
    return spans, words


def record(
    speaker: Espeak, sentence: str, voice: Voice, chooser: random.Random, noise: np.random.Generator
) -> Clip:
    """One clip: the sentence between two pauses, at a loudness and in a quiet room of its own."""
    said = speaker.say(
        sentence,
        voice.espeak,
        speed=chooser.randint(135, 185),
        pitch=voice.pitch + chooser.randint(-6, 6),
        pitch_range=chooser.randint(40, 70),
    )
    spans, words = aligned(said, voice, sentence)
    speech = soxr.resample(said.samples.astype(np.float32) / 32768, said.rate, RATE, quality="VHQ")
    # espeak begins with speech and ends with silence; both get a pause of a person who waits for a moment.
    before, after = (round(chooser.uniform(0.1, 0.5) * RATE) for _ in range(2))
    samples = np.concatenate([np.zeros(before, np.float32), speech, np.zeros(after, np.float32)])
    spoken = samples[np.abs(samples) > 1e-4]
    samples *= 10 ** (chooser.uniform(-28, -18) / 20) / np.sqrt(np.mean(spoken**2))
    samples *= min(1.0, 0.9 / np.abs(samples).max())
    samples += room(len(samples), chooser.uniform(-68, -54), chooser.uniform(0.3, 1.0), noise)

    scale = RATE / said.rate
    phones: list[tuple[str, int]] = [("sil", before + round(spans[0][1] * scale))]
    number = {}  # of espeak's phone -> of ours: neighbouring silences are one
    for index, (label, _, end) in enumerate(spans):
        end = before + round(end * scale)
        if label == "sil" and phones[-1][0] == "sil":
            phones[-1] = ("sil", end)
        elif end > phones[-1][1]:
            phones.append((label, end))
        number[index] = len(phones) - 1
    if phones[-1][0] == "sil":
        phones.pop()
    phones.append(("sil", len(samples)))
    return Clip(
        sentence.replace(",", ""), samples, phones, [(number[first], number[last]) for first, last in words]
    )


def room(length: int, level: float, tilt: float, noise: np.random.Generator) -> np.ndarray:
    """``(length,)`` float32 of quiet noise at ``level`` dB below full scale, falling by ``6 tilt`` dB an octave."""
    spectrum = np.fft.rfft(noise.standard_normal(length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 50.0)
    sound = np.fft.irfft(spectrum * (frequency / 1000) ** -tilt, length)
    return (sound * 10 ** (level / 20) / np.sqrt(np.mean(sound**2))).astype(np.float32)


def delay(original: np.ndarray, decoded: np.ndarray) -> int:
    """By how many samples ``decoded: (n,)`` is late, where the cross-correlation is highest."""
    size = 2 * len(original)
    correlation = np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(original, size)))
    peak = int(correlation.argmax())
    return peak if peak < size // 2 else peak - size


def row(name: str, voice: Voice, clip: Clip) -> str:
    """A line of the table: name, speaker, transcript, words as first-last phone, phones as label:end sample."""
    words = " ".join(f"{first}-{last}" for first, last in clip.words)
    phones = " ".join(f"{label}:{end}" for label, end in clip.phones)
    return "\t".join((name, voice.name, clip.text, words, phones))


def main() -> None:
    """Speak and write both splits."""
    chooser, noise = random.Random(SEED), np.random.default_rng(SEED)
    speaker = Espeak()
    trained = [voice for voice in VOICES if voice.trained]
    counts = {"train": TRAIN_CLIPS_A_VOICE * len(trained), "test": TEST_CLIPS_A_VOICE * len(VOICES)}
    texts = sentences(sum(counts.values()), chooser)
    chooser.shuffle(texts)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for split, voices in (("train", trained), ("test", list(VOICES))):
        # Voices take turns, so that any minute holds them all.
        clips = [(voices[index % len(voices)], texts.pop()) for index in range(counts[split])]
        rows, audio = ["name\tspeaker\ttext\twords\tphones"], []
        for index, (voice, sentence) in enumerate(clips):
            clip = record(speaker, sentence, voice, chooser, noise)
            rows.append(row(f"{split}-{index:03}-{voice.name}", voice, clip))
            audio.append(clip.samples)
        (FOLDER / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        whole = np.concatenate(audio)
        path = FOLDER / f"{split}.ogg"
        with soundfile.SoundFile(
            path, "w", RATE, 1, "VORBIS", format="OGG", compression_level=COMPRESSION
        ) as file:
            for sound in audio:  # libsndfile's encoder overflows its stack on an hour in one piece
                file.write(sound)
        decoded = soundfile.read(path, dtype="float32")[0]
        late = delay(whole[: 60 * RATE], decoded[: 60 * RATE])
        print(
            f"{split}: {len(rows) - 1} clips, {len(whole) / RATE / 60:.1f} minutes; Vorbis is {late} samples late"
        )
        if late != 0 or len(decoded) != len(whole):
            raise SystemExit("the codec moved the sound: the times of the phones are wrong")


if __name__ == "__main__":
    main()
