"""Who may post to us, and with which secrets."""

import pytest

from schemas.errors import ConfigurationError
from schemas.sources.shop import ShopSource
from schemas.sources.webhook import WebhookSource
from tasks.inbox import doors, signing_secrets

VARIABLE = "RUNWU_SOURCES_TILL_SECRET"


def test_only_webhook_sources_may_post_each_with_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "s-of-this-year, s-of-last-year")
    sources = {"till": WebhookSource(type="webhook"), "shop": ShopSource(type="shop")}
    assert doors(sources) == {"till": ("s-of-this-year", "s-of-last-year")}


@pytest.mark.parametrize("value", ["", "changeme", "s-of-this-year,", "real,changeme", ","])
def test_a_secret_that_is_none_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ConfigurationError, match=VARIABLE) as refused:
        signing_secrets("till")
    assert "s-of-this-year" not in str(refused.value)
