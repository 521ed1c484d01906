from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from analyzer.errors import AnalyzerError, FaultError, RefusedError, SignInError, UnreachableError
from analyzer.tenant.http.answer import Answer, error_of, json_of, retry_after, service_message
from analyzer.tenant.sharepoint.webs import add_file_call, file_call, folder_call, tenant_call, web_of_page_call

_NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
_FILE = "/_api/web/getFileByServerRelativePath(decodedUrl="
_URL = "https://contoso.sharepoint.com/_api/x"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            tenant_call("GetImportProfilePropertyJobs"),
            "/_api/Microsoft.Online.SharePoint.TenantManagement.Office365Tenant/GetImportProfilePropertyJobs",
        ),
        (
            file_call("/sites/hr", "/sites/hr/Shared Documents/it's 100% + #1.json", "/$value"),
            f"/sites/hr{_FILE}'%2Fsites%2Fhr%2FShared%20Documents%2Fit%27%27s%20100%25%20%2B%20%231.json')/$value",
        ),
        (
            folder_call("/teams/ü", "/teams/ü/Docs/Logs", "/Files"),
            "/teams/%C3%BC/_api/web/getFolderByServerRelativePath(decodedUrl='%2Fteams%2F%C3%BC%2FDocs%2FLogs')/Files",
        ),
        (
            folder_call("", "/Shared Documents/Logs"),
            "/_api/web/getFolderByServerRelativePath(decodedUrl='%2FShared%20Documents%2FLogs')",
        ),
        (web_of_page_call("/sites/hr/a b"), "/sites/hr/a%20b/_api/SP.Web.GetWebUrlFromPageUrl"),
        (add_file_call("it's.json"), "/Files/addUsingPath(decodedUrl='it%27%27s.json',overwrite=false)"),
    ],
    ids=["a job call", "a file", "a folder of a team", "a folder of the root site", "the web of a page", "an upload"],
)
def test_a_call_is_addressed_as_clients_in_production_do(call: str, expected: str) -> None:
    assert call == expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "5"}, 5.0),
        ({"Retry-After": " 120 "}, 120.0),
        ({"Retry-After": "Mon, 23 Nov 2026 04:00:30 GMT"}, 30.0),
        ({"Retry-After": "Mon, 23 Nov 2026 03:59:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 23 Nov 2026 04:00:30"}, 30.0),
        ({"Retry-After": "Mon, 23 Nov 2026 09:00:30 GMT", "Date": "Mon, 23 Nov 2026 09:00:10 GMT"}, 20.0),
        ({"Retry-After": "Mon, 23 Nov 2026 04:00:30 GMT", "Date": "today"}, 30.0),
        ({"Retry-After": "90.5"}, 90.5),
        ({"Retry-After": "60, 120"}, 120.0),
        ({"Retry-After": "60, soon"}, None),
        ({"Retry-After": "1.2.3"}, None),
        ({"Retry-After": "."}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, 31_536_000.0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 31_536_000.0),
        ({"Retry-After": "Mon, 23 Nov 2026 04:00:30 +99999999999999"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_what_the_tenant_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, _NOW) == seconds


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, SignInError, 3),
        (403, RefusedError, 3),
        (404, FaultError, 4),
        (429, UnreachableError, 4),
        (500, FaultError, 4),
        (503, UnreachableError, 4),
    ],
)
def test_a_status_becomes_an_error_with_the_exit_code_of_the_contract(
    status: int, kind: type[Exception], code: int
) -> None:
    error = error_of(Answer(status, {}, b""), _URL)
    assert (type(error), error.exit_code) == (kind, code)
    assert _URL in error.what


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"code": "-1", "message": {"lang": "en-US", "value": "No."}}}', "No."),
        (
            b'{"error_description": "Invalid JWT token. The token is expired."}',
            "Invalid JWT token. The token is expired.",
        ),
        (b'{"odata.error": {"code": "-1", "message": {"lang": "en-US", "value": "No."}}}', "No."),
        (b'{"error": {"message": "No."}}', "No."),
        (b'{"error": "No."}', ""),
        (b'{"error": {"message": 5}}', ""),
        (b"[]", ""),
        (b"<html>", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_service_s_words_are_found_in_each_shape_of_its_errors(body: bytes, message: str) -> None:
    assert service_message(Answer(400, {}, body)) == message


@pytest.mark.parametrize("body", [b"<title>Sign in", b"[]", b"", b"\xff"])
def test_a_success_without_a_json_object_is_an_error_with_address_and_beginning(body: bytes) -> None:
    with pytest.raises(UnreachableError) as error:
        json_of(Answer(200, {}, body), _URL)
    assert f"{_URL} did not answer with JSON" in error.value.what
    assert "proxy" in error.value.advice


def test_a_denied_answer_names_the_permissions_that_are_needed() -> None:
    with pytest.raises(RefusedError) as error:
        json_of(Answer(403, {}, b'{"error": {"message": {"value": "Access denied."}}}'), _URL)
    assert error.value.what.endswith("Access denied")
    assert "Sites.FullControl.All" in error.value.advice
    assert "User.ReadWrite.All" in error.value.advice


def test_a_refusal_without_a_body_is_explained_by_its_header() -> None:
    headers = {"x-ms-diagnostics": '3000003;reason="Invalid audience Uri.";category="invalid_client"'}
    assert "Invalid audience Uri" in error_of(Answer(401, headers, b"{}"), _URL).what
    assert "HTTP status 401" in error_of(Answer(401, {"x-ms-diagnostics": "x"}, b"{}"), _URL).what


def _refused(status: int, message: str, code: str = "-2147024891, System.UnauthorizedAccessException") -> AnalyzerError:
    body = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": message}}}
    return error_of(Answer(status, {}, json.dumps(body).encode()), _URL)


@pytest.mark.parametrize(
    ("status", "message", "sentence", "advice"),
    [
        (401, "Unsupported app only token.", "obtained with a client secret", 'auth = "certificate"'),
        (
            401,
            "ID3035: The request was not valid or is malformed.",
            "obtained with a client secret",
            'auth = "certificate"',
        ),
        (401, "Token type is not allowed.", "obtained with a client secret", 'auth = "certificate"'),
        (401, "Invalid audience Uri 'https://x'.", "it is for another host", "admin_url"),
        (401, "Invalid JWT token. The token is expired.", "it has expired", "clock"),
        (401, "invalid_token: expired", "it has expired", "clock"),
        (401, "Lifetime validation failed.", "it has expired", "clock"),
        (401, "The issuer or signature is wrong.", "belongs to another tenant", "tenant_id"),
        (401, "Invalid issuer.", "belongs to another tenant", "tenant_id"),
        (401, "Something new.", "refused the token", "Sign in again"),
        (403, "Access Denied: … to access profile information.", "lacks User.ReadWrite.All", "admin consent"),
        (403, "Due to organizational policies, you can't.", "only from certain networks", "address"),
        (403, "Access from this network location is blocked.", "only from certain networks", "address"),
        (403, "Access denied. You do not have permission.", "Access denied", "Sites.FullControl.All"),
    ],
)
def test_what_the_service_refuses_is_a_sentence_with_an_advice_and_its_words_and_number_stay(
    status: int, message: str, sentence: str, advice: str
) -> None:
    error = _refused(status, message)
    assert sentence in error.what
    assert error.what.endswith(f"{message.rstrip('.')} (-2147024891)")
    assert advice in error.advice
    assert error.exit_code == 3


@pytest.mark.parametrize("code", ["", "Forbidden", "x-5"])
def test_a_code_without_a_number_is_left_out(code: str) -> None:
    assert _refused(403, "No.", code).what.endswith(": No")


@pytest.mark.parametrize("body", ['{"error_description": "%s"}', '{"error": {"message": {"value": "%s"}}}'])
def test_a_token_in_the_service_s_message_is_masked(body: str) -> None:
    said = service_message(Answer(403, {}, (body % "not with Authorization: Bearer made-up-token").encode()))
    assert said == "not with Authorization: ***"
