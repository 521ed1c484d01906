"""Client assertions: taken when right, refused with Entra's number when wrong."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from analyzer.emulator import start
from tests.emulator.authority_client import assertion, by_assertion, endpoint, outcome
from tests.emulator.client import Client, StandingClock, job, write_library
from tests.emulator.credentials import certificate, key, public_pem, uploaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

TAKEN: tuple[int, str, list[int]] = (200, "", [])


def refused(number: int) -> tuple[int, str, list[int]]:
    return 401, "invalid_client", [number]


@pytest.fixture(scope="module")
def registered_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Of a tenant whose application has a certificate."""
    library = write_library(tmp_path_factory.mktemp("registered") / "library", job())
    with start(library, clock=StandingClock()) as running, Client(running) as opened:
        running.application.upload(public_pem(uploaded()))
        yield opened


def _der(of: x509.Certificate) -> str:
    return base64.b64encode(of.public_bytes(serialization.Encoding.DER)).decode()


def _digest(of: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(of.fingerprint(algorithm)).decode()


def test_an_assertion_is_taken_as_it_should_be(registered_client: Client) -> None:
    assert outcome(by_assertion(registered_client, assertion(registered_client))) == TAKEN


def test_the_issuer_may_be_the_audience(registered_client: Client) -> None:
    issuer = endpoint(registered_client).replace("/oauth2/v2.0/token", "/v2.0")
    assert outcome(by_assertion(registered_client, assertion(registered_client, aud=issuer))) == TAKEN


@pytest.mark.parametrize(
    ("differences", "number"),
    [
        ({"aud": "https://login.microsoftonline.com/x"}, 700023),
        ({"aud": ["https://login.microsoftonline.com/x"]}, 700023),
        ({"aud": None}, 700023),
        ({"iss": "somebody"}, 700021),
        ({"sub": "somebody"}, 700021),
        ({"exp": 1}, 700024),
        ({"exp": None}, 700024),
        ({"exp": "soon"}, 700024),
        ({"nbf": 10**10}, 700024),
        ({"nbf": 10**30}, 700024),
        ({"nbf": 10**400}, 700024),
        ({"exp": 10**400}, 700024),
        ({"exp": float("nan")}, 700024),
        ({"exp": float("inf")}, 700024),
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(
    registered_client: Client, differences: dict[str, object], number: int
) -> None:
    answer = by_assertion(registered_client, assertion(registered_client, None, **differences))
    assert outcome(answer) == refused(number)


def test_only_an_uploaded_certificate_is_taken(registered_client: Client) -> None:
    other = certificate(key(2))
    for headers in (
        {"x5t": _digest(other, hashes.SHA1())},
        {"x5t": None, "x5t#S256": _digest(other, hashes.SHA256()), "x5c": [_der(other)]},
        {"x5t": None, "x5c": [_der(other)]},
    ):
        answer = by_assertion(registered_client, assertion(registered_client, headers))
        assert outcome(answer) == refused(700027)
        assert "The key was not found" in answer.json()["error_description"]


def test_the_signature_must_be_of_the_certificate_that_is_named(registered_client: Client) -> None:
    registered_client.emulator.application.upload(public_pem(other := certificate(key(2))))
    answer = by_assertion(registered_client, assertion(registered_client, {"x5t": _digest(other, hashes.SHA1())}))
    assert outcome(answer) == refused(700027)
    assert "Client assertion failed signature validation" in answer.json()["error_description"]


def test_a_thumbprint_must_be_that_of_the_certificate_beside_it(shared_client: Client) -> None:
    headers = {"x5t": None, "x5t#S256": _digest(certificate(key(2)), hashes.SHA256()), "x5c": [_der(uploaded())]}
    assert outcome(by_assertion(shared_client, assertion(shared_client, headers))) == refused(700027)


def test_without_an_uploaded_certificate_the_one_that_came_along_counts(shared_client: Client) -> None:
    assert (
        outcome(by_assertion(shared_client, assertion(shared_client, {"x5t": None, "x5c": [_der(uploaded())]})))
        == TAKEN
    )
    forged = {"x5t": None, "x5c": [_der(certificate(key(2)))]}
    assert outcome(by_assertion(shared_client, assertion(shared_client, forged))) == refused(700027)


def test_a_certificate_that_has_ended_is_refused(shared_client: Client) -> None:
    headers = {"x5t": None, "x5c": [_der(certificate(key(), days=-1))]}
    answer = by_assertion(shared_client, assertion(shared_client, headers))
    assert outcome(answer) == refused(700027)
    assert "expired or not yet valid" in answer.json()["error_description"]


@pytest.mark.parametrize("chain", ["no base64!", ["AAAA"], [[]], {"a": 1}])
def test_a_chain_that_holds_no_certificate_is_refused(shared_client: Client, chain: object) -> None:
    assert outcome(by_assertion(shared_client, assertion(shared_client, {"x5c": chain}))) == refused(50027)


@pytest.mark.parametrize("headers", [{"x5t": None}, {"x5t": "\u00e4"}, {"x5t": "A"}])
def test_an_assertion_that_names_no_certificate_is_refused(shared_client: Client, headers: dict[str, object]) -> None:
    status, error, _ = outcome(by_assertion(shared_client, assertion(shared_client, headers)))
    assert (status, error) == (401, "invalid_client")


def test_a_certificate_with_another_kind_of_key_is_refused(shared_client: Client) -> None:
    headers = {"x5t": None, "x5c": [_der(certificate(ec.generate_private_key(ec.SECP256R1())))]}
    assert outcome(by_assertion(shared_client, assertion(shared_client, headers))) == refused(700027)


@pytest.mark.parametrize("signed", ["x", "a.b.c", "e30.e30", "W10.W10.W10"])
def test_what_is_no_assertion_is_refused(shared_client: Client, signed: str) -> None:
    assert outcome(by_assertion(shared_client, signed)) == refused(50027)


def test_an_assertion_that_is_not_signed_by_a_private_key_is_refused(shared_client: Client) -> None:
    forged = jwt.encode({"aud": endpoint(shared_client)}, "s" * 32, algorithm="HS256")
    assert outcome(by_assertion(shared_client, forged)) == refused(5002738)
