"""dlt loads what a query of Salesforce finds into PostgreSQL; run with a Python that has dlt (requirements/bench.txt).

It needs nothing of this project: an order is a line of JSON on stdin, the seconds it took one on stdout. The way is
the one that dlt's documentation shows: its REST client with a paginator, one resource, the pipeline's own defaults.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import dlt
from dlt.common.runtime import anon_tracker
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

_PAGE = 2000
# Telemetry is off (see `paired`), but root would still be given a file with a number in /var/dlt.
anon_tracker.get_anonymous_id = str


def main() -> None:
    """Obey the order: `database`, `salesforce` (the sandbox's ready line), `path` and `query`."""
    order = json.loads(sys.stdin.readline())
    pipeline = dlt.pipeline(
        pipeline_name="first_load",
        destination=dlt.destinations.postgres(credentials=_named(order["database"])),
        dataset_name="loaded",
    )
    began = time.perf_counter()
    info = pipeline.run(_contacts(order))
    seconds = time.perf_counter() - began
    info.raise_on_failed_jobs()
    rows = pipeline.last_trace.last_normalize_info.row_counts["contact"]
    print(json.dumps({"rows": rows, "seconds": seconds}))


def _named(database: str) -> str:
    """Give the address a host's name, which dlt wants to see: libpq heeds the socket named behind it."""
    return database.replace("@/", "@localhost/", 1)


def _contacts(order: dict[str, Any]) -> Any:
    return dlt.resource(_pages(order), name="contact", write_disposition="append")


def _pages(order: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages of the query, without what the vendor says about each row's type."""
    access = order["salesforce"]
    headers = {
        "Authorization": f"Bearer {access['access_token']}",
        "Sforce-Query-Options": f"batchSize={_PAGE}",
    }
    client = RESTClient(base_url=access["instance_url"], headers=headers)
    paginator = JSONLinkPaginator(next_url_path="nextRecordsUrl")
    for page in client.paginate(
        order["path"], params={"q": order["query"]}, paginator=paginator, data_selector="records"
    ):
        for record in page:
            del record["attributes"]
        yield page


if __name__ == "__main__":
    main()
