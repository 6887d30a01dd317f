"""Pages over HTTP: who gets in, who may open what, and what is said when something goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.acceptance.conftest import Server, new_database
from tests.conftest import template
from tests.helpers.command_line import Installation
from tests.helpers.served import Served, Visitor, add_connections, started

PASSWORDS = {role: f"of the {role}, 2026" for role in ("administrator", "manager", "user")}
ALL = ("administrator", "manager", "user")
TAB = "/connections/{connection}/set-up/mapping/lead/custom"
MANAGERS = ("administrator", "manager")
# route → (an address, who may open it, what they get); in an address {connection} is one that `user` sees
ROUTES = {
    "overview": ("/", ALL, 200),
    "sign-in": ("/sign-in", ("nobody", *ALL), None),  # who is signed in goes on to the overview
    "sign-out": ("/sign-out", ALL, 405),
    "entry-link": ("/link/none", ("nobody", *ALL), 404),
    "account": ("/account", ALL, 200),
    "password": ("/account/password", ALL, 200),
    "users": ("/users", ("administrator",), 200),
    "user": ("/users/{user}", ("administrator",), 200),
    "user-link": ("/users/{user}/link", ("administrator",), 405),
    "audit": ("/audit", ("administrator", "manager"), 200),
    "audit-download": ("/audit/download", ("administrator", "manager"), 200),
    "help-index": ("/help", ALL, 200),
    "help": ("/help/CW-4001", ALL, 200),
    "settings": ("/settings", ("administrator",), 200),
    "settings-halt": ("/settings/halt", ("administrator",), 405),
    "settings-share": ("/settings/share", ("administrator",), 405),
    "receiver-add": ("/settings/receivers/add", ("administrator",), 405),
    "receiver-remove": ("/settings/receivers/remove", ("administrator",), 405),
    "receiver-test": ("/settings/receivers/test", ("administrator",), 405),
    "doctor": ("/settings/doctor", ("administrator",), 200),
    "connection": ("/connections/{connection}/", ALL, 200),
    "records": ("/connections/{connection}/records?q=a", ALL, 200),
    "records-find": ("/connections/{connection}/records/find", ALL, 405),
    "record": ("/connections/{connection}/records/crm/1", ALL, 200),
    "record-read": ("/connections/{connection}/records/crm/1/read", ALL, 405),
    "plans": ("/connections/{connection}/plans", ALL, 200),
    "plan-make": ("/connections/{connection}/plans/make", ("administrator", "manager"), 405),
    "plan": ("/connections/{connection}/plans/1", ALL, 404),
    "plan-apply": ("/connections/{connection}/plans/1/apply", ("administrator", "manager"), 405),
    "plan-download": ("/connections/{connection}/plans/1/download", ALL, 404),
    "holds": ("/connections/{connection}/holds", ALL, 200),
    "hold": ("/connections/{connection}/holds/1", ALL, 404),
    "hold-decide": ("/connections/{connection}/holds/decide", ("administrator", "manager"), 405),
    "hold-candidates": ("/connections/{connection}/holds/1/candidates", ALL, 405),
    "connection-new": ("/connections/new", ("administrator",), 200),
    "draft": ("/set-up/0", ("administrator",), 404),
    "draft-install": ("/set-up/0/install", ("administrator",), 404),
    "draft-connect": ("/set-up/0/connect", ("administrator",), 404),
    "draft-check": ("/set-up/0/check", ("administrator",), 405),
    "draft-stay": ("/set-up/0/stay", ("administrator",), 405),
    "draft-rename": ("/set-up/0/name", ("administrator",), 405),
    "draft-discard": ("/set-up/0/discard", ("administrator",), 405),
    "draft-authorize": ("/set-up/0/crm", ("administrator",), 405),
    "sign-in-return": ("/sign-in-return", ("administrator",), 400),
    "connection-settings": ("/connections/{connection}/settings", ("administrator", "manager"), 200),
    "connection-remove": ("/connections/{connection}/remove", ("administrator",), 200),
    "setup": ("/connections/{connection}/set-up", ALL, 302),
    "setup-install": ("/connections/{connection}/set-up/install", ALL, 404),  # it is a Salesforce's
    "setup-connect": ("/connections/{connection}/set-up/connect", ALL, 200),
    "setup-check": ("/connections/{connection}/set-up/connect/check", ("administrator", "manager"), 405),
    "setup-stay": ("/connections/{connection}/set-up/connect/stay", ("administrator",), 405),
    "setup-renew": ("/connections/{connection}/set-up/connect/crm", ("administrator",), 405),
    "setup-mapping": ("/connections/{connection}/set-up/mapping", ALL, 302),
    "mapping": (TAB, ALL, 400),  # its systems do not exist
    "mapping-save": (f"{TAB}/save", ("administrator", "manager"), 405),
    "mapping-more": (f"{TAB}/more", ("administrator", "manager"), 400),
    "mapping-sample": (f"{TAB}/sample", ("administrator", "manager"), 405),
    "mapping-read": (f"{TAB}/read", ("administrator", "manager"), 405),
    "mapping-suggestions": (f"{TAB}/suggestions", ("administrator", "manager"), 400),
    "mapping-extend": (f"{TAB}/extend", ("administrator", "manager"), 405),
    "mapping-pair": (f"{TAB}/pair", ("administrator", "manager"), 400),
    "mapping-add": (f"{TAB}/add", ("administrator", "manager"), 405),
    "runs": ("/connections/{connection}/runs", ALL, 200),
    "run": ("/connections/{connection}/runs/0", ALL, 404),
    "run-now": ("/connections/{connection}/runs/now", MANAGERS, 405),
    "run-cancel": ("/connections/{connection}/runs/cancel", MANAGERS, 405),
    "runs-pause": ("/connections/{connection}/runs/pause", MANAGERS, 405),
    "runs-resume": ("/connections/{connection}/runs/resume", MANAGERS, 405),
    "task": ("/connections/{connection}/tasks/0", ALL, 404),
    "task-again": ("/connections/{connection}/tasks/0/again", MANAGERS, 405),
    "setup-users": ("/connections/{connection}/set-up/users", ALL, 200),
    "setup-users-add": ("/connections/{connection}/set-up/users/add", ("administrator",), 405),
    "setup-users-remove": ("/connections/{connection}/set-up/users/1/remove", ("administrator",), 405),
    "setup-records": ("/connections/{connection}/set-up/records", ALL, 200),
    "selection": ("/connections/{connection}/set-up/selection/lead", ALL, 302),
    "setup-data": ("/connections/{connection}/set-up/data", ALL, 404),
    "setup-sync": ("/connections/{connection}/set-up/sync", ALL, 404),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """An installation with two connections and three people; `user` sees one of them."""

    crosswalk: Installation
    served: Served
    database: psycopg.Connection
    first_link: str

    def visitor(self, role: str) -> Visitor:
        visitor = Visitor(self.served)
        if role != "nobody":
            assert visitor.sign_in(role, PASSWORDS[role]).status_code == 302
        return visitor

    def number(self, name: str) -> int:
        ((number,),) = self.database.execute("SELECT id FROM person WHERE name = %s", [name]).fetchall()
        return int(number)

    def connection(self, name: str) -> int:
        ((number,),) = self.database.execute("SELECT id FROM connection WHERE name = %s", [name]).fetchall()
        return int(number)


def address_in(page: str) -> str:
    """The link that a page shows."""
    return urlsplit(page.partition("<code>")[2].partition("</code>")[0]).path


@pytest.fixture(scope="module")
def web(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with new_database(database_server, template()) as (_, url):
        crosswalk = Installation(home=tmp_path_factory.mktemp("web"), database_url=url)
        with started(crosswalk, "web") as served, psycopg.connect(url, autocommit=True) as database:
            add_connections(crosswalk, "seen", "hidden")
            link = urlsplit(served.link()).path
            administrator = Visitor(served)
            made = administrator.fill_in(link, name="administrator", password=PASSWORDS["administrator"])
            assert made.status_code == 302, made.text
            ((seen,),) = database.execute("SELECT id FROM connection WHERE name = 'seen'").fetchall()
            for role in ("manager", "user"):
                handed = administrator.fill_in("/users", name=role, role=role, connections=seen)
                Visitor(served).fill_in(address_in(handed.text), password=PASSWORDS[role])
            yield Web(crosswalk=crosswalk, served=served, database=database, first_link=link)


def test_every_route_has_an_entry_above(web: Web) -> None:
    program = (
        "import django, json; django.setup();"
        "from crosswalk.web.urls import urlpatterns;"
        "print(json.dumps([each.name for each in urlpatterns]))"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "crosswalk.web.settings",
        "CROSSWALK_SECRET_KEY": "x",
    }
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert set(json.loads(done.stdout)) == set(ROUTES)


@pytest.mark.parametrize("role", ["nobody", *ALL])
def test_everybody_opens_what_their_role_may_and_nothing_else(web: Web, role: str) -> None:
    visitor = web.visitor(role)
    for name, (pattern, roles, status) in ROUTES.items():
        answer = visitor.get(pattern.format(user=web.number("user"), connection=web.connection("seen")))
        if role in roles:
            assert answer.status_code in ((status,) if status else (200, 302)), name
        elif role == "nobody":
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/sign-in?next="), name
        else:
            assert answer.status_code == 403, name
            assert "You may not do this" in answer.text


def test_for_whom_a_connection_is_not_visible_there_are_no_pages_about_it(web: Web) -> None:
    user, manager = web.visitor("user"), web.visitor("manager")
    about = {name: entry for name, entry in ROUTES.items() if "{connection}" in entry[0]}
    assert about
    for name, (pattern, roles, _status) in about.items():
        hidden = pattern.format(user=web.number("user"), connection=web.connection("hidden"))
        assert user.get(hidden).status_code == (404 if "user" in roles else 403), name
        assert manager.get(hidden).status_code == (403 if "manager" not in roles else _status or 200), name


@pytest.mark.parametrize(("role", "sees_all"), [("administrator", True), ("manager", True), ("user", False)])
def test_the_overview_tells_how_the_connections_stand_that_a_person_sees(
    web: Web, role: str, sees_all: bool
) -> None:
    page = web.visitor(role).get("/").text
    assert ">seen<" in page
    assert "No fields are mapped yet." in page
    assert (">hidden<" in page) is sees_all


def test_a_link_works_once_and_in_one_browser_alone(web: Web) -> None:
    administrator, first, second = web.visitor("administrator"), Visitor(web.served), Visitor(web.served)
    link = address_in(administrator.fill_in("/users", name="linked", role="user").text)
    assert first.get(link).status_code == 200
    assert second.get(link).status_code == 403
    weak = first.fill_in(link, password="linked")
    assert "too short" in weak.text
    assert first.fill_in(link, password="a password like few").headers["Location"] == "/"
    assert "You see no connection yet" in first.get("/").text
    assert first.get(link).status_code == second.get(web.first_link).status_code == 404
    log = [str(line) for line in web.served.lines()]
    assert not any(link in line or web.first_link in line for line in log)


def test_the_command_line_lets_people_in_and_helps_an_administrator_who_forgot_the_password(web: Web) -> None:
    added = web.crosswalk("user", "add", "spare", "--role", "administrator", "--json").data
    assert web.crosswalk("user", "add", "Spare").code == 1
    assert "administrator, manager, user" in web.crosswalk("user", "add", "x", "--role", "boss").err
    assert web.crosswalk("user", "link", "unknown").code == 1
    again = web.crosswalk("user", "link", "SPARE", "--json").data
    visitor = Visitor(web.served)
    assert visitor.get(urlsplit(added["link"]).path).status_code == 404
    visitor.fill_in(urlsplit(again["link"]).path, password="a password like few")
    assert visitor.get("/users").status_code == 200
    web.database.execute("DELETE FROM person WHERE name = 'spare'")

    web.crosswalk("user", "add", "limited", "--connection", "hidden")
    told = web.visitor("administrator").get("/users").text
    assert "hidden" in told.partition(">limited<")[2].partition("</tr>")[0]


def test_people_are_in_a_backup(web: Web, tmp_path: Path) -> None:
    taken = web.crosswalk("backup", str(tmp_path / "backup"), "--json").data
    assert taken["rows"]["person"] >= len(ALL)
    assert web.crosswalk("restore", str(tmp_path / "backup"), "--check").code == 0


def test_after_five_wrong_passwords_a_name_rests_also_with_the_right_one(web: Web) -> None:
    web.visitor("administrator").fill_in("/users", name="forgetful", role="user")
    visitor = Visitor(web.served)
    answers = [visitor.sign_in(name, "wrong") for name in ("forgetful", "Forgetful", "FORGETFUL") * 2]
    assert "do not belong together" in answers[0].text
    assert answers[-1].status_code == 429
    assert "Wait a quarter of an hour" in answers[-1].text
    assert Visitor(web.served).sign_in("manager", "wrong").status_code == 200
    assert web.visitor("manager").get("/").status_code == 200


def test_of_two_who_change_the_same_person_the_second_is_told(web: Web) -> None:
    administrator = web.visitor("administrator")
    administrator.fill_in("/users", name="changed", role="user")
    path = f"/users/{web.number('changed')}"
    version = administrator.get(path).text.partition('name="version" value="')[2].partition('"')[0]
    assert administrator.fill_in(path, role="manager", active="on", version=version).status_code == 302
    late = administrator.fill_in(path, role="administrator", active="on", version=version)
    assert late.status_code == 409
    assert "Somebody else changed this meanwhile" in late.text
    assert web.database.execute("SELECT role FROM person WHERE name = 'changed'").fetchall() == [("manager",)]


def test_the_last_administrator_stays_and_who_may_not_sign_in_is_out_at_once(web: Web) -> None:
    administrator = web.visitor("administrator")

    def change(name: str, **values: str) -> str:
        path = f"/users/{web.number(name)}"
        version = administrator.get(path).text.partition('name="version" value="')[2].partition('"')[0]
        return administrator.fill_in(path, version=version, **values).text

    assert "Somebody has to be an administrator" in change("administrator", role="user", active="on")
    link = address_in(administrator.fill_in("/users", name="leaving", role="manager").text)
    leaving = Visitor(web.served)
    leaving.fill_in(link, password="a password like few")
    assert leaving.get("/").status_code == 200
    change("leaving", role="manager")
    assert leaving.get("/").status_code == 302
    assert leaving.sign_in("leaving", "a password like few").status_code == 200


def test_a_changed_password_ends_other_sessions_and_preferences_go_along(web: Web) -> None:
    link = address_in(web.visitor("administrator").fill_in("/users", name="mover", role="user").text)
    here, there = Visitor(web.served), Visitor(web.served)
    here.fill_in(link, password="a password like few")
    there.sign_in("mover", "a password like few")
    wrong = here.fill_in("/account/password", old="not it", password="another like no other")
    assert "This is not your password." in wrong.text
    here.fill_in("/account/password", old="a password like few", password="another like no other")
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    here.fill_in("/account", theme="dark", language="de")
    there.sign_in("mover", "another like no other")
    page = there.get("/").text
    assert 'data-bs-theme="dark"' in page
    assert "Sie sehen noch keine Verbindung" in page


@pytest.mark.parametrize(
    ("language", "title", "word"),
    [("de", "Bei Crosswalk anmelden", "Passwort"), ("es", "Iniciar sesión en Crosswalk", "Contraseña")],
)
def test_pages_speak_the_language_that_the_browser_asks_for(
    web: Web, language: str, title: str, word: str
) -> None:
    page = Visitor(web.served, **{"Accept-Language": language}).get("/sign-in").text
    assert f'<html lang="{language}"' in page
    assert title in page
    assert word in page


def test_nothing_comes_from_elsewhere_and_files_are_compressed_and_kept(web: Web) -> None:
    visitor = Visitor(web.served)
    page = visitor.get("/sign-in")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    sheet = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert sheet.startswith("/static/")
    answer = visitor.get(sheet)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert int(answer.headers["Content-Length"]) < 100_000
    assert "HttpOnly" in visitor.sign_in("user", PASSWORDS["user"]).headers["Set-Cookie"]


def test_errors_say_whether_data_is_safe_and_what_next(web: Web, database_server: Server) -> None:
    visitor = web.visitor("user")
    missing = visitor.get("/nowhere")
    assert missing.status_code == 404
    assert "Nothing was changed." in missing.text

    web.database.execute("ALTER TABLE person_access RENAME TO elsewhere")
    broken = visitor.get("/")
    web.database.execute("ALTER TABLE elsewhere RENAME TO person_access")
    assert broken.status_code == 500
    assert "What is stored is complete" in broken.text
    number = broken.headers["X-Request-Id"]
    assert number in broken.text
    assert any(line.get("request") == number and "exception" in line for line in web.served.lines())

    stale = visitor.post("/account", data={"theme": "dark"})
    assert stale.status_code == 403
    assert "This form is too old" in stale.text

    with database_away(database_server[1], web.database):
        away = visitor.get("/")
    assert away.status_code == 503
    assert "The database cannot be reached" in away.text
    assert visitor.get("/").status_code == 200


def database_away(server: psycopg.Connection, database: psycopg.Connection) -> Away:
    return Away(server, database.info.dbname, database.info.backend_pid)


@dataclass(frozen=True, slots=True)
class Away:
    """Meanwhile nobody new gets a session, and all but our own end."""

    server: psycopg.Connection
    name: str
    spared: int

    def __enter__(self) -> None:
        self.server.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false")
        self.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
            [self.name, self.spared],
        )

    def __exit__(self, *error: object) -> None:
        self.server.execute(f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS true")
