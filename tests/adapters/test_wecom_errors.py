import pytest

from adapters.wecom.errors import CODES, refusal
from schemas.errors import (
    ConfigurationError,
    Nobody,
    NoSuchTask,
    NotSent,
    Rejected,
    RunwuError,
    Unknown,
)

DOCUMENTED: dict[type[RunwuError], tuple[int, ...]] = {
    Unknown: (-1,),
    NotSent: (40014, 42001, 41063, 41079, 45009, 45033),
    ConfigurationError: (40001, 40091, 40013, 48002, 60011, 60020, 50003, 701008),
    Nobody: (41048,),
    NoSuchTask: (41047,),
    Rejected: (
        *(41001, 40003, 60111, 40007, 40058, 40063, 40068, 40096, 41056, 84061, 84084),
        *(41046, 41050, 41051, 41053, 41096, 41064, 41065, 41093, 41094, 81013),
    ),
}


@pytest.mark.parametrize(
    ("code", "kind"), [(code, kind) for kind, codes in DOCUMENTED.items() for code in codes]
)
def test_every_documented_code_is_one_of_our_errors(code: int, kind: type[RunwuError]) -> None:
    error = refusal(code, "externalcontact/add_msg_template", send=True)
    assert type(error) is kind
    assert str(code) in str(error)


def test_no_code_is_mapped_that_is_not_documented() -> None:
    assert set(CODES) == {code for codes in DOCUMENTED.values() for code in codes}


def test_an_unknown_code_is_a_refusal_that_keeps_its_number() -> None:
    error = refusal(99999, "externalcontact/add_msg_template", send=True)
    assert isinstance(error, Rejected)
    assert error.code == 99999


def test_a_busy_read_reached_nobody() -> None:
    assert isinstance(refusal(-1, "externalcontact/get_groupmsg_task", send=False), NotSent)


@pytest.mark.parametrize("code", [40001, 40091])
def test_a_wrong_secret_names_the_variable_to_set(code: int) -> None:
    assert "RUNWU_WECOM_SECRET" in str(refusal(code, "gettoken", send=False))
