"""The file of a backup: what was written comes back, and whatever else is in it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.core.failures import UserError
from crosswalk.store.backup.file import END, pieces, reading, writing

PARTS = [("table a", b"one\n" * 100), ("table b", b""), (END, b"{}")]


def written(path: Path, passphrase: str = "") -> Path:
    with writing(path, passphrase) as writer:
        for part, content in PARTS:
            writer.write(part, content)
    return path


def read(path: Path, passphrase: str = "") -> list[tuple[str, bytes]]:
    with reading(path) as stream:
        return list(pieces(stream, passphrase))


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
def test_it_works(tmp_path: Path, passphrase: str) -> None:
    path = written(tmp_path / "backup", passphrase)

    assert read(path, passphrase) == PARTS
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_only_its_passphrase_opens_it(tmp_path: Path) -> None:
    path = written(tmp_path / "backup", "correct horse")

    assert b"one" not in path.read_bytes()
    for wrong in ("", "battery staple"):
        with pytest.raises(UserError):
            read(path, wrong)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("backup") / "sound").read_bytes()


@settings(max_examples=30)
@given(at=st.integers(min_value=0), cut=st.booleans())
def test_any_damage_is_found(
    tmp_path_factory: pytest.TempPathFactory, sound: bytes, at: int, cut: bool
) -> None:
    at %= len(sound)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(sound[:at] if cut else sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])

    with pytest.raises(UserError):
        read(path)


def test_what_follows_the_end_is_refused(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "longer"
    path.write_bytes(sound + b"\0")

    with pytest.raises(UserError):
        read(path)


def test_nothing_is_overwritten_and_nothing_unfinished_stays(tmp_path: Path) -> None:
    path = written(tmp_path / "backup")
    with pytest.raises(UserError, match="is there already"):
        written(path)
    with pytest.raises(RuntimeError), writing(tmp_path / "other", ""):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == [path]
