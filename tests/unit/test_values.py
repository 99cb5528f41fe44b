"""Inventory variables, as YAML, INI files and the command line give them."""

from typing import Any

import pytest

from labproof.labs.values import LABEL, SOME_TEXTS, SWITCH, TEXT, TEXTS, choice, number


@pytest.mark.parametrize("value", [True, "true", "True", "yes", "on", "1", 1])
def test_a_switch_is_on_in_all_of_ansibles_words(value: Any) -> None:
    assert SWITCH.read(value) is True


@pytest.mark.parametrize("value", [False, "false", "no", "off", "0", 0])
def test_a_switch_is_off_in_all_of_ansibles_words(value: Any) -> None:
    assert SWITCH.read(value) is False


@pytest.mark.parametrize("value", ["maybe", 2, 1.0, [True], {"a": 1}, "2"])
def test_a_switch_is_nothing_else(value: Any) -> None:
    with pytest.raises(ValueError, match="true or false"):
        SWITCH.read(value)


@pytest.mark.parametrize(("value", "found"), [(1, 1), ("900", 900), (" 30 ", 30)])
def test_a_number_may_be_written_as_text(value: Any, found: int) -> None:
    assert number(1, 900).read(value) == found


@pytest.mark.parametrize("value", [0, 901, "abc", "1.5", 1.5, True, [1], "", "९"])
def test_a_number_is_whole_and_within_its_limits(value: Any) -> None:
    with pytest.raises(ValueError, match="a whole number from 1 to 900"):
        number(1, 900).read(value)


def test_a_choice_takes_only_the_numbers_it_offers() -> None:
    assert choice((1, 3, 5)).read("3") == 3
    for value in (2, "4", True, None):
        with pytest.raises(ValueError, match="one of 1, 3, 5"):
            choice((1, 3, 5)).read(value)


@pytest.mark.parametrize("value", [7, 1.1, True, ["a"], {}])
def test_a_text_is_not_guessed_from_what_yaml_made_of_it(value: Any) -> None:
    with pytest.raises(ValueError, match="in quotes"):
        TEXT.read(value)


def test_a_learner_may_be_a_number() -> None:
    assert (LABEL.read("ada"), LABEL.read(4711)) == ("ada", "4711")
    for value in (True, 1.5, ["ada"]):
        with pytest.raises(ValueError, match="in quotes"):
            LABEL.read(value)


@pytest.mark.parametrize("value", ["AmazonS3FullAccess", [1], [""], [["a"]], {"a": 1}, 5])
def test_one_text_is_no_list_of_texts(value: Any) -> None:
    with pytest.raises(ValueError, match="a list of texts"):
        TEXTS.read(value)


def test_a_list_of_texts_may_be_empty_where_nothing_is_a_choice() -> None:
    assert TEXTS.read([]) == ()
    assert SOME_TEXTS.read(["a", "b"]) == ("a", "b")
    with pytest.raises(ValueError, match="at least one"):
        SOME_TEXTS.read([])
