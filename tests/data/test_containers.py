"""Folders as people and systems leave them: links, depth, names, previews, files of other kinds, archives of all makers."""

import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ssllab.data.containers import Directory, Found, Sought, archive
from ssllab.data.skipped import Skipped, every_word, in_words, left_out
from ssllab.storage.errors import DataError
from ssllab.storage.one_line import one_line
from ssllab.storage.progress import Cancelled

SOUGHT = Sought(
    "pictures", lambda name: name.endswith(".png"), unread=lambda name: "no" * name.endswith(".heic")
)


def never() -> bool:
    return False


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode("utf-8", "surrogateescape"))


def found(root: Path) -> Found:
    return Directory(root).find(SOUGHT, never)


def zipped(path: Path, *names: str) -> Found:
    with zipfile.ZipFile(path, "w") as writer:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name  # as it is written elsewhere: the constructor mends it
            writer.writestr(info, name)
    with archive(path) as container:
        return container.find(SOUGHT, never)


def reasons(result: Found) -> dict[str, str]:
    return {entry.path: entry.reason for entry in result.skipped}


# Links


def test_a_set_of_links_reads_like_the_set_that_they_lead_to(tmp_path):
    put(tmp_path / "real", "a/1.png", "b/2.png", "b/deep/3.png")
    linked = tmp_path / "linked"
    linked.mkdir()
    for name in ("b", "a"):
        (linked / name).symlink_to(f"../real/{name}")
    result = found(linked)
    assert result.items == found(tmp_path / "real").items == ["a/1.png", "b/2.png", "b/deep/3.png"]
    assert result.outside == 2
    members = {member.name: b"".join(member.pieces(99)) for member in Directory(linked).walk(result.items)}
    assert members["b/deep/3.png"] == b"b/deep/3.png"


def test_linked_folders_lie_where_their_links_lie(tmp_path):
    put(tmp_path / "elsewhere", "2.png")
    put(tmp_path / "set", "a/1.png", "c/3.png", "0.png")
    (tmp_path / "set" / "b").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "set").items == ["0.png", "a/1.png", "b/2.png", "c/3.png"]


def test_links_to_files_are_followed_out_of_the_folder_as_in_a_hub_snapshot(tmp_path):
    put(tmp_path, "blobs/abc", "snapshots/1/own.png")
    (tmp_path / "snapshots/1/picture.png").symlink_to("../../blobs/abc")
    result = found(tmp_path / "snapshots/1")
    assert (result.items, result.outside) == (["own.png", "picture.png"], 1)


def test_each_real_folder_is_read_once_and_under_its_own_name(tmp_path):
    put(tmp_path, "set/z/1.png", "other/2.png")
    (tmp_path / "set" / "a").symlink_to("z")
    (tmp_path / "set" / "b").symlink_to("../other")
    (tmp_path / "set" / "c").symlink_to("../other")
    result = found(tmp_path / "set")
    assert result.items == ["b/2.png", "z/1.png"]
    assert reasons(result) == dict.fromkeys(("a", "c"), "a link to a folder that is read already")
    assert result.outside == 1


def test_loops_are_refused_wherever_they_lead(tmp_path):
    put(tmp_path, "set/a/1.png", "beside/2.png")
    for place, target in (
        ("set/a/self", "."),
        ("set/a/up", ".."),
        ("set/around", tmp_path),
        ("set/b", "../beside"),
    ):
        (tmp_path / place).symlink_to(target)
    (tmp_path / "beside" / "back").symlink_to(tmp_path / "beside")
    (tmp_path / "beside" / "around").symlink_to("..")
    (tmp_path / "set" / "x").symlink_to("y")
    (tmp_path / "set" / "y").symlink_to("x")
    result = found(tmp_path / "set")
    assert result.items == ["a/1.png", "b/2.png"]
    assert set(reasons(result)) == {"a/self", "a/up", "around", "b/back", "b/around"}
    assert set(reasons(result).values()) == {"a link back to a folder that it lies in"}


def test_a_link_to_a_hidden_folder_is_followed_and_the_folder_itself_is_not_looked_into(tmp_path):
    put(tmp_path, ".cache/1.png", "a/2.png")
    (tmp_path / "b").symlink_to(".cache")
    result = found(tmp_path)
    assert (result.items, result.aside, result.outside) == (["a/2.png", "b/1.png"], [".cache"], 0)


def test_links_inside_archives_are_refused_and_counted(tmp_path):
    put(tmp_path, "x/1.png")
    (tmp_path / "x/2.png").symlink_to("/etc/passwd")
    os.link(tmp_path / "x/1.png", tmp_path / "x/3.png")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for name in ("1.png", "2.png", "3.png"):
            tar.add(tmp_path / "x" / name, name)
    with archive(tmp_path / "x.tar") as container:
        packed = container.find(SOUGHT, never)
    assert packed.items == ["1.png"]
    assert reasons(packed) == dict.fromkeys(("2.png", "3.png"), "a link inside an archive")
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as writer:
        writer.writestr(link, "/etc/passwd")
    with archive(tmp_path / "x.zip") as container:
        assert reasons(container.find(SOUGHT, never)) == {"link.png": "a link inside an archive"}


# Depth and names


@contextmanager
def nested(root: Path, name: str, depth: int) -> Iterator[None]:
    """So many folders in one another, the working directory in the last; away in the end, as no rmtree could."""
    here = os.getcwd()
    os.chdir(root)
    try:
        for _ in range(depth):
            os.mkdir(name)
            os.chdir(name)
        yield
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", root / name], check=True)


def test_a_tree_deeper_than_pythons_stack_is_read(tmp_path):
    with nested(tmp_path, "d", 1100):
        Path("1.png").write_bytes(b"x")
        result = found(tmp_path)
    assert result.items == ["d/" * 1100 + "1.png"]
    assert result.skipped == []


def test_a_path_that_is_too_long_for_the_system_is_said(tmp_path):
    put(tmp_path, "1.png")
    with nested(tmp_path, "d" * 200, 25):
        result = found(tmp_path)
    assert result.items == ["1.png"]
    assert [entry.reason for entry in result.skipped] == ["its path is too long for this system"]


@pytest.mark.skipif(os.name == "nt", reason="names are letters there")
def test_names_of_any_bytes_are_read(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.mkdir(folder)
    Path(folder, "a\nb.png").write_bytes(b"x")
    directory = Directory(Path(folder))
    result = directory.find(SOUGHT, never)
    assert result.items == ["a\nb.png"]
    assert len(directory.stamp(result.items)) == 64
    with pytest.raises(DataError) as caught:
        raise DataError(f"'{folder}' is no good.\x1b[31m")
    assert str(caught.value).endswith(r"caf\xe9' is no good.\x1b[31m")


def test_what_a_terminal_would_act_on_is_escaped_and_letters_are_not():
    assert (
        one_line("a\nssllab: all deleted\r\x1b[31m\x9b\u202e")
        == r"a\nssllab: all deleted\r\x1b[31m\x9b\u202e"
    )
    assert one_line("写真 café 👩‍🔬\u3000x") == "写真 café 👩‍🔬\u3000x"
    entry = Skipped("a\nb.png", "broken")
    assert in_words([entry], 3) == [r"a\nb.png: broken"]
    assert every_word([entry, entry]).count("\n") == 1


# What is not a person's own


JUNK = (
    "@eaDir/1.png/SYNOPHOTO_THUMB_M.png",
    ".ipynb_checkpoints/1.png",
    "__MACOSX/._1.png",
    "#recycle/1.png",
)


def test_previews_waste_and_hidden_files_of_systems_are_left_out_alike_in_folders_zips_and_tars(tmp_path):
    names = ("set/a/1.png", *(f"set/{junk}" for junk in JUNK), "set/a/._1.png", "set/a/Thumbs.db")
    put(tmp_path / "x", *names)
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path / "x/set", "./set")
    with archive(tmp_path / "x.tar") as container:
        packed = container.find(SOUGHT, never)
    for result in (found(tmp_path / "x"), zipped(tmp_path / "x.zip", *names), packed):
        assert result.items == ["set/a/1.png"]
        assert len(result.aside) == 4
        assert (result.skipped, result.others) == ([], {})


def test_a_zip_whose_folders_are_parted_by_backslashes_reads_like_any_other(tmp_path):
    result = zipped(tmp_path / "x.zip", "set\\a\\1.png", "set\\b\\2.png", "..\\out.png", "C:\\x\\3.png")
    assert result.items == ["set/a/1.png", "set/b/2.png"]
    assert reasons(result) == dict.fromkeys(("../out.png", "C:/x/3.png"), "an unsafe path")
    with archive(tmp_path / "x.zip") as container:
        first = next(container.walk(result.items))
        assert b"".join(first.pieces(99)) == b"set\\a\\1.png"


def test_a_zip_with_a_name_that_is_no_text_gives_one_line(tmp_path):
    zipped(tmp_path / "x.zip", "é.png")
    raw = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(raw.replace("é".encode(), b"\xe9\xe9"))
    with pytest.raises(DataError, match=r"broken \.zip"), archive(tmp_path / "x.zip"):
        pass


def test_files_of_other_kinds_are_counted_and_those_that_should_be_read_are_named(tmp_path):
    put(tmp_path, "1.png", "2.HEIC", "3.heic", "4.txt", "5.txt", "noending")
    result = found(tmp_path)
    assert result.others == {".txt": 2, ".HEIC".lower(): 1, "": 1}
    assert reasons(result) == {"3.heic": "no"}
    assert "2 .txt" in result.nothing()
    assert "not looked into: .hidden" in Found(aside=[".hidden"]).nothing()


def test_the_walk_is_stopped_between_two_folders(tmp_path):
    put(tmp_path, "a/1.png", "b/2.png")
    with pytest.raises(Cancelled):
        Directory(tmp_path).find(SOUGHT, lambda: True)


# Words


def test_reasons_are_grouped_and_counted_and_remarks_are_no_losses():
    skipped = [
        *(Skipped(f"{i}.png", f"broken (at byte {i})") for i in range(3)),
        Skipped("x.heic", "HEIC is not read"),
        Skipped("set", "2 links followed", "remark"),
    ]
    assert in_words(skipped, 5) == [
        "set: 2 links followed",
        "0.png and 2 more: broken",
        "x.heic: HEIC is not read",
    ]
    assert in_words(skipped, 1)[-1] == "1 more files, for other reasons"
    assert left_out(skipped) == 4
