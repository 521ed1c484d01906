from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.config.settings import FILE_NAME, Config, FeedConfig, Keep, Settings, TenantConfig, load_settings, zone_of
from analyzer.errors import InputError, UsageError


def _read(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    file = folder / FILE_NAME
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environment or {}, [])


def test_without_a_file_everything_is_at_its_default() -> None:
    settings = load_settings(None, {}, [Path("/nowhere")])
    assert settings == Settings(Config(), Path(), None)
    assert (settings.config.data, settings.config.keep_sources) == ("upa-data", "90d")


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    text = """
        data = "d"
        history = "h"
        keep_sources = "30d"
        keep_reports = "forever"
        [tenants.contoso]
        admin_url = "https://contoso-admin.sharepoint.com"
        auth = "token"
        tenant_id = "t"
        client_id = "c"
        certificate = "a.pem"
        certificate_password_env = "P"
        authority = "https://login.example.com"
        token_env = "T"
        site_token_env = "S"
        hosts = ["files.contoso.com"]
        ca_file = "ca.pem"
        timezone = "Europe/Berlin"
        keep_sources = "26w"
        keep_reports = "1y"
        [tenants.contoso.feeds.people]
        match = "hr-*.json"
        folder = "/sites/hr/Docs"
        [tenants.contoso.feeds.badges]
        match = "badge?.json"
    """
    expected = TenantConfig(
        admin_url="https://contoso-admin.sharepoint.com",
        auth="token",
        tenant_id="t",
        client_id="c",
        certificate="a.pem",
        certificate_password_env="P",
        authority="https://login.example.com",
        token_env="T",
        site_token_env="S",
        hosts=("files.contoso.com",),
        ca_file="ca.pem",
        timezone="Europe/Berlin",
        keep_sources="26w",
        keep_reports="1y",
        feeds={"people": FeedConfig("hr-*.json", "/sites/hr/Docs"), "badges": FeedConfig("badge?.json")},
    )
    assert [rule.name for rule in expected.feed_rules] == ["people", "badges"]
    assert _read(tmp_path, text).config == Config("d", "h", "30d", "forever", tenants={"contoso": expected})


def test_a_feed_needs_a_pattern(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, '[tenants.a.feeds.people]\nfolder = "/sites/hr"')
    assert error.value.what == f"{tmp_path / FILE_NAME}: tenants.a.feeds.people has no match"


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = _read(tmp_path, 'data = "our/data"')
    assert settings.data == tmp_path / "our" / "data"
    assert settings.path("/absolute/ca.pem") == Path("/absolute/ca.pem")


def test_the_first_file_that_is_there_is_taken(tmp_path: Path) -> None:
    for name in ("second", "third"):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE_NAME).write_text(f'data = "{name}"', encoding="utf-8")
    folders = [tmp_path / name for name in ("first", "second", "third")]
    assert load_settings(None, {}, folders).config.data == "second"


@pytest.mark.parametrize(
    ("text", "key", "advice"),
    [
        ('dta = "x"', "dta", "Did you mean data?"),
        ('[tenants.contoso]\nclientid = "x"', "tenants.contoso.clientid", "Did you mean client_id?"),
        ('[tenants.contoso]\nca-file = "x"', "tenants.contoso.ca-file", "Did you mean ca_file?"),
        ('[tenants.a.feeds.p]\nmach = "x"', "tenants.a.feeds.p.mach", "Did you mean match?"),
        ('[codes.Locked]\nremedy = "x"', "codes.Locked.remedy", "Did you mean remedies?"),
        ("[codes.GenericError.x]", "codes.GenericError.x", 'A pattern of a code is written [codes."GenericError/x"].'),
        (
            "zzzzzz = 1",
            "zzzzzz",
            "Known are data, history, keep_sources, keep_reports, templates, language, report, tenants, codes.",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_file_and_the_nearest_key(
    tmp_path: Path, text: str, key: str, advice: str
) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, text)
    assert error.value.what == f"{tmp_path / FILE_NAME}: there is no key {key}"
    assert error.value.advice == advice


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("data = 5", "data must be a text, not a number"),
        ("data = true", "data must be a text, not true or false"),
        ("tenants = 5", "tenants must be a table, not a number"),
        ("[tenants]\ncontoso = 5", "tenants.contoso must be a table, not a number"),
        ('[tenants.a]\n[tenants.b]\nhosts = "x"', "tenants.b.hosts must be a list, not a text"),
        ("[tenants.b]\nhosts = [5]", "tenants.b.hosts must be a text, not a number"),
        ('[tenants.b]\nauth = "password"', "tenants.b.auth can't be 'password'"),
        ("[tenants.b]\nfeeds = 5", "tenants.b.feeds must be a table, not a number"),
        ("[tenants.b.feeds.p]\nmatch = 5", "tenants.b.feeds.p.match must be a text, not a number"),
        ("codes = 5", "codes must be a table, not a number"),
        ('[codes.A]\n[codes.B]\ncauses = "x"', "codes.B.causes must be a list, not a text"),
        ("[codes.B]\nremedies = [5]", "codes.B.remedies must be a text, not a number"),
        ('[codes.B]\nretry_helps = "no"', "codes.B.retry_helps must be true or false, not a text"),
        ("[codes.B]\nmessage = 1205", "codes.B.message must be a text or a list, not a number"),
        ('[codes.B]\nwho = "somebody"', "codes.B.who can't be 'somebody'"),
        ("[tenants.b]\nadmin_url = 1979-05-27", "tenants.b.admin_url must be a text, not a date"),
    ],
)
def test_a_wrong_type_is_named_with_the_file_and_the_key(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, text)
    assert error.value.what == f"{tmp_path / FILE_NAME}: {what}"


@pytest.mark.parametrize("content", [b"data = ", b"\xff\xfe", b'data = "a"\ndata = "b"'])
def test_what_is_no_toml_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(UsageError, match="isn't valid TOML"):
        load_settings(tmp_path / FILE_NAME, {}, [])


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('[tenants.b]\nauth = "cert"', "Use certificate, device-code, interactive, managed-identity, or token."),
        ('[codes.B]\nwho = "boss"', "Use administrator, feed owner, or vendor."),
        ("data = 5", "docs/configuration.md lists the keys."),
    ],
)
def test_of_a_value_that_cannot_be_those_that_can_are_listed(tmp_path: Path, text: str, advice: str) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, text)
    assert error.value.advice == advice


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no configuration"):
        load_settings(tmp_path / "x.toml", {}, [])


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        load_settings(tmp_path, {}, [])


def test_every_key_can_come_from_the_environment_which_wins(tmp_path: Path) -> None:
    environment = {
        "UPA_ANALYZER_DATA": "/elsewhere",
        "UPA_ANALYZER_TENANTS__CONTOSO__CLIENT_ID": "from the environment",
        "UPA_ANALYZER_TENANTS__CONTOSO__HOSTS": "a.contoso.com, b.contoso.com,",
        "UPA_ANALYZER_TENANTS__FABRIKAM__AUTH": "token",
        "UPA_TOKEN": "not ours",
    }
    config = _read(tmp_path, '[tenants.Contoso]\nclient_id = "from the file"\ntenant_id = "t"', environment).config
    assert config.data == "/elsewhere"
    assert config.tenants == {
        "Contoso": TenantConfig(
            client_id="from the environment", tenant_id="t", hosts=("a.contoso.com", "b.contoso.com")
        ),
        "fabrikam": TenantConfig(auth="token"),
    }


def test_a_code_can_come_from_the_environment_its_lists_line_by_line() -> None:
    environment = {
        "UPA_ANALYZER_CODES__PROFILELOCKED__TITLE": "the profile was locked",
        "UPA_ANALYZER_CODES__PROFILELOCKED__REMEDIES": "Unlock it.\nImport again.\n",
        "UPA_ANALYZER_CODES__PROFILELOCKED__RETRY_HELPS": "False",
    }
    settings = load_settings(None, environment, [])
    found = settings.catalogue.explain("ProfileLocked")
    assert (found.title, found.retry_helps) == ("the profile was locked", False)
    assert found.remedies == ("Unlock it.", "Import again.")


def test_codes_of_the_file_are_in_the_catalogue_of_the_settings(tmp_path: Path) -> None:
    settings = _read(tmp_path, '[codes.ProfileLocked]\ntitle = "the profile was locked"')
    assert settings.catalogue.explain("profilelocked").title == "the profile was locked"
    assert _read(tmp_path, "").catalogue is not settings.catalogue


def test_a_code_that_cannot_be_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, "[codes.ProfileLocked]")
    assert error.value.what == f"{tmp_path / FILE_NAME}: codes.ProfileLocked.title is missing"


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("UPA_ANALYZER_DTA", "there is no key dta"),
        ("UPA_ANALYZER_TENANTS__CONTOSO__CLIENTID", "there is no key tenants.contoso.clientid"),
        ("UPA_ANALYZER_DATA__X", "doesn't name a table"),
        ("UPA_ANALYZER_CODES__LOCKED__TITEL", "there is no key codes.locked.titel"),
    ],
)
def test_a_variable_that_names_no_key_is_named_itself(tmp_path: Path, variable: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        _read(tmp_path, 'data = "x"', {variable: "y"})
    assert variable in error.value.what
    assert words in error.value.what


@pytest.mark.parametrize("name", ["Mars/Olympus", "Europe", "../../etc/passwd", "\x00"])
def test_a_zone_that_is_none_is_said(name: str) -> None:
    with pytest.raises(UsageError, match="isn't a time zone"):
        zone_of(name)


def test_no_zone_is_utc_and_a_zone_is_that_zone() -> None:
    assert zone_of("") is None
    assert str(zone_of("Europe/Berlin")) == "Europe/Berlin"


def test_a_tenant_keeps_files_as_its_own_table_says() -> None:
    variables = {
        "UPA_ANALYZER_KEEP_SOURCES": "26w",
        "UPA_ANALYZER_TENANTS__A__KEEP_SOURCES": "1y",
        "UPA_ANALYZER_TENANTS__A__KEEP_REPORTS": "forever",
        "UPA_ANALYZER_TENANTS__B__TIMEZONE": "UTC",
    }
    settings = load_settings(None, variables, [])
    kept = {name: settings.keep(tenant) for name, tenant in settings.config.tenants.items()}
    assert kept == {
        "a": Keep(timedelta(days=365), None),
        "b": Keep(timedelta(days=182), timedelta(days=90)),
    }


@pytest.mark.parametrize("text", ["90", "90 d", "-1d", "1m", "1.5y", "d", "Forever", "90d "])
def test_a_time_to_keep_files_that_is_none_is_an_error_with_its_place(tmp_path: Path, text: str) -> None:
    for place, table in (("keep_reports", ""), ("tenants.a.keep_reports", "[tenants.a]\n")):
        with pytest.raises(UsageError) as error:
            _read(tmp_path, f'{table}keep_reports = "{text}"')
        assert error.value.what == f"{tmp_path / FILE_NAME}: {place} {text!r} isn't a time to keep files"
