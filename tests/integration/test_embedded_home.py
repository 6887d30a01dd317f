"""Which home, and which address, an installation uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crosswalk.store import embedded
from crosswalk.store.embedded import place
from crosswalk.store.embedded.place import ROOT_BASE, Place


@pytest.fixture(params=[True, False], ids=["root", "ordinary"])
def as_root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(place, "is_root", lambda: request.param)
    monkeypatch.delenv("CROSSWALK_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", "/home/ann")
    return bool(request.param)


def test_it_works_without_any_setting(as_root: bool) -> None:
    expected = ROOT_BASE / "default" if as_root else Path("/home/ann/.local/share/crosswalk")
    assert embedded.home() == expected
    assert Place.of(embedded.home()).folder == expected / "database"


def test_an_ordinary_users_data_folder_is_respected(as_root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/mnt/data")
    assert embedded.home() == (ROOT_BASE / "default" if as_root else Path("/mnt/data/crosswalk"))


def test_crosswalk_home_names_the_folder_or_as_root_the_instance(
    as_root: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSWALK_HOME", "~/sync data")
    folder = Place.of(embedded.home()).folder

    if as_root:
        assert folder.parent.parent == ROOT_BASE
        assert folder.parent.name.startswith("sync-data-")
    else:
        assert folder == Path("/home/ann/sync data/database")
    assert Place.of(embedded.home()).folder == folder


def test_homes_with_the_same_last_name_are_different_instances(as_root: bool) -> None:
    homes = [Path("/srv/a/data"), Path("/srv/b/data"), Path("/srv/a/data "), Path("/srv/a/dätä")]
    assert len({Place.of(home).folder for home in homes}) == len(homes)


def test_a_socket_path_fits_and_has_no_comma(as_root: bool) -> None:
    for home in (Path("/srv") / ("long" * 30), Path("/srv/a,b"), Path("/srv/data")):
        socket = Place.of(home).sockets / ".s.PGSQL.5432"
        assert len(os.fsencode(socket)) <= 107
        assert "," not in str(socket)


def test_database_url_wins_and_starts_nothing(
    as_root: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSWALK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/crosswalk")

    assert embedded.database_url() == "postgresql://db.example/crosswalk"
    assert not embedded.status(tmp_path / "home").running
    assert not Place.of(tmp_path / "home").folder.exists()


def test_without_database_url_the_embedded_server_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CROSSWALK_HOME", str(tmp_path))
    monkeypatch.setattr(embedded, "start", lambda home: f"postgresql://embedded{home}")

    assert embedded.database_url() == f"postgresql://embedded{tmp_path}"


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 30)
    if os.geteuid() == 0:
        home = ROOT_BASE / ("deep" * 30)  # already an instance, so its name is not shortened
    sockets = Place.of(home).sockets
    sockets.mkdir(mode=0o755)
    try:
        with pytest.raises(embedded.EmbeddedError, match=str(sockets)):
            embedded.start(home)
    finally:
        embedded.remove(home)
    assert not sockets.exists()
