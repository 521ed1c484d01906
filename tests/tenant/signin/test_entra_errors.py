from __future__ import annotations

import calendar

import pytest

from analyzer.tenant.signin import Application
from analyzer.tenant.signin.entra_errors import BY_ERROR, BY_NUMBER, SignInContext, refusal_of

CONTEXT = SignInContext(
    Application("https://login.microsoftonline.com", "t-1", "c-1"), "https://contoso.sharepoint.com", "app.pem"
)
NOON = calendar.timegm((2026, 11, 23, 12, 0, 0))
BEHIND = " Trace ID: 1 Correlation ID: 2 Timestamp: 2026-11-23 12:00:00Z"


def _answer(number: int, text: str = "No.", error: str = "invalid_grant") -> dict[str, object]:
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {text}{BEHIND}",
        "error_codes": [number],
        "timestamp": "2026-11-23 12:00:00Z",
    }


@pytest.mark.parametrize("number", BY_NUMBER)
def test_each_number_is_a_sentence_with_an_advice_and_stays_to_be_searched_for(number: int) -> None:
    error = refusal_of(_answer(number), CONTEXT, NOON)
    assert error.what.startswith("the tenant refused the sign-in: ")
    assert error.what.endswith(f" (AADSTS{number})")
    assert error.advice.endswith((".", ")."))
    assert "{" not in str(error)
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (90002, "no directory t-1 at https://login.microsoftonline.com"),
        (700016, "the directory t-1 has no application c-1"),
        (700027, "the certificate app.pem doesn't belong to the application c-1"),
        (500011, "https://contoso.sharepoint.com is unknown in the directory t-1"),
        (7000222, "client secret"),
        (50079, "second factor"),
        (53003, "Conditional Access"),
        (65001, "were not granted"),
        (7000218, "doesn't allow people"),
    ],
)
def test_the_configuration_s_values_are_in_the_sentence(number: int, words: str) -> None:
    assert words in refusal_of(_answer(number), CONTEXT, NOON).what


@pytest.mark.parametrize(
    ("number", "ahead", "words"),
    [
        (700024, 3600, "this machine's clock is 1 hour fast (AADSTS700024)"),
        (700024, -5400, "this machine's clock is 90 minutes slow (AADSTS700024)"),
        (1000502, 86400, "this machine's clock is 24 hours fast"),
        (700024, 200, "outside its time of validity"),
        (700016, 3600, "has no application"),
    ],
)
def test_a_wrong_clock_is_recognized_by_the_date_of_the_refusal(number: int, ahead: float, words: str) -> None:
    assert words in refusal_of(_answer(number), CONTEXT, NOON + ahead).what


def test_an_unknown_number_has_the_authority_s_message_without_support_data() -> None:
    error = refusal_of(_answer(123, "Something new."), CONTEXT, NOON)
    assert error.what == "the tenant refused the sign-in: AADSTS123: Something new"
    assert error.advice.startswith("See Entra's sign-in logs for details.")


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_an_authority_that_is_not_well_did_not_refuse(error: str) -> None:
    raised = refusal_of({"error": error, "error_description": "AADSTS90033: A transient error."}, CONTEXT, NOON)
    assert (raised.exit_code, raised.advice) == (4, "Try again later.")
    assert raised.what.endswith("is temporarily unavailable: AADSTS90033: A transient error")


@pytest.mark.parametrize("error", [*BY_ERROR, "some_error"])
def test_an_error_without_a_number_keeps_its_name(error: str) -> None:
    assert error in refusal_of({"error": error}, CONTEXT, NOON).what


@pytest.mark.parametrize("answer", [{}, {"error_description": None}, {"error_codes": "x", "timestamp": 5}])
def test_an_odd_answer_is_a_refusal_all_the_same(answer: dict[str, object]) -> None:
    assert "no reason given" in refusal_of(answer, CONTEXT, NOON).what


@pytest.mark.parametrize(
    ("client_id", "words"),
    [("c-1", "the managed identity c-1 gave"), ("", "the managed identity of this machine gave")],
)
def test_a_managed_identity_that_gave_no_token_is_named(client_id: str, words: str) -> None:
    context = SignInContext(Application("", "", client_id), "https://contoso.sharepoint.com", identity=True)
    error = refusal_of({"error": "invalid_request", "error_description": "Identity not found"}, context, NOON)
    assert f"{words} no token for https://contoso.sharepoint.com (Identity not found)" in error.what
    assert "has no application" in refusal_of(_answer(700016), context, NOON).what


def test_an_error_is_recognized_by_the_list_of_numbers_alone() -> None:
    answer = {"error": "invalid_client", "error_description": "No.", "error_codes": [5, 700016]}
    assert refusal_of(answer, CONTEXT, NOON).what.endswith("has no application c-1 (AADSTS700016)")


def test_a_number_that_is_known_is_a_refusal_though_the_authority_calls_it_a_fault_of_its_own() -> None:
    assert refusal_of(_answer(700016, error="server_error"), CONTEXT, NOON).exit_code == 3


def test_the_first_line_of_a_description_is_shown() -> None:
    error = refusal_of({"error_description": "AADSTS123: Something new.\r\nAnd more of it."}, CONTEXT, NOON)
    assert error.what.endswith(": AADSTS123: Something new")
