"""Whatever way to the rows a query takes, it finds what reading all of them finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.sandbox_org import Opening

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.people import Sizes, invent
from crosswalk_sandbox.salesforce import ids as ids_of
from crosswalk_sandbox.salesforce import seed
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import load
from crosswalk_sandbox.salesforce.soql.access import candidates
from crosswalk_sandbox.salesforce.soql.columns import Scope
from crosswalk_sandbox.salesforce.soql.conditions import Context, Node, bind, matcher
from crosswalk_sandbox.salesforce.soql.errors import QueryError
from crosswalk_sandbox.salesforce.soql.parser import parse

NOW = datetime(2026, 3, 2, tzinfo=UTC)
COUNT = 40


def planted() -> Org:
    org = Org(load(), Clock.standing(NOW))
    sizes = Sizes(leads=COUNT, contacts=COUNT, subscribers=0)
    seed.plant(org, invent(1, sizes, NOW)).restore(org)
    return org


ORG = planted()
ROWS = list(ORG.store["Contact"].rows.values())


def bound(condition: str) -> Node:
    query = parse(f"SELECT Id FROM Contact WHERE {condition}")
    assert query.where is not None
    scope = Scope(org=ORG, kind=ORG.schema["Contact"], alias=None)
    return bind(query.where, Context(resolve=scope.resolve, ids_of=lambda _: frozenset(), now=NOW))


def found(condition: str) -> tuple[set[str], int]:
    """The ids that the chosen way finds, and how many rows it looked at."""
    node = bound(condition)
    rows = list(candidates(ORG.store["Contact"], node)[0])
    return {row["Id"] for row in rows if matcher(node)(row)}, len(rows)


stamps = st.sampled_from(sorted({row["SystemModstamp"].replace("+0000", "Z") for row in ROWS}))
ids = st.sampled_from([f"'{row['Id']}'" for row in ROWS])
emails = st.sampled_from([f"'{row['Email'].upper()}'" for row in ROWS if "Email" in row])
simple = st.one_of(
    st.builds("SystemModstamp {} {}".format, st.sampled_from(["=", "<", "<=", ">", ">=", "!="]), stamps),
    st.builds("Id {} {}".format, st.sampled_from(["=", ">", "!="]), ids),
    st.builds("Id IN ({}, {})".format, ids, ids),
    st.builds("Email {} {}".format, st.sampled_from(["=", "!="]), emails),
    st.builds("Email IN ({}, null)".format, emails),
    st.builds("Email NOT IN ({}, {})".format, emails, emails),
    st.just("AccountId = null"),
    st.just("CreatedDate = LAST_YEAR"),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("(NOT {})".format, inner),
    ),
    max_leaves=6,
)


def test_a_statement_beyond_100_000_characters_is_refused() -> None:
    with pytest.raises(QueryError) as refused:
        parse("SELECT Id FROM Lead" + " " * 100_000)
    assert refused.value.code == "QUERY_TOO_COMPLICATED"


@given(conditions)
def test_every_way_finds_what_a_scan_finds(condition: str) -> None:
    test = matcher(bound(condition))
    assert found(condition)[0] == {row["Id"] for row in ROWS if test(row)}


FUTURE = "2026-03-02T00:00:00Z"
FEW = {
    f"Id IN ('{ROWS[3]['Id']}', '{ROWS[5]['Id']}')": 2,
    f"Email = '{next(row['Email'] for row in ROWS if 'Email' in row)}' AND Partner__c = true": 1,
    f"SystemModstamp > {FUTURE}": 0,
    f"(SystemModstamp > {FUTURE} OR (SystemModstamp = {FUTURE} AND Id > '{ROWS[0]['Id']}')) "
    "AND SystemModstamp <= 2026-03-02T01:00:00Z": 0,
    f"AccountId = '{ids_of.make('001', 9999)}'": 0,
}


@pytest.mark.parametrize("condition", FEW)
def test_selective_conditions_look_at_few_rows(condition: str) -> None:
    assert found(condition)[1] <= FEW[condition]


def test_each_seed_is_another_org(opening: Opening) -> None:
    def identity(seed: int) -> str:
        answer = opening(seed=seed).http.get("/services/data/v60.0/query?q=SELECT+Id+FROM+Organization")
        return str(answer.json()["records"][0]["Id"])

    assert len({identity(seed) for seed in (0, 1, 2, 2)}) == 2
