"""`?sql=`: one SELECT, as Microsoft's Python client sends it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment


@pytest.fixture
def firms(environment: DataverseEnvironment) -> DataverseEnvironment:
    """An environment with three people of `Contoso`, and one of nothing."""
    account = environment.call("POST", "/accounts", {"name": "Contoso"}).headers["odata-entityid"][-37:-1]
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    for last, job, children in (("Sql-A", "CEO", 1), ("Sql-B", "CTO", 2), ("Sql-C", None, 3)):
        body = {"lastname": last, "jobtitle": job, "numberofchildren": children, **bind}
        assert environment.call("POST", "/contacts", body).status_code == 204
    assert environment.call("POST", "/contacts", {"lastname": "Sql-D", "jobtitle": "CEO"}).status_code == 204
    return environment


def ask(environment: DataverseEnvironment, sql: str, set_name: str = "contacts") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = environment.get(f"/{set_name}?sql={quote(sql, safe='')}")["value"]
    return found


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("lastname = 'sql-a'", "A"),
        ("lastname LIKE 'Sql-%' AND jobtitle <> 'CEO'", "B"),
        ("lastname LIKE 'Sql-%' AND jobtitle IS NULL", "C"),
        ("lastname LIKE 'Sql-%' AND jobtitle IS NOT NULL", "ABD"),
        ("lastname IN ('Sql-A', 'Sql-D')", "AD"),
        ("lastname LIKE 'Sql-%' AND lastname NOT IN ('Sql-A', 'Sql-D')", "BC"),
        ("numberofchildren BETWEEN 2 AND 3", "BC"),
        ("lastname LIKE 'Sql-%' AND (jobtitle = 'CTO' OR numberofchildren = 3)", "BC"),
        ("lastname LIKE 'Sql-%' AND lastname NOT LIKE '%[AB]'", "CD"),
    ],
)
def test_conditions(firms: DataverseEnvironment, condition: str, names: str) -> None:
    rows = ask(firms, f"SELECT lastname FROM contact WHERE {condition} ORDER BY lastname")
    assert rows == [{"lastname": f"Sql-{name}"} for name in names]


def test_joins_aliases_and_an_order(firms: DataverseEnvironment) -> None:
    join = "contact c {} JOIN account a ON c.parentcustomerid = a.accountid WHERE c.lastname LIKE 'Sql-%'"
    columns = "SELECT c.lastname AS who, a.name, c.jobtitle FROM"
    inner = ask(firms, f"{columns} {join.format('INNER')} ORDER BY c.lastname DESC")
    assert inner[0] == {"who": "Sql-C", "name": "Contoso", "jobtitle": None}
    assert len(inner) == 3
    outer = ask(firms, f"{columns} {join.format('LEFT')} ORDER BY who DESC")
    assert outer[0] == {"who": "Sql-D", "name": None, "jobtitle": "CEO"}


def test_figures_of_groups(firms: DataverseEnvironment) -> None:
    where = "FROM contact WHERE lastname LIKE 'Sql-%'"
    (row,) = ask(
        firms, f"SELECT COUNT(*) AS n, COUNT(jobtitle) AS jobs, MAX(numberofchildren) AS most {where}"
    )
    assert row == {"n": 4, "jobs": 3, "most": 3}
    rows = ask(firms, f"SELECT jobtitle, COUNT(*) AS n {where} GROUP BY jobtitle ORDER BY n DESC")
    assert rows[0] == {"jobtitle": "CEO", "n": 2}
    assert len(rows) == 3
    assert ask(firms, f"SELECT COUNT(DISTINCT jobtitle) AS kinds {where}") == [{"kinds": 2}]


def test_first_and_distinct_rows(firms: DataverseEnvironment) -> None:
    top = ask(firms, "SELECT TOP 2 lastname FROM contact WHERE lastname LIKE 'Sql-%' ORDER BY lastname")
    assert [row["lastname"] for row in top] == ["Sql-A", "Sql-B"]
    distinct = ask(firms, "SELECT DISTINCT jobtitle FROM contact WHERE lastname LIKE 'Sql-%'")
    assert sorted(str(row["jobtitle"]) for row in distinct) == ["CEO", "CTO", "None"]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM contact", "0x80040203"),
        ("DELETE FROM contact", "0x80040203"),
        ("SELECT lastname FROM contact RIGHT JOIN account a ON a.accountid = parentcustomerid", "0x80040203"),
        ("SELECT name FROM account", "0x80040203"),
        ("SELECT nothing FROM contact", "0x80041103"),
        ("", "0x80040203"),
    ],
)
def test_what_is_refused(firms: DataverseEnvironment, sql: str, code: str) -> None:
    assert firms.refusal("GET", f"/contacts?sql={quote(sql, safe='')}")[0] == code
