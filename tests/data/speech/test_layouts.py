"""What the tables of known speech sets say: every layout is read, or what was not understood is named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ssllab.data import containers
from ssllab.data.catalogue import load
from ssllab.data.skipped import in_words
from ssllab.data.speech.layout import Layout, arrange
from ssllab.data.speech.textgrid import write
from ssllab.data.speech.types import Span

CASES = Path(__file__).resolve().parents[3] / ".." / "shared" / "cases" / "speech" / "layouts"
SAID = "in being comparatively modern"


def case(name: str):
    if not (CASES / name).is_dir():
        pytest.skip(f"no {CASES / name}: the cases are not part of the project")
    return load(str(CASES / name), kinds=("speech",))


def texts(layout: Layout) -> dict[str, str | None]:
    return {r.path: r.text for r in layout.recordings}


def speakers(layout: Layout) -> dict[str, str | None]:
    return {r.path: r.speaker for r in layout.recordings}


def held_out(layout: Layout) -> set[str]:
    return {r.path for r in layout.recordings if r.test}


def said(layout: Layout) -> dict[str, str]:
    return {entry.path: f"{entry.what}: {entry.reason}" for entry in layout.skipped}


# The cases


def test_common_voice_keeps_its_split_and_speakers_and_leaves_invalidated_clips_out():
    data = case("common_voice")
    assert data.train.names == ("common_voice_en_0", "common_voice_en_1")
    assert data.test.names == ("common_voice_en_2",)
    assert data.train.speakers == ("client0", "client1")
    assert {*data.train.texts, *data.test.texts} == {SAID}
    assert [entry.path for entry in data.skipped] == ["en/clips/common_voice_en_3.mp3"]
    assert "invalidated.tsv" in data.skipped[0].reason


def test_vctk_folders_are_speakers_and_one_microphone_is_heard():
    data = case("vctk")
    assert data.class_names == ()
    assert {*data.train.speakers, *data.test.speakers} == {"p225", "p226"}
    assert {*data.train.texts, *data.test.texts} == {SAID}
    assert all(name.endswith("_mic1") for name in (*data.train.names, *data.test.names))
    assert {entry.reason for entry in data.skipped} == {"a second microphone heard the same sentence"}


@pytest.mark.parametrize("name", ["hf_metadata_jsonl", "sidecar_txt", "lj_utf16"])
def test_transcripts_in_json_lines_beside_the_recording_and_in_utf_16_are_read(name):
    data = case(name)
    assert data.train.texts == data.test.texts == (SAID,)
    assert data.skipped == ()


@pytest.mark.parametrize("name", ["common_voice", "vctk", "hf_metadata_jsonl", "sidecar_txt", "lj_utf16"])
def test_a_layout_says_the_same_in_a_zip_and_in_a_tar(name, tmp_path):
    expected = case(name)
    shutil.make_archive(str(tmp_path / name), "zip", CASES / name)
    shutil.make_archive(str(tmp_path / name), "gztar", CASES / name)
    for packed in (tmp_path / f"{name}.zip", tmp_path / f"{name}.tar.gz"):
        data = load(str(packed), kinds=("speech",))
        for split, own in ((data.train, expected.train), (data.test, expected.test)):
            assert sorted(zip(split.names, split.texts, split.speakers, strict=True)) == sorted(
                zip(own.names, own.texts, own.speakers, strict=True)
            )
        assert {entry.reason for entry in data.skipped} == {entry.reason for entry in expected.skipped}


def test_latin_1_keeps_its_letters_and_what_is_no_text_or_too_much_is_said(tmp_path, monkeypatch):
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", np.full(1600, 0.1), 16_000)
    (tmp_path / "0.txt").write_bytes("Grüße".encode("latin-1"))
    (tmp_path / "metadata.csv").write_bytes("1|señor|señor\r\n2|Ł|Ł\r\n".encode("utf-16"))
    (tmp_path / "table.xlsx").write_bytes(b"PK\x03\x04\x14\x00\x06\x00")
    data = load(str(tmp_path), kinds=("speech",))
    assert {*data.train.texts, *data.test.texts} == {"Grüße", "señor", "Ł"}
    entries = {entry.path: entry for entry in data.skipped}
    assert entries["0.txt"].what == "remark"
    assert "Windows-1252" in entries["0.txt"].reason
    assert entries["table.xlsx"].what == "table"
    assert "is not text" in entries["table.xlsx"].reason
    assert "1 skipped" in data.about
    monkeypatch.setattr(containers, "MOST_TABLES", 20)
    entries = {entry.path: entry for entry in load(str(tmp_path), kinds=("speech",)).skipped}
    assert "MB of tables" in entries["metadata.csv"].reason


# Common Voice

_CV = "client_id\tpath\tsentence\tup_votes\n"


def test_common_voice_clips_that_only_validated_has_are_learned_from_but_for_tested_speakers_and_sentences():
    rows = {
        "train": ["a\t0.mp3\tone"],
        "test": ["b\t1.mp3\ttwo"],
        "dev": ["c\t2.mp3\tthree"],
        "validated": ["a\t0.mp3\tone", "d\t3.mp3\tfour", "b\t4.mp3\tfive", "e\t5.mp3\ttwo"],
        "other": ["f\t6.mp3\tsix"],
        "invalidated": ["g\t7.mp3\tseven"],
    }
    tables = {f"cv/{name}.tsv": _CV + "".join(f"{row}\t2\n" for row in own) for name, own in rows.items()}
    layout = arrange([f"cv/clips/{n}.mp3" for n in range(8)], tables)
    assert list(texts(layout).values()) == ["one", "two", "three", "four"]
    assert held_out(layout) == {"cv/clips/1.mp3", "cv/clips/2.mp3"}
    reasons = said(layout)
    assert set(reasons) == {f"cv/clips/{n}.mp3" for n in (4, 5, 6, 7)}
    assert "tested on" in reasons["cv/clips/4.mp3"]
    assert "other.tsv" in reasons["cv/clips/6.mp3"]


def test_a_quotation_mark_that_begins_a_sentence_swallows_no_other_line():
    tables = {"train.tsv": _CV + 'a\t0.mp3\t"Well," he said.\t2\na\t1.mp3\tNo.\t2\na\t2.mp3\t"""Yes"""\t2\n'}
    layout = arrange([f"clips/{n}.mp3" for n in range(3)], tables)
    assert list(texts(layout).values()) == ['"Well," he said.', "No.", '"Yes"']


# VCTK and other speakers


@pytest.mark.parametrize(
    ("paths", "who"),
    [
        (["wav48/p225/p225_001.wav", "wav48/s5/s5_001.wav"], ["p225", "s5"]),
        (["TRAIN/DR1/FCJF0/SA1.WAV", "TRAIN/DR2/MABC0/SX3.WAV"], ["FCJF0", "MABC0"]),
        (["wav/id10001/abc/00001.wav", "wav/id10002/abc/00001.wav"], ["id10001", "id10002"]),
        (["speaker_1/a.wav", "speaker_2/a.wav"], ["speaker_1", "speaker_2"]),
        (["84/121123/84_121123_000007_000001.wav"], ["84"]),
    ],
)
def test_folders_of_speakers_are_no_words(paths, who):
    layout = arrange(paths, {})
    assert list(speakers(layout).values()) == who
    assert layout.class_names == ()


def test_words_whose_clips_repeat_the_word_stay_words():
    paths = [f"{word}/{word}_{n:03}.wav" for word in ("yes", "no") for n in range(3)]
    assert arrange(paths, {}).class_names == ("no", "yes")


def test_the_second_microphone_counts_where_it_is_the_only_one():
    layout = arrange(["p225/p225_001_mic1.flac", "p225/p225_001_mic2.flac", "p225/p225_002_mic2.flac"], {})
    assert set(texts(layout)) == {"p225/p225_001_mic1.flac", "p225/p225_002_mic2.flac"}


# JSON


def test_nemo_manifests_name_recordings_by_paths_of_another_machine_and_split_by_their_names():
    tables = {
        "train_manifest.json": '{"audio_filepath": "/corpora/x/a/0.wav", "duration": 1.0, "text": "well"}\n'
        '{"audio_filepath": "/corpora/x/b/0.wav", "duration": 1.0, "text": "yes", "speaker": "anna"}\n',
        "test_manifest.json": '{"audio_filepath": "C:\\\\x\\\\c\\\\1.wav", "duration": 1.0, "text": "no"}\n',
    }
    layout = arrange(["a/0.wav", "b/0.wav", "c/1.wav"], tables)
    assert texts(layout) == {"a/0.wav": "well", "b/0.wav": "yes", "c/1.wav": "no"}
    assert speakers(layout)["b/0.wav"] == "anna"
    assert held_out(layout) == {"c/1.wav"}
    assert layout.skipped == ()


@pytest.mark.parametrize(
    "content",
    [
        '[{"file_name": "0.wav", "sentence": "yes"}, {"file_name": "1.wav", "sentence": "no"}]',
        '{"0.wav": {"text": "yes"}, "1": {"text": "no"}}',
        '{"0": "yes", "1": "no"}',
        '{"data": [{"audio": {"path": "0.wav"}, "text": "yes"}, {"audio": {"path": "1.wav"}, "text": "no"}]}',
        '{"utt0": {"wav": "{data_root}/0.wav", "words": "yes"}, "utt1": {"wav": "{data_root}/1.wav", "words": "no"}}',
    ],
)
def test_json_in_a_list_or_by_name_is_read(content):
    assert texts(arrange(["0.wav", "1.wav"], {"labels.json": content})) == {"0.wav": "yes", "1.wav": "no"}


def test_a_separator_within_a_text_ends_no_line():
    lines = [f'{{"file_name": "{n}.wav", "text": "one\u2028two"}}' for n in range(2)]
    assert set(texts(arrange(["0.wav", "1.wav"], {"m.jsonl": "\r\n".join(lines)})).values()) == {
        "one\u2028two"
    }
    bars = "0.wav|one\u2028two\r1.wav|one\u2028two"
    assert set(texts(arrange(["0.wav", "1.wav"], {"m.csv": bars})).values()) == {"one\u2028two"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"file_name": "0.wav", ', "is broken JSON"),
        ("[" * 5000, "is broken JSON"),
        ('{"a": 1}', "is not understood"),
        ("[]", "is not understood"),
        ('{"0.wav": {"intent": "order"}}', "there are intent"),
        ('{"file_name": "7.wav", "text": "x"}', "none of its 1 lines names a recording"),
    ],
)
def test_json_of_something_else_is_named_with_the_reason(content, why):
    reasons = said(arrange(["0.wav"], {"x.json": content}))
    assert reasons["x.json"].startswith("table: ")
    assert why in reasons["x.json"]


def test_a_transcript_of_a_part_is_none_of_the_whole():
    lines = [
        f'{{"audio_filepath": "a.wav", "offset": {n}, "duration": 1, "text": "part {n}"}}' for n in range(2)
    ]
    lines.append('{"audio_filepath": "b.wav", "offset": 0.0, "duration": 1, "text": "all"}')
    layout = arrange(["a.wav", "b.wav"], {"manifest.json": "\n".join(lines)})
    assert texts(layout) == {"a.wav": None, "b.wav": "all"}
    assert "2 entries are about parts" in said(layout)["manifest.json"]


# TIMIT


def test_timit_gives_sentences_words_phones_speakers_and_its_split():
    paths = ["TIMIT/TRAIN/DR1/FCJF0/SA1.WAV", "TIMIT/TEST/DR1/MDAB0/SA1.WAV"]
    tables = {}
    for path in paths:
        own = path.removesuffix(".WAV")
        tables[f"{own}.TXT"] = "0 46797 She had your dark suit.\n"
        tables[f"{own}.WRD"] = "3200 4800 she\n4800 8000 had\n"
        tables[f"{own}.PHN"] = "0 3200 h#\n3200 4800 sh\n"
    train, test = arrange(paths, tables).recordings
    assert (train.test, test.test) == (False, True)
    assert (train.speaker, test.speaker) == ("FCJF0", "MDAB0")
    assert train.text == "She had your dark suit."
    assert [(s.start, s.end, s.label) for s in train.words] == [(0.2, 0.3, "she"), (0.3, 0.5, "had")]
    assert [(s.start, s.end, s.label) for s in train.phones] == [(0.0, 0.2, "h#"), (0.2, 0.3, "sh")]
    assert arrange(paths, tables).skipped == ()


def test_words_and_phones_come_with_the_sound_and_end_with_it(tmp_path):
    for number in range(3):
        soundfile.write(tmp_path / f"s{number}.wav", np.full(4800, 0.1), 16_000)
    (tmp_path / "s1.phn").write_text("0 1600 h#\n1600 3200 sh\n3200 9600 iy\n9600 9700 h#\n")
    (tmp_path / "s1.wrd").write_text("1600 4800 she\n")
    data = load(str(tmp_path), kinds=("speech",))
    known = {
        name: phones for s in (data.train, data.test) for name, phones in zip(s.names, s.phones, strict=False)
    }
    words = {
        name: spans for s in (data.train, data.test) for name, spans in zip(s.names, s.words, strict=False)
    }
    assert [(p.start, p.end, p.label) for p in known["s1"]] == [
        (0.0, 0.1, "h#"),
        (0.1, 0.2, "sh"),
        (0.2, pytest.approx(0.3), "iy"),
    ]
    assert [w.label for w in words["s1"]] == ["she"]
    assert not any(phones for name, phones in known.items() if name != "s1")


def test_the_copies_that_circulate_of_timit_are_heard_once():
    layout = arrange(["TRAIN/DR1/FCJF0/SA1.WAV", "TRAIN/DR1/FCJF0/SA1.WAV.wav"], {})
    assert list(texts(layout)) == ["TRAIN/DR1/FCJF0/SA1.WAV"]
    assert said(layout)["TRAIN/DR1/FCJF0/SA1.WAV.wav"] == "file: a copy of the recording beside it"


# Praat


def test_textgrids_beside_recordings_are_words_phones_and_transcripts(tmp_path):
    def grid(**tiers: tuple[Span, ...]) -> str:
        write(tmp_path / "a.TextGrid", tiers, 1.0)
        return (tmp_path / "a.TextGrid").read_text("utf-8")

    words = (Span(0.0, 0.2, "sil"), Span(0.2, 0.5, "guten"), Span(0.5, 0.9, "Tag"))
    phones = (Span(0.2, 0.3, "g"), Span(0.3, 0.5, "u:"))
    paths = ["anna/01.wav", "ben/01.wav", "ben/02.wav"]
    tables = {
        "anna/01.TextGrid": grid(words=words, phones=phones),
        "aligned/ben/01.TextGrid": grid(MAU=phones),
        "ben/01.lab": "Was man sagt.\n",
        "ben/02.TextGrid": "File type = nothing of Praat's\n",
    }
    layout = arrange(paths, tables)
    anna, ben, other = layout.recordings
    assert (anna.words, anna.phones, anna.text) == (words, phones, "guten Tag")
    assert (ben.words, ben.phones, ben.text) == ((), phones, "Was man sagt.")
    assert (other.words, other.text) == ((), None)
    assert said(layout) == {
        "ben/02.TextGrid": "table: is no TextGrid: expected a TextGrid that Praat saved as text"
    }


# Kaldi


def test_kaldi_reads_texts_and_speakers_and_splits_by_its_folders():
    tables = {
        "data/train/wav.scp": "anna-1 /corpora/wavs/anna/1.wav\n",
        "data/train/text": "anna-1 WELL YES\n",
        "data/train/utt2spk": "anna-1 anna\n",
        "data/train/spk2utt": "anna anna-1\n",
        "data/test/wav.scp": "ben-1 ../../wavs/ben/1.wav\n",
        "data/test/text": "ben-1 NO\n",
    }
    layout = arrange(["wavs/anna/1.wav", "wavs/ben/1.wav"], tables)
    assert texts(layout) == {"wavs/anna/1.wav": "WELL YES", "wavs/ben/1.wav": "NO"}
    assert speakers(layout) == {"wavs/anna/1.wav": "anna", "wavs/ben/1.wav": None}
    assert held_out(layout) == {"wavs/ben/1.wav"}
    assert layout.skipped == ()


def test_commands_in_kaldis_tables_are_refused_and_said():
    tables = {
        "wav.scp": "a sph2pipe -f wav /x/a.sph |\nb touch /tmp/owned |\nc c.wav\n",
        "text": "a FOUND BY ITS NAME\nb NOT HERE\nc PLAIN\n",
        "segments": "c-1 c 0.0 1.0\n",
    }
    layout = arrange(["a.wav", "c.wav"], tables)
    assert texts(layout) == {"a.wav": "FOUND BY ITS NAME", "c.wav": "PLAIN"}
    assert said(layout) == {
        "wav.scp": "remark: 2 of its 3 lines: commands, which are not run",
        "segments": "table: parts of recordings are not read: they are used whole, without these transcripts",
    }


# fairseq


def test_fairseq_manifests_are_read_with_words_or_letters_line_by_line():
    tables = {
        "m/train.tsv": "/data/audio\na/0.flac\t16000\na/1.flac\t16000\n",
        "m/train.wrd": "WELL YES\nNO\n",
        "m/train.ltr": "W E L L | Y E S |\nN O |\n",
        "m/valid.tsv": "/data/audio\nb/0.flac\t16000\n",
        "m/valid.ltr": "O H | N O |\n",
    }
    layout = arrange(["audio/a/0.flac", "audio/a/1.flac", "audio/b/0.flac"], tables)
    assert list(texts(layout).values()) == ["WELL YES", "NO", "OH NO"]
    assert held_out(layout) == {"audio/b/0.flac"}
    assert layout.skipped == ()


def test_texts_of_another_count_than_their_manifest_are_named():
    tables = {"train.tsv": "/data\n0.flac\t16000\n1.flac\t16000\n", "train.ltr": "N O |\n"}
    layout = arrange(["0.flac", "1.flac"], tables)
    assert set(texts(layout).values()) == {None}
    assert said(layout)["train.ltr"] == "table: has 1 lines for the 2 recordings of its .tsv"


# Lines and cells


@pytest.mark.parametrize(
    ("table", "content"),
    [
        ("transcript.txt", "0001 well, yes\n0002 oh no\n"),
        ("transcript.txt", "0001.wav|well, yes\n0002.wav|oh no\n"),
        ("transcript_utf8.txt", "0001:well, yes\n0002:oh no\n"),
        ("etc/txt.done.data", '( 0001 "well, yes" )\n( 0002 "oh no" )\n'),
        ("list.csv", "wav/0001.wav,well, yes\nwav/0002.wav,oh no\n"),
        ("list.csv", '0001,"well, yes"\n0002,oh no\n'),
        ("list.csv", "file;text\n0001;well, yes\n0002;oh no\n"),
        (
            "list.csv",
            'wav_filename,wav_filesize,transcript\n/x/0001.wav,9,"well, yes"\n/x/0002.wav,9,oh no\n',
        ),
        ("metadata.csv", "wav/0001.wav|WELL yes|well, yes|1.23\nwav/0002.wav|OH no|oh no|0.99\n"),
        ("metadata.csv", "\r\n0001|Well, Yes|well, yes\r\n0002|oh no|\r\n"),
        ("wav.txt", "wav/0001.wav\twell, yes\nwav/0002.wav\toh no\n"),
    ],
)
def test_lines_that_begin_with_a_recordings_name_are_transcripts(table, content):
    layout = arrange(["wav/0001.wav", "wav/0002.wav"], {table: content})
    assert texts(layout) == {"wav/0001.wav": "well, yes", "wav/0002.wav": "oh no"}
    assert set(speakers(layout).values()) == {None}
    assert layout.skipped == ()


@pytest.mark.parametrize(
    "lines",
    [
        ["{}|anna|well, yes", "{}|ben|oh no", "{}|anna|it is so", "{}|ben|why not"],
        ["{}|anna|well, yes", "{}|ben|oh no"],
        ["{}|anna|EN|well, yes", "{}|ben|EN|oh no", "{}|anna|EN|it is so", "{}|ben|EN|why not"],
        ["{}|well, yes|anna", "{}|oh no|ben", "{}|it is so|anna", "{}|why not|ben"],
        ["{}|anna|yes", "{}|ben|yes", "{}|anna|no", "{}|ben|no"],
        ["file|speaker|text", "{}|anna|well, yes", "{}|ben|oh no"],
    ],
)
def test_a_column_that_says_who_is_a_speaker_and_no_text(lines):
    paths = [f"wavs/{n}.wav" for n in range(4)]
    own = iter(paths)
    filled = [line.format(next(own)) if "{}" in line else line for line in lines]
    found = {r.path: r for r in arrange(paths, {"metadata.csv": "\n".join(filled)}).recordings if r.text}
    assert [r.speaker for r in found.values()] == ["anna", "ben", "anna", "ben"][: len(found)]
    assert not {"anna", "ben", "EN"} & {r.text for r in found.values()}


@pytest.mark.parametrize(
    "lines",
    [
        ["{}|In 1455|In fourteen fifty-five", "{}|Dr. B|Doctor B", "{}|go|go", "{}|go|go"],
        ["{}|1455|fourteen fifty-five", "{}|12|twelve", "{}|1455|fourteen fifty-five", "{}|12|twelve"],
        ["{}|Dr. B|doctor b", "{}|Doctor B|doctor b", "{}|yes|yes", "{}|yes|yes"],
    ],
)
def test_a_text_and_how_it_is_spoken_are_no_speakers(lines):
    paths = [f"{n}.wav" for n in range(4)]
    content = "\n".join(line.format(path) for line, path in zip(lines, paths, strict=True))
    layout = arrange(paths, {"metadata.csv": content})
    assert set(speakers(layout).values()) == {None}
    assert list(texts(layout).values()) == [line.split("|")[2] for line in lines]


def test_recordings_of_one_name_are_told_apart_by_folders_and_by_the_nearest_table():
    paths = [f"{who}/wav/arctic_a0001.wav" for who in ("slt", "bdl")]
    tables = {f"{who}/etc/txt.done.data": f'( arctic_a0001 "{who} says" )\n' for who in ("slt", "bdl")}
    assert list(texts(arrange(paths, tables)).values()) == ["slt says", "bdl says"]
    far = {"slt/metadata.csv": "1|slt\n2|slt's second, which is lost\n", "bdl/metadata.csv": "2|bdl\n"}
    assert texts(arrange(["slt/wavs/1.wav", "bdl/wavs/2.wav"], far)) == {
        "slt/wavs/1.wav": "slt",
        "bdl/wavs/2.wav": "bdl",
    }


def test_a_common_name_in_another_folder_is_another_recording():
    content = "".join(f'{{"audio_filepath": "/x/{who}/0.wav", "text": "{who}"}}\n' for who in ("anna", "ben"))
    layout = arrange(["ben/0.wav", "carl/1.wav"], {"manifest.json": content})
    assert texts(layout) == {"ben/0.wav": "ben", "carl/1.wav": None}
    assert said(layout)["manifest.json"] == "remark: 1 of its 2 lines: no recording here is called so"
    moved = {"list.csv": "DUMMY1/LJ001-0001.wav|yes\n"}
    assert set(texts(arrange(["a/LJ001-0001.wav", "b/LJ002-0001.wav"], moved)).values()) == {"yes", None}


def test_texts_beside_recordings_may_lie_in_a_tree_of_the_same_folders():
    paths = ["wav/anna/1.wav", "wav/ben/1.wav"]
    tables = {"txt/anna/1.txt": "I am Anna\n", "txt/ben/1.txt": "I am\nBen\n"}
    assert texts(arrange(paths, tables)) == {"wav/anna/1.wav": "I am Anna", "wav/ben/1.wav": "I am Ben"}


# What is not understood is named


@pytest.mark.parametrize(
    ("table", "content", "why"),
    [
        ("metadata.csv", "price,weight\n1,2\n", "is not understood"),
        ("metadata.csv", "file_name,price\na.wav,2\n", "no column has transcripts or speakers"),
        ("metadata.csv", "sentence,price\nyes,2\n", "no column names the recordings"),
        ("metadata.csv", "a|1|2|3|4|5\n", "6 columns without a header"),
        ("metadata.csv", "x|yes\ny|no\n", "is not understood"),
        ("metadata.csv", "file_name,text\nx.wav,yes\n", "none of its 1 lines names a recording"),
        ("metadata.csv", "\n", "is empty"),
        ("a.srt", "1\n00:00:00,000 --> 00:00:01,000\nyes\n", "is not understood"),
        ("a.TextGrid", 'File type = "ooTextFile"\n', "is no TextGrid"),
        ("a.txt", "0.0\t1.5\tyes\n", "labels with times are not read"),
        ("notes.txt", "a day in the life\n", "is not understood"),
        ("train.phn", "AH B\n", "is not understood"),
        ("a.phn", "0 " + "9" * 5000 + " h#\n", "is not understood"),
    ],
)
def test_a_table_that_was_not_read_is_always_said(table, content, why):
    layout = arrange(["a.wav", "b.wav"], {table: content})
    assert set(texts(layout).values()) == {None}
    assert said(layout)[table].startswith("table: ")
    assert why in said(layout)[table]


def test_every_table_of_one_reason_is_named():
    tables = {f"{name}.csv": "price,weight\n1,2\n" for name in ("some", "others")}
    lines = in_words(arrange(["a.wav"], tables).skipped, 1)
    assert [line.partition(":")[0] for line in lines] == ["others.csv, some.csv"]


def test_texts_for_people_are_no_tables():
    assert (
        arrange(["a.wav"], {"README.txt": "read me", "docs/LICENSE.txt": "MIT", "SPEAKERS.TXT": "x"}).skipped
        == ()
    )
    assert texts(arrange(["credits.wav"], {"credits.txt": "Thanks."})) == {"credits.wav": "Thanks."}


def test_lines_without_a_recording_are_counted_and_paths_out_of_the_folder_refused():
    content = "a.wav|yes\ngone.wav|no\n../../b.wav|out\n../c.wav|in\n"
    layout = arrange(["meta/a.wav", "b.wav", "c.wav"], {"meta/metadata.csv": content})
    assert texts(layout) == {"meta/a.wav": "yes", "b.wav": None, "c.wav": "in"}
    reasons = [entry.reason for entry in layout.skipped]
    assert reasons == [
        "1 of its 4 lines: no recording here is called so",
        "1 of its 4 lines: a path out of the folder, not followed",
    ]
