"""Where settings come from, and which are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from beheer.loading import load_settings
from runtime.settings import Settings

KEY = "k" * 32


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SAMENZAAK_{name.upper()}", raising=False)
    monkeypatch.delenv("SAMENZAAK_CONFIG", raising=False)
    monkeypatch.setenv("SAMENZAAK_HOME", str(tmp_path / "var"))


def test_the_secret_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = load_settings(), load_settings()
    assert first.derive("x") == second.derive("x") != first.derive("y")
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_configured_database_requires_a_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMENZAAK_DATABASE_URL", "postgresql://db.example/samenzaak")
    with pytest.raises(ValueError, match="SAMENZAAK_SECRET_KEY is required"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "text"),
    [("conf.toml", 'page_size = 50\nport = 9000\nservice_urls = {zaken = "http://zaken:8000"}\n'),
     ("conf.env", "SAMENZAAK_PAGE_SIZE=50\nSAMENZAAK_PORT=9000\nSAMENZAAK_SERVICE_URLS=zaken=http://zaken:8000/\n")],
)  # fmt: skip
def test_the_environment_wins_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    monkeypatch.setenv("SAMENZAAK_CONFIG", str(tmp_path / name))
    monkeypatch.setenv("SAMENZAAK_PORT", "9001")
    settings = Settings()
    assert (settings.page_size, settings.port) == (50, 9001)
    assert settings.service_urls == {"zaken": "http://zaken:8000"}


def test_an_unknown_name_in_the_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "conf.toml").write_text("prot = 9000\n")
    monkeypatch.setenv("SAMENZAAK_CONFIG", str(tmp_path / "conf.toml"))
    with pytest.raises(ValidationError, match="prot"):
        Settings()


def test_a_missing_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMENZAAK_CONFIG", "/nowhere/conf.toml")
    with pytest.raises(FileNotFoundError, match="SAMENZAAK_CONFIG"):
        Settings()


def test_private_callbacks_are_for_localhost_unless_set() -> None:
    assert Settings().private_callbacks_allowed
    assert not Settings(public_url="https://zgw.example").private_callbacks_allowed
    assert not Settings(public_url="https://localhost.example").private_callbacks_allowed
    assert Settings(public_url="https://zgw.example", callback_allow_private=True).private_callbacks_allowed
    assert not Settings(callback_allow_private=False).private_callbacks_allowed


def test_http_callbacks_are_for_localhost_unless_set() -> None:
    assert Settings().http_callbacks_allowed
    assert not Settings(public_url="https://zgw.example").http_callbacks_allowed
    assert not Settings(public_url="http://zgw.example").http_callbacks_allowed
    assert Settings(public_url="https://zgw.example", callback_allow_http=True).http_callbacks_allowed


def test_secrets_are_not_shown() -> None:
    assert KEY not in repr(Settings.model_validate({"secret_key": KEY}))
    assert "abab" not in repr(Settings.model_validate({"keys": f"x={'ab' * 32}"}).model_dump())


KEYS = f"internal:zaken>documenten={'ab' * 32},database-role:zaken={'cd' * 32}"


def test_given_keys_take_the_place_of_the_secret_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SAMENZAAK_DATABASE_URL", "postgresql://db.example/samenzaak")
    monkeypatch.setenv("SAMENZAAK_KEYS", KEYS + ",\n")
    settings = load_settings()
    assert settings.derive("internal:zaken>documenten") == b"\xab" * 32
    assert settings.derive("database-role:zaken") == b"\xcd" * 32
    with pytest.raises(ValueError, match="SAMENZAAK_KEYS has no key for client-secrets"):
        settings.derive("client-secrets")
    assert (settings.can_derive("database-role:zaken"), settings.can_derive("client-secrets")) == (True, False)
    assert not (tmp_path / "var").exists()


def test_given_keys_and_the_secret_key_exclude_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMENZAAK_KEYS", KEYS)
    monkeypatch.setenv("SAMENZAAK_SECRET_KEY", KEY)
    with pytest.raises(ValueError, match="SAMENZAAK_KEYS and SAMENZAAK_SECRET_KEY exclude each other"):
        load_settings()


@pytest.mark.parametrize("pair", ["abcdefabcdef", "x=abcdefabcdef", f"x={'z' * 64}", f"={'ab' * 32}"])
def test_a_key_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, pair: str) -> None:
    monkeypatch.setenv("SAMENZAAK_KEYS", pair)
    with pytest.raises(ValueError, match=r"^SAMENZAAK_KEYS: .*must look like purpose=64 hexadecimal digits") as told:
        load_settings()
    assert "abcdefabcdef" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DATABASE_URL", "mysql://jan:geheim@db.example/x", "must start with postgresql://"),
        ("SELECTIELIJST_HEADER", "geheim", "must look like Name: value"),
        ("SECRET_KEY", "geheim", "at least 32"),
        ("SERVICE_URLS", "zaak=http://jan:geheim@zaken", "there is no service zaak"),
        ("STORAGE_URL", "ftp://jan:geheim@store", "pattern"),
        ("STORAGE_URL", "s3://", "pattern"),
        ("PORT", "geheim", "integer"),
        *((name, "inf", "finite") for name in ("CLOCK_SKEW", "STATEMENT_TIMEOUT", "DELIVERY_WAITS")),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_its_variable_and_not_by_itself(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"SAMENZAAK_{name}", value)
    with pytest.raises(ValueError, match=f"^SAMENZAAK_{name}: .*{told}") as error:
        load_settings()
    assert "geheim" not in str(error.value)
    with pytest.raises(ValidationError) as raw:
        Settings()
    assert "geheim" not in str(raw.value)


def test_settings_that_do_not_fit_each_other_are_told_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMENZAAK_DATABASE_URL", "postgresql://jan:geheim@db.example/x")
    with pytest.raises(ValueError, match=r"^SAMENZAAK_SECRET_KEY is required when SAMENZAAK_DATABASE_URL is set$"):
        load_settings()


def test_options_of_a_command_are_judged_as_variables_are() -> None:
    for name, value in (("port", 99999), ("workers", 0), ("workers", -3)):
        with pytest.raises(ValueError, match=f"^SAMENZAAK_{name.upper()}: "):
            load_settings(**{name: value})
