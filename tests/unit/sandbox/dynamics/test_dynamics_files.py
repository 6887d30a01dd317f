"""File and image columns of a Dataverse environment: contents in one piece, in parts and in blocks."""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import pytest
from tests.helpers.sandbox_environment import DATA, DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
CONTENT = bytes(range(256)) * 10
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def place(environment: DataverseEnvironment) -> str:
    """The address of a contact, whose table has the columns `acx_paper` (10 KB) and `acx_photo`."""
    for type_, name in (("File", "acx_Paper"), ("Image", "acx_Photo")):
        label = {"LocalizedLabels": [{"Label": name, "LanguageCode": 1033}]}
        body = {"@odata.type": f"{CRM}{type_}AttributeMetadata", "SchemaName": name, "DisplayName": label}
        answer = environment.call(
            "POST", "/EntityDefinitions(LogicalName='contact')/Attributes", {**body, "MaxSizeInKB": 10}
        )
        assert answer.status_code == 204, answer.text
    return f"/contacts({environment.get('/contacts?$top=1')['value'][0]['contactid']})"


def put(environment: DataverseEnvironment, path: str, content: bytes, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return environment.http.request("PATCH", DATA + path, content=content, headers={**OCTETS, **named})


def test_a_file_comes_and_goes_in_one_piece(environment: DataverseEnvironment, place: str) -> None:
    paper = f"{place}/acx_paper"
    assert environment.call("GET", f"{paper}/$value").status_code == 204
    assert put(environment, paper, CONTENT, x_ms_file_name="a%20b.pdf").status_code == 204
    answer = environment.call("GET", f"{paper}/$value")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert (answer.headers["x-ms-file-name"], answer.headers["x-ms-file-size"]) == ("a%20b.pdf", "2560")
    assert answer.headers["content-type"] == "application/octet-stream"
    shown = environment.call("GET", paper)
    assert base64.b64decode(shown.json()["value"]) == CONTENT
    assert shown.headers["content-disposition"] == answer.headers["content-disposition"]
    row = environment.get(f"{place}?$select=acx_paper,acx_paper_name")
    assert (len(row["acx_paper"]), row["acx_paper_name"]) == (36, "a b.pdf")
    assert environment.call("DELETE", paper).status_code == 204
    assert environment.get(f"{place}?$select=acx_paper")["acx_paper"] is None


def test_a_file_is_read_in_ranges(environment: DataverseEnvironment, place: str) -> None:
    paper = f"{place}/acx_paper"
    put(environment, paper, CONTENT, x_ms_file_name="a.bin")
    answer = environment.call("GET", f"{paper}/$value", headers={"Range": "bytes=2500-9999"})
    assert (answer.status_code, answer.content) == (206, CONTENT[2500:])
    assert answer.headers["content-range"] == "bytes 2500-2559/2560"
    whole = environment.call("GET", paper, headers={"Range": "bytes=0-9"})
    assert (whole.status_code, base64.b64decode(whole.json()["value"])) == (206, CONTENT[:10])
    assert environment.call("GET", paper, headers={"Range": "bytes=2560-"}).status_code == 416


def test_a_file_comes_in_parts(environment: DataverseEnvironment, place: str) -> None:
    begin = {"x_ms_transfer_mode": "chunked", "If_None_Match": "null"}
    session = put(environment, f"{place}/acx_paper?x-ms-file-name=big.bin", b"", **begin)
    assert (session.status_code, session.headers["x-ms-chunk-size"]) == (200, "4194304")
    address = session.headers["location"].partition(DATA)[2]
    for first, last, status in ((0, 999, 206), (1000, 2559, 204)):
        part = CONTENT[first : last + 1]
        answer = put(environment, address, part, Content_Range=f"bytes {first}-{last}/2560")
        assert answer.status_code == status
    found = environment.call("GET", f"{place}/acx_paper/$value")
    assert (found.content, found.headers["x-ms-file-name"]) == (CONTENT, "big.bin")
    assert put(environment, address, b"x", Content_Range="bytes 0-0/1").status_code == 400


def test_a_part_that_does_not_follow_is_refused(environment: DataverseEnvironment, place: str) -> None:
    begin = {"x_ms_transfer_mode": "chunked", "x_ms_file_name": "big.bin"}
    session = put(environment, f"{place}/acx_paper", b"", **begin)
    address = session.headers["location"].partition(DATA)[2]
    assert put(environment, address, b"x" * 10, Content_Range="bytes 5-14/20").status_code == 416
    assert put(environment, address, b"x" * 9, Content_Range="bytes 0-9/20").status_code == 416
    assert put(environment, address, b"x" * 10).status_code == 400
    assert put(environment, address, b"x", Content_Range="bytes 0-0/99999").status_code == 413


def test_a_file_comes_and_goes_in_blocks(environment: DataverseEnvironment, place: str) -> None:
    key = place[10:-1]
    target = {"@odata.type": f"{CRM}contact", "contactid": key}
    begin = {"Target": target, "FileName": "b.bin", "FileAttributeName": "acx_paper"}
    token = environment.call("POST", "/InitializeFileBlocksUpload", begin).json()["FileContinuationToken"]
    for name, part in (("MQ==", CONTENT[:1000]), ("Mg==", CONTENT[1000:])):
        body = {"BlockId": name, "BlockData": base64.b64encode(part).decode(), "FileContinuationToken": token}
        assert environment.call("POST", "/UploadBlock", body).status_code == 204
    ending: dict[str, Any] = {"FileName": "b.bin", "MimeType": "text/plain", "FileContinuationToken": token}
    assert environment.refusal("POST", "/CommitFileBlocksUpload", {**ending, "BlockList": ["x"]})
    done = environment.call("POST", "/CommitFileBlocksUpload", {**ending, "BlockList": ["MQ==", "Mg=="]})
    assert done.json()["FileSizeInBytes"] == 2560
    asked = {"Target": target, "FileAttributeName": "acx_paper"}
    found = environment.call("POST", "/InitializeFileBlocksDownload", asked).json()
    assert (found["FileSizeInBytes"], found["FileName"], found["IsChunkingSupported"]) == (
        2560,
        "b.bin",
        True,
    )
    block = {"Offset": 1000, "BlockLength": 4096, "FileContinuationToken": found["FileContinuationToken"]}
    data = environment.call("POST", "/DownloadBlock", block).json()["Data"]
    assert base64.b64decode(data) == CONTENT[1000:]
    assert environment.call("POST", "/DeleteFile", {"FileId": done.json()["FileId"]}).status_code == 204
    code, _ = environment.refusal("POST", "/InitializeFileBlocksDownload", asked, status=404)
    assert code == "0x80040217"


def test_an_image_is_a_value_too(environment: DataverseEnvironment, place: str) -> None:
    shown = base64.b64encode(CONTENT).decode()
    assert environment.call("PATCH", place, {"acx_photo": shown}).status_code == 204
    row = environment.get(f"{place}?$select=acx_photo,acx_photoid,acx_photo_url,acx_photo_timestamp")
    assert (row["acx_photo"], len(row["acx_photoid"])) == (shown, 36)
    assert row["acx_photo_url"].startswith("/Image/download.aspx?Entity=contact&Attribute=acx_photo&Id=")
    assert environment.call("GET", f"{place}/acx_photo/$value?size=full").content == CONTENT
    assert put(environment, f"{place}/acx_photo", b"other").status_code == 204
    assert environment.call("GET", f"{place}/acx_photo/$value").content == b"other"
    assert environment.call("PATCH", place, {"acx_photo": None}).status_code == 204
    assert environment.get(f"{place}?$select=acx_photoid")["acx_photoid"] is None
    assert environment.refusal("PATCH", place, {"acx_photo": "no Base64"})[0] == "0x80048d19"


def test_what_cannot_be_a_file(environment: DataverseEnvironment, place: str) -> None:
    paper = f"{place}/acx_paper"
    assert put(environment, paper, CONTENT).status_code == 400
    large = put(environment, paper, b"x" * 10_241, x_ms_file_name="x")
    assert (large.status_code, large.json()["error"]["code"]) == (413, "0x8004418a")
    stale = put(environment, paper, CONTENT, x_ms_file_name="x", If_Match='W/"1"')
    assert stale.status_code == 412
    body = {"acx_paper": "11111111-2222-3333-4444-555555555555"}
    assert environment.call("PATCH", place, body).status_code == 204
    assert environment.get(f"{place}?$select=acx_paper")["acx_paper"] is None


def test_files_are_kept_in_a_state_file(environment: DataverseEnvironment, place: str) -> None:
    put(environment, f"{place}/acx_paper", CONTENT, x_ms_file_name="a.bin")
    system = environment.controlled.system
    saved = system.save()
    environment.control("POST", "reset")
    system.restore(saved)
    assert environment.call("GET", f"{place}/acx_paper/$value").content == CONTENT


def test_definitions_of_files_and_images(environment: DataverseEnvironment, place: str) -> None:
    attributes = "/EntityDefinitions(LogicalName='contact')/Attributes"
    found = environment.get(f"{attributes}(LogicalName='acx_paper')/{CRM}FileAttributeMetadata")
    assert (found["MaxSizeInKB"], found["AttributeTypeName"]["Value"]) == (10, "FileType")
    assert (found["AttributeType"], found["IsValidForUpdate"]) == ("Virtual", False)
    assert '<Property Name="acx_photo" Type="Edm.Binary"' in environment.call("GET", "/$metadata").text
    assert environment.call("DELETE", f"{attributes}(LogicalName='acx_photo')").status_code == 204
    assert environment.refusal("GET", f"{place}?$select=acx_photo_url")[0] == "0x80060888"
