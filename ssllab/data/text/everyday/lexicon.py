"""The words of Everyday English, by class and meaning.

Every table lists the likeliest word first: the r-th word of a class has a weight of 1 / r (Zipf). A noun is written as
its singular, with the plural after a slash where it is not regular; a verb as its base, or as base/sing/past/ing.
"""

from dataclasses import dataclass
from functools import cache

# class -> (meaning, words)
NOUNS: dict[str, tuple[str, str]] = {
    # animals, by what they do
    "cat": ("animal", "cat kitten"),
    "dog": ("animal", "dog puppy/puppies"),
    "horse": ("animal", "horse pony/ponies donkey"),
    "farm": ("animal", "cow sheep/sheep goat"),
    "bird": ("animal", "bird owl sparrow robin"),
    "duck": ("animal", "duck goose/geese"),
    "wild": ("animal", "fox/foxes bear wolf/wolves"),
    "small": ("animal", "mouse/mice rabbit squirrel"),
    "pet": ("animal", "dog cat horse rabbit"),
    # people, by what they do
    "woman": ("person", "woman/women girl queen"),
    "man": ("person", "man/men boy king"),
    "people": ("person", "child/children neighbour visitor"),
    "cook": ("person", "baker cook"),
    "grower": ("person", "farmer gardener"),
    "scholar": ("person", "teacher student"),
    "artist": ("person", "painter singer"),
    "kin": ("person", "mother brother sister father uncle aunt"),
    "sibling": ("person", "brother sister"),
    "kinswoman": ("person", "mother sister aunt"),
    "kinsman": ("person", "father brother uncle"),
    # places, by the word that stands before them
    "sunny": (
        "sunny place",
        "ledge porch wall balcony bench roof terrace windowsill lawn doorstep deck beach",
    ),
    "cosy": ("cosy place", "sofa bed rug chair cushion"),
    "seat": ("place", "bench terrace porch beach balcony"),
    "outdoors": ("place", "garden park field meadow village"),
    "indoors": ("place", "kitchen house school library museum cafe"),
    "shelter": ("place", "barn stable"),
    "water": ("place", "river lake pond"),
    "landmark": ("place", "bridge church/churches gate"),
    "way": ("place", "street road bridge hill"),
    "high": ("place", "roof wall fence"),
    "tree": ("place", "tree bush"),
    "cover": ("place", "table tree bush"),
    # things
    "ride": ("thing", "bicycle car boat"),
    "transport": ("thing", "train bus/buses boat"),
    "reading": ("thing", "book letter newspaper"),
    "thing": ("thing", "lamp clock hat coat"),
    "ware": ("thing", "hat basket coat clock lamp"),
    "box": ("place", "tree basket box"),
    "twig": ("place", "branch bush"),
    "toy": ("thing", "ball bone"),
    "painted": ("thing", "flower tree horse boat"),
    # food
    "dish": ("food", "soup bread cheese cake salad pie"),
    "baked": ("food", "bread cake pie"),
    "made": ("food", "soup salad"),
    "green": ("place", "garden park"),
    "drink": ("food", "tea coffee milk"),
    "hot": ("food", "tea coffee"),
    "fruit": ("food", "apple pear tomato/tomatoes"),
    "meal": ("food", "breakfast lunch dinner"),
    "feed": ("food", "grass hay"),
    "grain": ("food", "seed berry/berries"),
    # time
    "season": ("time", "winter spring summer autumn"),
    "part": ("time", "morning evening afternoon"),
}

VERBS: dict[str, tuple[str, str]] = {
    "sit": ("rest", "sit/sits/sat/sitting sleep/sleeps/slept/sleeping lie/lies/lay/lying rest"),
    "sleep": ("rest", "sleep/sleeps/slept/sleeping rest"),
    "stand": ("rest", "stand/stands/stood/standing wait"),
    "wait": ("rest", "wait"),
    "hide": ("rest", "hide/hides/hid/hiding sleep/sleeps/slept/sleeping"),
    "wander": ("motion", "walk run/runs/ran/running wander"),
    "trot": ("motion", "run/runs/ran/running"),
    "fly": ("motion", "fly/flies/flew/flying"),
    "swim": ("motion", "swim/swims/swam/swimming"),
    "climb": ("motion", "climb jump"),
    "hunt": ("motion", "hunt"),
    "hop": ("motion", "hop/hops/hopped/hopping run/runs/ran/running"),
    "chase": ("action", "chase follow"),
    "watch": ("perception", "watch/watches/watched/watching"),
    "drink": ("food", "drink/drinks/drank/drinking"),
    "eat": ("food", "eat/eats/ate/eating"),
    "purr": ("sound", "purr"),
    "bark": ("sound", "bark"),
    "sing": ("sound", "sing/sings/sang/singing"),
    "fetch": ("action", "fetch/fetches/fetched/fetching"),
    "feed": ("action", "feed/feeds/fed/feeding"),
    "read": ("action", "read/reads/read/reading"),
    "write": ("action", "write/writes/wrote/writing"),
    "play": ("action", "play"),
    "visit": ("action", "visit"),
    "help": ("action", "help visit"),
    "live": ("state", "live/lives/lived/living"),
    "reside": ("state", "live/lives/lived/living work"),
    "buy": ("action", "buy/buys/bought/buying sell/sells/sold/selling"),
    "give": ("action", "give/gives/gave/giving bring/brings/brought/bringing"),
    "wash": ("action", "wash/washes/washed/washing"),
    "think": ("mind", "think/thinks/thought/thinking say/says/said/saying"),
    "love": ("liking", "love/loves/loved/loving like enjoy"),
    "hate": ("disliking", "hate/hates/hated/hating dislike"),
    "bake": ("action", "bake/bakes/baked/baking"),
    "make": ("action", "make/makes/made/making"),
    "serve": ("action", "serve"),
    "grow": ("action", "grow/grows/grew/growing"),
    "teach": ("action", "teach/teaches/taught/teaching help"),
    "paint": ("action", "paint draw/draws/drew/drawing"),
    "dance": ("action", "dance sing/sings/sang/singing"),
    "belong": ("state", "belong"),
    "lie": ("rest", "lie/lies/lay/lying"),
    "park": ("rest", "stand/stands/stood/standing"),
    "come": ("motion", "come/comes/came/coming"),
    "shine": ("weather", "shine/shines/shone/shining"),
    "blow": ("weather", "blow/blows/blew/blowing"),
    "fall": ("weather", "fall/falls/fell/falling"),
    "rain": ("weather", "rain snow"),
}

ADJECTIVES: dict[str, tuple[str, str]] = {
    "cat coat": ("colour", "calico black white ginger tabby grey"),
    "coat": ("colour", "brown black white grey"),
    "plumage": ("colour", "black white grey yellow"),
    "animal": ("quality", "old young little hungry big"),
    "animal state": ("quality", "tired hungry old little"),
    "person": ("quality", "young old tall kind clever"),
    "person state": ("quality", "tired hungry ill busy cold"),
    "surface": ("quality", "warm old dusty narrow"),
    "cosy": ("quality", "soft warm old red"),
    "outdoors": ("quality", "green quiet little dark"),
    "indoors": ("quality", "old little quiet new"),
    "water": ("quality", "deep cold blue wide"),
    "thing": ("quality", "old new little big"),
    "thing colour": ("colour", "red blue green black yellow white"),
    "thing state": ("quality", "old cheap heavy"),
    "reading": ("quality", "long short old new"),
    "food": ("quality", "fresh warm cold"),
    "fruit": ("quality", "red ripe sweet green"),
    "paws": ("colour", "white black brown"),
    "weather": ("weather", "cold warm windy rainy sunny"),
    # opinions: what is praised and what is blamed
    "good food": ("praise", "delicious excellent wonderful"),
    "bad food": ("blame", "awful bitter terrible"),
    "good thing": ("praise", "beautiful wonderful lovely"),
    "bad thing": ("blame", "ugly terrible awful"),
    "good place": ("praise", "beautiful lovely charming"),
    "bad place": ("blame", "dirty ugly boring"),
    "good person": ("praise", "friendly kind brave"),
    "bad person": ("blame", "rude lazy boring"),
    "good weather": ("praise", "lovely wonderful beautiful"),
    "bad weather": ("blame", "awful terrible horrible"),
    "good day": ("praise", "lovely beautiful wonderful"),
    "bad day": ("blame", "awful terrible horrible"),
    # what stands after "and": other words than before it
    "also good": ("praise", "pleasant perfect"),
    "also bad": ("blame", "unpleasant dreadful"),
    "also weather": ("weather", "cloudy foggy"),
}

PROPER: dict[str, tuple[str, str]] = {
    "name he": ("person", "Tom Ben Paul Leo"),
    "name she": ("person", "Anna Maria Lucy Emma"),
    "city": ("city", "Paris Rome London Vienna Oslo Berlin Boston Dublin"),
}

# words that the rules name one by one: "tag number" -> words; of a word with two tags the first is meant, the other
# is written word/TAG
LITERALS: dict[str, str] = {
    "DET": "the my our his her their some",
    "DET sing": "a this that every what",
    "DET plur": "these many",
    "NUM": "two three five seven eight twelve sixty 1630 1788 1642 1535 1550 1682",
    "PRON": "who that there",
    "PRON sing": "he she it I himself herself myself",
    "PRON plur": "they we themselves ourselves",
    "ADP": "on in under near with from at to through across behind of for over into after",
    "AUX": "been will",
    "AUX sing": "is was has am",
    "AUX plur": "are were have",
    "VERB": "founded made bought",
    "VERB sing": "is was has comes rises sets rains snows",
    "VERB plur": "are were make give lay spin",
    "ADV": "yesterday lately tomorrow now very really so even softly loudly beautifully",
    "CCONJ": "and but",
    "SCONJ": "because when though that",
    "PART": "not",
    "PUNCT": ". , !",
    "ADJ": "good bad hungry tired cold long warm sunny white green black blue",
    "NOUN sing": (
        "winter day night week year minute letter door tail shape kitchen market garden weather football "
        "chess piano capital point launching milk honey snow grass coal sand flour wood glass bread paper "
        "bicycle spider hand sky sun wind forest east west"
    ),
    "NOUN plur": "bees hens cows spiders eggs webs days months seconds legs fingers wheels expeditions paws ears",
    "PROPN sing": (
        "Paris Rome London Vienna Oslo Lisbon Cairo Berlin Madrid Tokyo Athens Dublin Boston Sydney Montreal "
        "Lima Helsinki Philadelphia Ushuaia Kathmandu Manaus Moshi France Italy England Austria Norway "
        "Portugal Egypt Germany Spain Japan Greece Ireland Antarctica Everest Amazonia Kilimanjaro Monday "
        "Tuesday Wednesday Thursday Friday Saturday Sunday"
    ),
}

# what the words mean that are named one by one
MEANINGS: dict[str, str] = {
    "time": "yesterday lately tomorrow now winter day night week year minute days months seconds "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "year": "1630 1788 1642 1535 1550 1682",
    "number": "two three five seven eight twelve sixty many some",
    "weather": "snow weather sun wind sky rains snows",
    "colour": "white green black blue red yellow brown grey",
    "quality": "long warm hungry tired cold",
    "light": "sunny",
    "praise": "good",
    "blame": "bad",
    "animal": "bees hens cows spiders spider",
    "body": "tail paws ears legs hand fingers",
    "food": "milk honey eggs flour bread",
    "thing": "shape letter sand wood glass wheels bicycle coal paper webs grass",
    "place": "door kitchen market garden forest east west capital point",
    "game": "football chess piano",
    "travel": "expeditions launching",
    "action": "founded made bought give make lay spin",
    "motion": "rises sets comes",
    "person": "I he she they we himself herself myself themselves ourselves who",
    "city": "Paris Rome London Vienna Oslo Lisbon Cairo Berlin Madrid Tokyo Athens Dublin Boston Sydney Montreal "
    "Lima Helsinki Philadelphia Ushuaia Kathmandu Manaus Moshi",
    "country": "France Italy England Austria Norway Portugal Egypt Germany Spain Japan Greece Ireland Antarctica "
    "Amazonia",
    "mountain": "Everest Kilimanjaro",
}

FORMS = ("base", "sing", "past", "ing")
# the forms of a verb and of a noun that go with who a sentence speaks of
VERB_FORM = {"he": "sing", "she": "sing", "they": "base", "we": "base", "I": "base", "plur": "base"}
VERB_NUMBER = {
    "he": "sing",
    "she": "sing",
    "sing": "sing",
    "I": "sing",
    "they": "plur",
    "we": "plur",
    "plur": "plur",
}
NOUN_FORM = {"he": "sing", "she": "sing", "they": "plur"}


@dataclass(frozen=True)
class Reading:
    """A word as it stands in a sentence: its text, Universal part of speech, number and meaning."""

    text: str
    tag: str
    number: str = ""
    group: str = ""


def conjugated(entry: str) -> dict[str, str]:
    """The forms (`FORMS`) of a verb written as its base, regular, or as base/sing/past/ing."""
    if "/" in entry:
        return dict(zip(FORMS, entry.split("/"), strict=True))
    stem = entry.removesuffix("e")
    return {"base": entry, "sing": entry + "s", "past": stem + "ed", "ing": stem + "ing"}


def noun(entry: str, form: str) -> str:
    """A noun written as singular or singular/plural, in the number ``form``."""
    singular, _, plural = entry.partition("/")
    return singular if form == "sing" else plural or singular + "s"


def _words(table: dict[str, tuple[str, str]], name: str) -> tuple[str, list[str]]:
    group, words = table[name]
    return group, words.split()


def members(key: tuple[str, ...]) -> list[Reading] | None:
    """The words of the class ``key`` (("noun", "cat", "sing"), ("adj", "coat"), ...), likeliest first; None: no class."""
    kind, *rest = key
    if kind == "noun":
        form = NOUN_FORM.get(rest[1], rest[1])
        group, words = _words(NOUNS, rest[0])
        return [Reading(noun(word, form), "NOUN", form, group) for word in words]
    if kind == "verb":
        form = VERB_FORM.get(rest[1], rest[1])
        group, words = _words(VERBS, rest[0])
        return [
            Reading(conjugated(word)[form], "VERB", VERB_NUMBER.get(rest[1], ""), group) for word in words
        ]
    if kind == "adj":
        group, words = _words(ADJECTIVES, " ".join(rest))
        colours = MEANINGS["colour"].split()
        return [Reading(word, "ADJ", "", "colour" if word in colours else group) for word in words]
    if (name := " ".join(key)) in PROPER:
        group, words = _words(PROPER, name)
        return [Reading(word, "PROPN", "sing", group) for word in words]
    return None


@cache
def _literals() -> dict[str, dict[str, Reading]]:
    meaning = {word: group for group, words in MEANINGS.items() for word in words.split()}
    found: dict[str, dict[str, Reading]] = {}
    for key, words in LITERALS.items():
        tag, _, number = key.partition(" ")
        for word in words.split():
            found.setdefault(word, {})[tag] = Reading(word, tag, number, meaning.get(word, ""))
    return found


def literal(word: str, tag: str = "") -> Reading:
    """The reading of a word that a rule names, the one that is listed first where ``tag`` is empty; ValueError: none."""
    readings = _literals().get(word, {})
    if not readings or (tag and tag not in readings):
        raise ValueError(
            f"a rule names {word!r} {tag}; expected one of LITERALS, with its tag if it has several"
        )
    return readings[tag] if tag else next(iter(readings.values()))
