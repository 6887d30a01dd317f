"""A file or image column as a resource below its row: to read, whole or in part, to set and to empty.

Source: Use file column data; Use image column data.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import quote, unquote

from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.files import keeping
from crosswalk_sandbox.dynamics.files.stored import StoredFile, Upload
from crosswalk_sandbox.dynamics.records import guards, resources
from crosswalk_sandbox.dynamics.schema import Column, Table
from crosswalk_sandbox.http import Response

CHUNK = 4 * 1024 * 1024  # what a part should have
INVALID = "0x80040203"
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
OCTETS = "application/octet-stream"


def serve(call: Call, table: Table, row: Row, column: Column, *, raw: bool) -> Response:
    """The answer for the column; `raw` is the bytes themselves. Raises ODataError."""
    resources.only(call, *(("GET",) if raw else ("GET", "PATCH", "DELETE")))
    if call.request.method == "GET":
        return _read(call, table, row, column, raw=raw)
    resources.check_match(call, row)
    if call.request.method == "DELETE":
        keeping.put(call.environment, table, row, column, None)
        return Response(204, b"", ODATA)
    if token := call.request.param("sessiontoken"):
        return _part(call, token)
    name = call.request.headers.get("x-ms-file-name") or call.request.param("x-ms-file-name")
    if not name and column.type == "File":
        raise ODataError(INVALID, "The header or parameter 'x-ms-file-name' is missing.")
    if call.request.headers.get("x-ms-transfer-mode", "").lower() == "chunked":
        return _begin(call, Upload(table=table, key=row[table.key], column=column, name=unquote(name or "")))
    mime = call.request.headers.get("content-type", OCTETS)
    file = StoredFile(name=unquote(name or ""), mime=mime, content=call.request.body)
    keeping.put(call.environment, table, row, column, file)
    return Response(204, b"", ODATA)


def _read(call: Call, table: Table, row: Row, column: Column, *, raw: bool) -> Response:
    if column.name in guards.hidden(call.environment, table):
        raise ODataError(
            "0x8004F504", f"Caller user does not have read permissions for {table.name}.{column.name}."
        )
    file = keeping.held(call.environment, column, row)
    if file is None:
        return Response(204, b"", ODATA)
    status, content, head = _wanted(call, file)
    head |= {
        "x-ms-file-name": quote(file.name),
        "x-ms-file-size": str(len(file.content)),
        "mimetype": file.mime,
    }
    head["content-disposition"] = f'attachment; filename="{quote(file.name)}"'
    if raw:
        head["content-type"] = OCTETS
        return Response(status, content, {**ODATA, **head})
    context = f"{call.base}/$metadata#{table.set_name}({row[table.key]})/{column.name}"
    shown = {"@odata.context": context, "value": base64.b64encode(content).decode()}
    return answer(status, shown, head)


def _wanted(call: Call, file: StoredFile) -> tuple[int, bytes, dict[str, str]]:
    """The part that the header Range asks for, or all of it. Raises ODataError."""
    found = RANGE.fullmatch(call.request.headers.get("range", "").replace(" ", ""))
    head = {"accept-ranges": "bytes"}
    if found is None:
        return 200, file.content, head
    size, first = len(file.content), int(found[1])
    last = min(int(found[2] or size - 1), size - 1)
    if first > last:
        raise ODataError(INVALID, f"The range of {size} bytes cannot be satisfied.", status=416)
    head["content-range"] = f"bytes {first}-{last}/{size}"
    return 206, file.content[first : last + 1], head


def _begin(call: Call, upload: Upload) -> Response:
    """A session for a file that comes in parts."""
    token = call.environment.new_id()
    call.environment.files.uploads[token] = upload
    place = "/".join(call.request.segments[3:])
    address = f"{call.base}/{place}?x-ms-file-name={quote(upload.name)}&sessiontoken={token}"
    head = {"location": address, "x-ms-chunk-size": str(CHUNK), "accept-ranges": "bytes"}
    return Response(200, b"", {**ODATA, **head})


def _part(call: Call, token: str) -> Response:
    """The next part of a file; the last one puts it into its column. Raises ODataError."""
    upload = call.environment.files.uploads.get(token)
    found = CONTENT_RANGE.fullmatch(call.request.headers.get("content-range", ""))
    if upload is None or found is None:
        raise ODataError(INVALID, "The session token or the header Content-Range is not valid.")
    first, last, size = map(int, found.groups())
    if first != len(upload.content) or last - first + 1 != len(call.request.body) or last >= size:
        raise ODataError(INVALID, f"The part does not follow on {len(upload.content)} bytes.", status=416)
    keeping.check_size(upload.column, size)
    upload.content += call.request.body
    if len(upload.content) < size:
        return Response(206, b"", ODATA)
    here = call.environment
    file = StoredFile(name=upload.name, mime=upload.mime, content=bytes(upload.content))
    keeping.put(here, upload.table, here.rows[upload.table.name][upload.key], upload.column, file)
    del here.files.uploads[token]
    return Response(204, b"", ODATA)
