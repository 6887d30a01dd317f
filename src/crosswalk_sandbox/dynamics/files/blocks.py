"""Files in blocks, through actions.

Source: InitializeFileBlocksUpload, UploadBlock, CommitFileBlocksUpload, InitializeFileBlocksDownload, DownloadBlock and
DeleteFile Actions.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from crosswalk_sandbox.dynamics.actions.parameters import NAMESPACE, Parameters
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.files import keeping
from crosswalk_sandbox.dynamics.files.stored import Download, StoredFile, Upload
from crosswalk_sandbox.dynamics.records import guards
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.schema import BLOBS, Column, Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

INVALID = "0x80040203"
TOKEN, COLUMN = "FileContinuationToken", "FileAttributeName"


def _upload(call: Call) -> Response:
    sent = _sent(call, "InitializeFileBlocksUpload", "Target", "FileName", COLUMN)
    table, row, column = _place(call, sent)
    rights.require(call.environment, "Write", table, row)
    token = call.environment.new_id()
    upload = Upload(table=table, key=row[table.key], column=column, name=sent.text("FileName"))
    call.environment.files.uploads[token] = upload
    return _answer(call, "InitializeFileBlocksUpload", **{TOKEN: token})


def _block(call: Call) -> Response:
    sent = _sent(call, "UploadBlock", "BlockId", "BlockData", TOKEN)
    try:
        content = base64.b64decode(sent.text("BlockData"), validate=True)
    except binascii.Error:
        raise ODataError(INVALID, "BlockData is not valid Base64.") from None
    _found(call, sent).blocks[sent.text("BlockId")] = content
    return Response(204, b"", ODATA)


def _commit(call: Call) -> Response:
    sent = _sent(call, "CommitFileBlocksUpload", "FileName", "MimeType", "BlockList", TOKEN)
    upload, here = _found(call, sent), call.environment
    names = sent.texts("BlockList")
    if unknown := [name for name in names if name not in upload.blocks]:
        raise ODataError(INVALID, f"The block '{unknown[0]}' was not uploaded.")
    content = b"".join(upload.blocks[name] for name in names)
    file = StoredFile(name=sent.text("FileName"), mime=sent.text("MimeType"), content=content)
    row = here.rows[upload.table.name][upload.key]
    key = keeping.put(here, upload.table, row, upload.column, file)
    del here.files.uploads[sent.text(TOKEN)]
    return _answer(call, "CommitFileBlocksUpload", FileId=key, FileSizeInBytes=len(content))


def _download(call: Call) -> Response:
    sent = _sent(call, "InitializeFileBlocksDownload", "Target", COLUMN)
    table, row, column = _place(call, sent)
    rights.require(call.environment, "Read", table, row)
    file = keeping.held(call.environment, column, row)
    if file is None or column.name in guards.hidden(call.environment, table):
        raise ODataError("0x80040217", f"No file attachment found for attribute: {column.name}.")
    token = call.environment.new_id()
    call.environment.files.downloads[token] = Download(content=file.content)
    facts = {"FileSizeInBytes": len(file.content), "FileName": file.name, "IsChunkingSupported": True}
    return _answer(call, "InitializeFileBlocksDownload", **{TOKEN: token}, **facts)


def _read(call: Call) -> Response:
    sent = _sent(call, "DownloadBlock", "Offset", "BlockLength", TOKEN)
    found = call.environment.files.downloads.get(sent.text(TOKEN))
    first, length = sent.integer("Offset"), sent.integer("BlockLength")
    if found is None or first < 0 or length < 1:
        raise ODataError(INVALID, "The file continuation token, the offset or the length is not valid.")
    content = found.content[first : first + length]
    return _answer(call, "DownloadBlock", Data=base64.b64encode(content).decode())


def _delete(call: Call) -> Response:
    wanted = _sent(call, "DeleteFile", "FileId").text("FileId").lower()
    for table in call.environment.schema:
        files = [column for column in table.columns.values() if column.type == "File"]
        for row in list(call.environment.rows[table.name].values()) if files else ():
            for column in files:
                if row.get(column.name) == wanted:
                    keeping.put(call.environment, table, row, column, None)
                    return Response(204, b"", ODATA)
    raise ODataError("0x80040217", f"Entity 'fileattachment' With Id = {wanted} Does Not Exist")


def _sent(call: Call, action: str, *known: str) -> Parameters:
    return Parameters(action, json_body(call), known)


def _found(call: Call, sent: Parameters) -> Upload:
    upload = call.environment.files.uploads.get(sent.text(TOKEN))
    if upload is None:
        raise ODataError(INVALID, "The file continuation token is not valid.")
    return upload


def _place(call: Call, sent: Parameters) -> tuple[Table, Row, Column]:
    """The row of `Target`, and the column. Raises ODataError."""
    table, row = sent.required_row(call.environment, "Target")
    name = sent.text(COLUMN)
    column = table.columns.get(name)
    if column is None or column.type not in BLOBS:
        raise ODataError(INVALID, f"The attribute {name} of {table.name} holds no files.")
    return table, row, column


def _answer(call: Call, action: str, **facts: object) -> Response:
    context = f"{call.base}/$metadata#{NAMESPACE}{action}Response"
    return answer(200, {"@odata.context": context, **facts})


ACTIONS: dict[str, Callable[[Call], Response]] = {
    "InitializeFileBlocksUpload": _upload,
    "UploadBlock": _block,
    "CommitFileBlocksUpload": _commit,
    "InitializeFileBlocksDownload": _download,
    "DownloadBlock": _read,
    "DeleteFile": _delete,
}
