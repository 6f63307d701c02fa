"""Settings: file, environment, secrets in files, mistakes told with what to do; the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eden.base.errors import EdenError
from eden.base.settings import SECRETS, Setting, Settings, is_loopback, table
from eden.base.settings_reading import load

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody tries Eden out, there is an eden.toml."""
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> Path:
    path = folder / "eden.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_set(tmp_path: Path) -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.database_address == f"sqlite:///{tmp_path}/eden-data/eden.db"
    assert settings.blobs_address == "eden-data/blobs"
    assert settings.origin == "http://127.0.0.1:8700"
    assert not settings.is_public


def test_file_then_environment(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        'data = "/srv/eden"\nprocesses = 2\n[listen]\nport = 9000\n[telemetry]\nshare = 1\n[logs]\nlevel = "debug"\n',
    )
    settings = load(config, {"EDEN_LISTEN_PORT": "9001", "EDEN_LISTEN_ALLOW_HTTP": "true", "EDEN_LOGS_SAMPLE": "10"})
    assert (settings.data, settings.processes, settings.telemetry.share) == ("/srv/eden", 2, 1.0)
    assert (settings.listen.port, settings.listen.allow_http) == (9001, True)
    assert (settings.logs.level, settings.logs.sample) == ("debug", 10)


def test_default_file_is_read_when_it_is_there(tmp_path: Path) -> None:
    written(tmp_path, "processes = 3")
    assert load(None, {}).processes == 3


def test_every_setting_can_be_set_by_its_variable() -> None:
    values = {"int": "7", "float": "0.5", "bool": "true"}
    for row in table():
        choice = row.type.split(" | ")[-1] if " | " in row.type else None
        value = choice or values.get(type(row.default).__name__, "x" * 40)
        addresses = {"public_url": "https://x.example", "h5_url": "https://{key}.x.example"}
        environment = {row.variable: addresses.get(row.name, value)}
        if value == "token":
            environment["EDEN_METRICS_TOKEN"] = "t"
        section, _, field = row.name.rpartition(".")
        settings = load(None, environment)
        found = getattr(getattr(settings, section) if section else settings, field)
        assert str(found).lower() == environment[row.variable].lower(), row.name


def test_secret_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    (tmp_path / "address").write_text("postgresql://eden:secret@db/eden\n")
    config = written(tmp_path, f'secret_key_file = "{tmp_path}/key"\n')
    settings = load(config, {"EDEN_DATABASE_ADDRESS_FILE": str(tmp_path / "address")})
    assert settings.secret_key == "k" * 40
    assert settings.database_address == "postgresql://eden:secret@db/eden"
    # the environment wins over the file in either form
    assert load(config, {"EDEN_SECRET_KEY": "e" * 32}).secret_key == "e" * 32


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_settings(name: str) -> None:
    assert name in {row.name for row in table()}


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("prot = 1", {}, "prot is no setting. docs/settings.md lists all settings."),
        ("[listen]\nprot = 1", {}, r"\[listen\] prot is no setting. Did you mean listen.port\?"),
        ("[lisen]\nport = 1", {}, r"Did you mean listen.port\?"),
        ("proceses = 1", {}, r"Did you mean processes\?"),
        ("", {"EDEN_LISTEN_PROT": "1"}, r"EDEN_LISTEN_PROT is no setting. Did you mean EDEN_LISTEN_PORT\?"),
        ("", {"EDEN_PROCESSE": "1"}, r"Did you mean EDEN_PROCESSES\?"),
        ("", {"EDEN_LISTEN_PORT": "many"}, "EDEN_LISTEN_PORT is 'many'.*Port to listen on"),
        ("[listen]\nport = 70000", {}, "<= 65535.*whole number"),
        ("processes = 0", {}, ">= 1"),
        ("processes = 1.5", {}, "Expected `int`"),
        ("data = 5", {}, "Expected `str`"),
        ('[logs]\nlevel = "loud"', {}, r"debug \| info \| warning \| error"),
        ("listen = 5", {}, "listen is no setting"),
        ("= 5", {}, "is not TOML"),
        ('secret_key = "short"', {}, "at least 32 are needed. Make one with"),
        ('secret_key_file = "/nowhere/at/all"', {}, "cannot be read"),
        ('secret_key_file = "x"\nsecret_key = "y"', {}, "Both secret_key and secret_key_file are set"),
        (
            "",
            {"EDEN_SECRET_KEY": "k" * 40, "EDEN_SECRET_KEY_FILE": "/x"},
            "Both secret_key and secret_key_file are set",
        ),
        ('data_file = "x"', {}, "data_file is no setting"),
        ('public_url = "eden.example.com"', {}, "such as https://eden.example.com"),
        *(
            (f'public_url = "{url}"', {}, "scheme and host")
            for url in (
                "https://eden.example.com/path",
                "https://eden.example.com?a=b",
                "https://eden.example.com#a",
                "https://somebody@eden.example.com",
                "https://eden.example.com:port",
                "https://eden.example.com:99999",
                "https://[::1",
                "https://",
                "ftp://eden.example.com",
            )
        ),
        ('[metrics]\naccess = "token"', {}, "there is no token"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(EdenError) as caught:
        load(written(tmp_path, text), environment)
    assert re.search(message, str(caught.value)), caught.value


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(EdenError) as caught:
        load(written(tmp_path, "secret_key = 123456789"), {})
    assert "123456789" not in str(caught.value)


def test_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="There is no file"):
        load(tmp_path / "none.toml", {})


def test_variables_of_others_are_left_alone() -> None:
    """Other parts of Eden, and what Kubernetes makes of a service called eden."""
    others = {"EDEN_CHROMIUM": "x", "EDEN_SERVICE_HOST": "10.0.0.1", "EDEN_PORT_8700_TCP": "tcp://x", "OTHER": "1"}
    assert load(None, others) == Settings()


@pytest.mark.parametrize(
    ("environment", "public"),
    [
        ({}, False),
        ({"EDEN_LISTEN_HOST": "::1"}, False),
        ({"EDEN_LISTEN_HOST": "localhost", "EDEN_PUBLIC_URL": "http://localhost:9"}, False),
        ({"EDEN_LISTEN_HOST": "0.0.0.0"}, True),
        ({"EDEN_LISTEN_HOST": "::"}, True),
        # behind a proxy on the same machine it is as public as the proxy
        ({"EDEN_PUBLIC_URL": "https://eden.example.com"}, True),
    ],
)
def test_public(environment: dict[str, str], public: bool) -> None:
    assert load(None, environment).is_public is public


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("", False)],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("row", table(), ids=lambda row: row.name)
def test_page_tells_every_setting(row: Setting) -> None:
    match = re.search(rf"^## {re.escape(row.name)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"docs/settings.md has no heading for {row.name}"
    text = match[1]
    default = (
        "empty" if row.default == "" else str(row.default).lower() if isinstance(row.default, bool) else row.default
    )
    assert row.reason in text
    assert f"Default: `{default}`" in text
    assert f"`{row.variable}`" in text
    for choice in row.type.split(" | "):
        assert choice in text


def test_page_tells_nothing_else() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == [row.name for row in table()]


@pytest.mark.parametrize(
    "address",
    [
        "https://{key}.h5.example.com", "https://{key}.h5.example.com:8443", "http://{key}.localhost:9000",
        "https://{key}.example.net",
    ],
)  # fmt: skip
def test_addresses_of_h5_programs(address: str) -> None:
    environment = {"EDEN_H5_URL": address, "EDEN_PUBLIC_URL": "https://eden.example.com"}
    assert load(None, environment).h5_url == address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://h5.example.com", "It is an https address whose first label is {key}"),
        ("http://{key}.h5.example.com", "It is an https address"),
        ("https://h5.{key}.example.com", "It is an https address"),
        ("https://{key}.h5.example.com/", "It is an https address"),
        ("https://{key}.H5.example.com", "It is an https address"),
        ("https://{key}", "It is an https address"),
        # a program's script could set cookies for the platform, or be the platform
        ("https://{key}.example.com", "Give programs a domain of their own"),
        ("https://{key}.eden.example.com", "Give programs a domain of their own"),
    ],
)
def test_bad_addresses_of_h5_programs(address: str, message: str) -> None:
    with pytest.raises(EdenError) as caught:
        load(None, {"EDEN_H5_URL": address, "EDEN_PUBLIC_URL": "https://eden.example.com"})
    assert message in f"{caught.value} {caught.value.hint}"
